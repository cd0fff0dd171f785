"""Nobody is written to at night or in hours of their own, unless it cannot wait."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from care.rules.quiet_hours import send_at
from care.rules.times import SHANGHAI


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("now", "quiet", "when"),
    [
        (at(24, 10), None, at(24, 10)),
        (at(24, 20, 59), None, at(24, 20, 59)),
        (at(24, 21), None, at(25, 8)),
        (at(25, 0, 30), None, at(25, 8)),
        (at(25, 7, 59), None, at(25, 8)),
        (at(25, 8), None, at(25, 8)),
        (at(24, 12, 30), "12:00-14:00", at(24, 14)),
        (at(24, 14), "12:00-14:00", at(24, 14)),
        (at(24, 22), "22:00-09:30", at(25, 9, 30)),
        (at(24, 20), "20:00-22:00", at(25, 8)),
        (at(24, 10), "没有", at(24, 10)),
        (at(24, 10), "25:00-26:00", at(24, 10)),
    ],
)
def test_the_first_moment_outside_all_quiet_hours(now: datetime, quiet: str | None, when: datetime) -> None:
    assert send_at(now, quiet) == when


def test_what_cannot_wait_goes_at_once() -> None:
    assert send_at(at(24, 23), "22:00-08:00", is_urgent=True) == at(24, 23)


def test_it_never_goes_back_in_time_and_waits_less_than_a_day() -> None:
    for minutes in range(0, 24 * 60, 7):
        now = at(24, 0) + timedelta(minutes=minutes)
        assert now <= send_at(now, "12:00-14:00") < now + timedelta(days=1)
