"""Answers from the shop's own knowledge: `data/knowledge/*.yml`, each with its source and date.

`knowledge_search` finds the nearest entry and says how sure that is. `MIN_SCORE` was measured on
`tests/integration/knowledge_cases.yml`: questions put in other words than the entries, and questions
that no entry answers. An expired entry is never spoken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from care.records.interaction import UnansweredQuestion
from care.rules.masking import mask_cards, mask_phones
from care.rules.text import normalise
from care.rules.vocabulary import Topic
from care.services.context import Care
from care.services.knowledge_search import Document, SearchIndex

#: Below this probability the bot says that it does not know, or asks back. At 0.35 58 of 100 questions in
#: strange words are answered right and 1 wrong; 7 of 100 that no entry answers get an answer.
MIN_SCORE = 0.35
#: An entry of the understood topic covers this much more. More harms: topics are often wrong too.
TOPIC_BONUS = 0.1
_LONGEST_KEY = 200

_EXAMPLE = re.compile(r"^\s+- (.+)$")
#: What a display shows when something is wrong: E4, F1.
_CODE = re.compile(r"(?<![a-z0-9])[ef]\d{1,2}(?![a-z0-9])")
_NOT_WORDS = re.compile(r"[\W_]+")
#: Openings and closings that say nothing about the matter.
_POLITE = re.compile(
    r"^(?:你好|您好|亲|在吗|客服|请问一下|请问|麻烦问下|麻烦问一下|想问一下|想问下|问一下|问下|我想问|咨询一下|咨询下)+|"
    r"(?:谢谢|多谢|谢了|麻烦了|呢|呀|啊|吗|嘛|吧|哈)+$"
)


class KnowledgeError(ValueError):
    """An entry that cannot be used; the text names file and entry."""


@dataclass(frozen=True)
class Entry:
    """One thing the shop knows. `expires` is the last day on which it may be said."""

    id: str
    topics: tuple[Topic, ...]
    question: str
    variants: tuple[str, ...]
    answer: str
    source: str
    updated: date
    expires: date | None = None
    buttons: tuple[Mapping[str, str], ...] = ()
    about: tuple[str, ...] = ()

    def is_valid_on(self, day: date) -> bool:
        return self.expires is None or day <= self.expires


@dataclass(frozen=True)
class Answer:
    entry: Entry
    score: float


class KnowledgeBase:
    """All entries, searchable. Building takes a second or two; an answer about a millisecond."""

    def __init__(self, entries: Sequence[Entry], *, background: Sequence[str] = ()) -> None:
        self.entries = tuple(entries)
        documents = [
            Document(
                wordings=tuple(_plain(wording) for wording in (entry.question, *entry.variants)),
                rest=(normalise(entry.answer).lower(),),
            )
            for entry in self.entries
        ]
        self._codes = [
            _codes_of(" ".join((entry.question, *entry.variants)).lower()) for entry in self.entries
        ]
        self._index = SearchIndex(documents, [_plain(line) for line in background])

    def answer(self, text: str, topic: Topic | str | None, today: date) -> Answer | None:
        """The entry that answers `text`, or None when no valid one is sure enough.

        An expired entry does not answer and does not let a wrong one answer in its place.
        """
        best = self._ranked(text, topic, limit=1)
        if not best or best[0].score < MIN_SCORE or not best[0].entry.is_valid_on(today):
            return None
        return best[0]

    def nearest(self, text: str, topic: Topic | str | None, today: date, *, limit: int = 2) -> list[Answer]:
        """The best valid entries however unsure, best first: for asking back which one is meant.

        The score of the first is its probability; those after it share what is left.
        """
        return [
            answer for answer in self._ranked(text, topic, limit=limit + 3) if answer.entry.is_valid_on(today)
        ][:limit]

    def _bears_codes_of(self, plain: str) -> NDArray[np.float64]:
        """1 for entries that may speak of the codes in the question: E2 is never answered with E4."""
        asked = _codes_of(plain)
        if not asked:
            return np.ones(len(self.entries))
        return np.array([float(bool(asked & codes)) for codes in self._codes])

    def _ranked(self, text: str, topic: Topic | str | None, *, limit: int) -> list[Answer]:
        plain = _plain(text)
        if not plain:
            return []
        about = None if topic is None else Topic(topic)
        coverage = self._index.coverage(plain) * self._bears_codes_of(plain)
        if not coverage.any():
            return []
        scores = coverage + TOPIC_BONUS * np.array([about in entry.topics for entry in self.entries])
        sure = self._index.sureness(plain, scores)
        order = [int(n) for n in np.argsort(-scores, kind="stable")[:limit] if coverage[n] > 0]
        return [
            Answer(
                self.entries[n],
                sure if place == 0 else min(sure, 1 - sure) * float(scores[n] / scores[order[0]]),
            )
            for place, n in enumerate(order)
        ]


def _codes_of(text: str) -> set[str]:
    return set(_CODE.findall(text))


def load_knowledge(folder: Path, *, messages: Path | None = None) -> KnowledgeBase:
    """Reads every ``*.yml`` of the folder.

    Args:
        folder: with the entries.
        messages: folder of Rasa NLU files; how rare a word is among ordinary customers' messages is
            taken from their examples. Default: ``nlu`` beside `folder`; without it only the
            entries' own wordings count.

    Raises:
        KnowledgeError: a file is not a list of entries, an entry lacks something, or an id comes twice.
    """
    entries: dict[str, Entry] = {}
    for path in sorted(folder.glob("*.yml")):
        try:
            raw = YAML(typ="safe").load(path)
        except YAMLError as error:
            raise KnowledgeError(f"{path.name}: {error}") from error
        if not isinstance(raw, list):
            raise KnowledgeError(f"{path.name}: a list of entries is expected")
        for item in raw:
            entry = _entry(path.name, item)
            if entry.id in entries:
                raise KnowledgeError(f"{path.name}: the id {entry.id!r} is used twice")
            entries[entry.id] = entry
    if not entries:
        raise KnowledgeError(f"{folder}: no entries")
    return KnowledgeBase(tuple(entries.values()), background=_examples(messages or folder.parent / "nlu"))


async def note_unanswered(care: Care, text: str, topic: Topic | str | None, message_id: int | None) -> None:
    """Counts a question that nothing answered, for the managers; the same message counts once."""
    masked = mask_phones(mask_cards(normalise(text), order_number_pattern=care.settings.order_number_pattern))
    key = _plain(masked)[:_LONGEST_KEY]
    if not key:
        return
    now = care.clock.now()
    async with care.sessions.write() as session:
        if message_id is not None:
            seen = await session.scalar(
                select(UnansweredQuestion.id).where(UnansweredQuestion.last_message_id == message_id)
            )
            if seen is not None:
                return
        is_postgres = session.get_bind().dialect.name == "postgresql"
        statement = (pg_insert if is_postgres else sqlite_insert)(UnansweredQuestion).values(
            normalised=key,
            example=masked,
            topic=None if topic is None else Topic(topic).value,
            count=1,
            first_at=now,
            last_at=now,
            last_message_id=message_id,
        )
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=[UnansweredQuestion.normalised],
                set_={
                    "count": UnansweredQuestion.__table__.c.count + 1,
                    "last_at": now,
                    "last_message_id": message_id,
                    "closed_at": None,
                },
            )
        )


def _examples(folder: Path) -> list[str]:
    lines = (line for path in sorted(folder.glob("*.yml")) for line in path.read_text("utf-8").splitlines())
    return [match[1] for line in lines if (match := _EXAMPLE.match(line))]


def _entry(file: str, item: Any) -> Entry:
    if not isinstance(item, dict) or "id" not in item:
        raise KnowledgeError(f"{file}: an entry without id: {item!r}"[:200])
    where = f"{file}: {item['id']}"
    missing = {"topics", "question", "answer", "source", "updated"} - set(item)
    if missing:
        raise KnowledgeError(f"{where} lacks {', '.join(sorted(missing))}")
    unknown = set(item) - set(Entry.__dataclass_fields__)
    if unknown:
        raise KnowledgeError(f"{where} has unknown {', '.join(sorted(unknown))}")
    for field in ("updated", "expires"):
        if not isinstance(item.get(field), (date, type(None))):
            raise KnowledgeError(f"{where}: {field} is {item[field]!r}, a date like 2026-10-01 is expected")
    try:
        topics = tuple(Topic(topic) for topic in item["topics"])
    except ValueError as error:
        raise KnowledgeError(f"{where}: {error}") from error
    return Entry(
        id=str(item["id"]),
        topics=topics,
        question=str(item["question"]),
        variants=tuple(str(variant) for variant in item.get("variants") or ()),
        answer=str(item["answer"]).strip(),
        source=str(item["source"]),
        updated=item["updated"],
        expires=item.get("expires"),
        buttons=tuple(item.get("buttons") or ()),
        about=tuple(str(word) for word in item.get("about") or ()),
    )


def _plain(text: str) -> str:
    lowered = _NOT_WORDS.sub("", normalise(text).lower())
    stripped = _POLITE.sub("", lowered)
    return stripped or lowered
