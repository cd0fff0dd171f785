"""The demo shop's clocks: steps in every stage, as the clockwork itself would have left them."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from sqlalchemy import func, select

from care import demo
from care.demo.base import Anchor
from care.records.clocks import ComplaintEscalation
from care.records.complaint import Complaint, ComplaintEvent
from care.records.notice import StaffNotice
from care.rules.complaint import FINAL_STATES, ComplaintState
from care.services import complaint_log, escalations, promise_watch
from care.services.context import Care
from tests.conftest import ManualClock

TODAY = date(2026, 11, 24)


async def test_every_stage_is_there_and_the_clockwork_goes_on_from_it(care: Care, clock: ManualClock) -> None:
    clock.at = Anchor(TODAY).now
    await demo.seed(care, password="demo-password-for-tests", today=TODAY)
    async with care.sessions.read() as session:
        rows = (
            await session.execute(
                select(ComplaintEscalation, Complaint).join(
                    Complaint, Complaint.id == ComplaintEscalation.complaint_id
                )
            )
        ).all()
        told = await session.scalar(
            select(func.count(ComplaintEvent.id)).where(ComplaintEvent.kind == "escalated")
        )
        notices_before = int(await session.scalar(select(func.count(StaffNotice.id))) or 0)
    stages = Counter(
        (step.percent, "done" if step.done_at else "ended" if step.ended_at else "open") for step, _ in rows
    )
    assert set(stages) == {(p, stage) for p in (50, 80, 100, 150) for stage in ("done", "ended", "open")}
    assert told == sum(number for (_, stage), number in stages.items() if stage == "done")
    assert notices_before > 20
    for step, case in rows:
        is_open = step.done_at is None and step.ended_at is None
        assert not (is_open and case.state in FINAL_STATES)
        assert (case.state is ComplaintState.WAITING_CUSTOMER) == (case.paused_at is not None)
    reopened = {case.id for _, case in rows if case.state is ComplaintState.REOPENED}
    assert reopened
    assert {step.round for step, case in rows if case.id in reopened} == {0, 1}

    assert await escalations.work_off(care) <= 2  # what fell due within the last seconds
    assert await promise_watch.mark_broken(care) == 0
    clock.advance(days=2)
    assert await escalations.work_off(care) > 10
    assert await complaint_log.verify(care) == []
    await demo.clear(care)
    async with care.sessions.read() as session:
        assert not await session.scalar(select(func.count(ComplaintEscalation.id)))
        assert not await session.scalar(select(func.count(StaffNotice.id)))


async def test_the_steps_of_a_demo_case_are_those_of_its_deadline(
    care_sqlite: Care, clock: ManualClock
) -> None:
    clock.at = Anchor(TODAY).now
    await demo.seed(care_sqlite, password="demo-password-for-tests", today=TODAY)
    async with care_sqlite.sessions.read() as session:
        rows = (
            await session.execute(
                select(ComplaintEscalation.due_at, Complaint.solve_due_at)
                .join(Complaint, Complaint.id == ComplaintEscalation.complaint_id)
                .where(ComplaintEscalation.percent == 100, ComplaintEscalation.round == Complaint.clock_round)
            )
        ).all()
    assert len(rows) > 100
    assert all(abs(due - solve) < timedelta(seconds=1) for due, solve in rows)
