"""The service day by day: counts of each day of Asia/Shanghai, for the console's charts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.interaction import Promise
from care.rules.figures import quantile_of
from care.rules.period import Period
from care.rules.times import shanghai_day
from care.rules.vocabulary import HandledBy
from care.services.day_counts import as_date, day_of
from care.services.satisfaction_rows import within
from care.services.service_rows import Contact, Wish
from care.services.today_figures import NOT_COUNTED


@dataclass(frozen=True)
class Day:
    day: date
    contacts: int
    complaints: int
    offered: int
    in_time: int
    judged: int
    abandoned: int
    frt_median_s: float | None
    contained: int
    bot_sessions: int
    kept: int
    due: int


async def due(session: AsyncSession, period: Period, now: datetime) -> dict[date, tuple[int, int]]:
    """Day → (kept, decided) of the promises that fell due on it."""
    rows = await session.execute(
        select(Promise.due_at, Promise.kept_at, Promise.broken_at).where(*within(period, Promise.due_at))
    )
    found: dict[date, tuple[int, int]] = {}
    for due, kept, broken in rows:
        if kept is None and broken is None and due >= now:
            continue
        x, n = found.get(shanghai_day(due), (0, 0))
        found[shanghai_day(due)] = (x + (kept is not None), n + 1)
    return found


async def complaints(session: AsyncSession, period: Period) -> dict[date, int]:
    """Day → complaints received on it."""
    rows = await session.execute(
        select(day_of(session, Complaint.received_at).label("day"), func.count())
        .where(*within(period, Complaint.received_at), Complaint.state.not_in(NOT_COUNTED))
        .group_by("day")
    )
    return {as_date(day): int(number) for day, number in rows}


def days(
    period: Period,
    wishes: Sequence[Wish],
    contacts: Sequence[Contact],
    promises: Mapping[date, tuple[int, int]],
    received: Mapping[date, int],
    now: datetime,
) -> tuple[Day, ...]:
    """Every day of the period, also those on which nothing was."""
    of_wishes: dict[date, list[Wish]] = defaultdict(list)
    for wish in wishes:
        of_wishes[shanghai_day(wish.requested_at)].append(wish)
    came = Counter(shanghai_day(one.started_at) for one in contacts)
    bot = Counter(shanghai_day(one.started_at) for one in contacts if one.handled_by is not HandledBy.AGENT)
    contained = Counter(shanghai_day(one.started_at) for one in contacts if one.is_contained)
    found = []
    for day in period.days:
        of = of_wishes[day]
        judged = [one for one in of if one.is_judged(now)]
        frt = [
            (one.first_reply_at - one.requested_at).total_seconds()
            for one in of
            if one.first_reply_at is not None
        ]
        kept, n = promises.get(day, (0, 0))
        found.append(
            Day(
                day=day,
                contacts=came[day],
                complaints=received.get(day, 0),
                offered=len(of),
                in_time=sum(one.is_in_time for one in judged),
                judged=len(judged),
                abandoned=sum(one.is_abandoned for one in of),
                frt_median_s=quantile_of(frt, 0.5).value,
                contained=contained[day],
                bot_sessions=bot[day],
                kept=kept,
                due=n,
            )
        )
    return tuple(found)
