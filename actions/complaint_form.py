"""The complaint form's ear: is this message the answer, a correction, more of the story, or another matter?"""

from __future__ import annotations

from typing import Any

from actions import reading
from actions.clerk import Clerk, offer_person, safety_first
from actions.complaint import FORM, complaint_topic, known
from actions.turn import Turn
from care.ports import OrderView
from care.rules.errors import NotVerified, Unavailable
from care.rules.vocabulary import Kind, Topic, kind_of_topic
from care.services import complaints, orders
from care.services.complaints import DraftView

QUESTIONS = ("complaint_what", "complaint_about", "complaint_remedy", "complaint_expectation")
_MAX_TRIES = 2
#: Asked in the middle of the form, these are answered and the form goes on.
_ASIDE_INTENTS = frozenset({"greet", "goodbye", "thanks", "bot_challenge", "request_human"})


class ValidateComplaintForm(Clerk):
    """Runs before each question. No events for a message means: another matter, let the rules answer it."""

    action_name = "validate_complaint_form"

    async def serve(self, turn: Turn) -> None:
        draft = await complaints.draft_of(turn.care, turn.conversation.id)
        if draft is None:
            turn.set("complaint_confirmed", _decision_on_no_draft(turn))
            turn.set("requested_slot", None)
            return
        if not turn.was_in(FORM) or turn.acted(but=FORM):
            turn.set("complaint_note", None)
            return
        asked = turn.slot("requested_slot")
        if turn.intent == "stop" or reading.gives_up(turn.text):
            self._end(turn, "left")
            return
        if self._is_aside(turn, asked):
            return
        await self._feelings(turn)
        if await self._corrected(turn, draft, asked):
            return
        if asked == "complaint_confirmed":
            await self._confirm(turn)
        elif asked in QUESTIONS:
            await self._answer(turn, asked)

    def _end(self, turn: Turn, how: str) -> None:
        turn.set("complaint_confirmed", how)
        for slot in QUESTIONS:
            if not turn.slot(slot):
                turn.set(slot, "-")

    def _is_aside(self, turn: Turn, asked: str | None) -> bool:
        """A question or courtesy that is not the answer; what could be the answer is taken as one."""
        if turn.intent in _ASIDE_INTENTS:
            return True
        if turn.is_button:
            return turn.intent not in ("inform", "affirm", "deny", "stop")
        kind = kind_of_topic(turn.topic)
        if kind in (Kind.COMPLAINT, Kind.CONTROL):
            return False
        if asked == "complaint_what":
            return (
                kind in (Kind.INQUIRY, Kind.RIGHTS_REQUEST)
                and len(turn.text) <= 25
                and reading.is_question(turn.text)
            )
        answers = {
            "complaint_about": reading.any_number(turn.text) is not None
            or turn.entity("product") is not None,
            "complaint_remedy": reading.names_remedy(turn.text),
            "complaint_expectation": reading.names_time(turn.text),
            "complaint_confirmed": reading.says_yes(turn.text) or reading.says_no(turn.text),
        }
        if answers.get(asked or "", False) and not _asks_strongly(turn.text):
            return False
        return kind in (Kind.INQUIRY, Kind.RIGHTS_REQUEST) and reading.is_question(turn.text)

    async def _feelings(self, turn: Turn) -> None:
        """A stronger word in the middle of the form counts, and a person is offered at once."""
        if turn.cues or turn.is_upset:
            await complaints.update_draft(
                turn.care, turn.conversation.id, cues=turn.cues, emotion=turn.emotion
            )
        safety_first(turn)
        offer_person(turn)

    async def _corrected(self, turn: Turn, draft: DraftView, asked: str | None) -> bool:
        """不是这个订单,是上一个: changes what was already answered, whatever is being asked."""
        if asked in ("complaint_what", "complaint_about") or not reading.corrects_order(turn.text):
            return False
        order = await self._order_meant(turn, draft.order_number)
        number = order.number if order else _number(turn)
        if number is None:
            await self._write(turn, order_number=None, product_said=None)
            turn.set("complaint_about", None)
            turn.set("complaint_note", "order_unclear")
            return True
        await self._write(turn, order_number=number, product_said=_name(order))
        turn.set("complaint_about", number)
        turn.set("complaint_note", None)
        turn.say("complaint_fixed")
        return True

    async def _confirm(self, turn: Turn) -> None:
        if turn.intent == "affirm" or reading.says_yes(turn.text):
            turn.set("complaint_confirmed", "yes")
            return
        field = (
            reading.field_to_fix(turn.text) if turn.intent in ("inform", "deny") or turn.is_button else None
        )
        if turn.slot("complaint_note") == "fix" and field is None:
            field = reading.field_to_fix(turn.text)
        if field and (turn.is_button or len(turn.text) <= 10):
            turn.set(field, None)
            turn.set("complaint_note", None)
            return
        if reading.names_remedy(turn.text) and not reading.says_no(turn.text):
            await self._write(turn, remedy_said=_after_not(turn.text))
            turn.set("complaint_remedy", turn.text)
        elif reading.names_time(turn.text) and not reading.says_no(turn.text):
            await self._write(turn, expectation_said=_after_not(turn.text))
            turn.set("complaint_expectation", turn.text)
        elif turn.intent == "deny" or reading.says_no(turn.text):
            turn.set("complaint_note", "fix")
            return
        elif kind_of_topic(turn.topic) is Kind.COMPLAINT or len(turn.text) >= 8:
            await self._write(turn, own_words=turn.text)
            turn.say("complaint_more")
            turn.set("complaint_note", None)
            return
        else:
            self._unclear(turn)
            return
        turn.set("complaint_note", None)
        turn.say("complaint_fixed")

    def _unclear(self, turn: Turn) -> None:
        tries = int(turn.slot("complaint_tries") or 0) + 1
        turn.set("complaint_tries", tries)
        turn.set("complaint_note", "unclear")
        if tries > _MAX_TRIES:
            self._end(turn, "unclear")

    async def _answer(self, turn: Turn, asked: str) -> None:
        text = turn.text
        if await self._told_more(turn, asked):
            return
        if asked == "complaint_what":
            draft = await self._write(turn, own_words=text, **_complaint_topic(turn))
            # A long answer often holds more than was asked: no question about what is already said.
            if not draft.remedy_said and reading.names_remedy(text) and _wants(text):
                draft = await self._write(turn, remedy_said=text)
        elif asked == "complaint_about":
            draft = await self._answer_about(turn)
        elif asked == "complaint_remedy":
            draft = await self._write(turn, remedy_said=_said(text))
            if not turn.is_button and not draft.expectation_said and reading.names_time(text):
                draft = await self._write(turn, expectation_said=text)
        else:
            draft = await self._write(turn, expectation_said=_said(text))
        for slot, value in known(draft).items():
            turn.set(slot, value)
        if not any(e.get("name") == asked for e in turn.events):
            turn.set(asked, text)
        turn.set("complaint_note", None)
        turn.set("complaint_tries", 0)

    async def _told_more(self, turn: Turn, asked: str) -> bool:
        """Anger or a further wish where an answer was expected: kept, and the same question once more."""
        text = turn.text
        if (
            turn.is_button
            or asked == "complaint_what"
            or reading.does_not_know(text)
            or turn.slot("complaint_tries")
        ):
            return False
        if asked == "complaint_expectation" and reading.names_remedy(text) and not reading.names_time(text):
            await self._write(turn, remedy_said=text)
            turn.set("complaint_remedy", text)
            turn.set("complaint_tries", 1)
            return True
        fits = reading.names_remedy(text) if asked == "complaint_remedy" else reading.names_time(text)
        if asked != "complaint_about" and not fits and (_number(turn) or turn.entity("product", "model")):
            draft = await self._answer_about(turn)
            turn.set("complaint_about", known(draft).get("complaint_about"))
            turn.set("complaint_tries", 1)
            return True
        if kind_of_topic(turn.topic) is not Kind.COMPLAINT:
            return False
        answered = {
            "complaint_about": bool(_number(turn) or turn.entity("product", "model", "order_number"))
            or await self._order_meant(turn, None) is not None,
            "complaint_remedy": reading.names_remedy(text),
            "complaint_expectation": reading.names_time(text),
        }
        if answered[asked]:
            return False
        await self._write(turn, own_words=text)
        turn.say("complaint_more")
        turn.set("complaint_tries", 1)
        return True

    async def _answer_about(self, turn: Turn) -> DraftView:
        order = await self._order_meant(turn, None)
        number = turn.entity("order_number") or (order.number if order else _number(turn))
        if number:
            return await self._write(turn, order_number=number, product_said=_name(order))
        return await self._write(turn, product_said=_said(turn.text))

    async def _order_meant(self, turn: Turn, current: str | None) -> OrderView | None:
        try:
            recent = await orders.recent(turn.care, turn.conversation.id)
        except (NotVerified, Unavailable):
            return None
        number = turn.entity("order_number") or _number(turn)
        if number:
            return next((order for order in recent if order.number == number), None)
        return reading.choose_order(turn.text, recent, current=current)

    async def _write(self, turn: Turn, **fields: Any) -> DraftView:
        return await complaints.update_draft(turn.care, turn.conversation.id, **fields)


def _decision_on_no_draft(turn: Turn) -> str:
    """There is nothing left to ask: received by silence, handed over, or decided by this very message.

    The last is a turn that broke off after the records were written and before the dialogue was: the same
    message comes again, and its yes or no is still the answer.
    """
    if not turn.was_in(FORM) or turn.acted(but=FORM):
        return "gone"
    if turn.intent == "stop" or reading.gives_up(turn.text):
        return "left"
    is_yes = turn.intent == "affirm" or reading.says_yes(turn.text)
    return "yes" if is_yes and turn.slot("requested_slot") == "complaint_confirmed" else "gone"


def _number(turn: Turn) -> str | None:
    return reading.order_number(turn.text, turn.care.settings.order_number_pattern) or reading.any_number(
        turn.text
    )


def _said(text: str) -> str:
    """An answer in the customer's words; a don't-know is kept as such, so that it is not asked again."""
    return "未说明" if reading.does_not_know(text) else text


def _name(order: OrderView | None) -> str | None:
    return order.lines[0].name if order and order.lines else None


def _complaint_topic(turn: Turn) -> dict[str, Any]:
    """A bare 我要投诉 becomes the complaint that the next message tells."""
    topic = complaint_topic(turn)
    return {} if topic is Topic.COMPLAINT_OTHER else {"topic": topic}


def _after_not(text: str) -> str:
    """不是换货,是退款 → 退款."""
    for mark in (",是", ",要", "改成", "应该是", "换成"):
        if mark in text:
            return text.split(mark, 1)[1].strip("。.! ") or text
    return text


def _wants(text: str) -> bool:
    return any(
        word in text for word in ("要求", "希望", "我要", "想要", "给我", "必须", "请你们", "麻烦你们")
    )


def _asks_strongly(text: str) -> bool:
    return any(mark in text for mark in ("?", "吗", "怎么", "多久", "多少"))
