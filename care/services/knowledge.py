"""Answers from the shop's own knowledge: `data/knowledge/*.yml`, each with its source and date.

`knowledge_search` finds the nearest entry and says how sure that is; `knowledge_words` decides which
products a question is about. `MIN_SCORE` was chosen on the first part of
`tests/integration/knowledge_cases.yml`. An expired entry is never spoken.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from care.rules.text import normalise
from care.rules.vocabulary import Topic
from care.services import knowledge_unanswered
from care.services.context import Care
from care.services.knowledge_entries import Entry, KnowledgeError, Problem, read_folder
from care.services.knowledge_search import Bias, Document, SearchIndex
from care.services.knowledge_words import ShopWords

__all__ = [
    "Answer",
    "Entry",
    "KnowledgeBase",
    "KnowledgeError",
    "Problem",
    "load_knowledge",
    "note_unanswered",
]

log = logging.getLogger(__name__)

#: Below this probability the bot says that it does not know, or asks back. Chosen on the first rows of the
#: labelled questions: of those 49 of 100 are answered right, 2 wrong, and 10 of 100 without an entry get
#: an answer; 0.25 would give 53, 4 and 12.
MIN_SCORE = 0.3
#: An entry of the understood topic covers this much more. More harms: topics are often wrong too.
TOPIC_BONUS = 0.1
#: An entry about the product that the question names goes before a general one that fits as well.
SUBJECT_BONUS = 0.15

#: A single character is no question: 对, 1.
_LEAST_SAID = 2
_MOST_BIASES = 1000
_EXAMPLE = re.compile(r"^\s+- (.+)$")
#: What a display shows when something is wrong: E4, F1.
_CODE = re.compile(r"(?<![a-z0-9])[ef]\d{1,2}(?![a-z0-9])")
_NOT_WORDS = re.compile(r"[\W_]+")
#: Openings and closings that say nothing about the matter.
_POLITE = re.compile(
    r"^(?:你好|您好|亲|在吗|客服(?=你好|您好|请问|在吗)|请问一下|请问|麻烦问下|麻烦问一下|想问一下|想问下|问一下|问下|我想问|咨询一下|咨询下)+|"
    r"(?:谢谢|多谢|谢了|麻烦了|呢|呀|啊|吗|嘛|吧|哈)+$"
)


@dataclass(frozen=True)
class Answer:
    entry: Entry
    score: float


@dataclass(frozen=True)
class Reason:
    """Why an entry stands where it stands for a question; shares are of the question's weight."""

    entry: Entry
    coverage: float
    bonus: float
    probability: float
    is_spoken: bool
    is_valid: bool
    had: tuple[tuple[str, float], ...]
    lacked: tuple[tuple[str, float], ...]


class KnowledgeBase:
    """All entries, searchable. Building takes a few seconds; an answer about a millisecond."""

    def __init__(
        self, entries: Sequence[Entry], *, background: Sequence[str] = (), words: ShopWords | None = None
    ) -> None:
        self.entries = tuple(entries)
        self.words = words or ShopWords.none()
        self._codes = [_codes_of(" ".join(entry.wordings).lower()) for entry in self.entries]
        self._about = [
            frozenset[str]().union(*(self.words.subjects.found_in(word) or {word} for word in entry.about))
            for entry in self.entries
        ]
        self._biases: dict[tuple[frozenset[str], frozenset[str]], Bias] = {}
        documents = [
            Document(
                wordings=tuple(self._compared(_plain(wording)) for wording in entry.wordings),
                rest=(self._compared(normalise(entry.answer).lower()),),
            )
            for entry in self.entries
        ]
        wordings = [_plain(wording) for entry in self.entries for wording in entry.wordings]
        self._exact: dict[str, set[int]] = {}
        for n, entry in enumerate(self.entries):
            for wording in entry.wordings:
                self._exact.setdefault(self.words.synonyms.rewritten(_plain(wording)), set()).add(n)
        self._index = SearchIndex(
            documents,
            [self._compared(_plain(line)) for line in background],
            [self._bias(wording) for wording in wordings],
        )

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

    def reasons(self, text: str, topic: Topic | str | None, today: date, *, limit: int = 3) -> list[Reason]:
        """How the best entries came to stand where they do, best first; expired ones too."""
        plain = _plain(text)
        compared = self._compared(plain)
        spoken = self.answer(text, topic, today)
        coverage = self._index.coverage(compared) if plain else np.zeros(len(self.entries))
        bonus = self._topic_bonus(topic) + self._bias(plain).extra
        places = {entry.id: n for n, entry in enumerate(self.entries)}
        found = []
        for answer in self._ranked(text, topic, limit=limit):
            n = places[answer.entry.id]
            had, lacked = self._index.matched(compared, n)
            found.append(
                Reason(
                    entry=answer.entry,
                    coverage=float(coverage[n]),
                    bonus=float(bonus[n]),
                    probability=answer.score,
                    is_spoken=spoken is not None and spoken.entry is answer.entry,
                    is_valid=answer.entry.is_valid_on(today),
                    had=tuple(had),
                    lacked=tuple(lacked),
                )
            )
        return found

    def _ranked(self, text: str, topic: Topic | str | None, *, limit: int) -> list[Answer]:
        plain = _plain(text)
        if len(plain) < _LEAST_SAID:
            return []
        compared = self._compared(plain)
        bias = self._bias(plain)
        coverage = self._index.coverage(compared) * bias.may
        if not coverage.any():
            return []
        scores = coverage + self._topic_bonus(topic)
        ranks = scores + bias.extra
        same = self._exact.get(self.words.synonyms.rewritten(plain), set())
        if len(same) == 1:
            ranks[list(same)] += ranks.max()
        order = [int(n) for n in np.argsort(-ranks, kind="stable") if coverage[n] > 0][:limit]
        sure = 1.0 if same == {order[0]} else self._index.sureness(compared, scores, order[0])
        return [
            Answer(
                self.entries[n],
                sure if place == 0 else min(sure, 1 - sure) * float(ranks[n] / ranks[order[0]]),
            )
            for place, n in enumerate(order)
        ]

    def _compared(self, plain: str) -> str:
        return self.words.compared(plain)

    def _bias(self, plain: str) -> Bias:
        """What the codes and products that a question names say for and against each entry.

        E2 is never answered with E4, nor a dishwasher with a washing machine.
        """
        named = _codes_of(plain), self.words.subjects.found_in(plain)
        if named not in self._biases:
            if len(self._biases) >= _MOST_BIASES:  # strangers choose the keys
                self._biases.clear()
            codes, subjects = named
            fits = [bool(subjects & about) for about in self._about]
            may = [
                (not codes or bool(codes & own)) and (not subjects or not about or fit)
                for own, about, fit in zip(self._codes, self._about, fits, strict=True)
            ]
            self._biases[named] = Bias(
                np.array(may, dtype=float), SUBJECT_BONUS * np.array(fits, dtype=float)
            )
        return self._biases[named]

    def _topic_bonus(self, topic: Topic | str | None) -> NDArray[np.float64]:
        about = None if topic is None else Topic(topic)
        return TOPIC_BONUS * np.array([float(about in entry.topics) for entry in self.entries])


def load_knowledge(folder: Path, *, messages: Path | None = None, skip_bad: bool = False) -> KnowledgeBase:
    """Reads every ``*.yml`` of the folder, and the tables of words beside them.

    Args:
        folder: with the entries.
        messages: folder of Rasa NLU files; how rare a word is among ordinary customers' messages is
            taken from their examples. Default: ``nlu`` beside `folder`; without it only the
            entries' own wordings count.
        skip_bad: leave out what is not of the right form and say so in the log. For serving: a slip
            in one answer must not silence all the others.

    Raises:
        KnowledgeError: something is not of the right form, or an id comes twice; with `skip_bad`
            only when nothing usable is left.
    """
    reading = read_folder(folder)
    if reading.errors and not (skip_bad and reading.entries):
        raise KnowledgeError(reading.errors)
    for problem in reading.errors:
        log.error("knowledge left out: %s", problem)
    return KnowledgeBase(
        tuple(reading.entries.values()),
        background=_examples(messages or folder.parent / "nlu"),
        words=ShopWords.read(folder),
    )


async def note_unanswered(care: Care, text: str, topic: Topic | str | None, message_id: int | None) -> None:
    """Counts a question that nothing answered, for the managers; the same message counts once."""
    await knowledge_unanswered.note_unanswered(care, text, topic, message_id, plain=_plain)


def _codes_of(text: str) -> frozenset[str]:
    return frozenset(_CODE.findall(text))


def _examples(folder: Path) -> list[str]:
    lines = (line for path in sorted(folder.glob("*.yml")) for line in path.read_text("utf-8").splitlines())
    return [match[1] for line in lines if (match := _EXAMPLE.match(line))]


def _plain(text: str) -> str:
    lowered = _NOT_WORDS.sub("", normalise(text).lower())
    stripped = _POLITE.sub("", lowered)
    return stripped or lowered
