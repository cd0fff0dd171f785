"""Which hand answers which topic, for wishes said beside the main one; none of them is forgotten."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from actions.turn import Turn
from care.rules.vocabulary import Topic

Answer = Callable[[Turn, Topic], Awaitable[None]]

#: Wishes that waited for a form to end: a list of ``{"message": id, "topics": [...]}``.
KEPT = "kept_wishes"

_answers: dict[Topic, Answer] = {}


def answers(*topics: Topic) -> Callable[[Answer], Answer]:
    """Registers a function that answers `topics` in one go."""

    def register(function: Answer) -> Answer:
        for topic in topics:
            _answers[topic] = function
        return function

    return register


async def answer(turn: Turn, topic: Topic) -> None:
    """The answer of the hand that is responsible for `topic`."""
    await _answers[topic](turn, topic)


async def answer_also(turn: Turn, *, without: Iterable[Topic] = ()) -> None:
    """Everything else that the message asks, after its main topic, each wish in its own words."""
    for topic in turn.also:
        if topic in _answers and topic not in set(without):
            await _answers[topic](turn.beside(topic), topic)


def keep(turn: Turn, topics: Iterable[Topic]) -> None:
    """These wishes of this message are dealt with when the form that starts now has ended."""
    kept: list[dict[str, Any]] = turn.slot(KEPT) or []
    wishes = [topic.value for topic in topics if topic in _answers]
    if wishes and all(wish["message"] != turn.message_id for wish in kept):
        turn.set(KEPT, [*kept, {"message": turn.message_id, "topics": wishes}])


async def answer_kept(turn: Turn) -> None:
    """What waited for the form: answered in the words in which it was asked."""
    kept: list[dict[str, Any]] = turn.slot(KEPT) or []
    if not kept:
        return
    turn.set(KEPT, None)
    for wish in kept:
        message = message_of(turn, wish["message"])
        if message is None:
            continue
        for name in wish["topics"]:
            await _answers[Topic(name)](turn.about(message).beside(Topic(name)), Topic(name))


def message_of(turn: Turn, message_id: int) -> dict[str, Any] | None:
    for event in turn.tracker.events:
        metadata = event.get("metadata") or {}
        if event.get("event") == "user" and metadata.get("message_id") == message_id:
            return {**event["parse_data"], "text": event.get("text"), "metadata": metadata}
    return None
