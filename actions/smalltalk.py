"""Yes, no, stop and bare facts outside a form; two readings when the message was not understood."""

from __future__ import annotations

from rasa_sdk.events import ActionExecuted, SessionStarted

from actions.clerk import Clerk, TopicClerk
from actions.handoff import to_person
from actions.turn import HUMAN, Button, Turn
from care.rules.vocabulary import topic_of_intent

QUICK: tuple[Button, ...] = (
    {"title": "查订单", "payload": "/order_status"},
    {"title": "退换货", "payload": "/request_return"},
    {"title": "我要投诉", "payload": "/complaint_other"},
    HUMAN,
)
_NO_READING = frozenset(
    {"nlu_fallback", "affirm", "deny", "stop", "inform", "greet", "goodbye", "thanks", "chitchat", "out_of_scope",
     "bot_challenge", "request_human"}
)  # fmt: skip


class Affirm(Clerk):
    """Yes to what was offered last; a yes to nothing asks on."""

    action_name = "action_affirm"

    async def serve(self, turn: Turn) -> None:
        if turn.slot("offered") == "person":
            await to_person(turn, reason="asked")
        else:
            turn.say("affirm_open")


class Deny(Clerk):
    action_name = "action_deny"

    async def serve(self, turn: Turn) -> None:
        turn.set("offered", None)
        turn.say("deny_open")


class Stop(Clerk):
    action_name = "action_stop"

    async def serve(self, turn: Turn) -> None:
        turn.set("offered", None)
        turn.say("stop_open")


class Inform(Clerk):
    """A fact without a question: an order number asks for its order, anything else for the wish."""

    action_name = "action_inform"

    async def serve(self, turn: Turn) -> None:
        turn.say("inform_open", buttons=QUICK)


class Clarify(TopicClerk):
    """Not understood: the two likeliest readings as buttons; the second time in a row a person."""

    action_name = "action_clarify"

    async def answer(self, turn: Turn) -> None:
        if self._was_lost_before(turn):
            turn.say("clarify_person", buttons=[HUMAN])
            turn.set("offered", "person")
            return
        readings = self._readings(turn)
        turn.say("clarify_two", buttons=[*readings, HUMAN] if readings else list(QUICK))

    def _was_lost_before(self, turn: Turn) -> bool:
        said = [e for e in turn.tracker.events if e.get("event") == "user"]
        before = said[-2]["parse_data"]["intent"].get("name") if len(said) > 1 else None
        return before == "nlu_fallback"

    def _readings(self, turn: Turn) -> list[Button]:
        names = [r["name"] for r in turn.message.get("intent_ranking") or [] if r["name"] not in _NO_READING]
        return [{"title": topic_of_intent(n).label, "payload": f"/{n}"} for n in dict.fromkeys(names)][:2]


class SessionStart(Clerk):
    """The first turn says that this is an intelligent assistant and that a person can be had."""

    action_name = "action_session_start"

    async def serve(self, turn: Turn) -> None:
        turn.say("label")
        turn.events += [SessionStarted(), ActionExecuted("action_listen")]
