"""Escalations: at 50, 80, 100 and 150 % of a case's time its owner and each higher level hear of it.

The clockwork calls `work_off`. A case is claimed by its row lock, and what is said, the trail and the mark
that it was said are one transaction: a process that dies in between has said nothing, and two that run at
once never say it twice. On PostgreSQL a case that somebody else holds is skipped and met again at the next
call; on SQLite writers wait for each other anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.clocks import ComplaintEscalation
from care.records.complaint import Complaint
from care.records.staff import Staff
from care.rules.complaint import FINAL_STATES, Level
from care.rules.notice_terms import NoticeKind
from care.rules.times import format_moment
from care.rules.vocabulary import Role
from care.services import case_clocks, complaint_log, notices
from care.services.complaint_owner import assign, choose_owner
from care.services.context import Care

_LEVELS = tuple(Level)
_OVERDUE = 100
_BATCH = 10
#: Who is told at a level, beside the owner.
_TOLD_ROLES: dict[Level, tuple[Role, ...]] = {
    Level.L1: (),
    Level.L2: (Role.LEAD,),
    Level.L3: (Role.MANAGER,),
    Level.L4: (Role.MANAGER,),
}


@dataclass(frozen=True)
class EscalationView:
    """One step of a case's clock; `done_at` when it was told, `ended_at` when it no longer applies."""

    round: int
    percent: int
    level: Level
    due_at: datetime
    done_at: datetime | None
    ended_at: datetime | None


async def work_off(care: Care, *, batch: int = _BATCH) -> int:
    """Tells every escalation that is due, however long nobody looked; returns how many. Run by the clockwork."""
    await case_clocks.plan_missing(care)
    told, after = 0, 0
    while True:
        done, last = await _some(care, after, batch)
        told += done
        if last is None:
            return told
        after = last


async def of_complaint(care: Care, complaint_id: int) -> list[EscalationView]:
    """The steps of one case, round by round in the order of their percentages."""
    async with care.sessions.read() as session:
        rows = await session.scalars(
            select(ComplaintEscalation)
            .where(ComplaintEscalation.complaint_id == complaint_id)
            .order_by(ComplaintEscalation.round, ComplaintEscalation.percent)
        )
        return [
            EscalationView(row.round, row.percent, row.level, row.due_at, row.done_at, row.ended_at)
            for row in rows
        ]


async def _some(care: Care, after: int, batch: int) -> tuple[int, int | None]:
    """One transaction with up to `batch` cases behind `after`; how many steps were told, and the last case."""
    now = care.clock.now()
    async with care.sessions.write() as session:
        cases = (
            await session.scalars(
                select(Complaint)
                .where(
                    Complaint.id > after,
                    Complaint.state.not_in(FINAL_STATES),
                    Complaint.locked_at.is_(None),
                    select(ComplaintEscalation.id)
                    .where(ComplaintEscalation.complaint_id == Complaint.id, *_due(now))
                    .exists(),
                )
                .order_by(Complaint.id)
                .limit(batch)
                .with_for_update(skip_locked=True)
            )
        ).all()
        told = 0
        for case in cases:
            # Asked for only now that the case is held: another process may have told them meanwhile.
            steps = (
                await session.scalars(
                    select(ComplaintEscalation)
                    .join(Complaint, Complaint.id == ComplaintEscalation.complaint_id)
                    .where(ComplaintEscalation.complaint_id == case.id, *_due(now))
                    .order_by(ComplaintEscalation.round, ComplaintEscalation.percent)
                    .execution_options(populate_existing=True)
                )
            ).all()
            for step in steps:
                await _tell(care, session, case, step, now)
            told += len(steps)
        return told, cases[-1].id if cases else None


def _due(now: datetime) -> Sequence[ColumnElement[bool]]:
    """While the clock stands still only what was due before it stopped."""
    return (
        ComplaintEscalation.due_at <= now,
        ComplaintEscalation.done_at.is_(None),
        ComplaintEscalation.ended_at.is_(None),
        or_(Complaint.paused_at.is_(None), ComplaintEscalation.due_at < Complaint.paused_at),
    )


async def _tell(
    care: Care, session: AsyncSession, case: Complaint, step: ComplaintEscalation, now: datetime
) -> None:
    step.done_at = now
    if case.owner_id is None:
        await assign(care, session, case, actor="clockwork", level=case.level)
    level_before = case.level
    if _LEVELS.index(step.level) > _LEVELS.index(case.level):
        case.level = step.level
    staff_ids = await _told(session, case, step.level)
    key = f"escalation:{case.id}:{step.round}:{step.percent}"
    await complaint_log.append(
        session,
        case,
        "escalated",
        actor="clockwork",
        at=now,
        data={
            "percent": step.percent,
            "round": step.round,
            "level": step.level.value,
            "level_before": level_before.value,
            "due_at": step.due_at.isoformat(),
            "told": await _logins(session, staff_ids),
        },
        idempotency_key=key,
    )
    await notices.tell(
        session,
        care,
        staff_ids=staff_ids,
        kind=NoticeKind.OVERDUE if step.percent >= _OVERDUE else NoticeKind.ESCALATION,
        text=_words(case, step, now),
        key=key,
        complaint_id=case.id,
    )


async def _told(session: AsyncSession, case: Complaint, level: Level) -> list[int]:
    """The owner and the people of the level; where nobody has its role, the one who would take the case."""
    told = [] if case.owner_id is None else [case.owner_id]
    roles = _TOLD_ROLES[level]
    if not roles:
        return told
    higher = await notices.people_of(session, roles, is_demo=case.is_demo)
    if not higher:
        stand_in = await choose_owner(session, level, is_demo=case.is_demo)
        higher = [] if stand_in is None else [stand_in.id]
    return [*told, *higher]


async def _logins(session: AsyncSession, staff_ids: Sequence[int]) -> list[str]:
    rows = await session.scalars(select(Staff.login).where(Staff.id.in_(staff_ids)).order_by(Staff.login))
    return list(rows)


def _words(case: Complaint, step: ComplaintEscalation, now: datetime) -> str:
    by = "" if case.solve_due_at is None else format_moment(case.solve_due_at, now=now)
    what = f"投诉 {case.case_number}（{case.grade.label}）"
    if step.percent >= _OVERDUE:
        return f"{what}已超过时限（用时 {step.percent}%），应在 {by} 前解决，请{step.level.label}介入。"
    return f"{what}已用去 {step.percent}% 的时间，须在 {by} 前解决，请{step.level.label}跟进。"
