"""Complaints, orders and contacts of each day of Asia/Shanghai, counted by the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

from sqlalchemy import ColumnElement, Date, Integer, func, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.interaction import CareInteraction
from care.records.order import Order
from care.rules.complaint import ComplaintCategory, ComplaintState
from care.rules.surge_terms import Exposure, SurgeDimension
from care.rules.times import SHANGHAI
from care.rules.vocabulary import Channel, Kind, OrderState

#: Never complaints of their own; a withdrawn one was a complaint on the day it came.
_NOT_COUNTED = (ComplaintState.DRAFT, ComplaintState.MERGED, ComplaintState.RECLASSIFIED)
_EXPOSURE_DAYS = 7

Series = tuple[SurgeDimension, str]


@dataclass
class DayCounts:
    """`complaints`: series → day → number. Days without any are not there."""

    complaints: dict[Series, Counter[date]] = field(default_factory=dict)
    orders: Counter[date] = field(default_factory=Counter)
    contacts: dict[str, Counter[date]] = field(default_factory=dict)
    first_day: date | None = None

    def exposure(self, series: Series) -> Exposure:
        """Orders for what was sold, contacts for a channel; whichever there is, where only one is known."""
        channel = self.contacts.get(series[1]) if series[0] is SurgeDimension.CHANNEL else None
        if channel:
            return Exposure.CONTACTS
        return Exposure.ORDERS if self.orders else Exposure.NONE

    def exposure_on(self, series: Series, day: date) -> float:
        """The mean of the seven days before `day`: known in full while the day itself still runs."""
        kind = self.exposure(series)
        if kind is Exposure.NONE:
            return 1.0
        counted: Mapping[date, int] = self.contacts[series[1]] if kind is Exposure.CONTACTS else self.orders
        days = [day - timedelta(days=n) for n in range(1, _EXPOSURE_DAYS + 1)]
        if self.first_day is not None:
            days = [one for one in days if one >= self.first_day] or [day]
        return sum(counted.get(one, 0) for one in days) / len(days)


async def count_days(session: AsyncSession, since: date, until: date) -> DayCounts:
    """Everything received from `since` to `until`, both included; exposures a week further back."""
    found = DayCounts()
    start, end = _start(since), _start(until + timedelta(days=1))
    earlier = start - timedelta(days=_EXPOSURE_DAYS)
    found.first_day = await _first_day(session, start)
    rows = await session.execute(
        select(
            day_of(session, Complaint.received_at).label("day"),
            Complaint.category,
            Complaint.product_id,
            Complaint.channel,
            func.count(),
        )
        .where(
            Complaint.received_at >= start, Complaint.received_at < end, Complaint.state.not_in(_NOT_COUNTED)
        )
        .group_by("day", Complaint.category, Complaint.product_id, Complaint.channel)
    )
    for day, category, product_id, channel, count in rows:
        for series in series_of(category, product_id, channel):
            found.complaints.setdefault(series, Counter())[as_date(day)] += count
    rows = await session.execute(
        select(day_of(session, Order.placed_at).label("day"), func.count())
        .where(Order.placed_at >= earlier, Order.placed_at < end, Order.state != OrderState.CREATED)
        .group_by("day")
    )
    for day, count in rows:
        found.orders[as_date(day)] += count
    rows = await session.execute(
        select(
            day_of(session, CareInteraction.started_at).label("day"), CareInteraction.channel, func.count()
        )
        .where(
            CareInteraction.started_at >= earlier,
            CareInteraction.started_at < end,
            # A surge of complaints must not be measured against itself.
            CareInteraction.kind.is_distinct_from(Kind.COMPLAINT),
        )
        .group_by("day", CareInteraction.channel)
    )
    for day, channel, count in rows:
        found.contacts.setdefault(channel.value, Counter())[as_date(day)] += count
    return found


def series_of(category: ComplaintCategory, product_id: int | None, channel: Channel) -> list[Series]:
    """Every series that a complaint counts in."""
    found = [
        (SurgeDimension.CATEGORY, category.value),
        (SurgeDimension.CHANNEL, channel.value),
    ]
    if product_id is not None:
        found += [
            (SurgeDimension.PRODUCT, str(product_id)),
            (SurgeDimension.CATEGORY_PRODUCT, f"{category.value}:{product_id}"),
        ]
    return found


def where_series(series: Series) -> list[ColumnElement[bool]]:
    """The complaints of a series, those not counted left out."""
    dimension, value = series
    counted = [Complaint.state.not_in(_NOT_COUNTED)]
    if dimension is SurgeDimension.CATEGORY:
        return [Complaint.category == ComplaintCategory(value), *counted]
    if dimension is SurgeDimension.CHANNEL:
        return [Complaint.channel == Channel(value), *counted]
    if dimension is SurgeDimension.PRODUCT:
        return [Complaint.product_id == int(value), *counted]
    category, _, product = value.partition(":")
    return [
        Complaint.category == ComplaintCategory(category),
        Complaint.product_id == int(product),
        *counted,
    ]


def day_of(session: AsyncSession, moment: Any) -> Any:
    """The day in Asia/Shanghai of a column of moments, as the database reckons it."""
    if session.get_bind().dialect.name == "postgresql":
        return func.date(func.timezone("Asia/Shanghai", moment), type_=Date)
    # Without a type of its own the text is handed out as it is: `as_date` reads it.
    return func.date(type_coerce(moment, Integer), "+8 hours")


def as_date(day: date | str) -> date:
    return day if isinstance(day, date) else date.fromisoformat(day)


async def _first_day(session: AsyncSession, start: datetime) -> date | None:
    """The shop's first day when that lies within the span: there is nothing usual before it."""
    firsts = [
        await session.scalar(select(func.min(column)))
        for column in (Complaint.received_at, Order.placed_at, CareInteraction.started_at)
    ]
    known = [one for one in firsts if one is not None]
    if not known:
        return None
    return max(min(known), start).astimezone(SHANGHAI).date()


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI).astimezone(timezone.utc)
