"""Times and amounts as people read them. Storage is UTC; people see Asia/Shanghai."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal

#: A fixed offset: no daylight saving since 1991, and no time zone database is needed on the machine.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")

_WEEKDAYS = "一二三四五六日"
_CENT = Decimal("0.01")


def to_shanghai(at: datetime) -> datetime:
    """The same moment on Shanghai's clock.

    Raises:
        ValueError: `at` has no time zone; guessing one would move deadlines by eight hours.
    """
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone")
    return at.astimezone(SHANGHAI)


def shanghai_day(at: datetime) -> date:
    """The calendar day in Asia/Shanghai at the aware moment `at`."""
    return to_shanghai(at).date()


def format_day(day: date, *, today: date | None = None) -> str:
    """``11月25日(周三)``; with the year in front when it is not that of `today`."""
    text = f"{day.month}月{day.day}日(周{_WEEKDAYS[day.weekday()]})"
    return text if today is None or today.year == day.year else f"{day.year}年{text}"


def format_moment(at: datetime, *, now: datetime | None = None) -> str:
    """``11月25日(周三)18:00`` in Asia/Shanghai; with the year when it is not that of `now`. Both aware."""
    local = to_shanghai(at)
    return f"{format_day(local.date(), today=shanghai_day(now) if now else None)}{local:%H:%M}"


def format_amount(amount: Decimal) -> str:
    """Yuan with two decimals, half up: ``¥1,299.00``; a negative amount as ``-¥5.00``."""
    rounded = amount.quantize(_CENT, rounding=ROUND_HALF_UP)
    return f"{'-' if rounded < 0 else ''}¥{abs(rounded):,.2f}"


def format_wait(seconds: int) -> str:
    """A waiting time that promises no more than is known: ``不到 1 分钟``, ``约 3 分钟``, ``约 2 小时``."""
    if seconds < 60:
        return "不到 1 分钟"
    if seconds < 3600:
        minutes = math.ceil(seconds / 60)
        return "约 1 小时" if minutes == 60 else f"约 {minutes} 分钟"
    return f"约 {math.ceil(seconds / 3600)} 小时"
