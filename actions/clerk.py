"""Bases of the actions: open the turn, safety first, the matter, a person for whoever is upset."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.turn import HUMAN, Turn, open_turn
from care.rules.errors import Unavailable
from care.rules.vocabulary import Cue, Emotion


class Clerk(Action, ABC):
    """An action with a `Turn`. A service that cannot be reached now is said; other errors end the turn."""

    action_name: ClassVar[str]

    def name(self) -> str:
        return self.action_name

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        turn = await open_turn(dispatcher, tracker)
        await self.serve(turn)
        return turn.events

    @abstractmethod
    async def serve(self, turn: Turn) -> None:
        """Says what is to be said and puts events into `turn.events`."""


class TopicClerk(Clerk, ABC):
    """Answers a topic: what is dangerous first, then the matter, then a person where feelings run high."""

    async def serve(self, turn: Turn) -> None:
        safety_first(turn)
        try:
            await self.answer(turn)
        except Unavailable:
            turn.say("unavailable", buttons=[HUMAN])
        offer_person(turn)

    @abstractmethod
    async def answer(self, turn: Turn) -> None:
        """The matter itself."""


def safety_first(turn: Turn) -> None:
    """Advice on what to do at once, for each severe cue of this message, said once a message."""
    for cue, key in (
        (Cue.SELF_HARM, "safety_self_harm"),
        (Cue.INJURY, "safety_injury"),
        (Cue.FIRE, "safety_fire"),
        (Cue.ELECTRICITY, "safety_electricity"),
        (Cue.MINOR, "safety_minor"),
    ):
        if cue in turn.cues and not turn.has_said(key):
            turn.say(key)


def offer_person(turn: Turn) -> None:
    """Anger, distress or danger: a person is offered in the very same turn."""
    if not turn.is_upset or any(turn.has_said(k) for k in ("offer_person", "offer_person_distressed")):
        return
    key = "offer_person_distressed" if turn.emotion is Emotion.DISTRESSED else "offer_person"
    turn.say(key, buttons=[HUMAN])
    turn.set("offered", "person")
