"""Any sequence of calls on complaints: a Hypothesis machine over the real services and a real database.

Every rule is one call that a customer, a colleague or the clockwork can make, legal at that moment or not. After each
the books are audited (`tests.complaint_books`); a refused call and a repeated one must have changed no row.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from care.records.case_work import CaseApproval, CaseRemedy
from care.records.complaint import Complaint, ComplaintEvent
from care.records.staff import Staff
from care.rules.approval_terms import ApprovalWhat
from care.rules.complaint_terms import ComplaintState, Level, Remedy
from care.rules.errors import CareError
from care.rules.link_terms import LinkKind
from care.rules.remedies import RemedyPart
from care.rules.severity import Grade
from care.rules.vocabulary import Cue, Emotion, Role, Topic
from care.services import (
    approvals,
    case_acts,
    case_links,
    case_moving,
    case_talk,
    complaints,
    conversations,
    evidence,
    staff,
)
from care.services.complaint_moves import Change
from care.services.context import open_care
from care.services.staff import StaffView
from care.settings import Settings
from tests.complaint_books import faults_of, is_same, moved_deadlines, read_books
from tests.conftest import ManualClock
from tests.faults.complaint_worker import tick
from tests.integration.pictures import photo

S = ComplaintState
TEAM = (("agent1", Role.AGENT), ("agent2", Role.AGENT), ("lead1", Role.LEAD), ("lead2", Role.LEAD),
        ("manager1", Role.MANAGER), ("admin1", Role.ADMIN), ("gone1", Role.LEAD))  # fmt: skip
#: What the conditions of a move ask for, all of it at once.
FULL = Change(
    reason="按材料处理", customer_yes=True, yes_said="客户来电说可以", findings="抽检属实", proposal="换新",
    remedies=(RemedyPart(Remedy.EXCHANGE),), root_cause_1="technology", root_cause_2="manufacture",
    outside_ways_told=True,
)  # fmt: skip
#: The main line: what brings a case further from each state.
ON = {S.DRAFT: S.RECEIVED, S.RECEIVED: S.ACKNOWLEDGED, S.ACKNOWLEDGED: S.ASSESSED, S.ASSESSED: S.INVESTIGATING,
      S.INVESTIGATING: S.PROPOSED, S.WAITING_CUSTOMER: S.INVESTIGATING, S.PROPOSED: S.EXECUTING,
      S.EXECUTING: S.CLOSED, S.CLOSED: S.REOPENED, S.UNRESOLVED: S.REOPENED, S.REOPENED: S.ASSESSED}  # fmt: skip
_SILENT_KINDS = ("customer_told", "escalated", "reminder")
_MOST_CASES = 4

pick = st.integers(0, 1_000)
people = st.sampled_from(range(len(TEAM)))
agents_up = st.sampled_from([0, 2, 2, 4, 5])


class _Errors(logging.Handler):
    """What services caught and only wrote into the log."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(self.format(record))


class ComplaintMachine(RuleBasedStateMachine):
    """`fresh` gives settings of an empty database; `reached` counts the states that all runs came through."""

    fresh: ClassVar[Callable[[], Settings]]
    reached: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        self.clock = ManualClock()
        settings = type(self).fresh()
        self.care = self.run(self.stack.enter_async_context(open_care(settings, clock=self.clock)))
        self.visits: list[int] = []
        self.clicks = 0
        self.was_refused = self.must_not_change = False
        self.watched: bool = False
        self.again: Callable[[], Awaitable[Any]] | None = None
        self.errors = _Errors()
        logging.getLogger("care").addHandler(self.errors)
        self.run(self._people())
        self.books = self.run(read_books(self.care))

    def teardown(self) -> None:
        logging.getLogger("care").removeHandler(self.errors)
        self.run(self.stack.aclose())
        self.loop.close()

    def run(self, work: Awaitable[Any]) -> Any:
        return self.loop.run_until_complete(work)

    async def _people(self) -> None:
        async with self.care.sessions.write() as session:
            for login, role in TEAM:
                session.add(
                    Staff(
                        login=login, name=login, role=role, password_hash="-", created_at=self.clock.now(),
                        active=login != "gone1",
                    )
                )  # fmt: skip
        by_login = {one.login: one for one in await staff.list_staff(self.care)}
        self.people: list[StaffView] = [by_login[login] for login, _ in TEAM]

    def call(self, act: Callable[[], Awaitable[Any]], *, can_repeat: bool = True) -> Any:
        """One call; a refusal is remembered for the invariant, anything else that is raised fails the test."""
        self.again = None
        try:
            answer = self.run(act())
        except CareError:
            self.was_refused = True
            return None
        if can_repeat:
            self.again = act
        return answer

    def click(self) -> str:
        self.clicks += 1
        return f"k{self.clicks}"

    def message(self) -> int:
        """The number of a line that the customer would have written."""
        self.clicks += 1
        return 1_000_000 + self.clicks

    def line_key(self) -> str:
        return f"00000000-0000-4000-8000-{self.message():012d}"

    def case(self, n: int) -> dict[str, Any]:
        cases = sorted(self.books.rows(Complaint).values(), key=lambda case: case["id"])
        return dict(cases[n % len(cases)])

    def has_case(self) -> bool:
        return bool(self.books.rows(Complaint))

    # --- what is true after every call

    @invariant()
    def the_books_agree(self) -> None:
        before, self.books = self.books, self.run(read_books(self.care))
        if self.was_refused or self.must_not_change:
            assert is_same(before, self.books), "refused or repeated, and rows have changed"
        assert self.errors.found == []
        watched_at = self.clock.now() if self.watched else None
        faults = [*self.run(faults_of(self.care, self.books, watched_at=watched_at))]
        assert faults + list(moved_deadlines(before, self.books)) == []
        self.was_refused = self.must_not_change = self.watched = False
        for case in self.books.rows(Complaint).values():
            kind = "" if case["close_kind"] is None else f" {case['close_kind'].value}"
            self.reached[f"{case['state'].value}{kind}"] += 1

    # --- the customer

    @initialize(steps=st.integers(0, 8), words=st.sampled_from(["用了两天就坏了", "太差了"]))
    def begin_somewhere(self, steps: int, words: str) -> None:
        self._draft(words, (), None)
        self.books = self.run(read_books(self.care))
        for _ in range(steps):
            self._further(0, 2)
            self.books = self.run(read_books(self.care))

    @precondition(lambda self: len(self.books.rows(Complaint)) < _MOST_CASES)
    @rule(
        words=st.sampled_from(["用了两天就坏了", "太差了", "冒烟了还烫伤手"]),
        cues=st.sampled_from([(), (Cue.INJURY,), (Cue.MEDIA,)]),
        in_visit=st.none() | pick,
    )
    def complain(self, words: str, cues: tuple[Cue, ...], in_visit: int | None) -> None:
        self._draft(words, cues, in_visit)

    def _draft(self, words: str, cues: tuple[Cue, ...], in_visit: int | None) -> None:
        key = self.line_key()

        async def act() -> None:
            if in_visit is None or not self.visits:
                self.visits.append((await conversations.open_visit(self.care, None)).conversation.id)
            visit = self.visits[-1 if in_visit is None else in_visit % len(self.visits)]
            said = await conversations.accept_message(self.care, visit, client_msg_id=key, text=words)
            await complaints.open_draft(
                self.care, visit, said.message_id, topic=Topic.COMPLAINT_QUALITY, own_words=words, cues=cues,
                emotion=Emotion.CALM,
            )  # fmt: skip

        self.call(act, can_repeat=False)

    @precondition(has_case)
    @rule(n=pick)
    def confirm(self, n: int) -> None:
        place, key = self.case(n)["conversation_id"], self.line_key()

        async def act() -> None:
            said = await conversations.accept_message(self.care, place, client_msg_id=key, text="对")
            await complaints.confirm_draft(self.care, place, said.message_id)

        self.call(act)

    @precondition(has_case)
    @rule(n=pick)
    def let_the_draft_go(self, n: int) -> None:
        place = self.case(n)["conversation_id"]
        self.call(lambda: complaints.drop_draft(self.care, place))

    @precondition(has_case)
    @rule(
        n=pick,
        other_visit=st.booleans(),
        what=st.sampled_from(["yes", "no", "no", "add", "content", "dispute", "reopen", "wish", "ways"]),
    )
    def customer_says(self, n: int, other_visit: bool, what: str) -> None:
        case, line = self.case(n), self.message()
        place = self.visits[0] if other_visit else case["conversation_id"]
        number, said = case["case_number"] or "TS-20200101-0001", {"words": "好吧", "source_message_id": line}
        acts: dict[str, Callable[[], Awaitable[Any]]] = {
            "yes": lambda: case_talk.answer_proposal(self.care, place, number, accepts=True, **said),
            "no": lambda: case_talk.answer_proposal(self.care, place, number, accepts=False, **said),
            "add": lambda: case_talk.add_words(self.care, place, number, **said),
            "content": lambda: case_talk.answer_content(self.care, place, number, is_content=True, **said),
            "dispute": lambda: case_talk.answer_content(self.care, place, number, is_content=False, **said),
            "reopen": lambda: case_talk.reopen(self.care, place, number, **said),
            "wish": lambda: case_talk.wish_withdrawal(self.care, place, number, **said),
            "ways": lambda: case_talk.note_outside_ways(self.care, place, number, source_message_id=line),
        }
        self.call(acts[what])

    @precondition(lambda self: any(c["state"] is S.PROPOSED for c in self.books.rows(Complaint).values()))
    @rule(accepts=st.booleans())
    def answer_what_is_proposed(self, accepts: bool) -> None:
        case = next(c for c in self.books.rows(Complaint).values() if c["state"] is S.PROPOSED)
        line = self.message()
        self.call(
            lambda: case_talk.answer_proposal(
                self.care, case["conversation_id"], case["case_number"], accepts=accepts, words="好吧", source_message_id=line
            )
        )  # fmt: skip

    @precondition(lambda self: bool(self.visits) and self.clicks % 3 == 0)
    @rule(n=pick)
    def send_a_picture(self, n: int) -> None:
        visit, key = self.visits[n % len(self.visits)], self.line_key()
        self.call(
            lambda: evidence.add(self.care, visit, client_msg_id=key, name="坏.jpg", data=photo(size=(8, 8)))
        )

    # --- colleagues

    @precondition(has_case)
    @rule(n=pick, who=agents_up)
    def further(self, n: int, who: int) -> None:
        """The next step of the main line with all that it needs, so that runs come far."""
        self._further(n, who)

    def _further(self, n: int, who: int) -> None:
        case = self.case(n)
        if case["state"] is S.EXECUTING and case["remedy_done_at"] is None:
            return self.remedy_done(n, who, None)
        to = ON.get(case["state"])
        return None if to is None else self._move(case, who, to, FULL, case["state_version"])

    @precondition(has_case)
    @rule(
        n=pick, who=people, to=st.sampled_from(S), stale=st.integers(0, 3),
        change=st.sampled_from([FULL, FULL, Change(), Change(reason="按材料处理"), Change(customer_yes=True, yes_said="电话里说的")]),
    )  # fmt: skip
    def move(self, n: int, who: int, to: S, change: Change, stale: int) -> None:
        case = self.case(n)
        self._move(case, who, to, change, case["state_version"] - stale)

    def _move(self, case: dict[str, Any], who: int, to: S, change: Change, version: int) -> None:
        key, others = self.click(), sorted(self.books.rows(Complaint))
        into = str(others[(others.index(case["id"]) + 1) % len(others)]) if to is S.MERGED else None
        done = self.call(
            lambda: case_moving.move(
                self.care, self.people[who], str(case["id"]), to, change=change, version=version, key=key, into=into
            )
        )  # fmt: skip
        newer = [
            event for event in self.books.rows(ComplaintEvent).values()
            if event["complaint_id"] == case["id"] and event["seq"] > version and event["kind"] not in _SILENT_KINDS
        ]  # fmt: skip
        assert done is None or not newer, "moved on a case that looked otherwise"

    @precondition(has_case)
    @rule(n=pick, to=st.sampled_from(S), approval=st.none() | pick)
    def move_past_the_desk(self, n: int, to: S, approval: int | None) -> None:
        """As other parts of the system move a case; a side state may name any approval there is."""
        case, known = self.case(n), sorted(self.books.rows(CaseApproval))
        number = known[approval % len(known)] if approval is not None and known else None
        change = Change(
            reason="按材料处理", proposal="换新", approval_id=number, merged_into_id=case["merged_into_id"]
        )
        if to is not S.PROPOSED or number is not None:
            self.call(
                lambda: complaints.move(self.care, case["id"], to, "lead1", change=change), can_repeat=False
            )

    @precondition(has_case)
    @rule(n=pick, who=people, yuan=st.sampled_from([0, 150, 200, 201, 1_999, 2_001, 20_001]))
    def propose(self, n: int, who: int, yuan: int) -> None:
        parts = (RemedyPart(Remedy.EXCHANGE),) + (
            (RemedyPart(Remedy.COMPENSATION, Decimal(yuan)),) if yuan else ()
        )
        case = self.case(n)
        self._move(
            case, who, S.PROPOSED, Change(proposal="换新并补偿", remedies=parts), case["state_version"]
        )

    @precondition(has_case)
    @rule(n=pick, who=agents_up, part=st.none() | pick)
    def remedy_done(self, n: int, who: int, part: int | None) -> None:
        case, key, known = self.case(n), self.click(), sorted(self.books.rows(CaseRemedy))
        number = known[part % len(known)] if part is not None and known else None
        self.call(
            lambda: case_acts.remedy_done(
                self.care, self.people[who], str(case["id"]), part_id=number, basis="单号 1", key=key
            )
        )

    @precondition(has_case)
    @rule(n=pick, who=agents_up, to=st.sampled_from(Grade))
    def grade(self, n: int, who: int, to: Grade) -> None:
        case, key = self.case(n), self.click()
        self.call(
            lambda: case_acts.grade(
                self.care, self.people[who], str(case["id"]), to, reason="复核后", version=case["state_version"], key=key
            )
        )  # fmt: skip

    @precondition(lambda self: bool(self.books.rows(CaseApproval)))
    @rule(n=pick, who=people, yes=st.booleans(), newest=st.booleans())
    def decide(self, n: int, who: int, yes: bool, newest: bool) -> None:
        known = sorted(self.books.rows(CaseApproval))
        number = known[-1] if newest else known[n % len(known)]
        case = self.books.rows(CaseApproval)[number]["complaint_id"]
        person = self.people[who].id
        if yes:
            self.call(lambda: approvals.agree(self.care, case, number, person))
        else:
            self.call(lambda: approvals.refuse(self.care, case, number, person, note="依据不足"))

    @precondition(lambda self: bool(self.waiting()))
    @rule(n=pick)
    def agree_to_what_waits(self, n: int) -> None:
        number, one = self.waiting()[n % len(self.waiting())]
        decider = self.people[3 if one["what"] is not ApprovalWhat.REMEDY_OVER_LIMIT else 5].id
        self.call(lambda: approvals.agree(self.care, one["complaint_id"], number, decider))

    def waiting(self) -> list[tuple[int, dict[str, Any]]]:
        rows = self.books.rows(CaseApproval).items()
        return [(number, dict(row)) for number, row in sorted(rows) if row["decision"] is None]

    @precondition(lambda self: len(self.books.rows(Complaint)) > 1)
    @rule(n=pick)
    def ask_to_merge(self, n: int) -> None:
        case = self.case(n)
        self._move(case, 2, S.MERGED, FULL, case["state_version"])

    @precondition(has_case)
    @rule(n=pick, what=st.sampled_from(ApprovalWhat), asker=st.sampled_from(["lead1", "customer", "agent1"]))
    def ask_for_a_second_word(self, n: int, what: ApprovalWhat, asker: str) -> None:
        case, key = self.case(n), self.click()
        if what in (ApprovalWhat.WITHDRAW, ApprovalWhat.RECLASSIFY):
            self.call(
                lambda: approvals.ask(self.care, case["id"], what, asked_by=asker, reason="客户说的", key=key)
            )

    @precondition(has_case)
    @rule(n=pick, who=people, to=people, level=st.none() | st.sampled_from(Level))
    def reassign(self, n: int, who: int, to: int, level: Level | None) -> None:
        case, key = self.case(n), self.click()
        self.call(
            lambda: case_acts.assign(
                self.care, self.people[who], str(case["id"]), to=None if level else self.people[to].id, level=level,
                reason="", version=case["state_version"], key=key,
            )
        )  # fmt: skip

    @precondition(lambda self: len(self.books.rows(Complaint)) > 1)
    @rule(n=pick, m=pick, kind=st.sampled_from(LinkKind), is_off=st.booleans())
    def link(self, n: int, m: int, kind: LinkKind, is_off: bool) -> None:
        one, other, key = str(self.case(n)["id"]), str(self.case(m)["id"]), self.click()
        lead = self.people[2]
        if is_off:
            self.call(lambda: case_links.unlink(self.care, lead, one, other, kind, key=key))
        else:
            self.call(lambda: case_links.link(self.care, lead, one, other, kind, reason="同批次", key=key))

    @precondition(has_case)
    @rule(n=pick, who=agents_up, what=st.sampled_from(["note", "remind", "promise", "cause", "half a cause"]))
    def work(self, n: int, who: int, what: str) -> None:
        case, key, person = self.case(n), self.click(), self.people[who]
        ref, version, due = str(case["id"]), case["state_version"], self.clock.now() + timedelta(days=2)
        second = "manufacture" if what == "cause" else None
        first = "technology" if what == "cause" else "process"
        acts: dict[str, Callable[[], Awaitable[Any]]] = {
            "note": lambda: case_acts.note(self.care, person, ref, "看过材料", key=key),
            "remind": lambda: case_acts.remind(self.care, person, ref, key=key),
            "promise": lambda: case_acts.promise(self.care, person, ref, what="回电", due_at=due, key=key),
            "cause": lambda: case_acts.cause(
                self.care, person, ref, findings="属实", first=first, second=second, version=version, key=key
            ),
        }
        self.call(acts.get(what, acts["cause"]))

    @precondition(lambda self: self.again is not None)
    @rule()
    def say_the_last_act_again(self) -> None:
        """The same click or line once more: whatever it answers, nothing is done a second time."""
        last = self.again
        assert last is not None
        self.call(last)
        self.must_not_change = True

    # --- time

    @rule(
        by=st.sampled_from(
            [{"minutes": 31}, {"hours": 5}, {"days": 1}, {"days": 1}, {"days": 3}, {"days": 7}, {"days": 31}]
        ),
        watch=st.booleans(),
    )
    def time_passes(self, by: dict[str, int], watch: bool) -> None:
        self.clock.advance(**by)
        self.again = None
        if watch:
            self._watch()

    @rule(days=st.integers(2, 12))
    def days_go_by_one_by_one(self, days: int) -> None:
        for _ in range(days):
            self.clock.advance(days=1)
            self._watch()
        self.again = None

    @rule()
    def watch_twice(self) -> None:
        self._watch()
        assert self.run(tick(self.care)) == 0, "what was told is told again"

    def _watch(self) -> None:
        for _ in range(5):
            if self.run(tick(self.care)) == 0:
                break
        self.watched = True
