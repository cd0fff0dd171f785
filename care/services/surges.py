"""Surge alarms: more complaints of a category, a product or a channel than chance allows (care.md §2.12).

The clockwork calls `watch`; `recompute` goes through past days as `watch` would have then. Both may run
again and at the same time on two nodes: an alarm is opened once, a crossing is in it once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.improvement import SurgeAlarm
from care.records.order import Product
from care.records.staff import Staff
from care.rules.complaint import ComplaintCategory
from care.rules.notice_terms import NoticeKind
from care.rules.surge_charts import (
    BASELINE_WEEKS,
    CHART_DAYS,
    LEAST_HISTORY_DAYS,
    LEAST_ON_DAY,
    ChartPoint,
    DayCount,
    SurgeMethod,
    chart,
    usual_of,
)
from care.rules.surge_terms import SurgeDimension
from care.rules.times import shanghai_day
from care.rules.vocabulary import Channel, Role
from care.services import notices
from care.services.context import Care
from care.services.day_counts import DayCounts, Series, count_days

#: How far back a chart of one day reaches: its own days and those that their usual is learned from.
REACH = timedelta(days=CHART_DAYS + 7 * BASELINE_WEEKS)
#: An open alarm that was quiet for longer is told of again.
QUIET_DAYS = 7
_TOLD = (Role.LEAD, Role.MANAGER)


@dataclass
class WatchReport:
    """`series` had complaints enough to be looked at."""

    days: int = 0
    series: int = 0
    opened: int = 0
    crossings: int = 0


async def watch(care: Care) -> WatchReport:
    """Looks at today, as far as it has come, and at yesterday. Run by the clockwork."""
    today = shanghai_day(care.clock.now())
    return await _look(care, today - timedelta(days=1), today)


async def recompute(
    care: Care, since: date, *, on_progress: Callable[[int, int], None] | None = None
) -> WatchReport:
    """Looks at every day from `since` to today in turn; a second run finds nothing new."""
    return await _look(care, since, shanghai_day(care.clock.now()), on_progress=on_progress)


def series_days(counts: DayCounts, series: Series, until: date, days: int) -> list[DayCount]:
    """The last `days` days of a series up to `until`, none before the shop's first."""
    counted = counts.complaints.get(series)
    wanted = (until - timedelta(days=n) for n in range(days - 1, -1, -1))
    return [
        DayCount(day, counted[day] if counted else 0, counts.exposure_on(series, day))
        for day in wanted
        if counts.first_day is None or day >= counts.first_day
    ]


def chart_of(
    days: Sequence[DayCount],
    until: date,
    *,
    left_out: frozenset[date] = frozenset(),
    rest_after: date | None = None,
) -> tuple[ChartPoint, ...]:
    """The charts of the last `CHART_DAYS` up to `until`; `days` reach `REACH` back.

    Args:
        left_out: days known to be unusual.
        rest_after: an alarm was closed on that day: the charts start again after it.
    """
    first = until - timedelta(days=CHART_DAYS - 1)
    if rest_after is not None:
        first = max(first, rest_after + timedelta(days=1))
    shown, usual = [], []
    for position, day in enumerate(days):
        past = days[max(0, position - 7 * BASELINE_WEEKS) : position]
        if not first <= day.day <= until or len(past) < LEAST_HISTORY_DAYS:
            continue
        shown.append(day)
        usual.append(usual_of(past, day, left_out=left_out))
    return chart(shown, usual)


async def _look(
    care: Care, since: date, until: date, *, on_progress: Callable[[int, int], None] | None = None
) -> WatchReport:
    report = WatchReport()
    async with care.sessions.read() as session:
        counts = await count_days(session, since - REACH, until)
    total = (until - since).days + 1
    looked: set[Series] = set()
    for number in range(total):
        day = since + timedelta(days=number)
        for series in _worth_a_look(counts, day):
            looked.add(series)
            await _look_at(care, counts, series, day, report)
        report.days += 1
        if on_progress is not None:
            on_progress(number + 1, total)
    report.series = len(looked)
    return report


def _worth_a_look(counts: DayCounts, day: date) -> list[Series]:
    """Fewer complaints in a week than one day's least can raise no alarm: most series are left alone."""
    week = [day - timedelta(days=n) for n in range(7)]
    return sorted(
        series
        for series, counted in counts.complaints.items()
        if counted.get(day) and sum(counted.get(one, 0) for one in week) >= LEAST_ON_DAY
    )


async def _look_at(care: Care, counts: DayCounts, series: Series, day: date, report: WatchReport) -> None:
    async with care.sessions.read() as session:
        earlier = await alarms_of(session, series)
    days = series_days(counts, series, day, REACH.days)
    closed = [shanghai_day(one.closed_at) for one in earlier if one.closed_at is not None]
    points = chart_of(
        days, day, left_out=unusual_days(earlier, before=day), rest_after=max(closed, default=None)
    )
    if not points or points[-1].day != day or not points[-1].crossings:
        return
    try:
        async with care.sessions.write() as session:
            await _write(care, session, series, points[-1], report)
    except IntegrityError:
        return  # another process opened it in this moment; its next round adds what is missing


async def _write(
    care: Care, session: AsyncSession, series: Series, point: ChartPoint, report: WatchReport
) -> None:
    dimension, value = series
    key = f"{dimension.value}:{value}"
    alarm = await session.scalar(select(SurgeAlarm).where(SurgeAlarm.open_key == key).with_for_update())
    if alarm is not None:
        quiet = (point.day - alarm.last_day).days
        report.crossings += _add(alarm, point)
        if quiet > QUIET_DAYS:
            await _tell(care, session, alarm, point, f"surge:{alarm.id}:{point.day}")
        return
    same_day = await session.scalar(
        select(SurgeAlarm.id).where(
            SurgeAlarm.dimension == dimension, SurgeAlarm.value == value, SurgeAlarm.last_day >= point.day
        )
    )
    if same_day is not None:
        return  # closed meanwhile: that day has been dealt with
    first = point.crossings[0]
    alarm = SurgeAlarm(
        dimension=dimension,
        value=value,
        label=await label_of(session, series),
        open_key=key,
        method=first.method,
        day=point.day,
        since=point.rises_since or point.day,
        last_day=point.day,
        count=point.count,
        baseline=first.baseline,
        statistic=first.statistic,
        limit=first.limit,
        dispersion=round(point.dispersion, 3),
        crossings=[],
        opened_at=care.clock.now(),
    )
    report.opened += 1
    report.crossings += _add(alarm, point)
    session.add(alarm)
    await session.flush()
    await _tell(care, session, alarm, point, f"surge:{alarm.id}")


async def _tell(care: Care, session: AsyncSession, alarm: SurgeAlarm, point: ChartPoint, key: str) -> None:
    """Leads and managers hear of what happens now; what a recomputation finds in the past is no news."""
    first = point.crossings[0]
    if (shanghai_day(care.clock.now()) - point.day).days <= 1:
        await notices.tell(
            session,
            care,
            staff_ids=list(
                await session.scalars(select(Staff.id).where(Staff.active, Staff.role.in_(_TOLD)))
            ),
            kind=NoticeKind.SURGE,
            text=f"{alarm.label}投诉激增：{point.day:%m月%d日} {point.count} 件，平常约 {point.baseline:.1f} 件"
            f"（{first.method.label}）。",
            key=key,
        )


def _add(alarm: SurgeAlarm, point: ChartPoint) -> int:
    """Adds what is not there yet; a running day's crossing takes the later count. How many are new."""
    known = {(one["day"], one["method"]): one for one in alarm.crossings}
    new = 0
    for crossing in point.crossings:
        row = {**asdict(crossing), "day": crossing.day.isoformat(), "method": crossing.method.value}
        row["since"] = (point.rises_since or point.day).isoformat()
        key = (row["day"], row["method"])
        new += key not in known
        known[key] = row
    ordered = sorted(
        known.values(), key=lambda one: (one["day"], list(SurgeMethod).index(SurgeMethod(one["method"])))
    )
    if ordered != alarm.crossings:
        alarm.crossings = ordered
        alarm.last_day = date.fromisoformat(ordered[-1]["day"])
        first = ordered[0]
        alarm.day, alarm.method = date.fromisoformat(first["day"]), SurgeMethod(first["method"])
        alarm.count, alarm.baseline = first["count"], first["baseline"]
        alarm.statistic, alarm.limit = first["statistic"], first["limit"]
    return new


async def alarms_of(session: AsyncSession, series: Series) -> list[SurgeAlarm]:
    """Every alarm that this series ever had, the oldest first."""
    rows = await session.scalars(
        select(SurgeAlarm)
        .where(SurgeAlarm.dimension == series[0], SurgeAlarm.value == series[1])
        .order_by(SurgeAlarm.id)
    )
    return list(rows)


def unusual_days(alarms: Sequence[SurgeAlarm], *, before: date | None = None) -> frozenset[date]:
    """The days over a limit; they are no measure of what is usual."""
    days = {date.fromisoformat(one["day"]) for alarm in alarms for one in alarm.crossings}
    return frozenset(day for day in days if before is None or day < before)


async def label_of(session: AsyncSession, series: Series) -> str:
    """The series in Chinese: ``质量缺陷`` · ``乐厨 1.7升 电热水壶`` · ``网站``."""
    dimension, value = series
    if dimension is SurgeDimension.CATEGORY:
        return ComplaintCategory(value).label
    if dimension is SurgeDimension.CHANNEL:
        return Channel(value).label
    category, _, product = value.rpartition(":")
    name: Any = await session.scalar(select(Product.name).where(Product.id == int(product)))
    told = name or f"商品 {product}"
    return f"{told}·{ComplaintCategory(category).label}" if category else str(told)
