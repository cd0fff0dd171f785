"""The trained bearing model: linear detectors of severity cues and of emotion, in NumPy.

The same terms feed three groups of columns: the kind of message (what the writer wants, which says much about
the mood), the cues, and the emotion; the emotion also weighs the kind and what the rules found. Training
(`bot.nlu.bearing_training`) needs scikit-learn; reading a message needs this file only.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.nlu.bearing_terms import terms_of
from care.rules.vocabulary import Cue, Emotion

Floats = NDArray[np.float32]
#: The order of the columns.
CUES, EMOTIONS = tuple(Cue), tuple(Emotion)
_ARRAYS, _DESCRIBED = "bearing_model.npz", "bearing_model.json"


@dataclass(frozen=True)
class BearingModel:
    """Weights and thresholds of one training.

    Attributes:
        vocabulary: term → row.
        idf: shape (terms,).
        weights: shape (terms, kinds + cues + emotions); `bias`: shape (kinds + cues + emotions,).
        kinds: how many columns stand for the kind of message.
        mood_weights: shape (kinds + emotions + cues, emotions), for what `mood_values` gives.
        thresholds: shape (cues,), the probability from which a cue counts as stated.
    """

    vocabulary: dict[str, int]
    idf: Floats
    weights: Floats
    bias: Floats
    kinds: int
    mood_weights: Floats
    thresholds: Floats

    def read(self, reading: str, *, emotion: Emotion, cues: frozenset[Cue]) -> tuple[Floats, Floats]:
        """Probabilities of each cue, and scores of each emotion (the highest wins).

        Args:
            reading: the reading form (`bot.nlu.reading.reading_form`).
            emotion: what the rules found in the same message, and `cues` likewise.
        """
        rows = [row for term in terms_of(reading) if (row := self.vocabulary.get(term)) is not None]
        scores = self.bias
        if rows:
            values = self.idf[rows]
            scores = (values / np.sqrt(values @ values)) @ self.weights[rows] + self.bias
        kinds, rest = scores[: self.kinds], scores[self.kinds :]
        mood = mood_values(kinds, emotion, cues) @ self.mood_weights
        return 1 / (1 + np.exp(-rest[: len(CUES)])), np.asarray(rest[len(CUES) :] + mood)

    def save(self, folder: Path) -> None:
        np.savez(
            folder / _ARRAYS,
            idf=self.idf,
            weights=self.weights,
            bias=self.bias,
            mood_weights=self.mood_weights,
            thresholds=self.thresholds,
        )
        terms = sorted(self.vocabulary, key=self.vocabulary.__getitem__)
        described = {"kinds": self.kinds, "cues": CUES, "emotions": EMOTIONS, "terms": terms}
        (folder / _DESCRIBED).write_text(json.dumps(described, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> BearingModel:
        """Reads what `save` wrote.

        Raises:
            FileNotFoundError: the folder holds no bearing model.
            ValueError: it was trained for other cues or emotions than there are now.
        """
        described: dict[str, Any] = json.loads((folder / _DESCRIBED).read_text(encoding="utf-8"))
        if (described["cues"], described["emotions"]) != (list(CUES), list(EMOTIONS)):
            raise ValueError("bearing model: trained for other cues or emotions; train again (zhike train)")
        with np.load(folder / _ARRAYS) as arrays:
            return cls(
                vocabulary={term: row for row, term in enumerate(described["terms"])},
                idf=arrays["idf"],
                weights=arrays["weights"],
                bias=arrays["bias"],
                kinds=described["kinds"],
                mood_weights=arrays["mood_weights"],
                thresholds=arrays["thresholds"],
            )


def mood_values(kinds: Floats, emotion: Emotion, cues: frozenset[Cue]) -> Floats:
    """What the emotion weighs beside the words: the likely kinds, and what the rules found.

    Args:
        kinds: scores of each kind of message.
    """
    likely = np.exp(kinds - kinds.max())
    found = [RULE_WEIGHT * (emotion is each) for each in EMOTIONS]
    found += [RULE_WEIGHT * (each in cues) for each in CUES]
    return np.concatenate([likely / likely.sum(), np.array(found)]).astype(np.float32)


#: Below this the model is all but sure that nothing is stated, and what the rules saw is a look-alike.
DOUBT = 0.05
#: A finding of the rules against a probability of the kind of message; the measured best of 0, 0.5 and 1.
RULE_WEIGHT = 0.5
