"""The trained topic model: a sparse linear classifier over character 1- and 2-grams of two forms, in NumPy.

Training (`bot.nlu.topic_training`) needs scikit-learn; reading a message needs this file only.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.nlu.topic_reading import TopicReading

START, END = "\x02", "\x03"
_WEIGHTS, _TERMS = "topic_model.npz", "topic_model.json"


#: Before the terms of the masked form.
MASKED = "\x04"


def terms_of(reading: TopicReading) -> set[str]:
    """Distinct character 1- and 2-grams of both forms, with their two ends marked."""
    return {*_grams(reading.plain), *(MASKED + gram for gram in _grams(reading.masked))}


def _grams(form: str) -> set[str]:
    text = f"{START}{form}{END}"
    return {*form, *(text[i : i + 2] for i in range(len(text) - 1))}


@dataclass(frozen=True)
class TopicModel:
    """Weights, calibration and thresholds of one training.

    Attributes:
        intents: names, in the order of the columns of `weights`.
        vocabulary: term → row.
        idf: shape (terms,).
        weights: shape (terms, intents); `bias`: shape (intents,).
        sharpness: inverse temperature fitted on held-out folds.
        complaint_gate: summed complaint probability from which the best complaint wins.
    """

    intents: tuple[str, ...]
    vocabulary: dict[str, int]
    idf: NDArray[np.float32]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    sharpness: float
    complaint_gate: float

    def scores(self, reading: TopicReading) -> NDArray[np.float32]:
        """Uncalibrated scores, shape (intents,)."""
        rows = [row for term in terms_of(reading) if (row := self.vocabulary.get(term)) is not None]
        if not rows:
            return self.bias
        values = self.idf[rows]
        values = values / np.sqrt(values @ values)
        return np.asarray(values @ self.weights[rows] + self.bias)

    def probabilities(self, reading: TopicReading) -> NDArray[np.float32]:
        """Calibrated probabilities, shape (intents,), summing to 1."""
        return softmax(self.scores(reading) * self.sharpness)

    def save(self, folder: Path) -> None:
        np.savez(folder / _WEIGHTS, idf=self.idf, weights=self.weights, bias=self.bias)
        terms = sorted(self.vocabulary, key=self.vocabulary.__getitem__)
        described = {
            "intents": self.intents,
            "sharpness": self.sharpness,
            "complaint_gate": self.complaint_gate,
            "terms": terms,
        }
        (folder / _TERMS).write_text(json.dumps(described, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> TopicModel:
        """Reads what `save` wrote.

        Raises:
            FileNotFoundError: the folder holds no topic model.
        """
        described: dict[str, Any] = json.loads((folder / _TERMS).read_text(encoding="utf-8"))
        with np.load(folder / _WEIGHTS) as arrays:
            return cls(
                intents=tuple(described["intents"]),
                vocabulary={term: row for row, term in enumerate(described["terms"])},
                idf=arrays["idf"],
                weights=arrays["weights"],
                bias=arrays["bias"],
                sharpness=described["sharpness"],
                complaint_gate=described["complaint_gate"],
            )


def softmax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Row-wise softmax of an array of any leading shape."""
    shifted = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))
