"""When people of the shop are there. Times of day are minutes from midnight in Shanghai; moments are aware.

An exception of a day goes before a public holiday, and that before the weekday's hours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from itertools import pairwise

from care.rules.times import SHANGHAI, format_day, shanghai_day, to_shanghai

DAY = 24 * 60
Span = tuple[int, int]
#: Nine to nine, every day, until the shop says otherwise.
DEFAULT_WEEK: Mapping[int, tuple[Span, ...]] = dict.fromkeys(range(7), ((9 * 60, 21 * 60),))
#: A shop that does not open within this many days has no next opening.
_LOOK_AHEAD = 60


@dataclass(frozen=True)
class Hours:
    """
    Attributes:
        week: weekday (Monday is 0) → spans; a weekday without one is closed.
        exceptions: day → spans of that day; none: closed.
        is_holiday: whether a day is a public holiday on which the shop keeps its doors shut.
    """

    week: Mapping[int, Sequence[Span]] = field(default_factory=lambda: DEFAULT_WEEK)
    exceptions: Mapping[date, Sequence[Span]] = field(default_factory=dict)
    is_holiday: Callable[[date], bool] = lambda _: False

    def spans(self, day: date) -> tuple[Span, ...]:
        if day in self.exceptions:
            return tuple(sorted(self.exceptions[day]))
        if self.is_holiday(day):
            return ()
        return tuple(sorted(self.week.get(day.weekday(), ())))


def is_open(hours: Hours, at: datetime) -> bool:
    """Whether somebody is there at `at`; the closing minute itself is closed."""
    local = to_shanghai(at)
    minute = local.hour * 60 + local.minute
    return any(opens <= minute < closes for opens, closes in hours.spans(local.date()))


def next_opening(hours: Hours, at: datetime) -> datetime | None:
    """The first moment after `at` at which somebody comes, in UTC; `at` itself when it is open now."""
    if is_open(hours, at):
        return at
    today = shanghai_day(at)
    for ahead in range(_LOOK_AHEAD + 1):
        day = today + timedelta(days=ahead)
        for opens, _ in hours.spans(day):
            moment = _moment(day, opens)
            if moment > at:
                return moment
    return None


def closing(hours: Hours, at: datetime) -> datetime | None:
    """When those who are there at `at` go, in UTC; None when nobody is."""
    day = shanghai_day(at)
    minute = (to_shanghai(at) - _moment(day, 0)) // timedelta(minutes=1)
    return next(
        (_moment(day, closes) for opens, closes in hours.spans(day) if opens <= minute < closes), None
    )


def promised_by(
    hours: Hours, at: datetime, *, within: timedelta, not_before: datetime | None = None
) -> datetime | None:
    """Until when a call can be promised: `within` of open time after the next opening, in UTC.

    Args:
        not_before: the customer wishes no call before that.
    """
    moment = next_opening(hours, max(at, not_before) if not_before else at)
    left = within
    while moment is not None:
        end = closing(hours, moment)
        if end is None:
            return None
        if end - moment >= left:
            return moment + left
        left -= end - moment
        moment = next_opening(hours, end)
    return None


def words_of_day(hours: Hours, day: date) -> str:
    """``9:00–21:00``, or 休息."""
    return "、".join(f"{clock(opens)}–{clock(closes)}" for opens, closes in hours.spans(day)) or "休息"


def words_of_week(hours: Hours) -> str:
    """The weekdays' hours in one line, alike days together: ``周一至周五 9:00–18:00，周六、周日 休息``."""
    spans = [tuple(sorted(hours.week.get(weekday, ()))) for weekday in range(7)]
    if len(set(spans)) == 1:
        return f"每天 {_spans(spans[0])}"
    parts: list[str] = []
    first = 0
    for weekday in range(1, 8):
        if weekday < 7 and spans[weekday] == spans[first]:
            continue
        names = "一二三四五六日"
        days = f"周{names[first]}" if weekday - first == 1 else f"周{names[first]}至周{names[weekday - 1]}"
        parts.append(f"{days} {_spans(spans[first])}")
        first = weekday
    return "，".join(parts)


def in_words(at: datetime, now: datetime) -> str:
    """A moment as it is promised: ``今天 9:30``, ``明天 9:30``, ``11月27日(周五)9:30``."""
    local, today = to_shanghai(at), shanghai_day(now)
    days = (local.date() - today).days
    day = {0: "今天", 1: "明天"}.get(days) or format_day(local.date(), today=today)
    return f"{day} {local.hour}:{local:%M}"


def clock(minutes: int) -> str:
    """540 → ``9:00``; the end of the day is ``24:00``."""
    return f"{minutes // 60}:{minutes % 60:02d}"


def minutes_of(text: str) -> int:
    """``9:00`` → 540.

    Raises:
        ValueError: no time of day; ``24:00`` is the end of the day.
    """
    hour, colon, minute = text.strip().replace("：", ":").partition(":")
    if not (colon and hour.isdecimal() and minute.isdecimal() and len(minute) == 2 and len(hour) <= 2):
        raise ValueError(text)
    value = int(hour) * 60 + int(minute)
    if int(minute) > 59 or value > DAY:
        raise ValueError(text)
    return value


def problem_of_spans(spans: Sequence[Span]) -> str | None:
    """What is wrong with the spans of one day, in Chinese."""
    ordered = sorted(spans)
    if any(not 0 <= opens < closes <= DAY for opens, closes in ordered):
        return "开始时间要早于结束时间，都在 0:00 到 24:00 之间。"
    if any(before[1] > after[0] for before, after in pairwise(ordered)):
        return "同一天的时段不能重叠。"
    return None


def _spans(spans: Sequence[Span]) -> str:
    return "、".join(f"{clock(opens)}–{clock(closes)}" for opens, closes in spans) or "休息"


def _moment(day: date, minutes: int) -> datetime:
    start = datetime.combine(day, time(), SHANGHAI) + timedelta(minutes=minutes)
    return start.astimezone(timezone.utc)
