"""More of the story of a case: added as it was said, or the answer to what was asked for."""

from __future__ import annotations

from actions.case_talk.case_change import CaseChange, is_under_way, words_said
from actions.case_talk.saying import short
from actions.change.job import Job
from actions.change.saying import chinese
from actions.change.words import Heard
from actions.turn import Turn
from care.ports import OrderView
from care.rules.case_words import is_bare_wish
from care.rules.complaint import ComplaintState as S
from care.services import case_talk
from care.services.case_talk import OwnCase

WORDS, TOLD = "words", "told"


class CaseMore(CaseChange):
    name, label = "case_more", "补充投诉情况"
    tells = (WORDS,)

    def may_be(self, case: OwnCase) -> bool:
        return is_under_way(case)

    def say_not_possible(self, turn: Turn, case: OwnCase) -> None:
        turn.say("case_ended_already", number=case.number, state=case.view.state_label)

    async def hear(self, turn: Turn, job: Job, heard: Heard) -> bool:
        found = await super().hear(turn, job, heard)
        tells = heard.asked in (None, WORDS) and heard.answer is None and not is_bare_wish(heard.text)
        if tells:
            job.put(TOLD, "1")
        return found or tells

    async def still_missing(self, turn: Turn, job: Job, case: OwnCase) -> str | None:
        return None if job.has(TOLD) else WORDS

    async def ask_more(self, turn: Turn, job: Job, name: str, case: OwnCase) -> None:
        if case.wanted:
            turn.say("case_wanted", number=case.number, wanted=chinese(case.wanted).rstrip("。"))
        else:
            turn.say("case_more_what", number=case.number)

    async def restate(self, turn: Turn, job: Job, order: OrderView | None) -> str:
        return f"把“{short(await words_said(turn, job))}”补充到投诉 {job.record}"

    async def carry_out(self, turn: Turn, job: Job) -> None:
        waited = (await self.case_of(turn, job)).state is S.WAITING_CUSTOMER
        case = await case_talk.add_words(
            turn.care, turn.conversation.id, job.record or "", words=await words_said(turn, job),
            source_message_id=turn.message_id,
        )  # fmt: skip
        turn.say("case_goes_on" if waited else "case_added", number=case.number)
