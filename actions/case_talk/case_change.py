"""The base of what is done with a case: which case, whether its state allows it, whose it is."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from actions import reading
from actions.change.job import Job
from actions.change.kinds import Blocked, Change, choices
from actions.change.words import Heard
from actions.turn import HUMAN, Turn
from care.ports import OrderView
from care.rules.case_words import case_number_said, is_bare_wish
from care.rules.complaint import ComplaintState as S
from care.rules.complaint import is_open
from care.rules.errors import NotFound
from care.rules.vocabulary import Topic
from care.services import case_talk, transcript
from care.services.case_talk import OwnCase

RECORD = "record"
_SHOWN = 4
_LIKE = 2


class CaseChange(Change):
    """A `Change` whose thing is a case: `job.record` holds its number."""

    topic = Topic.CASE_PROGRESS
    needs_order = False

    @abstractmethod
    def may_be(self, case: OwnCase) -> bool:
        """Whether this can be done with a case as it stands."""

    @abstractmethod
    def say_not_possible(self, turn: Turn, case: OwnCase) -> None:
        """Why it cannot be done with the case that was named."""

    @abstractmethod
    async def still_missing(self, turn: Turn, job: Job, case: OwnCase) -> str | None:
        """The next question once the case is known."""

    @abstractmethod
    async def carry_out(self, turn: Turn, job: Job) -> None:
        """Writes once and says what was written."""

    async def needs_identity(self, turn: Turn, job: Job) -> bool:
        """Not for a nameless case of this very conversation; who comes back later must be known."""
        cases = await case_talk.own_cases(turn.care, turn.conversation.id)
        if job.record:
            return all(case.number != job.record for case in cases)
        return not any(self.may_be(case) for case in cases)

    async def hear(self, turn: Turn, job: Job, heard: Heard) -> bool:
        said = case_number_said((heard.answer or "").partition(":")[2]) or case_number_said(heard.text)
        if said is None and heard.asked == RECORD:
            said = await self._named(turn, heard)
        if said is None or said == job.record:
            return False
        job.record = said
        return True

    async def missing(self, turn: Turn, job: Job, order: OrderView | None) -> str | None:
        cases = await case_talk.own_cases(turn.care, turn.conversation.id)
        case = next((one for one in cases if one.number == job.record), None)
        if job.record and case is None:
            # The same for a number that is nobody's and for somebody else's.
            turn.say("record_not_found")
            job.record = None
        if case is not None and not self.may_be(case):
            self.say_not_possible(turn, case)
            raise Blocked(is_answered=True)
        if case is None:
            case = self._the_one(turn, cases, job)
        return await self.still_missing(turn, job, case) if case is not None else RECORD

    def _the_one(self, turn: Turn, cases: Sequence[OwnCase], job: Job) -> OwnCase | None:
        fitting = [case for case in cases if self.may_be(case)]
        if len(fitting) == 1:
            job.record = fitting[0].number
            return fitting[0]
        if not fitting:
            if cases:
                self.say_not_possible(turn, cases[0])
            else:
                turn.say("case_none", what="投诉", buttons=[HUMAN])
            raise Blocked(is_answered=True)
        return None

    async def ask(self, turn: Turn, job: Job, name: str, order: OrderView | None) -> None:
        if name == RECORD:
            fitting = await self._fitting(turn)
            buttons = [
                (f"{case.view.category_label} · {case.number}", f"case:{case.number}")
                for case in fitting[:_SHOWN]
            ]
            turn.say("record_which", what="投诉", buttons=choices(*buttons))
            return
        await self.ask_more(turn, job, name, await self.case_of(turn, job))

    async def ask_more(self, turn: Turn, job: Job, name: str, case: OwnCase) -> None:
        """Says a question of the kind's own. Raises `NotImplementedError` for one that it has not."""
        raise NotImplementedError(name)

    async def do(self, turn: Turn, job: Job) -> None:
        try:
            await self.carry_out(turn, job)
        except NotFound:
            turn.say("record_not_found", buttons=[HUMAN])
        turn.set("case_asked", None)

    async def case_of(self, turn: Turn, job: Job) -> OwnCase:
        """The job's case. Raises `NotFound`."""
        cases = await case_talk.own_cases(turn.care, turn.conversation.id)
        found = next((case for case in cases if case.number == job.record), None)
        if found is None:
            raise NotFound
        return found

    async def _fitting(self, turn: Turn) -> list[OwnCase]:
        cases = await case_talk.own_cases(turn.care, turn.conversation.id)
        return [case for case in cases if self.may_be(case)]

    async def _named(self, turn: Turn, heard: Heard) -> str | None:
        """第二个, 洗衣机那个, 0002: by place, by the end of the number, by the words of the case."""
        fitting = (await self._fitting(turn))[:_SHOWN]
        by_end = [
            case for case in fitting if heard.text.strip() and case.number.endswith(heard.text.strip()[-4:])
        ]
        if len(by_end) == 1:
            return by_end[0].number
        place = reading.place_said(heard.text)
        if place and place <= len(fitting):
            return fitting[place - 1].number
        alike = [
            (reading.alike(heard.text, f"{c.view.own_words}{c.view.category_label}"), c.number)
            for c in fitting
        ]
        best = max((score for score, _ in alike), default=0)
        found = [number for score, number in alike if score == best and best >= _LIKE]
        return found[0] if len(found) == 1 else None


def is_under_way(case: OwnCase) -> bool:
    return is_open(case.state) and case.state is not S.DRAFT


async def words_said(turn: Turn, job: Job, *, without_bare: bool = True) -> str:
    """What the customer told in this change, line by line, without the mere wish to tell something."""
    lines = [(await transcript.customers_words(turn.care, line)).line for line in dict.fromkeys(job.messages)]
    told = [line for line in lines if not (without_bare and is_bare_wish(line))]
    return "\n".join(told or lines)
