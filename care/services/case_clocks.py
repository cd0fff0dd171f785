"""The internal clock of a case: set at receipt, set anew, stopped while the customer has to answer, ended.

Everything here happens inside the transaction of the act that causes it; the caller holds the complaint's
lock. Terms of law have clocks of their own (`legal_clocks`) that nothing here touches.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.clocks import ComplaintEscalation
from care.records.complaint import Complaint
from care.records.interaction import Promise
from care.rules.complaint import FINAL_STATES, ComplaintState, pauses_internal_clock
from care.rules.deadlines import Deadlines, escalations, paused_for, promised
from care.services import promises
from care.services.context import Care
from care.services.promises import What


async def start(
    care: Care,
    session: AsyncSession,
    complaint: Complaint,
    due: Deadlines,
    *,
    at: datetime,
    source_message_id: int | None,
    promised_by: str = "bot",
) -> None:
    """Sets the clock of a case received at `at`: deadlines, escalations, and the promises that the customer hears."""
    complaint.acknowledge_due_at = due.acknowledge
    complaint.solve_due_at = due.solve
    complaint.clock_started_at = at
    await _plan(session, complaint)
    await _promise(
        session, complaint, due, at=at, source_message_id=source_message_id, promised_by=promised_by,
        whats=(What.ACKNOWLEDGE, What.PERSON, What.FIRST_RESULT, What.SOLVE),
    )  # fmt: skip


async def renew(session: AsyncSession, complaint: Complaint, *, solve_due_at: datetime, at: datetime) -> None:
    """A new round with another deadline, running from `at`; what the round before had still to say is ended."""
    await _end_escalations(session, complaint, at)
    complaint.clock_round += 1
    complaint.clock_started_at = at
    complaint.solve_due_at = solve_due_at
    if complaint.paused_at is not None:
        complaint.paused_at = at  # it stands still all the same, in the new round from its beginning
    await _plan(session, complaint)


async def tighten(session: AsyncSession, complaint: Complaint, solve_due_at: datetime) -> None:
    """An earlier end within the same round: the steps still to come are shares of the shorter time; a later one changes nothing."""
    if complaint.solve_due_at is not None and solve_due_at >= complaint.solve_due_at:
        return
    complaint.solve_due_at = solve_due_at
    since = complaint.clock_started_at
    if since is None:
        return
    time = max(solve_due_at - since, timedelta())
    for row in await _open_escalations(session, complaint):
        row.due_at = since + time * row.percent / 100


async def go_on(session: AsyncSession, complaint: Complaint, ended_at: datetime) -> None:
    """The remedy that ended the clock at `ended_at` did not reach the customer: the steps of this round are to come again."""
    rows = await session.scalars(
        select(ComplaintEscalation).where(
            ComplaintEscalation.complaint_id == complaint.id,
            ComplaintEscalation.round == complaint.clock_round,
            ComplaintEscalation.done_at.is_(None),
            ComplaintEscalation.ended_at == ended_at,
        )
    )
    for row in rows:
        row.ended_at = None


async def follow(
    care: Care,
    session: AsyncSession,
    complaint: Complaint,
    before: ComplaintState,
    to: ComplaintState,
    *,
    at: datetime,
    source_message_id: int | None = None,
) -> dict[str, Any]:
    """What a move does to the clock; returns it for the event of the move."""
    told: dict[str, Any] = {}
    if pauses_internal_clock(before):
        told |= await _resume(session, complaint, at)
    if pauses_internal_clock(to):
        complaint.paused_at = at
        told["clock_paused_at"] = at.isoformat()
    elif to in FINAL_STATES:
        await _end_escalations(session, complaint, at)
    elif to is ComplaintState.REOPENED:
        told |= await _reopen(care, session, complaint, at, source_message_id)
    return told


async def end_when_done(session: AsyncSession, complaint: Complaint, at: datetime) -> None:
    """The remedy is carried out: nobody has to be pressed any more, and what was promised is kept or broken."""
    await _end_escalations(session, complaint, at)
    await promises.keep(session, complaint.id, (What.SOLVE,), at)


async def plan_missing(care: Care, *, limit: int = 200) -> int:
    """Gives open cases from before there were escalations theirs; returns how many got them."""
    async with care.sessions.write() as session:
        rows = await session.scalars(
            select(Complaint)
            .where(
                Complaint.clock_started_at.is_(None),
                Complaint.received_at.is_not(None),
                Complaint.solve_due_at > Complaint.received_at,
                Complaint.state.not_in(FINAL_STATES),
                Complaint.locked_at.is_(None),
            )
            .order_by(Complaint.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        planned = 0
        for complaint in rows:
            complaint.clock_started_at = complaint.received_at
            if pauses_internal_clock(complaint.state):
                complaint.paused_at = care.clock.now()
            if complaint.remedy_done_at is None:
                await _plan(session, complaint)
            planned += 1
        return planned


async def _plan(session: AsyncSession, complaint: Complaint) -> None:
    if complaint.clock_started_at is None or complaint.solve_due_at is None:
        raise ValueError("a clock without a beginning or an end")
    for step in escalations(complaint.clock_started_at, complaint.solve_due_at):
        session.add(
            ComplaintEscalation(
                complaint_id=complaint.id,
                round=complaint.clock_round,
                percent=step.percent,
                level=step.level,
                due_at=step.at,
            )
        )
    await session.flush()


async def _promise(
    session: AsyncSession,
    complaint: Complaint,
    due: Deadlines,
    *,
    at: datetime,
    source_message_id: int | None,
    promised_by: str,
    whats: tuple[What, ...],
) -> None:
    told = {
        What.ACKNOWLEDGE: due.acknowledge,
        What.PERSON: due.person,
        What.FIRST_RESULT: due.first_result,
        What.SOLVE: due.solve,
    }
    for what in whats:
        due_at = told[what]
        if due_at is not None:
            await promises.record(
                session,
                what=what.value,
                due_at=due_at,
                promised_by=promised_by,
                made_at=at,
                complaint=complaint,
                source_message_id=source_message_id,
                clock_round=complaint.clock_round,
            )


async def _resume(session: AsyncSession, complaint: Complaint, at: datetime) -> dict[str, Any]:
    """Moves what had still to come by the pause; what was over when it began stays over."""
    paused_at, since = complaint.paused_at, complaint.clock_started_at
    complaint.paused_at = None
    if paused_at is None or since is None:
        return {}
    by = paused_for([(paused_at, at)], since=since, now=at)
    if complaint.solve_due_at is not None and complaint.solve_due_at >= paused_at:
        complaint.solve_due_at += by
    for row in await _open_escalations(session, complaint):
        if row.due_at >= paused_at:
            row.due_at += by
    for promise in await _open_promises(session, complaint):
        if promise.due_at >= paused_at:
            promise.due_at += by
            promise.warned_at = None
    return {
        "clock_paused_s": int(by / timedelta(seconds=1)),
        "solve_due_at": None if complaint.solve_due_at is None else complaint.solve_due_at.isoformat(),
    }


async def _reopen(
    care: Care,
    session: AsyncSession,
    complaint: Complaint,
    at: datetime,
    source_message_id: int | None,
) -> dict[str, Any]:
    due = promised(complaint.grade, at, is_workday=care.calendar.is_workday)
    await renew(session, complaint, solve_due_at=due.solve, at=at)
    await _promise(
        session, complaint, due, at=at, source_message_id=source_message_id, promised_by="bot",
        whats=(What.PERSON, What.FIRST_RESULT, What.SOLVE),
    )  # fmt: skip
    return {
        "first_result_at": due.first_result.isoformat(),
        "solve_due_at": due.solve.isoformat(),
    }


async def _end_escalations(session: AsyncSession, complaint: Complaint, at: datetime) -> None:
    for row in await _open_escalations(session, complaint):
        row.ended_at = at


async def _open_escalations(session: AsyncSession, complaint: Complaint) -> list[ComplaintEscalation]:
    rows = await session.scalars(
        select(ComplaintEscalation)
        .where(
            ComplaintEscalation.complaint_id == complaint.id,
            ComplaintEscalation.done_at.is_(None),
            ComplaintEscalation.ended_at.is_(None),
        )
        .order_by(ComplaintEscalation.id)
    )
    return list(rows)


async def _open_promises(session: AsyncSession, complaint: Complaint) -> list[Promise]:
    rows = await session.scalars(
        select(Promise)
        .where(
            Promise.complaint_id == complaint.id,
            Promise.what.in_(promises.PAUSED),
            Promise.kept_at.is_(None),
            Promise.broken_at.is_(None),
        )
        .order_by(Promise.id)
    )
    return list(rows)
