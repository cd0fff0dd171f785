"""投诉: opened as a draft with the first word, told back, confirmed, numbered and promised."""

from __future__ import annotations

from abc import abstractmethod
from datetime import timedelta
from typing import Any

from actions import complaint_answers, complaint_special, reading, topics
from actions.clerk import Clerk, TopicClerk, offer_person
from actions.complaint_buttons import answer_button
from actions.special_words import without_data
from actions.turn import HUMAN, Button, Turn
from actions.which_order import order_buttons, own_orders
from care.rules.errors import CareError, NotFound, NotVerified, Unavailable
from care.rules.severity import Grade
from care.rules.times import format_moment, shanghai_day
from care.rules.vocabulary import COMPLAINT_TOPICS, Cue, Topic
from care.services import case_talk, complaints
from care.services.complaint_views import says_what_happened
from care.services.complaints import DraftView, Receipt

FORM = "complaint_form"
#: A reading this likely beside "other complaint" says better what it is about.
_LIKELY = 0.02
#: Slot of the form → field of the draft that it stands for.
FIELD_OF_SLOT = {
    "complaint_what": "own_words",
    "complaint_about": "order_or_product",
    "complaint_remedy": "remedy_said",
    "complaint_expectation": "expectation_said",
}
#: Wishes that in a complaint are what the customer wants done about it.
_REMEDIES = (Topic.REQUEST_RETURN, Topic.REQUEST_REPAIR, Topic.CANCEL_ORDER)
NEEDS_IDENTITY = (Topic.ORDER_STATUS, Topic.LOGISTICS, Topic.URGE_ORDER)
SLOTS = (*FIELD_OF_SLOT, "complaint_confirmed", "complaint_note", "complaint_tries")

YES: Button = {"title": "对", "payload": "/affirm"}
CHANGE: Button = {"title": "修改", "payload": "/deny"}
DROP: Button = {"title": "算了", "payload": "/stop"}
GO_ON: Button = {"title": "继续登记", "payload": '/inform{"answer": "go_on"}'}


#: After so many other questions in a row it is asked whether the complaint is still wanted at all.
_MANY_ASIDES = 2


class OpenComplaint(TopicClerk):
    """The first complaint message: into the records at once, apology, whatever else was asked."""

    action_name = "action_open_complaint"

    async def answer(self, turn: Turn) -> None:
        dropped = await self._taken_up_again(turn)
        words = await turn.own_words()
        draft = await complaints.open_draft(
            turn.care,
            turn.conversation.id,
            turn.message_id,
            topic=Topic(dropped.topic) if dropped else complaint_topic(turn),
            own_words=f"{dropped.own_words}\n{words}" if dropped else words,
            cues=turn.cues,
            emotion=turn.emotion,
            order_number=turn.main().order_said,
        )
        draft = await self._fill_in(turn.main(), draft, dropped)
        if Cue.SELF_HARM not in turn.cues:
            turn.say("complaint_sorry", buttons=[] if turn.is_upset else [HUMAN])
        offer_person(turn)
        for slot in SLOTS:
            turn.set(slot, None)
        await complaint_special.notice(turn, draft)
        for slot, value in known(draft).items():
            turn.set(slot, value)
        await self._rest(turn)

    async def _taken_up_again(self, turn: Turn) -> DraftView | None:
        """算了, then 还是帮我投诉吧: what was told before need not be told again."""
        if turn.is_button or not reading.takes_up_again(turn.words):
            return None
        return await complaints.dropped_draft(turn.care, turn.conversation.id)

    async def _fill_in(self, turn: Turn, draft: DraftView, dropped: DraftView | None) -> DraftView:
        """What the first words say beyond the matter itself: never ask for what was said."""
        answers = await complaint_answers.heard(turn)
        fields = {**_said_before(dropped), **(answers.remedy or {}), **(answers.expectation or {})}
        if "order_or_product" in draft.missing:
            at_hand = turn.set_before("order_shown") or turn.page.get("order")
            if "order_number" not in fields:
                fields.update(answers.about or ({"order_number": str(at_hand)} if at_hand else {}))
        elif answers.about and answers.about.get("order_number") == draft.order_number:
            fields.update(answers.about)
        if not fields:
            return draft
        return await complaints.update_draft(turn.care, turn.conversation.id, **fields)

    async def _rest(self, turn: Turn) -> None:
        """Other wishes of the message; what needs to know who asks waits until the complaint is received."""
        said = {Topic(part["topic"]) for part in turn.message.get("parts") or []}
        # 到现在都没发货 tells of an order; only what is said as a further wish asks for it.
        told = [topic for topic in (*NEEDS_IDENTITY, Topic.CASE_PROGRESS) if topic not in said]
        waits = [] if await is_known(turn) else [topic for topic in turn.also if topic in NEEDS_IDENTITY]
        topics.keep(turn, [topic for topic in waits if topic not in told])
        await topics.answer_also(turn, without=(*_REMEDIES, *waits, *told))


async def is_known(turn: Turn) -> bool:
    """Whether the customer's own orders can be read now."""
    try:
        await own_orders(turn)
    except (NotVerified, Unavailable):
        return False
    return True


def _said_before(dropped: DraftView | None) -> dict[str, Any]:
    """The answers of a complaint that was let go; the time it was hoped for is asked anew."""
    if dropped is None:
        return {}
    found = {
        "order_number": dropped.order_number, "product_said": dropped.product_said, "remedy_said": dropped.remedy_said,
    }  # fmt: skip
    return {name: value for name, value in found.items() if value}


def complaint_topic(turn: Turn) -> Topic:
    """我要投诉,空调坏了 is a complaint about the goods rather than "other": the likeliest one that says what of."""
    ranked = [entry for entry in turn.message.get("intent_ranking") or [] if entry["confidence"] >= _LIKELY]
    likely = (
        [Topic(r["name"]) for r in ranked if r["name"] in COMPLAINT_TOPICS]
        if says_what_happened(turn.words)
        else []
    )
    matter = [Topic(turn.message["matter"])] if turn.message.get("matter") else []
    heard = [topic for topic in (turn.topic, *matter, *turn.also, *likely) if topic in COMPLAINT_TOPICS]
    return next((topic for topic in heard if topic is not Topic.COMPLAINT_OTHER), Topic.COMPLAINT_OTHER)


def known(draft: DraftView) -> dict[str, str]:
    """Slots of the form that the draft already answers."""
    values = {
        "complaint_what": draft.own_words,
        "complaint_about": draft.order_number or draft.product_said,
        "complaint_remedy": draft.remedy_said,
        "complaint_expectation": draft.expectation_said,
    }
    return {slot: str(values[slot]) for slot, name in FIELD_OF_SLOT.items() if name not in draft.missing}


class Question(Clerk):
    """A question of the form, put only to somebody who is in a state to be asked."""

    async def serve(self, turn: Turn) -> None:
        if Cue.SELF_HARM in turn.cues:
            turn.say("complaint_no_hurry", buttons=[HUMAN])
        elif turn.intent == "goodbye" and turn.acted(but=FORM):
            turn.say("complaint_bye")
        elif turn.acted(but=FORM) and turn.asides(FORM) >= _MANY_ASIDES:
            turn.say("complaint_still", buttons=[GO_ON, DROP])
        elif not await complaint_special.ask_first(turn):
            await self.ask(turn)

    @abstractmethod
    async def ask(self, turn: Turn) -> None:
        """Says the question."""


class AskWhat(Question):
    action_name = "action_ask_complaint_what"

    async def ask(self, turn: Turn) -> None:
        turn.say("complaint_ask_what")


class AskAbout(Question):
    """Recent orders as buttons for a verified customer; free text always."""

    action_name = "action_ask_complaint_about"

    async def ask(self, turn: Turn) -> None:
        if turn.slot("complaint_note") == "order_unclear":
            turn.say("complaint_order_unclear", buttons=[answer_button(complaint_answers.NO_ORDER)])
            return
        try:
            own = await own_orders(turn)
        except (NotVerified, Unavailable):
            own = []
        buttons = [*order_buttons(own), answer_button(complaint_answers.NO_ORDER)]
        turn.say("complaint_ask_about_buttons" if own else "complaint_ask_about", buttons=buttons)


class AskRemedy(Question):
    action_name = "action_ask_complaint_remedy"

    async def ask(self, turn: Turn) -> None:
        choices = ("退款", "换货", "维修", "赔偿", "道歉", "说明原因")
        turn.say("complaint_ask_remedy", buttons=[answer_button(choice) for choice in choices])


class AskExpectation(Question):
    action_name = "action_ask_complaint_expectation"

    async def ask(self, turn: Turn) -> None:
        today = shanghai_day(turn.care.clock.now())
        choices = {
            "今天": today.isoformat(), "明天": (today + timedelta(days=1)).isoformat(), "三天内": "P3D", "一周内": "P7D",
        }  # fmt: skip
        turn.say(
            "complaint_ask_expectation",
            buttons=[answer_button(title, date=value) for title, value in choices.items()],
        )


class AskConfirmed(Question):
    """Restates and asks 对吗; after 修改 asks which part."""

    action_name = "action_ask_complaint_confirmed"

    async def ask(self, turn: Turn) -> None:
        note = turn.slot("complaint_note")
        if note == "fix":
            fields = ("问题经过", "订单或商品", "处理要求", "答复时间")
            turn.say("complaint_ask_fix", buttons=[answer_button(field) for field in fields])
            return
        draft = await complaints.draft_of(turn.care, turn.conversation.id)
        if draft is None or note == "unclear":
            turn.say("complaint_confirm_again", buttons=[YES, CHANGE, DROP])
            return
        lines = draft.own_words.split("\n")
        what = "；".join([line for line in lines if says_what_happened(line)] or lines)
        if complaint_special.is_leak(draft):
            what = without_data(what, turn.entities("address", "name", "phone"))
        turn.say(
            "complaint_restate",
            what=what if len(what) <= 80 else f"{what[:79]}…",
            about=about(draft),
            remedy=draft.remedy_said or "未说明",
            expectation=draft.expectation_said or "未说明",
            buttons=[YES, CHANGE, DROP],
        )


def about(draft: DraftView) -> str:
    if draft.order_number and draft.product_said:
        return f"{draft.product_said}（订单 {draft.order_number}）"
    return f"订单 {draft.order_number}" if draft.order_number else draft.product_said or "未说明"


class SubmitComplaint(Clerk):
    """The end of the form: received with number and times, or left and said so; then what had to wait."""

    action_name = "action_submit_complaint"

    async def serve(self, turn: Turn) -> None:
        decision, special = turn.slot("complaint_confirmed"), complaint_special.special_of(turn)
        for slot in (*SLOTS, complaint_special.SLOT):
            turn.set(slot, None)
        if decision == "joined" and special.case and await self._join(turn, special.case):
            await topics.answer_kept(turn)
            return
        if decision == "yes" and await self._receive(turn):
            await topics.answer_kept(turn)
            return
        if decision == "left" and await complaints.drop_draft(turn.care, turn.conversation.id):
            turn.say("complaint_left", buttons=[HUMAN])
            await topics.answer_also(turn)
            await topics.answer_kept(turn)
            return
        turn.say("complaint_unclear_person", buttons=[HUMAN])
        turn.set("offered", "person")

    async def _join(self, turn: Turn, case_number: str) -> bool:
        """What was told goes to the case that is open already, and no second one comes of it."""
        draft = await complaints.draft_of(turn.care, turn.conversation.id)
        if draft is None:
            return False
        try:
            await case_talk.add_words(
                turn.care,
                turn.conversation.id,
                case_number,
                words=draft.own_words,
                source_message_id=turn.message_id,
            )
        except CareError:
            return False
        await complaints.drop_draft(turn.care, turn.conversation.id)
        turn.say("case_added", number=case_number)
        turn.set("case_asked", {"number": case_number, "ask": "more"})
        return True

    async def _receive(self, turn: Turn) -> bool:
        """Tells number and times; not when there is nothing that this yes could be said to."""
        draft = await complaints.draft_of(turn.care, turn.conversation.id)
        try:
            receipt = await complaints.confirm_draft(turn.care, turn.conversation.id, turn.message_id)
        except NotFound:
            return False
        say_receipt(turn, receipt)
        if draft is not None and complaint_special.is_leak(draft):
            turn.say("special_leak_duty")
            turn.say("special_leak_care")
        turn.set("case_asked", {"number": receipt.case_number, "ask": "more"})
        is_grave = receipt.grade in (Grade.P1, Grade.P2)
        turn.say("complaint_received_next", buttons=[HUMAN] if is_grave else [])
        return True


def say_receipt(turn: Turn, receipt: Receipt) -> None:
    """Number and promised times, and honestly so when the customer hopes for an earlier answer."""
    now = turn.care.clock.now()
    first, solve = receipt.first_result_at, receipt.solve_due_at
    # The lighter grades promise one time only, for the result itself.
    turn.say(
        "complaint_received" if first < solve else "complaint_received_once",
        number=receipt.case_number,
        first=format_moment(first, now=now),
        solve=format_moment(solve, now=now),
    )
    if receipt.expected_at is not None and receipt.expected_at < first:
        turn.say(
            "complaint_later_than_hoped",
            hoped=format_moment(receipt.expected_at, now=now),
            first=format_moment(first, now=now),
        )
