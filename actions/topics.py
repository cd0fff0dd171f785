"""Which hand answers which topic, for wishes said beside the main one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from actions.turn import Turn
from care.rules.vocabulary import Topic

Answer = Callable[[Turn, Topic], Awaitable[None]]

#: At most so many further wishes of one message are answered in the same turn.
MOST = 2

_answers: dict[Topic, Answer] = {}


def answers(*topics: Topic) -> Callable[[Answer], Answer]:
    """Registers a function that answers `topics` in one go, without starting a form."""

    def register(function: Answer) -> Answer:
        for topic in topics:
            _answers[topic] = function
        return function

    return register


async def answer_also(turn: Turn) -> None:
    """Everything else that the message asks, after its main topic."""
    for topic in [topic for topic in turn.also if topic in _answers][:MOST]:
        await _answers[topic](turn, topic)


async def answer_one(turn: Turn, topic: Topic) -> None:
    """Raises `KeyError` for a topic that no function answers."""
    await _answers[topic](turn, topic)
