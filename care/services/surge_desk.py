"""What leads and managers see of surge alarms, and do about them: chart, cases, acknowledgement, cause, close."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.improvement import SurgeAlarm
from care.records.order import Product
from care.records.staff import Staff
from care.rules.errors import Conflict, InvalidInput, NotFound
from care.rules.surge_charts import ChartPoint, Crossing, SurgeMethod
from care.rules.surge_terms import Exposure, SurgeDimension
from care.rules.times import SHANGHAI, shanghai_day
from care.services.context import Care
from care.services.day_counts import count_days, where_series
from care.services.same_cause import CaseLine, case_line
from care.services.staff import StaffView
from care.services.surges import REACH, alarms_of, chart_of, series_days, unusual_days

#: The chart goes on for so long after the last crossing, to show whether it is over.
_AFTER = timedelta(days=14)
_MOST_CASES = 500


@dataclass(frozen=True)
class AlarmView:
    """An alarm. `is_over`: no crossing on the last seven days, which says nothing about the cause."""

    id: int
    dimension: SurgeDimension
    value: str
    label: str
    method: SurgeMethod
    day: date
    since: date
    last_day: date
    count: int
    baseline: float
    statistic: float
    limit: float
    dispersion: float
    crossings: tuple[Crossing, ...]
    opened_at: datetime
    is_open: bool
    is_over: bool
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    cause: str | None
    corrective_action_id: int | None
    closed_by: str | None
    closed_at: datetime | None
    close_note: str | None


@dataclass(frozen=True)
class AlarmDetail:
    """An alarm with the chart of its series and the cases of its rises, the newest first."""

    alarm: AlarmView
    exposure: Exposure
    points: tuple[ChartPoint, ...]
    cases: tuple[CaseLine, ...]


async def alarms(
    care: Care, *, is_open: bool | None = None, after: int | None = None, limit: int = 50
) -> list[AlarmView]:
    """Alarms, the newest first; `after` is the id of the last one seen."""
    wanted = select(SurgeAlarm).order_by(SurgeAlarm.id.desc()).limit(limit)
    if is_open is not None:
        wanted = wanted.where(
            SurgeAlarm.closed_at.is_(None) if is_open else SurgeAlarm.closed_at.is_not(None)
        )
    if after is not None:
        wanted = wanted.where(SurgeAlarm.id < after)
    async with care.sessions.read() as session:
        rows = (await session.scalars(wanted)).all()
        names = await _names(session, rows)
        return [_view(care, row, names) for row in rows]


async def alarm(care: Care, alarm_id: int) -> AlarmDetail:
    """One alarm with its chart and cases. Raises `NotFound`."""
    today = shanghai_day(care.clock.now())
    async with care.sessions.read() as session:
        row = await _found(session, alarm_id)
        series = (row.dimension, row.value)
        until = min(today, row.last_day + _AFTER)
        counts = await count_days(session, until - REACH, until)
        others = [one for one in await alarms_of(session, series) if one.id != row.id]
        days = series_days(counts, series, until, REACH.days)
        points = chart_of(days, until, left_out=unusual_days([row, *others]))
        view = _view(care, row, await _names(session, [row]))
        return AlarmDetail(view, counts.exposure(series), points, await _cases(session, row))


async def acknowledge(care: Care, by: StaffView, alarm_id: int) -> AlarmView:
    """Somebody has taken notice; a second time changes nothing. Raises `NotFound`."""
    async with care.sessions.write() as session:
        row = await _found(session, alarm_id, lock=True)
        if row.acknowledged_at is None:
            row.acknowledged_by, row.acknowledged_at = by.id, care.clock.now()
        return _view(care, row, await _names(session, [row]))


async def set_cause(care: Care, by: StaffView, alarm_id: int, cause: str) -> AlarmView:
    """What was found to be the cause; it acknowledges the alarm.

    Raises:
        NotFound: no such alarm.
        InvalidInput: the cause is empty.
    """
    if not cause.strip():
        raise InvalidInput(fields={"cause": "请写明原因。"})
    async with care.sessions.write() as session:
        row = await _found(session, alarm_id, lock=True)
        row.cause = cause.strip()
        if row.acknowledged_at is None:
            row.acknowledged_by, row.acknowledged_at = by.id, care.clock.now()
        return _view(care, row, await _names(session, [row]))


async def close(care: Care, by: StaffView, alarm_id: int, note: str = "") -> AlarmView:
    """Closes an alarm: with its cause and a corrective action, or with a note why none is needed.

    The next day's crossing opens a new one.

    Raises:
        NotFound: no such alarm.
        Conflict: it is closed already.
        InvalidInput: no cause is known, or neither an action nor a note is there.
    """
    async with care.sessions.write() as session:
        row = await _found(session, alarm_id, lock=True)
        if row.closed_at is not None:
            raise Conflict("这次激增已经关闭。")
        if not row.cause:
            raise InvalidInput(fields={"cause": "先写明原因，再关闭。"})
        if row.corrective_action_id is None and not note.strip():
            raise InvalidInput(fields={"note": "没有改进措施时，请写明为什么不需要。"})
        row.open_key = None
        row.closed_by, row.closed_at = by.id, care.clock.now()
        row.close_note = note.strip() or None
        return _view(care, row, await _names(session, [row]))


async def _found(session: AsyncSession, alarm_id: int, *, lock: bool = False) -> SurgeAlarm:
    wanted = select(SurgeAlarm).where(SurgeAlarm.id == alarm_id)
    found: SurgeAlarm | None = await session.scalar(wanted.with_for_update() if lock else wanted)
    if found is None:
        raise NotFound("没有找到这次激增。")
    return found


async def _cases(session: AsyncSession, row: SurgeAlarm) -> tuple[CaseLine, ...]:
    """The cases received from the first day of each rise to its crossing."""
    spans = {(one["since"], one["day"]) for one in row.crossings}
    within = [
        (Complaint.received_at >= _start(date.fromisoformat(since)))
        & (Complaint.received_at < _start(date.fromisoformat(day) + timedelta(days=1)))
        for since, day in sorted(spans)
    ]
    rows = await session.execute(
        select(Complaint, Product.name)
        .outerjoin(Product, Product.id == Complaint.product_id)
        .where(*where_series((row.dimension, row.value)), or_(*within))
        .order_by(Complaint.received_at.desc(), Complaint.id.desc())
        .limit(_MOST_CASES)
    )
    return tuple(case_line(complaint, product) for complaint, product in rows)


async def _names(session: AsyncSession, rows: Sequence[SurgeAlarm]) -> dict[int, str]:
    ids = {one for row in rows for one in (row.acknowledged_by, row.closed_by) if one is not None}
    found = await session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(ids)))
    return {row.id: row.name for row in found}


def _view(care: Care, row: SurgeAlarm, names: Mapping[int, str]) -> AlarmView:
    today = shanghai_day(care.clock.now())
    return AlarmView(
        id=row.id,
        dimension=row.dimension,
        value=row.value,
        label=row.label,
        method=row.method,
        day=row.day,
        since=row.since,
        last_day=row.last_day,
        count=row.count,
        baseline=row.baseline,
        statistic=row.statistic,
        limit=row.limit,
        dispersion=row.dispersion,
        crossings=tuple(
            Crossing(
                date.fromisoformat(one["day"]),
                SurgeMethod(one["method"]),
                one["count"],
                one["baseline"],
                one["statistic"],
                one["limit"],
            )
            for one in row.crossings
        ),
        opened_at=row.opened_at,
        is_open=row.closed_at is None,
        is_over=(today - row.last_day).days > 7,
        acknowledged_by=None if row.acknowledged_by is None else names[row.acknowledged_by],
        acknowledged_at=row.acknowledged_at,
        cause=row.cause,
        corrective_action_id=row.corrective_action_id,
        closed_by=None if row.closed_by is None else names[row.closed_by],
        closed_at=row.closed_at,
        close_note=row.close_note,
    )


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI).astimezone(timezone.utc)
