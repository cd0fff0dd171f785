"""Outside hours a wish for a person becomes a call that is promised: the hours, the number, a yes."""

from __future__ import annotations

from actions.turn import Button, Turn
from care.rules.callback_terms import is_no_call
from care.rules.errors import InvalidInput, NotVerified
from care.rules.hours import in_words, words_of_week
from care.rules.masking import mask_phone
from care.rules.vocabulary import Topic
from care.services import callbacks
from care.services.callbacks import Offer

#: What `offered` holds while a call is talked about: the number follows, or is still to come.
CALL, NUMBER = "call", "call_number"
_YES: Button = {"title": "登记回电", "payload": '/request_human{"answer": "call"}'}
NO_CALL = "no_call"
_CANCEL: Button = {"title": "不用回电了", "payload": f'/request_human{{"answer": "{NO_CALL}"}}'}
_NO: Button = {"title": "先不用", "payload": "/deny"}


async def offer_call(turn: Turn) -> bool:
    """Says when somebody is there and offers a call; False while somebody is there now."""
    offer = await callbacks.offer(turn.care, turn.conversation.id)
    if offer is None:
        return False
    if offer.waiting is not None:
        turn.say(
            "callback_there",
            due=_due(turn, offer),
            phone=_shown(offer.waiting.phone),
            buttons=[_CANCEL],
        )
        return True
    turn.say("callback_closed", hours=words_of_week(offer.hours))
    if (said := turn.digits.phone) is not None:
        _confirm(turn, said)
    elif offer.phone is not None:
        turn.say("callback_offer", due=_due(turn, offer), phone=mask_phone(offer.phone), buttons=[_YES, _NO])
        turn.set("offered", CALL)
    else:
        turn.say("callback_offer_unknown", due=_due(turn, offer), buttons=[_YES, _NO])
        turn.set("offered", NUMBER)
    return True


async def hear_cancel(turn: Turn, answer: str | None = None) -> bool:
    """No call after all, by button or in words; whether that was it."""
    if answer != NO_CALL and (turn.is_button or not is_no_call(turn.text)):
        return False
    # A second press, or words that can mean nothing else, find nothing to cancel and mean the same.
    is_plain = answer == NO_CALL or turn.intent == Topic.REQUEST_HUMAN.value
    if not await callbacks.cancel(turn.care, turn.conversation.id) and not is_plain:
        return False
    turn.say("callback_cancelled")
    turn.set("offered", None)
    return True


async def hear_number(turn: Turn) -> bool:
    """A number after the offer of a call is the number for it; whether it was one."""
    if not (turn.offered or "").startswith(CALL) or turn.digits.phone is None:
        return False
    _confirm(turn, turn.digits.phone)
    return True


async def agree(turn: Turn, answer: str) -> None:
    """Yes to a call. `answer`: ``call``, or ``call:<number>`` when a number was confirmed."""
    number = answer.partition(":")[2] or None
    try:
        made = await callbacks.request(
            turn.care, turn.conversation.id, phone=number, note="", source_message_id=turn.message_id
        )
    except NotVerified:
        turn.say("callback_ask_phone")
        turn.set("offered", NUMBER)
        return
    except InvalidInput:
        turn.say("callback_bad_phone")
        turn.set("offered", NUMBER)
        return
    due = in_words(made.due_at, turn.care.clock.now())
    turn.say("callback_done", due=due, phone=_shown(made.phone), buttons=[_CANCEL])
    turn.set("offered", None)


def is_call(offered: str | None) -> bool:
    """Whether the answer before offered a call."""
    return (offered or "").startswith(CALL)


def _confirm(turn: Turn, phone: str) -> None:
    answer = f"{CALL}:{phone}"
    yes: Button = {"title": "对", "payload": f'/request_human{{"answer": "{answer}"}}'}
    turn.say("callback_confirm", phone=phone, buttons=[yes, _NO])
    turn.set("offered", answer)


def _due(turn: Turn, offer: Offer) -> str:
    at = offer.waiting.due_at if offer.waiting is not None else offer.due_at
    return in_words(at, turn.care.clock.now())


def _shown(phone: str | None) -> str:
    return mask_phone(phone) if phone else "您的电话"
