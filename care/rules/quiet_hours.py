"""When a customer may be written to: not at night, and not in the hours that they keep for themselves."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

from care.rules.times import to_shanghai

#: Nobody is woken by a message that can wait, whatever their record says. Our own choice.
NIGHT = "21:00-08:00"
_SPAN = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")


def send_at(now: datetime, quiet: str | None, *, is_urgent: bool = False) -> datetime:
    """The first moment from `now` on that lies in no quiet hours; `now` itself when it cannot wait.

    Args:
        now: aware.
        quiet: the customer's own hours in Asia/Shanghai, ``12:00-14:00``; what cannot be read counts as none.
    """
    if is_urgent:
        return now
    spans = [span for span in (_span(NIGHT), _span(quiet)) if span is not None]
    at = now
    for _ in range(len(spans) * 2):  # the end of one may lie in the other
        ends = [end for span in spans if (end := _end_of(at, *span)) is not None]
        if not ends:
            return at
        at = max(ends)
    return at


def _span(text: str | None) -> tuple[time, time] | None:
    found = _SPAN.fullmatch((text or "").strip())
    if found is None:
        return None
    hours = [int(part) for part in found.groups()]
    if hours[0] > 23 or hours[2] > 23 or hours[1] > 59 or hours[3] > 59:
        return None
    start, end = time(hours[0], hours[1]), time(hours[2], hours[3])
    return None if start == end else (start, end)


def _end_of(at: datetime, start: time, end: time) -> datetime | None:
    """The end of the span that `at` lies in; None when it lies outside."""
    local = to_shanghai(at)
    clock = local.time()
    is_over_midnight = start > end
    inside = clock >= start or clock < end if is_over_midnight else start <= clock < end
    if not inside:
        return None
    day = local.date() + timedelta(days=int(is_over_midnight and clock >= start))
    return datetime.combine(day, end, local.tzinfo).astimezone(at.tzinfo)
