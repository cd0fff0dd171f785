"""The shop's hours as they stand in the records, and changing them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import chinese_calendar
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.hours import BusinessHours, HoursException
from care.rules.errors import InvalidInput
from care.rules.hours import DEFAULT_WEEK, Hours, Span, is_open, problem_of_spans
from care.rules.times import shanghai_day
from care.services.context import Care

_PAST_KEPT = timedelta(days=30)


@dataclass(frozen=True)
class OtherDay:
    """One day that differs; no spans: closed."""

    day: date
    name: str
    spans: tuple[Span, ...]
    set_by: str


async def present(care: Care) -> Hours:
    """The hours that hold now."""
    async with care.sessions.read() as session:
        return await read(session, care)


async def is_open_now(care: Care) -> bool:
    return is_open(await present(care), care.clock.now())


async def read(session: AsyncSession, care: Care) -> Hours:
    """`present` within the caller's transaction."""
    week: dict[int, list[Span]] = {}
    for row in await session.scalars(select(BusinessHours)):
        if row.opens < row.closes:
            week.setdefault(row.weekday, []).append((row.opens, row.closes))
        else:
            week.setdefault(row.weekday, [])  # a row that only says: the week was set
    exceptions: dict[date, list[Span]] = {}
    for one in await session.scalars(select(HoursException)):
        spans = [] if one.opens is None or one.closes is None else [(one.opens, one.closes)]
        exceptions[one.day] = spans
    return Hours(
        week=week or DEFAULT_WEEK,
        exceptions=exceptions,
        is_holiday=_is_public_holiday if care.settings.closed_on_holidays else lambda _: False,
    )


async def exceptions(care: Care) -> list[OtherDay]:
    """Those to come and of the last 30 days, in order."""
    since = shanghai_day(care.clock.now()) - _PAST_KEPT
    async with care.sessions.read() as session:
        rows = await session.scalars(
            select(HoursException).where(HoursException.day >= since).order_by(HoursException.day)
        )
        return [
            OtherDay(
                row.day,
                row.name,
                () if row.opens is None or row.closes is None else ((row.opens, row.closes),),
                row.set_by,
            )
            for row in rows
        ]


async def set_week(care: Care, week: Mapping[int, Sequence[Span]], *, who: str) -> None:
    """Sets the hours of all weekdays at once; one that is not named is closed.

    Raises:
        InvalidInput: a time that cannot be; `fields` names the weekday.
    """
    problems = {
        str(weekday): problem for weekday, spans in week.items() if (problem := problem_of_spans(spans))
    }
    if problems:
        raise InvalidInput(fields=problems)
    if any(not 0 <= weekday <= 6 for weekday in week):
        raise InvalidInput("星期为 0(周一)到 6(周日)。")
    now = care.clock.now()
    async with care.sessions.write() as session:
        await session.execute(delete(BusinessHours))
        for weekday in range(7):
            # A closed weekday has an empty span, so that a week of closed days is not taken for no week at all.
            for opens, closes in week.get(weekday) or ((0, 0),):
                session.add(
                    BusinessHours(weekday=weekday, opens=opens, closes=closes, set_by=who[:40], set_at=now)
                )


async def set_day(care: Care, day: date, name: str, span: Span | None, *, who: str) -> None:
    """One day is different; the same day again is set anew. `span` None: closed.

    Raises:
        InvalidInput: no name, or times that cannot be.
    """
    if not name.strip():
        raise InvalidInput(fields={"name": "请写明是什么日子。"})
    if span is not None and (problem := problem_of_spans([span])):
        raise InvalidInput(fields={"opens": problem})
    now = care.clock.now()
    async with care.sessions.write() as session:
        await session.execute(delete(HoursException).where(HoursException.day == day))
        session.add(
            HoursException(
                day=day,
                name=name.strip()[:40],
                opens=None if span is None else span[0],
                closes=None if span is None else span[1],
                set_by=who[:40],
                set_at=now,
            )
        )


async def unset_day(care: Care, day: date) -> None:
    """The day is as its weekday again; nothing happens when it is."""
    async with care.sessions.write() as session:
        await session.execute(delete(HoursException).where(HoursException.day == day))


def _is_public_holiday(day: date) -> bool:
    """A day off that the State Council announced, weekends by themselves not; unknown years have none."""
    try:
        is_off, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return False
    return bool(is_off and name is not None)
