"""The customer's answer to what was proposed, and to what was done: restated before it counts."""

from __future__ import annotations

from collections.abc import Sequence

from actions.case_talk.case_change import CaseChange, words_said
from actions.case_talk.saying import outside_ways, short
from actions.change.job import Job
from actions.change.kinds import Blocked, choices
from actions.change.saying import chinese, moment
from actions.change.words import Heard
from actions.turn import HUMAN, Turn
from care.ports import OrderView
from care.rules.case_words import CaseAct, contentment, decision, wish_in
from care.rules.complaint import REFUSALS_TO_END
from care.rules.complaint import ComplaintState as S
from care.services import case_talk
from care.services.case_talk import OwnCase

DECISION = "decision"
#: Questions whose answers may be a decision; none is read out of the name of a case.
_DECIDES = (None, DECISION, "confirm", "fixing")


class _Deciding(CaseChange):
    """Yes or no in own words or by button; said again it confirms, the other one changes it."""

    #: What stands on the buttons, first the yes.
    acts: tuple[CaseAct, ...]

    def _read(self, text: str) -> CaseAct | None:
        raise NotImplementedError

    async def hear(self, turn: Turn, job: Job, heard: Heard) -> bool:
        found = await super().hear(turn, job, heard)
        code = (heard.answer or "").partition(":")[0]
        act = next((act for act in self.acts if act.value == code), None)
        if act is None and heard.answer is None and heard.asked in _DECIDES:
            act = self._read(heard.text)
        if act is None:
            return found
        if heard.asked is not None and heard.message_id not in job.messages:
            job.messages.append(heard.message_id)
        job.put(DECISION, act.value)
        return True

    def confirms(self, text: str, job: Job) -> bool:
        act = self._read(text)
        return act is not None and job.has(DECISION) and act.value == job.said[DECISION]["value"]

    def answers(self, text: str) -> bool:
        return self._read(text) is not None  # 算了接受吧

    def fixable(self, job: Job) -> Sequence[tuple[str, str]]:
        return ((DECISION, "我的答复"),)

    def _act(self, turn: Turn, job: Job) -> CaseAct:
        return CaseAct(job.value(turn, DECISION) or self.acts[0].value)


class CaseAnswer(_Deciding):
    name, label = "case_answer", "答复处理方案"
    acts = (CaseAct.ACCEPT, CaseAct.REFUSE, CaseAct.CONSIDER)

    def _read(self, text: str) -> CaseAct | None:
        return decision(text)

    def may_be(self, case: OwnCase) -> bool:
        return case.state is S.PROPOSED

    def say_not_possible(self, turn: Turn, case: OwnCase) -> None:
        turn.say("case_no_proposal", number=case.number, state=case.view.state_label)

    async def still_missing(self, turn: Turn, job: Job, case: OwnCase) -> str | None:
        if not job.has(DECISION):
            return DECISION
        if self._act(turn, job) is CaseAct.CONSIDER:
            turn.say("case_take_your_time", number=case.number, buttons=[HUMAN])
            turn.set("case_asked", {"number": case.number, "ask": "proposal"})
            raise Blocked(is_answered=True)
        return None

    async def ask_more(self, turn: Turn, job: Job, name: str, case: OwnCase) -> None:
        turn.say(
            "case_decide",
            number=case.number,
            proposal=chinese(case.view.proposal or "").rstrip("。"),
            buttons=choices(("接受", "accept"), ("不接受", "refuse"), ("我再想想", "consider")),
        )

    async def restate(self, turn: Turn, job: Job, order: OrderView | None) -> str:
        case = await self.case_of(turn, job)
        if self._act(turn, job) is CaseAct.ACCEPT:
            return f"您接受投诉 {case.number} 的方案：{short(case.view.proposal or '')}"
        wish = await self._wish(turn, job)
        wished = f"，希望“{short(wish)}”" if wish else ""
        if case.refusals + 1 < REFUSALS_TO_END:
            return f"您不接受投诉 {case.number} 的方案{wished}，交上一级重新处理"
        return f"您第二次不接受投诉 {case.number} 的方案{wished}，这件会记为未接受，我再告诉您其他途径"

    async def carry_out(self, turn: Turn, job: Job) -> None:
        accepts = self._act(turn, job) is CaseAct.ACCEPT
        case = await case_talk.answer_proposal(
            turn.care, turn.conversation.id, job.record or "", accepts=accepts, words=await words_said(turn, job),
            wish=None if accepts else await self._wish(turn, job), source_message_id=turn.message_id,
        )  # fmt: skip
        if accepts:
            turn.say("case_accepted", number=case.number)
            _say_due(turn, case)
        elif case.state is S.UNRESOLVED:
            turn.say("case_unresolved", number=case.number, buttons=[HUMAN])
            outside_ways(turn)
        else:
            turn.say("case_refused", number=case.number, buttons=[HUMAN])

    async def _wish(self, turn: Turn, job: Job) -> str | None:
        return wish_in(await words_said(turn, job))


class CaseContent(_Deciding):
    name, label = "case_content", "确认处理结果"
    acts = (CaseAct.CONTENT, CaseAct.NOT_YET)

    def _read(self, text: str) -> CaseAct | None:
        return contentment(text)

    def may_be(self, case: OwnCase) -> bool:
        return case.state is S.EXECUTING

    def say_not_possible(self, turn: Turn, case: OwnCase) -> None:
        turn.say("case_not_so_far", number=case.number, state=case.view.state_label)

    async def still_missing(self, turn: Turn, job: Job, case: OwnCase) -> str | None:
        return None if job.has(DECISION) else DECISION

    async def ask_more(self, turn: Turn, job: Job, name: str, case: OwnCase) -> None:
        turn.say(
            "case_content_ask",
            number=case.number,
            buttons=choices(("满意，可以结束", "content"), ("还没处理好", "not_yet")),
        )

    async def restate(self, turn: Turn, job: Job, order: OrderView | None) -> str:
        case = await self.case_of(turn, job)
        if self._act(turn, job) is CaseAct.CONTENT:
            return f"投诉 {case.number} 已经处理好，可以结束"
        return f"投诉 {case.number} 还没有处理好（“{short(await words_said(turn, job))}”），我请负责人去核实"

    async def carry_out(self, turn: Turn, job: Job) -> None:
        is_content = self._act(turn, job) is CaseAct.CONTENT
        case = await case_talk.answer_content(
            turn.care, turn.conversation.id, job.record or "", is_content=is_content,
            words=await words_said(turn, job), source_message_id=turn.message_id,
        )  # fmt: skip
        if case.state is S.CLOSED:
            turn.say("case_closed_content", number=case.number)
        elif is_content:
            turn.say("case_content_noted", number=case.number)
        else:
            turn.say("case_not_done", number=case.number, buttons=[HUMAN])
            _say_due(turn, case)


def _say_due(turn: Turn, case: OwnCase) -> None:
    due = case.view.solve_due_at
    if due is not None and due > turn.care.clock.now():
        turn.say("case_due_by", due=moment(turn, due))
