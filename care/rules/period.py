"""The span of days that a figure is computed over, in Asia/Shanghai."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

from care.rules.errors import InvalidInput
from care.rules.times import SHANGHAI

LONGEST_DAYS = 400
USUAL_DAYS = 28


@dataclass(frozen=True)
class Period:
    """Days from `since` to `until`, both included."""

    since: date
    until: date

    @property
    def start(self) -> datetime:
        return start_of(self.since)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return start_of(self.until + timedelta(days=1))

    @property
    def days(self) -> list[date]:
        return [self.since + timedelta(days=n) for n in range((self.until - self.since).days + 1)]


def period_of(since: date | None, until: date | None, *, today: date) -> Period:
    """The period that is asked for; without an end yesterday, without a start 28 days.

    Raises:
        InvalidInput: it ends before it begins, lies in the future, or is longer than 400 days.
    """
    last = until if until is not None else max(today - timedelta(days=1), since or date.min)
    if last > today:
        raise InvalidInput(fields={"to": "结束日不能晚于今天。"})
    if since is not None and since > last:
        raise InvalidInput(fields={"to": "结束日不能早于开始日。"})
    if last < date.min + timedelta(days=LONGEST_DAYS):
        raise InvalidInput(fields={"to": "没有这么早的数据。"})
    first = since if since is not None else last - timedelta(days=USUAL_DAYS - 1)
    if (last - first).days >= LONGEST_DAYS:
        raise InvalidInput(fields={"from": f"一次最多看 {LONGEST_DAYS} 天。"})
    return Period(first, last)


def start_of(day: date) -> datetime:
    """Midnight in Shanghai, as an aware moment in UTC."""
    return datetime.combine(day, time(), SHANGHAI).astimezone(timezone.utc)
