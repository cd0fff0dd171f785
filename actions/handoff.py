"""转人工: understood in any wording, no form, never argued with."""

from __future__ import annotations

from rasa_sdk.events import ActiveLoop, SlotSet

from actions import callbacks
from actions.clerk import Clerk, safety_first
from actions.turn import Turn
from care.rules.times import format_wait
from care.rules.vocabulary import Owner
from care.services import calling, handoff


class RequestHuman(Clerk):
    action_name = "action_request_human"

    async def serve(self, turn: Turn) -> None:
        safety_first(turn)
        answer = turn.entity("answer") if turn.is_button else None
        if answer is not None and callbacks.is_call(answer):
            await callbacks.agree(turn, answer)
        elif not (await callbacks.hear_cancel(turn, answer) or await callbacks.hear_number(turn)):
            await to_person(turn, reason="severe" if turn.is_upset else "asked")


async def to_person(turn: Turn, *, reason: str, about: str | None = None) -> None:
    """Puts the conversation into the queue, leaves any form, tells place and wait; outside hours offers a call.

    `about`: what the person is asked to do; said, so that nothing has to be told twice.
    """
    left = [ActiveLoop(None), SlotSet("requested_slot", None)]
    if turn.conversation.owner is Owner.BOT and await callbacks.offer_call(turn):
        await calling.tell_if_urgent(turn.care, turn.conversation.id)
        turn.events += left
        return
    place = await handoff.request_human(
        turn.care, turn.conversation.id, reason=reason, source_message_id=turn.message_id
    )
    if place.position <= 0:
        turn.say("human_there")
    else:
        wait = f"，预计等待{format_wait(place.wait_s)}" if place.wait_s is not None else ""
        if about:
            turn.say("human_about", about=about)
        turn.say("human_queued", position=place.position, wait=wait)
    turn.events += [*left, SlotSet("offered", None)]
