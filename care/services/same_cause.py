"""Complaints of one cause, found in the rows: for the severity of a case and for the console."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.order import Product
from care.rules.complaint import FINAL_STATES, ComplaintCategory, ComplaintState
from care.rules.same_cause import WEEK, Case, Fault, Group, Link, group, matter_of
from care.rules.severity import Grade
from care.services.context import Care

#: What never was a case of its own.
NO_CASE = (
    ComplaintState.DRAFT,
    ComplaintState.MERGED,
    ComplaintState.RECLASSIFIED,
    ComplaintState.WITHDRAWN,
)


@dataclass(frozen=True)
class CaseLine:
    """One case of a group or an alarm, without its customer's words."""

    id: int
    case_number: str
    state: ComplaintState
    grade: Grade
    category: ComplaintCategory
    product: str | None
    order_number: str | None
    received_at: datetime
    root_cause: str | None


@dataclass(frozen=True)
class CauseGroup:
    link: Link
    label: str
    in_24h: int
    in_7d: int
    is_urgent: bool
    faults: tuple[tuple[Fault, int], ...]
    cases: tuple[CaseLine, ...]


async def same_cause_24h(session: AsyncSession, complaint: Complaint, now: datetime) -> int:
    """Cases of the last 24 h of the same matter (`matter_of`), this one counted; settled ones count too."""
    if matter_of(complaint.category, complaint.product_id) is None:
        return 1
    query = select(func.count(Complaint.id)).where(
        Complaint.id != complaint.id,
        Complaint.category == complaint.category,
        Complaint.received_at > now - timedelta(hours=24),
        Complaint.state.not_in(NO_CASE),
    )
    if complaint.category is not ComplaintCategory.SAFETY:
        query = query.where(Complaint.product_id == complaint.product_id)
    return 1 + int(await session.scalar(query) or 0)


async def groups(care: Care, *, window: timedelta = WEEK) -> list[CauseGroup]:
    """Open cases of the last seven days (or less) that have one cause, the most of 24 h first."""
    now = care.clock.now()
    async with care.sessions.read() as session:
        rows = (
            await session.execute(
                select(Complaint, Product.name)
                .outerjoin(Product, Product.id == Complaint.product_id)
                .where(
                    Complaint.received_at > now - window,
                    Complaint.state.not_in((*FINAL_STATES, ComplaintState.DRAFT)),
                )
                .order_by(Complaint.id)
            )
        ).all()
    lines = {complaint.id: case_line(complaint, product) for complaint, product in rows}
    found = group([_case(complaint) for complaint, _ in rows], now, window=window)
    return [_told(one, lines) for one in found]


def case_line(complaint: Complaint, product: str | None) -> CaseLine:
    assert complaint.received_at is not None
    causes = [one for one in (complaint.root_cause_1, complaint.root_cause_2) if one]
    return CaseLine(
        id=complaint.id,
        case_number=complaint.case_number or "",
        state=complaint.state,
        grade=complaint.grade,
        category=complaint.category,
        product=product,
        order_number=complaint.order_number,
        received_at=complaint.received_at,
        root_cause="/".join(causes) or None,
    )


def _case(complaint: Complaint) -> Case:
    assert complaint.received_at is not None
    both = complaint.root_cause_1 and complaint.root_cause_2
    return Case(
        id=complaint.id,
        category=complaint.category,
        product=complaint.product_id,
        words=complaint.own_words,
        received_at=complaint.received_at,
        root_cause=(str(complaint.root_cause_1), str(complaint.root_cause_2)) if both else None,
    )


def _told(one: Group, lines: dict[int, CaseLine]) -> CauseGroup:
    cases = tuple(lines[case.id] for case in one.cases)
    if one.link is Link.MATTER:
        category = cases[0].category
        danger = category is ComplaintCategory.SAFETY
        label = category.label if danger or not cases[0].product else f"{cases[0].product}：{category.label}"
    elif one.link is Link.ROOT_CAUSE:
        label = one.key
    else:
        label = f"{cases[0].category.label}：{Fault(one.key.partition(':')[2]).label}"
    return CauseGroup(one.link, label, one.in_24h, one.in_7d, one.is_urgent, one.faults, cases)
