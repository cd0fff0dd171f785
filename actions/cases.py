"""查进度: complaints, returns, visits and invoices under way, with state and promised time."""

from __future__ import annotations

import re

from actions import reading, topics
from actions.case_talk import acts, showing
from actions.change.wishes import CHANGE_TOPICS
from actions.clerk import Clerk, TopicClerk
from actions.identity import SLOTS, verify
from actions.orders import answer_aside
from actions.turn import HUMAN, Button, Turn
from actions.which_order import order_buttons, own_orders
from care.rules.case_words import case_number_said
from care.rules.errors import NotVerified
from care.rules.vocabulary import Topic
from care.services import complaints, progress
from care.services.progress import ProgressKind

FORM = "case_form"
ORDER: Button = {"title": "查订单", "payload": "/order_status"}
_SHOWN = 4
_KINDS = (
    (ProgressKind.RETURN, re.compile(r"退|换货")),
    (ProgressKind.REPAIR, re.compile(r"修|师傅|上门")),
    (ProgressKind.INSTALLATION, re.compile(r"安装|装|师傅|上门")),
    (ProgressKind.INVOICE, re.compile(r"发票|专票")),
    (ProgressKind.COMPLAINT, re.compile(r"投诉|反馈|举报")),
)


class ValidateCaseForm(Clerk):
    """Verification first, unless this very conversation holds the case."""

    action_name = "validate_case_form"

    async def serve(self, turn: Turn) -> None:
        if turn.slot("identity"):
            return
        if not turn.was_in(FORM) and acts.wanted(turn) is not None:
            turn.set("identity", "act")  # what is done with a case asks for itself who it is
            return
        if not turn.was_in(FORM) and await complaints.cases_of(turn.care, turn.conversation.id):
            turn.set("identity", "conversation")
            return
        outcome = await verify(turn, FORM)
        if outcome == "aside":
            turn.events.clear()
        elif outcome != "asked":
            turn.set("identity", outcome)
        elif not turn.was_in(FORM):
            turn.set("tries", 0)
            if turn.topic is Topic.CASE_PROGRESS:
                topics.keep(turn, turn.also)


class ShowCases(TopicClerk):
    """The end of the case form."""

    action_name = "action_case_progress"

    async def answer(self, turn: Turn) -> None:
        outcome = turn.slot("identity")
        for slot in (*SLOTS, "identity", "order_wanted"):
            turn.set(slot, None)
        if outcome == "act" and await acts.take(turn.main()):
            # What else is to be done waits; what is only asked is answered now.
            waiting = [topic for topic in turn.also if topic in CHANGE_TOPICS]
            topics.keep(turn, waiting)
            await topics.answer_also(turn, without=waiting)
            return
        if outcome == "left":
            turn.say("verify_left")
        elif outcome == "given_up":
            turn.say("verify_given_up", buttons=[HUMAN])
            turn.set("offered", "person")
        else:
            await say_cases(turn)
        if turn.topic is Topic.CASE_PROGRESS:
            await topics.answer_also(turn)
        await topics.answer_kept(turn)


async def say_cases(turn: Turn) -> None:
    """What is under way, of the kinds that the words name, else of all; the newest first."""
    items = await progress.of_customer(turn.care, turn.conversation.id)
    kinds = [kind for kind, words in _KINDS if words.search(turn.words)]
    meant = [item for item in items if item.kind in kinds] if kinds else items
    if (number := case_number_said(turn.words)) is not None:
        meant = [item for item in items if item.number == number]
        if not meant:
            turn.say("record_not_found", buttons=[HUMAN])
            return
    if not meant and kinds in ([], [ProgressKind.COMPLAINT]) and await _being_told(turn):
        turn.say("case_being_told")
        return
    about_order = reading.means_order(turn.words) or reading.asks_whereabouts(turn.words)
    if not meant and about_order and await _shown_as_order(turn):
        return
    if any(item.kind is ProgressKind.UNKNOWN for item in items):
        turn.say("unavailable", buttons=[HUMAN])
        meant = [item for item in meant if item.kind is not ProgressKind.UNKNOWN]
    elif not meant:
        what = "、".join(kind.label for kind in kinds) or "投诉、退换、上门和发票"
        turn.say("case_none", what=what, buttons=[ORDER, HUMAN])
        turn.set("offered", "person")
        meant = items
    await showing.say_items(turn, meant[:_SHOWN])


async def _being_told(turn: Turn) -> bool:
    return await complaints.draft_of(turn.care, turn.conversation.id) is not None


async def _shown_as_order(turn: Turn) -> bool:
    """我那单怎么样了 without any case is a question about an order."""
    try:
        if not await answer_aside(turn, Topic.ORDER_STATUS):
            turn.say("order_which", buttons=order_buttons(await own_orders(turn), Topic.ORDER_STATUS.value))
    except NotVerified:
        return False
    return True


@topics.answers(Topic.CASE_PROGRESS)
async def beside(turn: Turn, topic: Topic) -> None:
    """Progress asked about, or something wanted of a case, beside something else."""
    if not await acts.take(turn):
        await say_cases(turn)


class CasesAside(TopicClerk):
    """Asked in the middle of another form."""

    action_name = "action_case_progress_aside"

    async def answer(self, turn: Turn) -> None:
        if not await acts.take(turn):
            await say_cases(turn)
