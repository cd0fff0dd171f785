"""What a message wants of a case, by words or by a button of a notice; and its beginning."""

from __future__ import annotations

from actions.case_talk.saying import outside_ways
from actions.change.job import SLOT
from actions.change.opening import begin
from actions.turn import HUMAN, Turn
from care.rules.case_words import CaseAct, CaseAsk, case_number_said
from care.rules.errors import CareError
from care.rules.vocabulary import Topic
from care.services import case_talk, complaints

_KINDS = {
    CaseAct.ACCEPT: "case_answer",
    CaseAct.REFUSE: "case_answer",
    CaseAct.CONSIDER: "case_answer",
    CaseAct.CONTENT: "case_content",
    CaseAct.NOT_YET: "case_content",
    CaseAct.MORE: "case_more",
    CaseAct.REOPEN: "case_reopen",
    CaseAct.WITHDRAW: "case_withdraw",
}


def wanted(turn: Turn) -> tuple[CaseAct, str | None] | None:
    """The act and the number of the case, where either the words, the button or the question before says it."""
    if turn.is_button:
        code, _, number = (turn.entity("answer") or "").partition(":")
        act = next((act for act in CaseAct if act.value == code), None)
        return (act, case_number_said(number)) if act is not None else None
    said = turn.message.get("case_act")
    if not said:
        return None
    act, asked = CaseAct(said), turn.slot("case_asked") or {}
    # That one was just received says only where more of it belongs.
    is_meant = asked.get("ask") != CaseAsk.MORE.value or act is CaseAct.MORE
    return act, case_number_said(turn.text) or (asked.get("number") if is_meant else None)


async def take(turn: Turn) -> bool:
    """Whether the message wants something done with a case; then it is begun, or done at once."""
    found = wanted(turn)
    if found is None:
        return False
    act, number = found
    if act is CaseAct.OUTSIDE:
        await _tell_outside_ways(turn, number)
        return True
    if act is CaseAct.WITHDRAW and number is None and await _drops_draft(turn):
        return True
    job = begin(turn, _KINDS[act], Topic.CASE_PROGRESS)
    if job is not None and number is not None:
        job.record = number
        turn.set(SLOT, job.kept())
    return True


async def _drops_draft(turn: Turn) -> bool:
    """What was never handed in needs nobody's agreement to be let go."""
    if await complaints.draft_of(turn.care, turn.conversation.id) is None:
        return False
    await complaints.drop_draft(turn.care, turn.conversation.id)
    turn.say("complaint_left", buttons=[HUMAN])
    return True


async def _tell_outside_ways(turn: Turn, number: str | None) -> None:
    """Told to anybody who asks; kept with the case that is meant, when there is one."""
    outside_ways(turn)
    cases = await case_talk.own_cases(turn.care, turn.conversation.id)
    meant = [case for case in cases if case.number == number] or (cases if len(cases) == 1 else [])
    for case in meant[:1]:
        try:
            await case_talk.note_outside_ways(
                turn.care, turn.conversation.id, case.number, source_message_id=turn.message_id
            )
        except CareError:
            continue  # the ways are told all the same
    turn.say("case_outside_and_here", buttons=[HUMAN])
