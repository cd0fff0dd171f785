"""The label, and yes, no and stop outside a form: they lean on what was said last."""

from __future__ import annotations

from rasa_sdk.events import ActionExecuted, SessionStarted

from actions import callbacks, orders
from actions.clerk import Clerk
from actions.handoff import to_person
from actions.order_talk import show_other_order
from actions.turn import Turn
from care.rules.vocabulary import Topic


class Affirm(Clerk):
    """Yes to what was offered last; a yes to nothing asks on."""

    action_name = "action_affirm"

    async def serve(self, turn: Turn) -> None:
        offered = turn.offered
        if callbacks.is_call(offered):
            await callbacks.agree(turn, offered or "")
        elif offered == "person":
            await to_person(turn, reason="asked")
        elif offered:
            await to_person(turn, reason=offered, about=Topic(offered).label)
        else:
            turn.say("affirm_open")


class Deny(Clerk):
    """No to what was offered; 不是这个，是上一个 after an order means the one before."""

    action_name = "action_deny"

    async def serve(self, turn: Turn) -> None:
        if not (await callbacks.hear_cancel(turn) or await show_other_order(turn)):
            turn.say("deny_open")


class Stop(Clerk):
    """算了; 算了,那看另一单吧 is a wish."""

    action_name = "action_stop"

    async def serve(self, turn: Turn) -> None:
        if turn.order_said:
            await orders.beside(turn, Topic.ORDER_STATUS)
        elif not (await callbacks.hear_cancel(turn) or await show_other_order(turn)):
            turn.say("stop_open")


class SessionStart(Clerk):
    """The first turn says that this is an intelligent assistant and that a person can be had."""

    action_name = "action_session_start"

    async def serve(self, turn: Turn) -> None:
        turn.say("label")
        turn.events += [SessionStarted(), ActionExecuted("action_listen")]
