"""Models that might read topics. Each learns from `Row`s and scores one message at a time."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any, Protocol

import jieba
import numpy as np
from numpy.typing import NDArray
from pypinyin import lazy_pinyin
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from bench.nlu.data import Row
from bot.nlu.quiet_spacy import without_tensorflow
from bot.nlu.topic_model import TopicModel, softmax
from bot.nlu.topic_training import TrainingChoices, fit
from bot.nlu.wrapping import with_wrapped

Terms = Callable[[Row], Iterable[str]]


class Candidate(Protocol):
    """What is compared. `intents` names the columns after `fit`."""

    intents: tuple[str, ...]

    def fit(self, rows: Sequence[Row]) -> None: ...

    def scores(self, row: Row) -> NDArray[np.float32]:
        """Shape (intents,); the largest is the answer, the softmax is its probability."""


class Shipped:
    """The model of the product: `bot.nlu.topic_training.fit`, before calibration and complaint gate."""

    intents: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._model: TopicModel | None = None

    def fit(self, rows: Sequence[Row]) -> None:
        self._model = fit([(row.reading, row.topic) for row in rows], TrainingChoices())
        self.intents = self._model.intents

    def scores(self, row: Row) -> NDArray[np.float32]:
        assert self._model is not None
        return self._model.scores(row.reading)


class Linear:
    """TF-IDF of `terms` and a linear classifier, with the product's polite wrapping around a share of the rows."""

    intents: tuple[str, ...] = ()

    def __init__(self, terms: Terms, classifier: Any, *, wrapped: float = 0.3) -> None:
        self._features = TfidfVectorizer(analyzer=terms, binary=True)
        self._classifier = classifier
        self._wrapped = wrapped

    def fit(self, rows: Sequence[Row]) -> None:
        pairs = with_wrapped([(row.reading, row.topic) for row in rows], seed=7, share=self._wrapped)
        wrapped = [Row(reading.plain, reading, topic, frozenset()) for reading, topic in pairs]
        self._classifier.fit(self._features.fit_transform(wrapped), [row.topic for row in wrapped])
        self.intents = tuple(self._classifier.classes_)

    def scores(self, row: Row) -> NDArray[np.float32]:
        found = self._classifier.decision_function(self._features.transform([row]))[0]
        return np.asarray(found, dtype=np.float32)


class SpacyTextcat:
    """spaCy's text categoriser (bag of words and a convolution) over characters or jieba's words."""

    intents: tuple[str, ...] = ()

    def __init__(self, *, words: bool, epochs: int = 5) -> None:
        self._words, self._epochs = words, epochs
        self._nlp: Any = None

    def fit(self, rows: Sequence[Row]) -> None:
        with without_tensorflow():
            import spacy
            from spacy.training import Example
        self._nlp = nlp = spacy.blank("xx")
        self.intents = tuple(sorted({row.topic for row in rows}))
        textcat: Any = nlp.add_pipe(
            "textcat", config={"model": {"@architectures": "spacy.TextCatEnsemble.v2"}}, last=True
        )
        for intent in self.intents:
            textcat.add_label(intent)
        made = [
            Example.from_dict(
                self._doc(row), {"cats": {intent: float(intent == row.topic) for intent in self.intents}}
            )
            for row in rows
        ]
        optimizer = nlp.initialize(lambda: made[:200])
        dice = random.Random(7)
        for _ in range(self._epochs):
            dice.shuffle(made)
            for start in range(0, len(made), 128):
                nlp.update(made[start : start + 128], sgd=optimizer, drop=0.3)

    def scores(self, row: Row) -> NDArray[np.float32]:
        cats = self._nlp(self._doc(row)).cats
        return np.log(np.array([max(cats[intent], 1e-9) for intent in self.intents], dtype=np.float32))

    def _doc(self, row: Row) -> Any:
        from spacy.tokens import Doc

        words = jieba.lcut(row.reading.plain) if self._words else list(row.reading.plain)
        kept = [word for word in words if word.strip()] or ["。"]
        return Doc(self._nlp.vocab, words=kept, spaces=[False] * len(kept))


class Mean:
    """The mean probability of several candidates."""

    intents: tuple[str, ...] = ()

    def __init__(self, *parts: Candidate) -> None:
        self._parts = parts

    def fit(self, rows: Sequence[Row]) -> None:
        for part in self._parts:
            part.fit(rows)
        self.intents = self._parts[0].intents

    def scores(self, row: Row) -> NDArray[np.float32]:
        mean = np.mean([softmax(part.scores(row) * 3) for part in self._parts], axis=0)
        return np.asarray(np.log(np.maximum(mean, 1e-9)), dtype=np.float32)


def chars(longest: int) -> Terms:
    def terms(row: Row) -> list[str]:
        return _grams(row.reading.plain, longest)

    return terms


def words(row: Row) -> list[str]:
    return [f"w{word}" for word in jieba.lcut(row.reading.plain) if word.strip()]


def chars_and_words(row: Row) -> list[str]:
    return [*_grams(row.reading.plain, 2), *words(row)]


def chars_and_pinyin(row: Row) -> list[str]:
    sounds = lazy_pinyin(row.reading.plain)
    pairs = [f"p{a} {b}" for a, b in pairwise(sounds)]
    return [*_grams(row.reading.plain, 2), *(f"p{sound}" for sound in sounds), *pairs]


def svm(strength: float = 0.5) -> Any:
    return LinearSVC(C=strength, tol=1e-2, random_state=7)


def logistic() -> Any:
    return LogisticRegression(C=10.0, solver="liblinear", tol=1e-2, random_state=7)


def _grams(text: str, longest: int) -> list[str]:
    marked = f"\x02{text}\x03"
    return [marked[i : i + n] for n in range(1, longest + 1) for i in range(len(marked) - n + 1)]
