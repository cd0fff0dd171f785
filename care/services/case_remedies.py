"""What was promised as remedy, part by part, and what of it is done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.case_work import CaseRemedy
from care.records.complaint import Complaint
from care.rules.errors import Conflict, NotFound
from care.rules.remedies import RemedyPart

__all__ = ["already_paid", "finish", "of_case", "propose"]


async def propose(
    session: AsyncSession,
    complaint: Complaint,
    parts: Sequence[RemedyPart] | None,
    *,
    actor: str,
    at: datetime,
) -> None:
    """Puts the parts of a new proposal in the place of those of the former one that are not done.

    The caller holds the complaint's lock. Without `parts` the proposal promises what the former one did not, and
    the one remedy written on the case stands for itself.
    """
    for row in await _open_parts(session, complaint.id):
        row.dropped_at = at
    if parts is None and complaint.remedy is not None:
        parts = (RemedyPart(complaint.remedy),)
    for part in parts or ():
        session.add(
            CaseRemedy(
                complaint_id=complaint.id,
                kind=part.kind,
                amount=part.amount,
                note=part.note,
                proposed_by=actor,
                proposed_at=at,
            )
        )
    await session.flush()


async def finish(
    session: AsyncSession, complaint: Complaint, *, part_id: int | None, basis: str, actor: str, at: datetime
) -> tuple[list[CaseRemedy], bool]:
    """Marks one open part, or all of them, as done; returns those, and whether nothing is open any more.

    Raises:
        NotFound: the case has no such part.
        Conflict: that part is done already.
    """
    waiting = await _open_parts(session, complaint.id)
    chosen = list(waiting)
    if part_id is not None:
        part = await session.get(CaseRemedy, part_id)
        if part is None or part.complaint_id != complaint.id or part.dropped_at is not None:
            raise NotFound("没有找到这项补救措施。")
        if part.done_at is not None:
            raise Conflict(f"“{part.kind.label}”已登记完成。")
        chosen = [part]
    for part in chosen:
        part.done_at, part.done_by, part.basis = at, actor, basis[:120]
    await session.flush()
    return chosen, len(chosen) == len(waiting)


async def of_case(session: AsyncSession, complaint_id: int) -> list[CaseRemedy]:
    """The present parts and those done earlier, in the order of the proposals."""
    rows = await session.scalars(
        select(CaseRemedy)
        .where(CaseRemedy.complaint_id == complaint_id, CaseRemedy.dropped_at.is_(None))
        .order_by(CaseRemedy.id)
    )
    return list(rows)


async def already_paid(session: AsyncSession, complaint_id: int) -> Decimal:
    """Yuan that the case has cost so far: a limit holds for the case, not for each proposal."""
    paid = await session.scalar(
        select(func.sum(CaseRemedy.amount)).where(
            CaseRemedy.complaint_id == complaint_id, CaseRemedy.done_at.is_not(None)
        )
    )
    return Decimal(paid or 0).quantize(Decimal("0.01"))


async def _open_parts(session: AsyncSession, complaint_id: int) -> list[CaseRemedy]:
    rows = await session.scalars(
        select(CaseRemedy)
        .where(
            CaseRemedy.complaint_id == complaint_id,
            CaseRemedy.dropped_at.is_(None),
            CaseRemedy.done_at.is_(None),
        )
        .order_by(CaseRemedy.id)
        .with_for_update()
    )
    return list(rows)
