"""查进度: the customer's own cases, with state and promised time."""

from __future__ import annotations

from actions import reading, topics
from actions.clerk import Clerk, TopicClerk
from actions.identity import SLOTS, verify
from actions.orders import answer_aside
from actions.turn import HUMAN, Button, Turn
from actions.which_order import order_buttons, own_orders
from actions.wording import say
from care.rules.complaint import ComplaintState
from care.rules.errors import NotVerified
from care.rules.times import format_moment
from care.rules.vocabulary import Topic
from care.services import complaints
from care.services.complaints import CaseView

FORM = "case_form"
ORDER: Button = {"title": "查订单", "payload": "/order_status"}
_ENDED = (
    ComplaintState.CLOSED,
    ComplaintState.WITHDRAWN,
    ComplaintState.UNRESOLVED,
    ComplaintState.RECLASSIFIED,
)


class ValidateCaseForm(Clerk):
    """Verification first, unless this very conversation holds the case."""

    action_name = "validate_case_form"

    async def serve(self, turn: Turn) -> None:
        if turn.slot("identity"):
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
    cases = await complaints.cases_of(turn.care, turn.conversation.id, limit=3)
    if not cases and await complaints.draft_of(turn.care, turn.conversation.id) is not None:
        turn.say("case_being_told")
        return
    about_order = reading.means_order(turn.words) or reading.asks_whereabouts(turn.words)
    if not cases and about_order and await _shown_as_order(turn):
        return
    if not cases:
        turn.say("case_none", buttons=[ORDER, HUMAN])
        turn.set("offered", "person")
        return
    for case in cases:
        turn.say("case_line", number=case.case_number, category=case.category_label,
                 state=case.state_label, due=_due(turn, case))  # fmt: skip
        if case.state is ComplaintState.PROPOSED and case.proposal:
            turn.say("case_proposal", proposal=case.proposal)
    if any(word in turn.words for word in ("退款", "维修", "退货", "换货", "报修", "修", "退")):
        turn.say("case_more", buttons=[HUMAN])


async def _shown_as_order(turn: Turn) -> bool:
    """我那单怎么样了 without any case is a question about an order."""
    try:
        if not await answer_aside(turn, Topic.ORDER_STATUS):
            turn.say("order_which", buttons=order_buttons(await own_orders(turn), Topic.ORDER_STATUS.value))
    except NotVerified:
        return False
    return True


def _due(turn: Turn, case: CaseView) -> str:
    now, seed = turn.care.clock.now(), str(turn.message_id)
    if case.state in _ENDED:
        return say("case_closed", seed, at=format_moment(case.closed_at, now=now)) if case.closed_at else ""
    if case.solve_due_at is None:
        return ""
    return say("case_due", seed, at=format_moment(case.solve_due_at, now=now))


@topics.answers(Topic.CASE_PROGRESS)
async def beside(turn: Turn, topic: Topic) -> None:
    """Progress asked about beside something else."""
    await say_cases(turn)


class CasesAside(TopicClerk):
    """Asked in the middle of another form."""

    action_name = "action_case_progress_aside"

    async def answer(self, turn: Turn) -> None:
        await say_cases(turn)
