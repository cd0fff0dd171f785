"""From the model's probabilities to what the rest of the house reads: topic, also, kind, ranking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bot.nlu.clauses import split_clauses
from bot.nlu.topic_model import TopicModel
from care.rules.vocabulary import Kind, Topic, kind_of_topic, topic_of_intent

_NO_WISH = (Kind.CONTROL, Kind.OTHER)


@dataclass(frozen=True)
class Understood:
    """What one message is about.

    Attributes:
        intent: the likeliest intent after the complaint gate.
        confidence: its calibrated probability.
        ranking: intents and their probabilities, the chosen one first.
        also: further topics with a wish of their own, complaints first.
    """

    topic: Topic
    also: tuple[Topic, ...]
    kind: Kind
    intent: str
    confidence: float
    ranking: tuple[tuple[str, float], ...]


#: What reading may be told in `config.yml`.
READING_DEFAULTS = {"also_threshold": 0.5, "ranking_length": 10}


class TopicReader:
    """Reads topics from reading forms with one trained model."""

    def __init__(self, model: TopicModel, *, also_threshold: float, ranking_length: int) -> None:
        self._model = model
        self._also_threshold = also_threshold
        self._ranking_length = ranking_length

    def read(self, reading: str) -> Understood:
        """The topic of a whole message, and what else its clauses ask."""
        probabilities = self._model.probabilities(reading)
        order = self._gated_order(probabilities)
        intent = self._model.intents[order[0]]
        topic = topic_of_intent(intent)
        ranking = tuple(
            (self._model.intents[i], float(probabilities[i])) for i in order[: self._ranking_length]
        )
        return Understood(
            topic=topic,
            also=self._also(reading, topic),
            kind=kind_of_topic(topic),
            intent=intent,
            confidence=ranking[0][1],
            ranking=ranking,
        )

    def _gated_order(self, probabilities: NDArray[np.float32]) -> list[int]:
        """Columns by probability, but the best complaint first once complaints together pass the gate."""
        order = [int(i) for i in np.argsort(-probabilities, kind="stable")]
        if (
            not self._complaints[order[0]]
            and probabilities[self._complaints].sum() >= self._model.complaint_gate
        ):
            best = next(i for i in order if self._complaints[i])
            order.remove(best)
            order.insert(0, best)
        return order

    def _also(self, reading: str, main: Topic) -> tuple[Topic, ...]:
        clauses = split_clauses(reading)
        if len(clauses) < 2:
            return ()
        found: list[Topic] = []
        for clause in clauses:
            probabilities = self._model.probabilities(clause)
            best = self._gated_order(probabilities)[0]
            topic = topic_of_intent(self._model.intents[best])
            wanted = topic is Topic.REQUEST_HUMAN or kind_of_topic(topic) not in _NO_WISH
            if (
                wanted
                and topic is not main
                and topic not in found
                and probabilities[best] >= self._also_threshold
            ):
                found.append(topic)
        return tuple(sorted(found, key=lambda topic: kind_of_topic(topic) is not Kind.COMPLAINT))

    @cached_property
    def _complaints(self) -> NDArray[np.bool_]:
        return np.array([_is_complaint(intent) for intent in self._model.intents])


def is_unsure(ranking: Sequence[tuple[str, float]], threshold: float) -> bool:
    """Whether to ask back rather than act on the first of `ranking`.

    Not when complaints together are likelier than not: which complaint it is, the conversation finds
    out, but asking an upset customer whether it is one at all would be the worse error.
    """
    if not ranking:
        return True
    name, confidence = ranking[0]
    if confidence >= threshold:
        return False
    return not (_is_complaint(name) and sum(p for other, p in ranking if _is_complaint(other)) >= 0.5)


def _is_complaint(intent: str) -> bool:
    return kind_of_topic(topic_of_intent(intent)) is Kind.COMPLAINT
