"""Proving who one is, as a step inside a form: phone and code, or order number and phone tail."""

from __future__ import annotations

import re

from actions import reading
from actions.bearing import Bearing, bearing
from actions.clerk import Clerk
from actions.digits import Digits, read_digits
from actions.turn import HUMAN, Button, Turn
from care.rules.errors import InvalidInput, TooManyRequests, VerificationFailed
from care.rules.masking import mask_phone
from care.rules.vocabulary import Kind, Topic, kind_of_topic
from care.services import identity
from care.services.verified import needs_step_up

#: After so many answers that did not help a person is offered instead of asking on.
MAX_TRIES = 3

AGAIN: Button = {"title": "重新获取验证码", "payload": '/inform{"answer": "again"}'}
OTHER_WAY: Button = {"title": "换一种方式", "payload": '/inform{"answer": "other_way"}'}
LEAVE: Button = {"title": "不查了", "payload": "/stop"}

#: Slots of a verification under way; all are cleared when it ends.
SLOTS = ("verify_step", "verify_note", "verify_order", "verify_phone_shown", "tries")

_NO_CODE = re.compile(r"没(?:有)?(?:收到|验证码|短信)|收不到|再发|重发|重新(?:发|获取)|没来|还没到")
_UNWILLING = re.compile(
    r"凭(?:什么|啥)|(?:为(?:什么|啥)|干(?:嘛|吗)).{0,4}(?:给|要|报)|不(?:想|愿意?|方便|能|用)?(?:给|告诉|提供|透露|说|填|发)"
)
#: Words about the order itself are no other matter while its owner is being verified.
_OWN_TOPICS = (Topic.ORDER_STATUS, Topic.LOGISTICS, Topic.URGE_ORDER, Topic.INFORM, Topic.ACCOUNT)


async def verify(turn: Turn, form: str, *, by_code: bool = False) -> str:
    """Goes one step: ``verified``, ``asked`` (the form asks on), ``left``, ``given_up`` or ``aside`` (another matter).

    `by_code`: order number and phone tail, which stand on every parcel, are not enough for what is to be changed.

    Codes and tries are counted by the service, once a message; this runs once a message too (a form's
    validator is called again only on the way back from another matter, which is told apart here).
    """
    if await identity.customer_of(turn.care, turn.conversation.id) is not None and not (
        by_code and await needs_step_up(turn.care, turn.conversation.id)
    ):
        return "verified"
    is_answer = turn.was_in(form) and turn.slot("verify_step") is not None
    if is_answer and turn.acted(but=form):
        turn.set("verify_note", "remind")
        return "asked"
    if is_answer and _leaves(turn):
        return "left"
    try:
        if by_code:
            return await _step_by_code(turn, is_answer=is_answer)
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
    return turn.intent == "deny" and not reading.does_not_know(turn.text) and not _NO_CODE.search(turn.text)


async def _step(turn: Turn, *, is_answer: bool) -> str:
    said = turn.digits if is_answer else read_digits(turn.words, turn.care.settings.order_number_pattern)
    step = turn.slot("verify_step")
    if (answer := turn.entity("answer")) in ("other_way", "again"):
        _wait_for(turn, "start", "verify_ask")
        if answer == "again":
            turn.set("verify_phone_shown", None)
        return "asked"
    order = turn.order_said or said.reference or (said.number if is_answer and said.phone is None else None)
    is_parcel = order is not None and order == said.tracking
    if is_parcel:
        # A parcel's number says which order is meant and proves nothing.
        turn.set("order_wanted", order)
        order = None
    known_order = order or turn.slot("verify_order")
    tail = said.tail or (said.phone[-4:] if said.phone and (order or step == "tail") else None)
    if order and tail is None and step == "order":
        tail = _tail_before(turn)
    if known_order and tail and (order or step == "tail"):
        return await _by_tail(turn, known_order, tail)
    if step == "code" and said.code and said.phone is None:
        await identity.verify_code(
            turn.care, turn.conversation.id, said.code, source_message_id=turn.message_id
        )
        return await _verified(turn, turn.slot("verify_order"))
    if said.phone:
        return await _send_code(turn, said.phone)
    if order:
        turn.set("verify_order", order)
        _wait_for(turn, "tail", "verify_tail_ask")
        return "asked"
    if said.tail and step != "code":
        _wait_for(turn, "order", "verify_order_ask")
        return "asked"
    if not is_answer or is_parcel:
        _wait_for(turn, "start", "verify_ask")
        return "asked"
    return _no_number(turn, said, step)


async def _step_by_code(turn: Turn, *, is_answer: bool) -> str:
    """Phone, then code: nothing else proves enough."""
    said, step = turn.digits, turn.slot("verify_step")
    if step == "code" and said.code and said.phone is None:
        await identity.verify_code(
            turn.care, turn.conversation.id, said.code, source_message_id=turn.message_id
        )
        return await _verified(turn, None)
    if is_answer and said.phone:
        return await _send_code(turn, said.phone)
    if not is_answer or turn.entity("answer") in ("other_way", "again"):
        _wait_for(turn, "phone", "verify_step_up")
        return "asked"
    return _no_number(turn, said, step)


async def _by_tail(turn: Turn, order: str, tail: str) -> str:
    turn.set("verify_order", order)
    # After a miss the tail alone is enough: the order number stands.
    _wait_for(turn, "tail", "verify_tail_ask")
    await identity.verify_order_tail(
        turn.care, turn.conversation.id, order, tail, source_message_id=turn.message_id
    )
    return await _verified(turn, order)


async def _send_code(turn: Turn, phone: str) -> str:
    turn.set("verify_phone_shown", mask_phone(phone))
    try:
        await identity.request_code(turn.care, turn.conversation.id, phone, source_message_id=turn.message_id)
        _wait_for(turn, "code", "verify_code_sent")
    except TooManyRequests as error:
        turn.say("verify_too_many", reason=error.message)
        _wait_for(turn, "code", "remind")
    return "asked"


def _no_number(turn: Turn, said: Digits, step: str | None) -> str:
    """An answer without the number that was asked for."""
    if step == "code" and _NO_CODE.search(turn.text):
        turn.set("verify_note", "verify_code_wait")
        return "asked"
    if _UNWILLING.search(turn.text):
        turn.set("verify_note", "verify_unwilling")
        return "asked"
    if is_another_matter(turn):
        return "aside"
    if step == "phone":
        return _missed(turn, "verify_step_up")
    return _missed(turn, "verify_unclear" if step in (None, "start") else "remind")


def _tail_before(turn: Turn) -> str | None:
    """The tail from the message before, which came without an order number."""
    said = [event.get("text") or "" for event in turn.tracker.events if event.get("event") == "user"]
    pattern = turn.care.settings.order_number_pattern
    return read_digits(said[-2], pattern).tail if len(said) > 1 else None


async def _verified(turn: Turn, order: str | None) -> str:
    customer = await identity.customer_of(turn.care, turn.conversation.id)
    if order and not turn.slot("order_wanted"):
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
    """Whether the message is about something else than the form's question about an order."""
    is_own = turn.topic in _OWN_TOPICS and not turn.is_button
    # A complaint told in the middle goes before any look-up, whatever its words hold.
    if kind_of_topic(turn.topic) is Kind.COMPLAINT and turn.intent != "nlu_fallback" and not turn.is_button:
        return True
    return not is_own and bearing(turn, fits=False) is Bearing.ASIDE


class AskIdentity(Clerk):
    """The question that the verification waits for, after what happened to the last answer."""

    action_name = "action_ask_identity"

    async def serve(self, turn: Turn) -> None:
        self.ask(turn, LEAVE)

    def ask(self, turn: Turn, leave: Button) -> None:
        """`leave`: the button of the form that is left with it."""
        if turn.intent == "goodbye" and turn.acted(but=""):
            return
        note, step = turn.slot("verify_note") or "verify_ask", turn.slot("verify_step") or "start"
        if note == "remind":
            note = {
                "code": "verify_code_wait", "tail": "verify_tail_ask", "order": "verify_order_ask",
                "phone": "verify_step_up",
            }.get(step, "verify_ask")  # fmt: skip
        buttons = {"code": [AGAIN, OTHER_WAY], "tail": [OTHER_WAY, leave], "order": [OTHER_WAY, leave]}
        choices = [HUMAN, leave] if note == "verify_unwilling" else buttons.get(step, [leave, HUMAN])
        turn.say(note, phone=turn.slot("verify_phone_shown") or "该号码", buttons=choices)
