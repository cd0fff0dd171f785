"""A case's own clock on real rows: set, stopped, set anew, and told to those who must hear of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from care.records.clocks import ComplaintEscalation
from care.records.complaint import Complaint
from care.records.notice import StaffNotice
from care.rules.approval_terms import ApprovalWhat
from care.rules.complaint import ComplaintState, Level
from care.rules.deadlines import promised as deadlines_of
from care.rules.notice_terms import NoticeKind
from care.rules.severity import Grade
from care.services import approvals, complaint_log, complaints, escalations, notices, promise_watch
from care.services.complaints import Change
from care.services.context import Care
from tests.conftest import ManualClock
from tests.integration.clock_shop import events, ledger, many_cases, received, row, team, walked
from tests.integration.conftest import Shop

S = ComplaintState
INVESTIGATING = (S.ASSESSED, S.INVESTIGATING)


async def steps(care: Care, complaint_id: int) -> list[tuple[int, int, str]]:
    return [
        (step.round, step.percent, "done" if step.done_at else "ended" if step.ended_at else "open")
        for step in await escalations.of_complaint(care, complaint_id)
    ]


async def escalations_heard(care: Care, staff_id: int) -> int:
    kinds = (NoticeKind.ESCALATION, NoticeKind.OVERDUE)
    return len([notice for notice in await notices.of_staff(care, staff_id) if notice.kind in kinds])


async def test_a_received_case_has_its_four_steps(care: Care, shop: Shop) -> None:
    await team(care)
    case = await received(care, shop)
    planned = await escalations.of_complaint(care, case.id)
    assert [(s.percent, s.level) for s in planned] == [
        (50, Level.L1),
        (80, Level.L2),
        (100, Level.L3),
        (150, Level.L4),
    ]
    assert planned[2].due_at == case.solve_due_at
    assert case.solve_due_at is not None
    assert planned[0].due_at - case.received_at == (case.solve_due_at - case.received_at) / 2


async def test_each_level_hears_at_its_time_and_the_case_rises(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    people = await team(care)
    case = await received(care, shop)
    clock.at = case.solve_due_at - timedelta(seconds=1)
    assert await escalations.work_off(care) == 2
    assert await escalations.work_off(care) == 0
    assert (await row(care, case.id)).level is Level.L2
    assert len(await notices.of_staff(care, people.lead)) == 1
    assert await notices.of_staff(care, people.manager) == []
    clock.advance(seconds=1)
    assert await escalations.work_off(care) == 1
    assert (await row(care, case.id)).level is Level.L3
    (heard,) = await notices.of_staff(care, people.manager)
    assert heard.kind is NoticeKind.OVERDUE
    assert heard.case_number == case.case_number
    assert case.case_number in heard.text
    clock.advance(days=10)
    assert await escalations.work_off(care) == 1
    assert (await row(care, case.id)).level is Level.L4
    assert [e.data["percent"] for e in await events(care, case.id, "escalated")] == [50, 80, 100, 150]
    assert await complaint_log.verify(care) == []


async def test_the_owner_hears_all_four(care: Care, shop: Shop, clock: ManualClock) -> None:
    people = await team(care)
    case = await received(care, shop)
    assert (await row(care, case.id)).owner_id == people.agent
    clock.advance(days=60)
    assert await escalations.work_off(care) == 4
    assert await escalations_heard(care, people.agent) == 4


async def test_a_move_is_not_refused_because_of_an_escalation_that_came_between(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    await team(care)
    case = await received(care, shop)
    clock.at = case.solve_due_at
    assert await escalations.work_off(care) == 3
    moved = await complaints.move(care, case.id, S.ASSESSED, "agent1", expected_version=case.version)
    assert moved.state is S.ASSESSED


async def test_waiting_for_the_customer_moves_everything_of_ours_by_the_pause(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    await team(care)
    case = await walked(care, await received(care, shop), *INVESTIGATING)
    before = await ledger(care, case.id)
    planned = await escalations.of_complaint(care, case.id)
    clock.advance(hours=1)
    await walked(care, case, S.WAITING_CUSTOMER)
    clock.advance(hours=30, minutes=7)
    await walked(care, case, S.INVESTIGATING)
    by = timedelta(hours=30, minutes=7)
    complaint = await row(care, case.id)
    assert complaint.solve_due_at == case.solve_due_at + by
    assert complaint.paused_at is None
    assert [s.due_at for s in await escalations.of_complaint(care, case.id)] == [
        s.due_at + by for s in planned
    ]
    for (what, due_at, stands), (_, due_before, _) in zip(await ledger(care, case.id), before, strict=True):
        assert due_at == (due_before if stands == "kept" else due_before + by), what
    entered, left = (await events(care, case.id, "state"))[-2:]
    assert entered.data["clock_paused_at"] == (clock.now() - by).isoformat()
    assert left.data["clock_paused_s"] == by.total_seconds()
    assert left.data["solve_due_at"] == complaint.solve_due_at.isoformat()


async def test_nothing_is_told_and_nothing_breaks_while_the_clock_stands_still(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    await team(care)
    case = await walked(care, await received(care, shop), *INVESTIGATING, S.WAITING_CUSTOMER)
    clock.advance(days=40)
    assert await escalations.work_off(care) == 0
    assert await promise_watch.mark_broken(care) == 0
    assert await promise_watch.due_soon(care) == 0
    await walked(care, case, S.INVESTIGATING)
    assert await escalations.work_off(care) == 0
    clock.advance(days=40)
    assert await escalations.work_off(care) == 4
    assert await promise_watch.mark_broken(care) == 2


async def test_what_was_due_before_the_pause_is_still_told(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    await team(care)
    case = await walked(care, await received(care, shop), *INVESTIGATING)
    clock.at = case.solve_due_at - timedelta(minutes=1)  # 50 and 80 % are due, and nobody has looked yet
    await walked(care, case, S.WAITING_CUSTOMER)
    clock.advance(days=3)
    assert await escalations.work_off(care) == 2


async def test_two_pauses_move_it_twice(care: Care, shop: Shop, clock: ManualClock) -> None:
    case = await walked(care, await received(care, shop), *INVESTIGATING)
    for hours in (3, 4):
        await walked(care, case, S.WAITING_CUSTOMER)
        clock.advance(hours=hours)
        await walked(care, case, S.INVESTIGATING)
        clock.advance(hours=1)
    assert (await row(care, case.id)).solve_due_at == case.solve_due_at + timedelta(hours=7)


@pytest.mark.parametrize("what", [ApprovalWhat.WITHDRAW, ApprovalWhat.RECLASSIFY])
async def test_a_case_that_left_the_line_escalates_no_more(
    care: Care, shop: Shop, clock: ManualClock, what: ApprovalWhat
) -> None:
    people = await team(care)
    case = await walked(care, await received(care, shop), *INVESTIGATING, S.WAITING_CUSTOMER)
    approval = await approvals.ask(care, case.id, what, asked_by="agent1", reason="客户说已经解决")
    await approvals.agree(care, case.id, approval.id, people.lead)
    clock.advance(days=90)
    assert await escalations.work_off(care) == 0
    assert {stands for _, _, stands in await steps(care, case.id)} == {"ended"}


async def test_once_the_remedy_is_done_nobody_is_pressed_and_the_promise_is_kept(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    await team(care)
    case = await walked(care, await received(care, shop), *INVESTIGATING, S.PROPOSED, S.EXECUTING)
    await complaints.note_remedy_done(care, case.id, "agent1", "新机已送达")
    clock.advance(days=30)
    assert await escalations.work_off(care) == 0
    assert await promise_watch.mark_broken(care) == 0
    assert {stands for _, _, stands in await ledger(care, case.id)} == {"kept"}


async def test_a_reopened_case_is_promised_anew_and_what_was_promised_before_stays(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    await team(care)
    case = await walked(care, await received(care, shop), *INVESTIGATING, S.PROPOSED, S.EXECUTING)
    await complaints.note_remedy_done(care, case.id, "agent1", "新机已送达")
    await complaints.move(care, case.id, S.CLOSED, "agent1", change=Change(customer_yes=True))
    before = await ledger(care, case.id)
    clock.advance(days=12)
    again = await complaints.move(care, case.id, S.REOPENED, "customer")
    due = deadlines_of(case.grade, clock.now(), is_workday=care.calendar.is_workday)
    assert (again.solve_due_at, again.first_result_at) == (due.solve, due.first_result)
    after = await ledger(care, case.id)
    assert after[: len(before)] == before
    assert after[len(before) :] == [
        ("first_result", due.first_result, "open"),
        ("solve", due.solve, "open"),
    ]
    assert await steps(care, case.id) == [(0, p, "ended") for p in (50, 80, 100, 150)] + [
        (1, p, "open") for p in (50, 80, 100, 150)
    ]
    clock.advance(days=60)
    assert await escalations.work_off(care) == 4
    assert await promise_watch.mark_broken(care) == 2
    assert (await ledger(care, case.id))[: len(before)] == before
    assert await complaint_log.verify(care) == []


async def test_a_raised_grade_starts_a_round_of_its_own(care: Care, shop: Shop, clock: ManualClock) -> None:
    await team(care)
    case = await received(care, shop)
    clock.advance(hours=1)
    raised = await complaints.regrade(care, case.id, Grade.P1, "agent1", reason="有人受伤")
    assert raised.solve_due_at == clock.now() + timedelta(hours=24)
    assert [s for s in await steps(care, case.id) if s[2] == "open"] == [
        (1, p, "open") for p in (50, 80, 100, 150)
    ]
    clock.advance(hours=13)
    assert await escalations.work_off(care) == 1


async def test_a_grade_raised_while_the_clock_stands_still_is_paused_from_then_on(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    case = await walked(care, await received(care, shop), *INVESTIGATING, S.WAITING_CUSTOMER)
    clock.advance(hours=5)
    raised = await complaints.regrade(care, case.id, Grade.P1, "agent1", reason="有人受伤")
    clock.advance(hours=2)
    await walked(care, case, S.INVESTIGATING)
    assert (await row(care, case.id)).solve_due_at == raised.solve_due_at + timedelta(hours=2)


async def test_cases_from_before_get_their_steps_and_miss_none(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    await team(care)
    case = await received(care, shop)
    async with care.sessions.write() as session:
        await session.execute(update(Complaint).values(clock_started_at=None))
        for step in await session.scalars(select(ComplaintEscalation)):
            await session.delete(step)
    clock.at = case.solve_due_at
    assert await escalations.work_off(care) == 3
    assert await escalations.work_off(care) == 0


async def test_a_clock_that_jumps_forward_and_back_tells_everything_once(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    people = await team(care)
    case = await received(care, shop)
    now = clock.now()
    clock.advance(days=300)
    assert await escalations.work_off(care) == 4
    clock.at = now - timedelta(days=2)
    assert await escalations.work_off(care) == 0
    clock.advance(days=400)
    assert await escalations.work_off(care) == 0
    assert await escalations_heard(care, people.agent) == 4
    assert len(await events(care, case.id, "escalated")) == 4


async def test_workers_that_race_tell_each_step_once(care: Care, shop: Shop, clock: ManualClock) -> None:
    people = await team(care)
    cases = await many_cases(care, shop, 12)
    clock.advance(days=60)
    for _ in range(3):  # what one worker holds the other leaves: the next call meets it
        await asyncio.gather(*(escalations.work_off(care, batch=2) for _ in range(4)))
    async with care.sessions.read() as session:
        told = await session.scalar(
            select(func.count(ComplaintEscalation.id)).where(ComplaintEscalation.done_at.is_not(None))
        )
        heard = await session.scalar(
            select(func.count(StaffNotice.id)).where(StaffNotice.staff_id == people.manager)
        )
    assert told == 4 * len(cases)
    assert heard == 2 * len(cases)
    for complaint_id in cases:
        assert len(await events(care, complaint_id, "escalated")) == 4
    assert await complaint_log.verify(care) == []


async def test_a_worker_and_people_at_work_disturb_nothing(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    await team(care)
    cases = await many_cases(care, shop, 8)
    clock.advance(days=2)

    async def work(complaint_id: int) -> None:
        for state in (*INVESTIGATING, S.WAITING_CUSTOMER, S.INVESTIGATING):
            await complaints.move(care, complaint_id, state, "agent1")

    await asyncio.gather(*(work(c) for c in cases), *(escalations.work_off(care, batch=3) for _ in range(5)))
    clock.advance(days=60)
    await escalations.work_off(care)
    for complaint_id in cases:
        assert [e.data["percent"] for e in await events(care, complaint_id, "escalated")] == [
            50,
            80,
            100,
            150,
        ]
    assert await complaint_log.verify(care) == []
