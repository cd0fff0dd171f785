"""The actions of a change called as the dialogue calls them, without a model: who plays says what was understood."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import desk
from actions.change.ending import EndChange
from actions.change.form import AskChange, OpenChange
from actions.change.job import FORM
from actions.change.listening import ValidateChangeForm
from actions.clerk import Clerk
from care.records.conversation import Conversation
from care.rules.vocabulary import topic_of_intent
from care.services.context import Care
from care.services.knowledge import KnowledgeBase, load_knowledge
from care.settings import ROOT
from tests.integration.order_shop import Buyer

Event = dict[str, Any]


@lru_cache(maxsize=1)
def _knowledge() -> KnowledgeBase:
    return load_knowledge(ROOT / "data" / "knowledge")


@dataclass
class ChangeTalk:
    """One visit. `slots` is all that the dialogue keeps between two messages."""

    care: Care
    buyer: Buyer
    slots: dict[str, Any] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    loop: str | None = None
    said: list[str] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)

    async def says(self, text: str, intent: str, **entities: str) -> str:
        """A line of the customer as it was understood; returns all that is answered."""
        return await self.hears_again(text, intent, await self.buyer.says(text), **entities)

    async def hears_again(self, text: str, intent: str, message_id: int, **entities: str) -> str:
        """The same line once more, as after a turn that broke off."""
        self.said, self.titles = [], []
        found = [{"entity": name, "value": value} for name, value in entities.items()]
        parsed = {
            "intent": {"name": intent, "confidence": 0.95},
            "topic": topic_of_intent(intent).value,
            "entities": found,
        }
        metadata = {"message_id": message_id}
        self.events.append({"event": "user", "text": text, "metadata": metadata, "parse_data": parsed})
        self.latest = {**parsed, "text": text, "metadata": metadata}
        if self.loop is None:
            await self._run(OpenChange())
        await self._form()
        return "\n".join(self.said)

    async def _form(self) -> None:
        if self.loop is None:
            self.loop = FORM
            self.events.append({"event": "active_loop", "name": FORM})
        ran = await self._run(ValidateChangeForm())
        if not self._is_ended(ran):
            ran = await self._run(AskChange())
        if self._is_ended(ran):
            self.loop = None
            self.events.append({"event": "active_loop", "name": None})
            ended = await self._run(EndChange())
            if any(e.get("event") == "followup" and e.get("name") == FORM for e in ended):
                await self._form()

    @staticmethod
    def _is_ended(ran: list[Event]) -> bool:
        return any(
            e.get("event") == "slot" and e["name"] == "requested_slot" and e["value"] is None for e in ran
        )

    async def _run(self, action: Clerk) -> list[Event]:
        desk._desk = desk.Desk(self.care, _knowledge())
        dispatcher = CollectingDispatcher()
        async with self.care.sessions.read() as session:
            sender = (await session.get_one(Conversation, self.buyer.conversation_id)).sender_id
        loop = {"name": self.loop} if self.loop else {}
        tracker = Tracker(
            sender, dict(self.slots), self.latest, self.events, False, None, loop, "action_listen"
        )
        ran = [dict(event) for event in await action.run(dispatcher, tracker, {})]
        self.events.append({"event": "action", "name": action.name()})
        for event in ran:
            if event.get("event") == "slot":
                self.slots[event["name"]] = event["value"]
            self.events.append(event)
        for message in dispatcher.messages:
            self.said.append(message.get("text") or "")
            self.titles += [button["title"] for button in message.get("buttons") or []]
            self.events.append({"event": "bot", "text": message.get("text")})
        return ran
