"""Answers from the shop's own knowledge: `data/knowledge/*.yml`, each with its source and date.

Retrieval is TF-IDF over characters and jieba words; every wording of an entry is a document of its
own, and the best one speaks for its entry. `MIN_SCORE` was measured on
`tests/integration/knowledge_cases.yml`: questions put in other words than the entries, and questions
that no entry answers. An expired entry is never spoken.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import jieba
import numpy as np
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from care.records.interaction import UnansweredQuestion
from care.rules.masking import mask_cards, mask_phones
from care.rules.text import normalise
from care.rules.vocabulary import Topic
from care.services.context import Care

#: Below this the bot says that it does not know. See the module's text for how it was found.
MIN_SCORE = 0.42
#: A wording whose entry bears the understood topic counts this much more.
TOPIC_BONUS = 0.06
_WORD_WEIGHT = 0.5
_LONGEST_KEY = 200

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

    def is_valid_on(self, day: date) -> bool:
        return self.expires is None or day <= self.expires


@dataclass(frozen=True)
class Answer:
    entry: Entry
    score: float


class KnowledgeBase:
    """All entries, searchable. Building takes well under a second; an answer about a millisecond."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = tuple(entries)
        wordings = [
            (number, wording)
            for number, entry in enumerate(self.entries)
            for wording in (entry.question, *entry.variants)
        ]
        self._entry_of = np.array([number for number, _ in wordings])
        texts = [_plain(wording) for _, wording in wordings]
        self._chars = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True)
        self._words = TfidfVectorizer(analyzer=_words_of, sublinear_tf=True)
        self._matrix = self._join(self._chars.fit_transform(texts), self._words.fit_transform(texts))

    def answer(self, text: str, topic: Topic | str | None, today: date) -> Answer | None:
        """The entry that answers `text`, or None when no valid one is near enough."""
        best = self.nearest(text, topic, today, limit=1)
        return best[0] if best and best[0].score >= MIN_SCORE else None

    def nearest(self, text: str, topic: Topic | str | None, today: date, *, limit: int = 3) -> list[Answer]:
        """The best valid entries whatever their score, best first."""
        plain = _plain(text)
        if not plain:
            return []
        query = self._join(self._chars.transform([plain]), self._words.transform([plain]))
        scores = (self._matrix @ query.T).toarray().ravel()
        by_entry = np.zeros(len(self.entries))
        np.maximum.at(by_entry, self._entry_of, scores)
        about = None if topic is None else Topic(topic)
        found = [
            Answer(entry, float(score) + (TOPIC_BONUS if about in entry.topics else 0.0))
            for entry, score in zip(self.entries, by_entry, strict=True)
            if score > 0 and entry.is_valid_on(today)
        ]
        return sorted(found, key=lambda answer: -answer.score)[:limit]

    @staticmethod
    def _join(chars: csr_matrix, words: csr_matrix) -> csr_matrix:
        """Both halves side by side, so that the product of two rows is the weighted mean of both cosines."""
        return hstack([chars * np.sqrt(1 - _WORD_WEIGHT), words * np.sqrt(_WORD_WEIGHT)], format="csr")


def load_knowledge(folder: Path) -> KnowledgeBase:
    """Reads every ``*.yml`` of the folder.

    Raises:
        KnowledgeError: a file is not a list of entries, an entry lacks something, or an id comes twice.
    """
    jieba.setLogLevel(logging.WARNING)
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
    return KnowledgeBase(tuple(entries.values()))


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
    )


def _plain(text: str) -> str:
    lowered = _NOT_WORDS.sub("", normalise(text).lower())
    stripped = _POLITE.sub("", lowered)
    return stripped or lowered


def _words_of(text: str) -> list[str]:
    return [word for word in jieba.lcut(text) if word.strip()]
