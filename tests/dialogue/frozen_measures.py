"""Figures over the frozen messages, which nobody trains on. The tests hold them up, the bench prints them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bot.nlu.bearing_data import cue_lines, emotion_lines
from bot.nlu.bearing_reader import BearingReader
from bot.nlu.bearing_training import train_bearing_model
from bot.nlu.dictionary import load_dictionary
from bot.nlu.quiet_spacy import without_tensorflow
from bot.nlu.segmenter import shared_segmenter
from bot.nlu.topic_reading import topic_reading
from bot.nlu.topic_training import train_topic_model
from bot.nlu.topics import READING_DEFAULTS, TopicReader, Understood, is_unsure
from care.rules.vocabulary import FINER_INTENTS, Topic
from tests.unit.nlu.training_data import examples

ROOT = Path(__file__).resolve().parents[2]
FROZEN = ROOT / "tests" / "dialogue" / "frozen"
#: As in config.yml; a test holds both equal.
FALLBACK_THRESHOLD = 0.4
#: From here on the bot sounds sure.
CONFIDENT = 0.8


@dataclass(frozen=True)
class Read:
    """One frozen message beside what was understood."""

    gold: dict[str, Any]
    understood: Understood
    is_unsure: bool
    entities: list[dict[str, Any]]
    cues: frozenset[str]
    emotion: str

    @property
    def topic(self) -> str:
        """The frozen sets may name an intent finer than a topic (stop)."""
        return str(FINER_INTENTS.get(self.gold["topic"], self.gold["topic"]))

    @property
    def is_strictly_right(self) -> bool:
        return self.understood.topic.value == self.topic

    @property
    def is_right(self) -> bool:
        return self.is_strictly_right or self.understood.topic.value in (self.gold.get("accept") or ())


def read_frozen(file: str) -> list[Read]:
    """Trains on data/nlu and reads one frozen file; dates are read as of 25 November 2026."""
    lines = (FROZEN / file).read_text("utf-8").splitlines()
    return read_messages(json.loads(line) for line in lines if line.strip())


def read_messages(messages: Iterable[dict[str, Any]]) -> list[Read]:
    """The same for messages of one's own, each with `text` and `topic`."""
    return [_read(gold) for gold in messages]


_readers: dict[str, Any] = {}


def _read(gold: dict[str, Any]) -> Read:
    if not _readers:
        _readers["entities"] = reader = entity_reader()
        pairs = [(topic_reading(text, reader.read(text)), intent) for text, intent, _ in examples()]
        _readers["topics"] = TopicReader(train_topic_model(pairs), **READING_DEFAULTS)
        _readers["bearing"] = bearing_reader()
    entities = _readers["entities"].read(gold["text"])
    understood = _readers["topics"].read(gold["text"], entities)
    bearing = _readers["bearing"].read(gold["text"])
    return Read(
        gold=gold,
        understood=understood,
        is_unsure=is_unsure(understood.ranking, FALLBACK_THRESHOLD),
        entities=entities,
        cues=frozenset(cue.value for cue in bearing.cues),
        emotion=bearing.emotion.value,
    )


def bearing_reader() -> BearingReader:
    """Trains on data/bearing and data/nlu."""
    folder = ROOT / "data" / "bearing"
    pairs = [(text, intent) for text, intent, _ in examples()]
    return BearingReader(train_bearing_model(cue_lines(folder), emotion_lines(folder), pairs))


def entity_reader() -> Any:
    with without_tensorflow():
        from bot.nlu.entities.pipeline import DEFAULT_ORDER_NUMBER_PATTERN, EntityReader

    folder = ROOT / "data" / "dict"
    return EntityReader(
        load_dictionary(folder),
        shared_segmenter(folder, ROOT / "var" / "jieba"),
        order_number_pattern=DEFAULT_ORDER_NUMBER_PATTERN,
        today=lambda: date(2026, 11, 25),
    )


def measures(reads: Sequence[Read]) -> dict[str, float]:
    """Shares between 0 and 1, by name."""
    complaint = [read.topic.startswith("complaint_") for read in reads]
    taken = [read.understood.topic.value.startswith("complaint_") for read in reads]
    both = sum(c and t for c, t in zip(complaint, taken, strict=True))
    outside = [read for read in reads if read.topic == Topic.OUT_OF_SCOPE]
    sure = [read for read in reads if not read.is_unsure]
    recalls = topic_recalls(reads)
    # An author who never marked a cue (set A knows no data_leak) cannot say where it is found wrongly.
    marked = {cue for read in reads for cue in read.gold.get("cues") or ()}
    gold_cues = sum(len(read.gold.get("cues") or ()) for read in reads)
    found_cues = sum(len(read.cues & set(read.gold.get("cues") or ())) for read in reads)
    return {
        "accuracy_strict": _share(read.is_strictly_right for read in reads),
        "accuracy": _share(read.is_right for read in reads),
        "macro_f1": _macro_f1(reads),
        "worst_recall": min(recalls.values()),
        "complaint_recall": both / sum(complaint),
        "complaint_precision": both / sum(taken),
        "top_two": _share(_among_two(read) for read in reads),
        "entity_f1": entity_f1(reads, exact=True),
        "entity_f1_overlap": entity_f1(reads, exact=False),
        "severe_cue_recall": found_cues / gold_cues if gold_cues else 1.0,
        "cue_precision": found_cues / max(1, sum(len(read.cues & marked) for read in reads)),
        "emotion_accuracy": _share(
            read.emotion == read.gold["emotion"] for read in reads if read.gold.get("emotion")
        ),
        "out_of_scope_rejected": _share(
            read.is_unsure or read.understood.topic in (Topic.OUT_OF_SCOPE, Topic.CHITCHAT)
            for read in outside
        ),
        "asked_back": _share(read.is_unsure for read in reads),
        "accuracy_when_sure": _share(read.is_right for read in sure),
        "wrong_and_confident": _share(not r.is_right and r.understood.confidence >= CONFIDENT for r in reads),
    }


def topic_recalls(reads: Sequence[Read], fewest: int = 10) -> dict[str, float]:
    """Recall (fair alternatives count) of each topic with at least `fewest` messages."""
    total = Counter(read.topic for read in reads)
    right = Counter(read.topic for read in reads if read.is_right)
    return {topic: right[topic] / n for topic, n in total.items() if n >= fewest}


def entity_f1(reads: Sequence[Read], *, exact: bool) -> float:
    """Micro F1 of entity and quoted text; with `exact` false, one text within the other is enough."""
    hits = golds = founds = 0
    for read in reads:
        gold = [(e["entity"], e["value"]) for e in read.gold.get("entities") or ()]
        found = [(e["entity"], e["text"]) for e in read.entities]
        golds, founds = golds + len(gold), founds + len(found)
        for entity, text in gold:
            match = next(
                (
                    f
                    for f in found
                    if f[0] == entity and (f[1] == text or (not exact and (f[1] in text or text in f[1])))
                ),
                None,
            )
            if match:
                hits += 1
                found.remove(match)
    return 2 * hits / (golds + founds)


def _macro_f1(reads: Sequence[Read]) -> float:
    scores = []
    for topic in {read.topic for read in reads}:
        hits = sum(read.topic == topic == read.understood.topic.value for read in reads)
        asked = sum(read.topic == topic for read in reads)
        taken = sum(read.understood.topic.value == topic for read in reads)
        scores.append(2 * hits / (asked + taken))
    return sum(scores) / len(scores)


def _among_two(read: Read) -> bool:
    likeliest = {str(FINER_INTENTS.get(intent, intent)) for intent, _ in read.understood.ranking[:2]}
    return bool(likeliest & {read.topic, *(read.gold.get("accept") or ())})


def _share(values: Any) -> float:
    kept = [bool(value) for value in values]
    return sum(kept) / len(kept)


if __name__ == "__main__":
    for path in sorted(FROZEN.glob("*.jsonl")):
        reads = read_frozen(path.name)
        print(path.name, len(reads))
        for name, value in measures(reads).items():
            print(f"  {name:24} {value:.3f}")
        print("  ", sorted((round(v, 2), k) for k, v in topic_recalls(reads).items())[:8])
