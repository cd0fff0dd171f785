"""Fits the topic model: one linear classifier per intent, calibrated on messages it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix
from sklearn.svm import LinearSVC

from bot.nlu.topic_model import TopicModel, softmax, terms_of
from bot.nlu.topic_reading import TopicReading
from bot.nlu.wrapping import with_wrapped
from care.rules.vocabulary import Kind, kind_of_topic, topic_of_intent

Examples = Sequence[tuple[TopicReading, str]]


@dataclass(frozen=True)
class TrainingChoices:
    """What `config.yml` may choose; the defaults are the measured ones."""

    strength: float = 1.2
    folds: int = 3
    seed: int = 7
    wrapped_share: float = 0.3
    gate_recall_weight: float = 1.25
    #: Strangers differ more from the rows than one author of them from the next: so much less sure than fitted.
    caution: float = 0.92


def train_topic_model(examples: Examples, choices: TrainingChoices = TrainingChoices()) -> TopicModel:
    """A calibrated model of `(reading, intent)` pairs; equal inputs give equal models."""
    held_out, model = cross_validated(examples, choices), fit(examples, choices)
    sharpness = choices.caution * fitted_sharpness(held_out.scores, held_out.truth)
    probabilities = softmax(held_out.scores * sharpness)
    gate = fitted_gate(
        probabilities,
        held_out.truth,
        complaint_columns(model.intents),
        recall_weight=choices.gate_recall_weight,
    )
    return replace(model, sharpness=sharpness, complaint_gate=gate)


@dataclass(frozen=True)
class HeldOut:
    """Scores of each example by a model that did not see it; `truth` holds columns."""

    intents: tuple[str, ...]
    scores: NDArray[np.float32]
    truth: NDArray[np.int64]


def cross_validated(examples: Examples, choices: TrainingChoices) -> HeldOut:
    """Each intent's examples in folds of neighbours, unseen by the model that scores them.

    Neighbours were written by one author in one mood and resemble each other: shuffled folds would
    let the model see a message's sisters and make it too sure of strangers' messages.
    """
    intents = _intents_of(examples)
    column = {intent: index for index, intent in enumerate(intents)}
    truth = np.array([column[intent] for _, intent in examples])
    scores = np.zeros((len(examples), len(intents)), dtype=np.float32)
    folds = neighbour_folds(truth, choices.folds)
    for fold in range(choices.folds):
        model = fit([example for example, at in zip(examples, folds, strict=True) if at != fold], choices)
        for index in np.flatnonzero(folds == fold):
            scores[index] = model.scores(examples[index][0])
    return HeldOut(intents, scores, truth)


def neighbour_folds(truth: NDArray[np.int64], folds: int) -> NDArray[np.int64]:
    """The fold of each example: every column's examples in `folds` runs of equal length, in order."""
    assigned = np.zeros(len(truth), dtype=np.int64)
    for column in np.unique(truth):
        where = np.flatnonzero(truth == column)
        assigned[where] = np.arange(len(where)) * folds // len(where)
    return assigned


def fit(examples: Examples, choices: TrainingChoices) -> TopicModel:
    """An uncalibrated model (sharpness 1, gate closed)."""
    intents = _intents_of(examples)
    column = {intent: index for index, intent in enumerate(intents)}
    rows = list(with_wrapped(examples, seed=choices.seed, share=choices.wrapped_share))
    vocabulary, idf = _vocabulary([reading for reading, _ in examples], [reading for reading, _ in rows])
    features = _features([reading for reading, _ in rows], vocabulary, idf)
    targets = np.array([column[intent] for _, intent in rows])
    classifier = LinearSVC(C=choices.strength, random_state=choices.seed, tol=1e-2).fit(features, targets)
    return TopicModel(
        intents=intents,
        vocabulary=vocabulary,
        idf=idf,
        weights=np.ascontiguousarray(classifier.coef_.T, dtype=np.float32),
        bias=classifier.intercept_.astype(np.float32),
        sharpness=1.0,
        complaint_gate=1.0,
    )


def fitted_sharpness(scores: NDArray[np.float32], truth: NDArray[np.int64]) -> float:
    """Inverse temperature with the least held-out log loss (Guo et al. 2017)."""

    def log_loss(sharpness: float) -> float:
        chosen = softmax(scores * sharpness)[np.arange(len(truth)), truth]
        return float(-np.log(np.maximum(chosen, 1e-12)).mean())

    return float(minimize_scalar(log_loss, bounds=(0.2, 8.0), method="bounded").x)


def fitted_gate(
    probabilities: NDArray[np.float32],
    truth: NDArray[np.int64],
    complaints: NDArray[np.bool_],
    *,
    recall_weight: float,
) -> float:
    """The summed complaint probability with the best F-measure of complaint against all else.

    A missed complaint is the worst error, a question taken for a complaint the next: `recall_weight`
    (beta of van Rijsbergen's F) says by how much. Never above 0.5, where complaints outweigh all else.
    """
    mass, is_complaint = probabilities[:, complaints].sum(axis=1), complaints[truth]

    def f_measure(gate: float) -> float:
        taken = mass >= gate
        right, square = float((taken & is_complaint).sum()), recall_weight**2
        return (1 + square) * right / (square * is_complaint.sum() + taken.sum())

    gates = [round(0.15 + 0.01 * step, 2) for step in range(36)]
    return max(gates, key=f_measure) if is_complaint.any() else 0.5


def complaint_columns(intents: Sequence[str]) -> NDArray[np.bool_]:
    return np.array([kind_of_topic(topic_of_intent(intent)) is Kind.COMPLAINT for intent in intents])


def _intents_of(examples: Examples) -> tuple[str, ...]:
    return tuple(sorted({intent for _, intent in examples}))


def _vocabulary(
    written: Sequence[TopicReading], wrapped: Sequence[TopicReading]
) -> tuple[dict[str, int], NDArray[np.float32]]:
    """Terms of all rows; document frequencies of the written ones, so that wrapping does not skew them."""
    counts: dict[str, int] = {}
    for reading in written:
        for term in terms_of(reading):
            counts[term] = counts.get(term, 0) + 1
    terms = sorted({*counts, *(term for reading in wrapped for term in terms_of(reading))})
    frequencies = np.array([counts.get(term, 0) for term in terms])
    idf = np.log((1 + len(written)) / (1 + frequencies)) + 1
    return {term: row for row, term in enumerate(terms)}, idf.astype(np.float32)


def _features(
    readings: Sequence[TopicReading], vocabulary: dict[str, int], idf: NDArray[np.float32]
) -> csr_matrix:
    """Binary terms × IDF, each row of length 1."""
    indices: list[int] = []
    values: list[NDArray[np.float32]] = []
    ends = [0]
    for reading in readings:
        rows = [vocabulary[term] for term in sorted(terms_of(reading))]
        row = idf[rows]
        indices.extend(rows)
        values.append(row / np.sqrt(row @ row))
        ends.append(len(indices))
    return csr_matrix((np.concatenate(values), indices, ends), shape=(len(readings), len(vocabulary)))
