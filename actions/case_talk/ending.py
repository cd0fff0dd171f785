"""A case taken up again within 30 days, and the wish to take one back."""

from __future__ import annotations

from actions.case_talk.case_change import CaseChange, is_under_way, words_said
from actions.case_talk.saying import short
from actions.case_talk.telling import TOLD, WORDS
from actions.change.job import Job
from actions.change.kinds import Blocked
from actions.change.words import Heard
from actions.turn import HUMAN, Button, Turn
from care.ports import OrderView
from care.rules.case_words import tells_why_again
from care.rules.complaint import REOPEN_WITHIN
from care.rules.complaint import ComplaintState as S
from care.services import case_talk
from care.services.case_talk import OwnCase

NEW: Button = {"title": "登记新投诉", "payload": "/complaint_other"}


class CaseReopen(CaseChange):
    name, label = "case_reopen", "重新处理投诉"
    verbs = ("重新处理", "重开", "重新受理")
    tells = (WORDS,)

    def may_be(self, case: OwnCase) -> bool:
        return case.state in (S.CLOSED, S.UNRESOLVED)

    def say_not_possible(self, turn: Turn, case: OwnCase) -> None:
        turn.say("case_still_open", number=case.number, state=case.view.state_label)

    async def hear(self, turn: Turn, job: Job, heard: Heard) -> bool:
        found = await super().hear(turn, job, heard)
        tells = heard.answer is None and (
            heard.asked == WORDS or (heard.asked is None and tells_why_again(heard.text))
        )
        if tells:
            job.put(TOLD, "1")
        return found or tells

    async def still_missing(self, turn: Turn, job: Job, case: OwnCase) -> str | None:
        ended = case.view.closed_at
        if ended is not None and turn.care.clock.now() - ended > REOPEN_WITHIN:
            turn.say("case_too_old", number=case.number, buttons=[NEW, HUMAN])
            raise Blocked(is_answered=True)
        return None if job.has(TOLD) else WORDS

    async def ask_more(self, turn: Turn, job: Job, name: str, case: OwnCase) -> None:
        turn.say("case_why_again", number=case.number)

    async def restate(self, turn: Turn, job: Job, order: OrderView | None) -> str:
        return f"重新处理投诉 {job.record}，您说的是“{short(await words_said(turn, job))}”"

    async def carry_out(self, turn: Turn, job: Job) -> None:
        case = await case_talk.reopen(
            turn.care, turn.conversation.id, job.record or "", words=await words_said(turn, job),
            source_message_id=turn.message_id,
        )  # fmt: skip
        turn.say("case_reopened", number=case.number)


class CaseWithdraw(CaseChange):
    name, label = "case_withdraw", "撤回投诉"
    verbs = ("撤回", "撤销", "撤诉", "撤", "取消")

    def may_be(self, case: OwnCase) -> bool:
        return is_under_way(case)

    def say_not_possible(self, turn: Turn, case: OwnCase) -> None:
        turn.say("case_ended_already", number=case.number, state=case.view.state_label)

    async def still_missing(self, turn: Turn, job: Job, case: OwnCase) -> str | None:
        if case.withdrawal_wished:
            turn.say("case_withdrawal_waits", number=case.number)
            raise Blocked(is_answered=True)
        return None

    async def restate(self, turn: Turn, job: Job, order: OrderView | None) -> str:
        return f"撤回投诉 {job.record}，由同事和您确认、复核后停止处理"

    async def carry_out(self, turn: Turn, job: Job) -> None:
        case = await case_talk.wish_withdrawal(
            turn.care, turn.conversation.id, job.record or "", words=await words_said(turn, job),
            source_message_id=turn.message_id,
        )  # fmt: skip
        turn.say("case_withdrawal_kept", number=case.number)
