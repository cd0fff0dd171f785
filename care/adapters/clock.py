"""The machine's clock and China's work calendar."""

from __future__ import annotations

from datetime import date, datetime, timezone

import chinese_calendar


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(timezone.utc)


class ChinaCalendar:
    """Work days with public holidays and the adjusted work days that the State Council announces.

    The announcement for a year comes in the November before; until the library knows a year,
    its days are judged by the weekday alone.
    """

    def is_workday(self, day: date) -> bool:
        try:
            return bool(chinese_calendar.is_workday(day))
        except NotImplementedError:
            return day.weekday() < 5
