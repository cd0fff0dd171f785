"""How a thing under way stands: state, next step, who, by when; and for a case what its customer is asked."""

from __future__ import annotations

from collections.abc import Sequence

from actions.change.saying import chinese, moment
from actions.complaint import answer_button
from actions.turn import Button, Turn
from actions.wording import say
from care.rules.case_words import CaseAct, CaseAsk
from care.rules.complaint import ComplaintState as S
from care.services import case_talk
from care.services.case_talk import OwnCase
from care.services.progress import ProgressItem, ProgressKind


async def say_items(turn: Turn, items: Sequence[ProgressItem]) -> None:
    """One bubble each; a case that waits for its customer says what for, with the answers as buttons."""
    cases: dict[str, OwnCase] = {}
    if any(item.kind is ProgressKind.COMPLAINT for item in items):
        cases = {case.number: case for case in await case_talk.own_cases(turn.care, turn.conversation.id)}
    for item in items:
        turn.say(
            "case_line", number=item.number, category=f"{item.kind.label}，{chinese(item.about)}", state=item.state_label,
            due=_due(turn, item),
        )  # fmt: skip
        if item.number in cases:
            _say_asked(turn, cases[item.number])


def _say_asked(turn: Turn, case: OwnCase) -> None:
    """What the case waits for; the answer is understood in the next messages too."""
    if case.withdrawal_wished:
        turn.say("case_withdrawal_waits", number=case.number)
    if case.state is S.PROPOSED:
        buttons = [_act("接受", CaseAct.ACCEPT, case), _act("不接受", CaseAct.REFUSE, case)]
        turn.say("case_proposal", proposal=chinese(case.view.proposal or "").rstrip("。"), buttons=buttons)
        ask = CaseAsk.PROPOSAL
    elif case.state is S.WAITING_CUSTOMER and case.wanted:
        turn.say("case_wanted", number=case.number, wanted=chinese(case.wanted).rstrip("。"))
        ask = CaseAsk.WANTED
    elif case.state is S.EXECUTING and case.is_remedy_done:
        buttons = [_act("满意，可以结束", CaseAct.CONTENT, case), _act("还没处理好", CaseAct.NOT_YET, case)]
        turn.say("case_content_ask", number=case.number, buttons=buttons)
        ask = CaseAsk.CONTENT
    else:
        return
    turn.set("case_asked", {"number": case.number, "ask": ask.value})


def _act(title: str, act: CaseAct, case: OwnCase) -> Button:
    button = answer_button(f"{act.value}:{case.number}")
    return {"title": title, "payload": button["payload"].replace("/inform", "/case_progress", 1)}


def _due(turn: Turn, item: ProgressItem) -> str:
    seed, parts = str(turn.message_id), []
    if item.next_step:
        parts.append(f"{chinese(item.next_step).rstrip('。')}。")
    if item.is_open and item.who:
        parts.append(say("case_who", seed, who=item.who))
    if item.is_open and item.promised:
        told = "，".join(f"{chinese(what)}{moment(turn, due)}前" for what, due in item.promised)
        parts.append(say("case_promised", seed, promised=told))
    if item.due_at is not None and item.is_open:
        is_late = item.due_at <= turn.care.clock.now() and item.kind is ProgressKind.COMPLAINT
        parts.append(say("case_late" if is_late else "case_due", seed, at=moment(turn, item.due_at)))
    elif not item.is_open and item.kind is ProgressKind.COMPLAINT:
        parts.append(say("case_closed", seed, at=moment(turn, item.since)))
    return "".join(parts)
