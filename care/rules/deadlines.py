"""The clocks of a complaint (care.md §3): our own promises, their escalation, and their pauses.

Every moment is aware and in UTC; work days are those of Asia/Shanghai. The day of receipt never
counts; the last work day ends at 18:00 local time, and hours of work are otherwise ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

from care.rules.complaint_terms import Level
from care.rules.severity import Grade
from care.rules.times import SHANGHAI, shanghai_day

IsWorkday = Callable[[date], bool]

WORKDAY_END = time(18, 0)
_LONGEST_HOLIDAY = 60  # days without a work day: a broken calendar, not a holiday


@dataclass(frozen=True)
class Deadlines:
    """By when, in UTC. `person` is promised for P1 only."""

    acknowledge: datetime
    person: datetime | None
    first_result: datetime
    solve: datetime


@dataclass(frozen=True)
class Escalation:
    """At `at` (UTC) `percent` of the time is used up and `level` hears of it."""

    percent: int
    level: Level
    at: datetime


_ESCALATE_AT: tuple[tuple[int, Level], ...] = (
    (50, Level.L1),
    (80, Level.L2),
    (100, Level.L3),
    (150, Level.L4),
)


def promised(grade: Grade, received_at: datetime, *, is_workday: IsWorkday) -> Deadlines:
    """What a complaint of this grade is promised when it is received at `received_at` (aware).

    P1: acknowledged in 15 minutes, a person in 30, solved in 24 hours. P2: 2 hours, a first
    result in 2 work days, done in 5. P3: 24 hours, 3 work days. P4: 24 hours, 5 work days.
    Where no first result is promised apart, it is the solution.

    Raises:
        ValueError: `received_at` has no time zone, or the calendar has no work days.
    """
    start = _utc(received_at)
    if grade is Grade.P1:
        solve = start + timedelta(hours=24)
        return Deadlines(start + timedelta(minutes=15), start + timedelta(minutes=30), solve, solve)
    if grade is Grade.P2:
        return Deadlines(
            start + timedelta(hours=2),
            None,
            end_of_workday(start, 2, is_workday=is_workday),
            end_of_workday(start, 5, is_workday=is_workday),
        )
    solve = end_of_workday(start, 3 if grade is Grade.P3 else 5, is_workday=is_workday)
    return Deadlines(start + timedelta(hours=24), None, solve, solve)


def end_of_workday(start: datetime, days: int, *, is_workday: IsWorkday) -> datetime:
    """18:00 Shanghai time, given in UTC, of the `days`-th work day after the day of `start`.

    Raises:
        ValueError: `start` is naive, `days` < 1, or the calendar shows no work day for 60 days.
    """
    if days < 1:
        raise ValueError(f"{days} work days is not a term")
    day = shanghai_day(start)
    left, idle = days, 0
    while left:
        day += timedelta(days=1)
        if is_workday(day):
            left, idle = left - 1, 0
        else:
            idle += 1
            if idle > _LONGEST_HOLIDAY:
                raise ValueError(f"no work day within {_LONGEST_HOLIDAY} days before {day}")
    return datetime.combine(day, WORKDAY_END, SHANGHAI).astimezone(timezone.utc)


def authority_answer_by(received_at: datetime, *, is_workday: IsWorkday) -> datetime:
    """When a consumer authority must have answered: 7 work days (消费者权益保护法 §46), in UTC."""
    return end_of_workday(received_at, 7, is_workday=is_workday)


def escalations(received: datetime, due: datetime) -> tuple[Escalation, ...]:
    """At 50, 80, 100 and 150 % of the time to the owner (L1), L2, L3 and L4, on the wall clock, in UTC.

    Raises:
        ValueError: a naive moment, or `due` not after `received`.
    """
    start, end = _utc(received), _utc(due)
    if end <= start:
        raise ValueError(f"due {end.isoformat()} is not after receipt {start.isoformat()}")
    return tuple(
        Escalation(percent, level, start + (end - start) * percent / 100) for percent, level in _ESCALATE_AT
    )


def paused_for(
    pauses: Iterable[tuple[datetime, datetime | None]], *, since: datetime, now: datetime
) -> timedelta:
    """How long 待补充 has stopped the internal clock between `since` and `now`; an open pause counts to `now`.

    Overlapping pauses count once. Add the result to an internal deadline; a legal one is never moved.
    """
    spans = sorted((max(_utc(start), _utc(since)), min(_utc(end or now), _utc(now))) for start, end in pauses)
    total, covered_to = timedelta(), _utc(since)
    for start, end in spans:
        if end > max(start, covered_to):
            total += end - max(start, covered_to)
            covered_to = end
    return total


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone")
    return at.astimezone(timezone.utc)
