"""One figure over the rows of a period, for the before and after of an improvement.

The period is of days in Asia/Shanghai, both included. `Scope` narrows the complaints (and the answers about
them) down; nothing is rounded here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.interaction import CareInteraction, Feedback, Promise
from care.records.order import Order, Product
from care.rules.complaint import ComplaintCategory, ComplaintState
from care.rules.corrective import Figure
from care.rules.effect import Sample, mean, rate, share
from care.rules.errors import InvalidInput
from care.rules.satisfaction import gap
from care.rules.times import SHANGHAI
from care.rules.vocabulary import CarePart, Channel, OrderState

_NOT_COUNTED = (ComplaintState.DRAFT, ComplaintState.MERGED, ComplaintState.RECLASSIFIED)
_SATISFIED = 4


@dataclass(frozen=True)
class Scope:
    """Over which rows; what is None is not narrowed."""

    category: ComplaintCategory | None = None
    product_id: int | None = None
    channel: Channel | None = None
    care_part: CarePart | None = None

    @staticmethod
    def from_json(row: Mapping[str, Any]) -> Scope:
        """Raises `InvalidInput` for words that nobody knows."""
        try:
            return Scope(
                category=ComplaintCategory(row["category"]) if row.get("category") else None,
                product_id=int(row["product_id"]) if row.get("product_id") is not None else None,
                channel=Channel(row["channel"]) if row.get("channel") else None,
                care_part=CarePart(row["care_part"]) if row.get("care_part") else None,
            )
        except ValueError:
            raise InvalidInput(fields={"scope": "衡量范围里有不认识的类别、商品、渠道或关怀部分。"}) from None

    def as_json(self) -> dict[str, Any]:
        found = {
            "category": None if self.category is None else self.category.value,
            "product_id": self.product_id,
            "channel": None if self.channel is None else self.channel.value,
            "care_part": None if self.care_part is None else self.care_part.value,
        }
        return {name: value for name, value in found.items() if value is not None}

    @property
    def is_of_complaints(self) -> bool:
        return self.category is not None or self.product_id is not None

    def complaints(self) -> list[ColumnElement[bool]]:
        wanted: list[ColumnElement[bool]] = [Complaint.state.not_in(_NOT_COUNTED)]
        if self.category is not None:
            wanted.append(Complaint.category == self.category)
        if self.product_id is not None:
            wanted.append(Complaint.product_id == self.product_id)
        if self.channel is not None:
            wanted.append(Complaint.channel == self.channel)
        if self.care_part is not None:
            wanted.append(Complaint.care_part == self.care_part)
        return wanted

    def contacts(self) -> list[ColumnElement[bool]]:
        wanted: list[ColumnElement[bool]] = []
        if self.channel is not None:
            wanted.append(CareInteraction.channel == self.channel)
        if self.care_part is not None:
            wanted.append(CareInteraction.care_part == self.care_part)
        return wanted


async def scope_label(session: AsyncSession, scope: Scope) -> str:
    """``质量缺陷 · 乐厨 1.7升 电热水壶``; ``全部`` without a bound."""
    parts = [one.label for one in (scope.category, scope.channel, scope.care_part) if one is not None]
    if scope.product_id is not None:
        name = await session.scalar(select(Product.name).where(Product.id == scope.product_id))
        parts.append(name or f"商品 {scope.product_id}")
    return " · ".join(parts) or "全部"


async def measure(
    session: AsyncSession, figure: Figure, scope: Scope, since: date, until: date, *, now: datetime
) -> Sample:
    """The figure over the rows of these days, with its n and 95 % interval.

    Raises:
        InvalidInput: the period ends before it begins, or is not over yet.
    """
    if until < since:
        raise InvalidInput(fields={"until": "结束日不能早于开始日。"})
    if until >= now.astimezone(SHANGHAI).date():
        raise InvalidInput(fields={"until": "只能测量已经过完的日子。"})
    return await so_far(session, figure, scope, since, until, now=now)


async def so_far(
    session: AsyncSession, figure: Figure, scope: Scope, since: date, until: date, *, now: datetime
) -> Sample:
    """The same over days that may still run: what is not decided yet says nothing."""
    return await _MEASURES[figure](session, scope, _Span(since, until, now))


@dataclass(frozen=True)
class _Span:
    since: date
    until: date
    now: datetime

    def holds(self, column: Any) -> list[ColumnElement[bool]]:
        return [column >= _start(self.since), column < _start(self.until + timedelta(days=1))]


async def _complaint_rate(session: AsyncSession, scope: Scope, span: _Span) -> Sample:
    events = await session.scalar(
        select(func.count())
        .select_from(Complaint)
        .where(*scope.complaints(), *span.holds(Complaint.received_at))
    )
    sold = select(func.count(Order.id.distinct())).where(
        Order.state != OrderState.CREATED, *span.holds(Order.placed_at)
    )
    orders = int(await session.scalar(sold) or 0)
    return rate(int(events or 0), orders, span.since, span.until)


async def _acknowledged(session: AsyncSession, scope: Scope, span: _Span) -> Sample:
    rows = await session.execute(
        select(Complaint.acknowledge_due_at, Complaint.acknowledged_at).where(
            *scope.complaints(), *span.holds(Complaint.received_at), Complaint.acknowledge_due_at.is_not(None)
        )
    )
    return _in_time([(due, done) for due, done in rows], span)


async def _solved(session: AsyncSession, scope: Scope, span: _Span) -> Sample:
    rows = await session.execute(
        select(Complaint.solve_due_at, Complaint.closed_at).where(
            *scope.complaints(), *span.holds(Complaint.received_at), Complaint.solve_due_at.is_not(None)
        )
    )
    return _in_time([(due, done) for due, done in rows], span)


def _in_time(rows: list[tuple[datetime | None, datetime | None]], span: _Span) -> Sample:
    """What is neither done nor due yet says nothing."""
    kept, decided = 0, 0
    for due, done in rows:
        if due is None or (done is None and due > span.now):
            continue
        decided += 1
        kept += done is not None and done <= due
    return share(kept, decided, span.since, span.until)


async def _solve_hours(session: AsyncSession, scope: Scope, span: _Span) -> Sample:
    rows = await session.execute(
        select(Complaint.received_at, Complaint.closed_at).where(
            *scope.complaints(), *span.holds(Complaint.closed_at), Complaint.received_at.is_not(None)
        )
    )
    hours = [(closed - received).total_seconds() / 3600 for received, closed in rows]
    return mean(hours, span.since, span.until)


async def _reopened(session: AsyncSession, scope: Scope, span: _Span) -> Sample:
    rows = await session.scalars(
        select(Complaint.reopen_count).where(
            *scope.complaints(),
            *span.holds(Complaint.received_at),
            Complaint.closed_at.is_not(None) | (Complaint.reopen_count > 0),
        )
    )
    counts = list(rows)
    return share(sum(count > 0 for count in counts), len(counts), span.since, span.until)


async def _kept_promises(session: AsyncSession, scope: Scope, span: _Span) -> Sample:
    rows = await session.execute(
        select(Promise.kept_at, Promise.broken_at)
        .join(Complaint, Complaint.id == Promise.complaint_id)
        .where(
            *scope.complaints(),
            *span.holds(Promise.due_at),
            Promise.kept_at.is_not(None) | Promise.broken_at.is_not(None),
        )
    )
    found = [broken is None for _, broken in rows]
    return share(sum(found), len(found), span.since, span.until)


async def _csat(session: AsyncSession, scope: Scope, span: _Span) -> Sample:
    scores = [row.csat for row in await _answers(session, scope, span) if row.csat is not None]
    return share(sum(score >= _SATISFIED for score in scores), len(scores), span.since, span.until)


async def _gap(session: AsyncSession, scope: Scope, span: _Span) -> Sample:
    gaps = [
        float(gap(row.expectation_e, row.perception_p))
        for row in await _answers(session, scope, span)
        if row.expectation_e is not None and row.perception_p is not None
    ]
    return mean(gaps, span.since, span.until)


async def _ces(session: AsyncSession, scope: Scope, span: _Span) -> Sample:
    scores = [float(row.ces) for row in await _answers(session, scope, span) if row.ces is not None]
    return mean(scores, span.since, span.until)


async def _answers(session: AsyncSession, scope: Scope, span: _Span) -> list[Feedback]:
    """Answers about the complaints of the scope; about contacts too, unless it is of complaints alone."""
    found = list(
        await session.scalars(
            select(Feedback)
            .join(Complaint, Complaint.id == Feedback.complaint_id)
            .where(*scope.complaints(), *span.holds(Feedback.answered_at))
        )
    )
    if not scope.is_of_complaints:
        found += await session.scalars(
            select(Feedback)
            .join(CareInteraction, CareInteraction.id == Feedback.interaction_id)
            .where(*scope.contacts(), *span.holds(Feedback.answered_at))
        )
    return found


_MEASURES: dict[Figure, Callable[[AsyncSession, Scope, _Span], Awaitable[Sample]]] = {
    Figure.COMPLAINTS_PER_1000: _complaint_rate,
    Figure.ACKNOWLEDGED_IN_TIME: _acknowledged,
    Figure.SOLVED_IN_TIME: _solved,
    Figure.SOLVE_HOURS: _solve_hours,
    Figure.REOPENED: _reopened,
    Figure.KEPT_PROMISES: _kept_promises,
    Figure.CSAT: _csat,
    Figure.GAP: _gap,
    Figure.CES: _ces,
}


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI).astimezone(timezone.utc)
