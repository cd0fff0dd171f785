"""Proving who one is, as a step inside a form: phone and code, or order number and phone tail."""

from __future__ import annotations

from actions import reading
from actions.clerk import Clerk
from actions.turn import HUMAN, Button, Turn
from care.rules.errors import InvalidInput, TooManyRequests, VerificationFailed
from care.rules.masking import mask_phone
from care.rules.vocabulary import Kind, kind_of_topic
from care.services import identity

#: After so many answers that did not help a person is offered instead of asking on.
MAX_TRIES = 3

AGAIN: Button = {"title": "重新获取验证码", "payload": '/inform{"answer": "again"}'}
OTHER_WAY: Button = {"title": "换一种方式", "payload": '/inform{"answer": "other_way"}'}
LEAVE: Button = {"title": "不查了", "payload": "/stop"}

#: Slots of a verification under way; all are cleared when it ends.
SLOTS = ("verify_step", "verify_note", "verify_order", "verify_phone_shown", "tries")


async def verify(turn: Turn, form: str) -> str:
    """Goes one step: ``verified``, ``asked`` (the form asks on), ``left`` or ``aside`` (another matter).

    Codes and tries are counted by the service; this runs once a message (a form's validator is
    called again only on the way back from another matter, which is told apart here).
    """
    if await identity.customer_of(turn.care, turn.conversation.id) is not None:
        return "verified"
    is_answer = turn.was_in(form)
    if is_answer and turn.acted(but=form):
        turn.set("verify_note", "remind")
        return "asked"
    if is_answer and _leaves(turn):
        return "left"
    try:
        return await _step(turn, is_answer=is_answer)
    except VerificationFailed:
        wrong_code = turn.slot("verify_step") == "code"
        return _missed(turn, "verify_code_wrong" if wrong_code else "verify_no_match")
    except (TooManyRequests, InvalidInput) as error:
        turn.say("verify_too_many", reason=error.message, buttons=[HUMAN])
        return _missed(turn, "remind")


def _leaves(turn: Turn) -> bool:
    if turn.intent == "stop" or reading.gives_up(turn.text):
        return True
    return turn.intent == "deny" and not reading.does_not_know(turn.text)


async def _step(turn: Turn, *, is_answer: bool) -> str:
    text, pattern = turn.words if not is_answer else turn.text, turn.care.settings.order_number_pattern
    waiting_for = turn.slot("verify_step")
    answer = turn.entity("answer")
    phone = reading.phone(text)
    # The shop's own pattern before the entity: "88126111801 0001" is a number and a tail, not one number.
    order = reading.order_number(text, pattern) or turn.entity("order_number")
    if order is None and is_answer and phone is None:
        order = reading.any_number(text)
    if answer == "other_way":
        _wait_for(turn, "start", "verify_ask")
        return "asked"
    if answer == "again":
        _wait_for(turn, "start", "verify_ask")
        turn.set("verify_phone_shown", None)
        return "asked"
    without_order = text.replace(order, " ") if order else text
    tail = reading.phone_tail(without_order)
    known_order = order or turn.slot("verify_order")
    if known_order and tail and (order or waiting_for == "tail"):
        turn.set("verify_order", known_order)
        await identity.verify_order_tail(turn.care, turn.conversation.id, known_order, tail)
        return await _verified(turn, known_order)
    if waiting_for == "code" and phone is None and order is None:
        code = reading.one_time_code(text)
        if code:
            await identity.verify_code(turn.care, turn.conversation.id, code)
            return await _verified(turn, turn.slot("verify_order"))
    if phone:
        turn.set("verify_phone_shown", mask_phone(phone))
        try:
            await identity.request_code(turn.care, turn.conversation.id, phone)
            _wait_for(turn, "code", "verify_code_sent")
        except TooManyRequests as error:
            # A code may well be on its way: after a turn that broke off the same phone comes again.
            turn.say("verify_too_many", reason=error.message)
            _wait_for(turn, "code", "remind")
        return "asked"
    if order:
        turn.set("verify_order", order)
        _wait_for(turn, "tail", "verify_tail_ask")
        return "asked"
    if not is_answer:
        _wait_for(turn, "start", "verify_ask")
        return "asked"
    if is_another_matter(turn):
        return "aside"
    return _missed(turn, "verify_unclear" if waiting_for in (None, "start") else "remind")


async def _verified(turn: Turn, order: str | None) -> str:
    customer = await identity.customer_of(turn.care, turn.conversation.id)
    if order:
        turn.set("order_wanted", order)
    turn.say("verify_done", name=customer.masked_name if customer else "")
    return "verified"


def _wait_for(turn: Turn, step: str, note: str) -> None:
    turn.set("verify_step", step)
    turn.set("verify_note", note)


def _missed(turn: Turn, note: str) -> str:
    tries = int(turn.slot("tries") or 0) + 1
    turn.set("tries", tries)
    turn.set("verify_note", note)
    return "given_up" if tries >= MAX_TRIES else "asked"


def is_another_matter(turn: Turn) -> bool:
    """Whether the message is about something else than the form's question."""
    if turn.is_button:
        return turn.intent not in ("inform", "affirm", "deny", "stop")
    own = ("inform", "affirm", "deny", "stop", "nlu_fallback", "order_status", "logistics", "urge_order")
    if turn.intent in own or turn.intent in ("out_of_scope", "account"):
        return False
    return kind_of_topic(turn.topic) not in (Kind.CONTROL,) or turn.intent in (
        "request_human", "greet", "goodbye", "thanks", "bot_challenge",
    )  # fmt: skip


class AskIdentity(Clerk):
    """The question that the verification waits for, after what happened to the last answer."""

    action_name = "action_ask_identity"

    async def serve(self, turn: Turn) -> None:
        note, step = turn.slot("verify_note") or "verify_ask", turn.slot("verify_step") or "start"
        if note == "remind":
            note = {"code": "verify_code_wait", "tail": "verify_tail_ask"}.get(step, "verify_ask")
        buttons = [AGAIN, OTHER_WAY] if step == "code" else [OTHER_WAY, LEAVE] if step == "tail" else [LEAVE]
        turn.say(note, phone=turn.slot("verify_phone_shown") or "该号码", buttons=buttons)
