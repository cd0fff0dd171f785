"""Training rows and frozen messages, each read once into the forms that candidates learn from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bot.nlu.topic_reading import TopicReading, topic_reading
from care.rules.vocabulary import FINER_INTENTS
from tests.dialogue.frozen_measures import FROZEN, entity_reader
from tests.unit.nlu.training_data import examples


@dataclass(frozen=True)
class Row:
    """One message. `accepted` holds the topic and its fair alternatives; training rows have none but their own."""

    text: str
    reading: TopicReading
    topic: str
    accepted: frozenset[str]


@lru_cache(maxsize=1)
def training_rows() -> tuple[Row, ...]:
    """In the order of the files: a topic's lines stand by author. `topic` is the intent."""
    reader = entity_reader()
    return tuple(
        Row(text, topic_reading(text, reader.read(text)), intent, frozenset({intent}))
        for text, intent, _ in examples()
    )


@lru_cache(maxsize=1)
def frozen_rows() -> dict[str, tuple[Row, ...]]:
    """File → its messages."""
    reader = entity_reader()
    return {
        path.stem: tuple(_frozen(json.loads(line), reader) for line in _lines(path.read_text("utf-8")))
        for path in sorted(FROZEN.glob("*.jsonl"))
    }


def by_author(rows: Sequence[Row], share: float, *, blocks: int = 16) -> list[Row]:
    """`share` of each topic's rows in whole blocks of neighbours, evenly spread: as if fewer people had written."""
    topics: dict[str, list[Row]] = {}
    for row in rows:
        topics.setdefault(row.topic, []).append(row)
    kept = max(1, round(blocks * share))
    chosen = {int((k + 0.5) * blocks / kept) for k in range(kept)}
    return [
        row
        for own in topics.values()
        for index, row in enumerate(own)
        if index * blocks // len(own) in chosen
    ]


def _frozen(gold: dict[str, Any], reader: Any) -> Row:
    text = gold["text"]
    topic = str(FINER_INTENTS.get(gold["topic"], gold["topic"]))
    accepted = frozenset({topic, *gold.get("accept", ())})
    return Row(text, topic_reading(text, reader.read(text)), topic, accepted)


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]
