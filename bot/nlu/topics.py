"""From the model's probabilities to what the rest of the house reads: topic, also, kind, ranking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.nlu.clauses import adds_a_wish, clause_spans
from bot.nlu.topic_model import TopicModel
from bot.nlu.topic_reading import TopicReading, topic_reading
from care.rules.vocabulary import Kind, Topic, kind_of_topic, topic_of_intent


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


#: What reading may be told in `config.yml`: from which probability of a clause on its topic is a further
#: wish, from which summed probability a complaint in a clause outweighs the rest of the message.
READING_DEFAULTS: dict[str, Any] = {"also_threshold": 0.65, "clause_gate": 0.99, "ranking_length": 10}


#: A topic that one clause speaks for is likely, and never as sure as one that the whole message speaks for.
_LIKELY = 0.75


@dataclass(frozen=True)
class _Clause:
    intent: str
    probability: float
    complaint_mass: float
    adds_a_wish: bool


class TopicReader:
    """Reads topics with one trained model."""

    def __init__(
        self, model: TopicModel, *, also_threshold: float, clause_gate: float, ranking_length: int
    ) -> None:
        self._model = model
        self._also_threshold = also_threshold
        self._clause_gate = clause_gate
        self._ranking_length = ranking_length

    def read(self, text: str, entities: Sequence[Mapping[str, Any]] = ()) -> Understood:
        """The topic of a whole message, complaints first, and what else its clauses ask.

        Args:
            entities: found in `text`, with `entity`, `start` and `end`.
        """
        probabilities = self._model.probabilities(topic_reading(text, entities))
        order = self._gated_order(probabilities)
        ranking = [(self._model.intents[i], float(probabilities[i])) for i in order]
        spans = clause_spans(text, [(entity["start"], entity["end"]) for entity in entities])
        if len(spans) < 2:
            return self._understood(ranking, ())
        clauses = [
            _Clause(
                *self._best(topic_reading(text[start:end], entities, offset=start)),
                adds_a_wish(text[start:end].strip(" ,，。;；")),
            )
            for start, end in spans
        ]
        complaint = next((c for c in clauses if c.complaint_mass >= self._clause_gate), None)
        if complaint is not None and not _is_complaint(ranking[0][0]) and _carries_a_wish(ranking[0][0]):
            instead = ranking[0][0]
            others = [pair for pair in ranking if pair[0] != complaint.intent]
            return self._understood(
                [(complaint.intent, complaint.probability), *others], (instead, *self._further(clauses))
            )
        further = self._further(clauses)
        if any(intent != ranking[0][0] for intent in further):
            # Several wishes share the whole's probability: how sure the first is, its own clause tells.
            name, confidence = ranking[0]
            alone = [c.probability for c in clauses if c.intent == name]
            ranking[0] = (name, max(confidence, min(max(alone, default=0.0), _LIKELY)))
        return self._understood(ranking, further)

    def _understood(self, ranking: list[tuple[str, float]], further: Sequence[str]) -> Understood:
        intent, confidence = ranking[0]
        topic = topic_of_intent(intent)
        also = dict.fromkeys(topic_of_intent(other) for other in further)
        return Understood(
            topic=topic,
            also=tuple(t for t in also if t is not topic and not (_both_complain(t, topic))),
            kind=kind_of_topic(topic),
            intent=intent,
            confidence=confidence,
            ranking=tuple(ranking[: self._ranking_length]),
        )

    def _further(self, clauses: Sequence[_Clause]) -> list[str]:
        """Intents of clauses that add a wish of their own.

        A complaint among them is either the message's topic or too unsure to be one: the reason of a wish
        (右耳没声,给我换个新的) reads like a complaint on its own.
        """
        return [
            c.intent
            for c in clauses
            if c.adds_a_wish
            and c.probability >= self._also_threshold
            and _carries_a_wish(c.intent)
            and not _is_complaint(c.intent)
        ]

    def _best(self, clause: TopicReading) -> tuple[str, float, float]:
        probabilities = self._model.probabilities(clause)
        best = self._gated_order(probabilities)[0]
        mass = float(probabilities[self._complaints].sum()) if self._complaints[best] else 0.0
        return self._model.intents[best], float(probabilities[best]), mass

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

    @cached_property
    def _complaints(self) -> NDArray[np.bool_]:
        return np.array([_is_complaint(intent) for intent in self._model.intents])


def is_unsure(ranking: Sequence[tuple[str, float]], threshold: float) -> bool:
    """Whether to ask back rather than act on the first of `ranking`.

    Not when complaints together are likelier than not: which complaint it is, the conversation finds
    out, but asking an upset customer whether it is one at all would be the worse error. Questions about an
    order together likewise: whichever it is, the order is shown with its way.
    """
    if not ranking:
        return True
    name, confidence = ranking[0]
    if confidence >= threshold:
        return False
    return not any(
        belongs(name) and sum(p for other, p in ranking if belongs(other)) >= 0.5
        for belongs in (_is_complaint, _asks_for_an_order)
    )


def _asks_for_an_order(intent: str) -> bool:
    return topic_of_intent(intent) in (Topic.ORDER_STATUS, Topic.LOGISTICS, Topic.URGE_ORDER)


def _is_complaint(intent: str) -> bool:
    return kind_of_topic(topic_of_intent(intent)) is Kind.COMPLAINT


def _both_complain(first: Topic, second: Topic) -> bool:
    return kind_of_topic(first) is kind_of_topic(second) is Kind.COMPLAINT


def _carries_a_wish(intent: str) -> bool:
    """Whether it asks for something: greetings, yes and no, and talk beside the point do not."""
    topic = topic_of_intent(intent)
    return topic is Topic.REQUEST_HUMAN or kind_of_topic(topic) not in (Kind.CONTROL, Kind.OTHER)
