"""Figures of one candidate over frozen messages."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.nlu.candidates import Candidate
from bench.nlu.data import Row
from care.rules.vocabulary import topic_of_intent

#: Complaint recall is also read where this share of what is taken for a complaint is one.
AT_PRECISION = 0.85


@dataclass(frozen=True)
class Figures:
    """Shares between 0 and 1; `ms` is the median time of one message alone."""

    strict: float
    accuracy: float
    complaint_recall: float
    complaint_recall_at_precision: float
    top_two: float
    ms: float


def measure(candidate: Candidate, rows: Sequence[Row]) -> Figures:
    topics = [topic_of_intent(intent).value for intent in candidate.intents]
    complaint = np.array([topic.startswith("complaint_") for topic in topics])
    scores, took = [], []
    for row in rows:
        start = time.perf_counter()
        scores.append(candidate.scores(row))
        took.append((time.perf_counter() - start) * 1000)
    table = np.array(scores)
    best, two = table.argmax(axis=1), np.argsort(-table, axis=1)[:, :2]
    is_complaint = np.array([row.topic.startswith("complaint_") for row in rows])
    return Figures(
        strict=float(np.mean([topics[k] == row.topic for k, row in zip(best, rows, strict=True)])),
        accuracy=float(np.mean([topics[k] in row.accepted for k, row in zip(best, rows, strict=True)])),
        complaint_recall=float(complaint[best][is_complaint].mean()),
        complaint_recall_at_precision=_recall_at(table, complaint, is_complaint),
        top_two=float(
            np.mean(
                [
                    {topics[a], topics[b]} & row.accepted != set()
                    for (a, b), row in zip(two, rows, strict=True)
                ]
            )
        ),
        ms=statistics.median(took),
    )


def _recall_at(
    table: NDArray[np.float32], complaint: NDArray[np.bool_], is_complaint: NDArray[np.bool_]
) -> float:
    """The most complaints found by any threshold on (best complaint − best other) that keeps the precision."""
    lead = table[:, complaint].max(axis=1) - table[:, ~complaint].max(axis=1)
    order = np.argsort(-lead)
    found = np.cumsum(is_complaint[order])
    precision = found / np.arange(1, len(order) + 1)
    kept = found[precision >= AT_PRECISION]
    return float(kept.max() / is_complaint.sum()) if len(kept) else 0.0
