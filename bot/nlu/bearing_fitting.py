"""What the bearing model's columns are fitted with: terms and their weights, and the kinds of message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from bot.nlu.bearing_terms import terms_of
from care.rules.vocabulary import Kind, kind_of_topic, topic_of_intent

Floats = NDArray[np.float64]
#: A term of one text alone says nothing of others.
_FEWEST_TEXTS = 2


class Terms:
    """The terms of all texts that are learned from, rarer ones weighing more."""

    def __init__(self, readings: Iterable[str]) -> None:
        distinct = sorted(set(readings))
        counts = Counter(term for reading in distinct for term in terms_of(reading))
        terms = sorted(term for term, count in counts.items() if count >= _FEWEST_TEXTS)
        self.vocabulary = {term: row for row, term in enumerate(terms)}
        frequencies = np.array([counts[term] for term in terms])
        self.idf: Floats = np.log((1 + len(distinct)) / (1 + frequencies)) + 1

    def features(self, readings: Sequence[str]) -> csr_matrix:
        """Binary terms × IDF, each row of length 1; shape (readings, terms)."""
        indices: list[int] = []
        values: list[Floats] = []
        ends = [0]
        for reading in readings:
            rows = sorted(row for term in terms_of(reading) if (row := self.vocabulary.get(term)) is not None)
            weights = self.idf[rows]
            indices.extend(rows)
            values.append(weights / np.sqrt(weights @ weights) if rows else weights)
            ends.append(len(indices))
        shape = (len(readings), len(self.vocabulary))
        return csr_matrix((np.concatenate([np.zeros(0), *values]), indices, ends), shape=shape)


class Kinds:
    """What the writer of a message wants, coarsely: each complaint and request for itself, questions together.

    A message that the kinds were fitted on gets scores of a model that did not see it, so that the emotion does
    not learn to trust the kind more than it may.
    """

    def __init__(
        self,
        examples: Sequence[tuple[str, str]],
        terms: Terms,
        *,
        strength: float,
        folds: int,
        seed: int,
    ) -> None:
        """Fits on `(reading, intent)` pairs."""
        self._terms = terms
        kinds = [kind_of_message(intent) for _, intent in examples]
        names = sorted(set(kinds))
        column = {name: index for index, name in enumerate(names)}
        truth = np.array([column[kind] for kind in kinds])
        features = terms.features([reading for reading, _ in examples])

        def fit(rows: NDArray[np.bool_]) -> LogisticRegression:
            model = LogisticRegression(C=strength, solver="liblinear", random_state=seed, tol=1e-2)
            return model.fit(features[rows], truth[rows])

        places = neighbour_places([intent for _, intent in examples], folds)
        held_out = np.zeros((len(examples), len(names)))
        for fold in range(folds):
            seen = places != fold
            if set(truth[seen]) == set(truth):
                held_out[~seen] = _scores(fit(seen), features[~seen])
        self._held_out = {reading: held_out[row] for row, (reading, _) in enumerate(examples)}
        self.weights = stacked(fit(np.ones(len(truth), dtype=bool)))

    def scores(self, readings: Sequence[str]) -> Floats:
        """Shape (readings, kinds)."""
        fresh = self._terms.features(readings) @ self.weights[:-1] + self.weights[-1]
        return np.array(
            [self._held_out.get(reading, row) for reading, row in zip(readings, fresh, strict=True)]
        )


def kind_of_message(intent: str) -> str:
    """Complaints and requests by their topic, what is asked, answered or chatted by its kind."""
    topic = topic_of_intent(intent)
    kind = kind_of_topic(topic)
    apart = kind in (Kind.COMPLAINT, Kind.RECORD_CHANGE, Kind.RIGHTS_REQUEST) or intent in _APART
    return topic.value if apart else kind.value


#: Inquiries and control messages whose writers are often of another mood than the rest.
_APART = ("urge_order", "case_progress", "usage", "logistics", "account", "request_human", "bot_challenge")


def neighbour_places(groups: Sequence[str], folds: int) -> NDArray[np.int64]:
    """The fold of each row: every group's rows in `folds` runs, so that neighbours stay together."""
    rows: dict[str, list[int]] = {}
    for row, group in enumerate(groups):
        rows.setdefault(group, []).append(row)
    places = np.zeros(len(groups), dtype=np.int64)
    for where in rows.values():
        places[where] = np.arange(len(where)) * folds // len(where)
    return places


def stacked(model: LogisticRegression) -> Floats:
    """Coefficients with the intercept as the last row; shape (terms + 1, columns)."""
    weights, bias = model.coef_, model.intercept_
    if len(bias) == 1 and len(model.classes_) == 2:  # one column stands for both of two classes
        weights, bias = np.vstack([-weights, weights]), np.array([-bias[0], bias[0]])
    return np.vstack([weights.T, bias])


def _scores(model: LogisticRegression, features: csr_matrix) -> Floats:
    table = stacked(model)
    return np.asarray(features @ table[:-1] + table[-1])


def fitted_threshold(
    chances: Floats,
    truth: NDArray[np.bool_],
    weights: Floats,
    *,
    recall_weight: float,
    lowest: float = 0.15,
) -> float:
    """The probability from which held-out decisions have the best F-measure (`recall_weight` is its beta)."""

    def f_measure(threshold: float) -> float:
        taken = chances >= threshold
        right, square = float(weights[taken & truth].sum()), recall_weight**2
        return (1 + square) * right / max(1e-9, square * weights[truth].sum() + weights[taken].sum())

    steps = round((0.7 - lowest) / 0.025) + 1
    return max((round(lowest + 0.025 * step, 3) for step in range(steps)), key=f_measure)
