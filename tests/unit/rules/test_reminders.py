"""When a customer is reminded: three times in seven days, at hours when one may write to people."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from care.adapters.clock import ChinaCalendar
from care.rules.complaint import ComplaintState, was_reminded_enough
from care.rules.reminders import TALK_HOURS, first_look, next_reminder, waits_for_customer
from care.rules.times import SHANGHAI, format_moment, shanghai_day, to_shanghai

S = ComplaintState
is_workday = ChinaCalendar().is_workday


def local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=SHANGHAI)  # type: ignore[arg-type,misc]


def run(since: datetime, quiet: str | None = None, late: timedelta = timedelta()) -> list[datetime]:
    """Every reminder until there is none left, each sent `late` after it was due."""
    sent: list[datetime] = []
    while (due := next_reminder(since, sent, is_workday=is_workday, quiet=quiet)) is not None:
        assert len(sent) < 10, "it never ends"
        sent.append(due + late)
    return sent


def told(since: datetime, quiet: str | None = None) -> list[str]:
    return [format_moment(at) for at in run(since, quiet)]


def test_on_the_first_third_and_sixth_day() -> None:
    assert told(local(2026, 11, 23, 10, 30)) == [
        "11月24日(周二)10:30",
        "11月26日(周四)10:30",
        "11月27日(周五)10:30",  # the sixth day is a Sunday: the work day before, for the window's sake
    ]
    assert told(local(2026, 11, 24, 10, 30)) == [
        "11月25日(周三)10:30",
        "11月27日(周五)10:30",
        "11月30日(周一)10:30",
    ]


def test_at_night_nobody_is_written_to() -> None:
    assert told(local(2026, 11, 24, 23, 40))[0] == "11月26日(周四)09:00"
    assert told(local(2026, 11, 24, 6, 0))[0] == "11月25日(周三)09:00"


def test_the_customers_own_quiet_hours_are_kept() -> None:
    assert told(local(2026, 11, 24, 12, 30), "12:00-14:00")[0] == "11月25日(周三)14:00"


def test_hours_that_leave_only_the_evening_are_kept_too() -> None:
    assert told(local(2026, 11, 24, 12, 30), "08:00-19:30")[0] == "11月25日(周三)19:30"


def test_hours_that_leave_nothing_count_as_none() -> None:
    assert told(local(2026, 11, 24, 12, 30), "08:00-21:00")[0] == "11月25日(周三)12:30"


def test_over_the_national_day_the_count_begins_anew_after_it() -> None:
    # 1–7 October 2026 are off, Saturday 10 October is worked.
    assert told(local(2026, 9, 29, 11, 0)) == [
        "9月30日(周三)11:00",
        "10月8日(周四)09:00",
        "10月10日(周六)09:00",
        "10月13日(周二)09:00",
    ]


def test_over_the_spring_festival_too() -> None:
    # 15–23 February 2026 are off; Saturdays 14 and 28 February are worked.
    assert told(local(2026, 2, 13, 11, 0)) == [
        "2月14日(周六)11:00",
        "2月24日(周二)09:00",
        "2月26日(周四)09:00",
        "2月28日(周六)09:00",
    ]


def test_what_was_answered_does_not_count() -> None:
    since = local(2026, 11, 25, 10, 0)
    before = [local(2026, 11, 24, 10, 0), local(2026, 11, 25, 9, 59)]
    due = next_reminder(since, before, is_workday=is_workday)
    assert due == local(2026, 11, 26, 10, 0)


@pytest.mark.parametrize(
    ("state", "is_done", "waits"),
    [
        (S.WAITING_CUSTOMER, False, True),
        (S.PROPOSED, False, True),
        (S.EXECUTING, True, True),
        (S.EXECUTING, False, False),
        (S.INVESTIGATING, False, False),
        (S.CLOSED, True, False),
    ],
)
def test_only_a_case_that_waits_for_the_customer_is_looked_at(state: S, is_done: bool, waits: bool) -> None:
    now = local(2026, 11, 24, 10, 0)
    assert waits_for_customer(state, is_remedy_done=is_done) is waits
    assert (first_look(state, now, is_remedy_done=is_done) is not None) is waits


QUIET = st.sampled_from((None, "22:00-08:00", "12:00-14:00", "08:00-17:30", "10:00-21:00", "kein Wort"))
SINCE = st.datetimes(datetime(2025, 1, 2), datetime(2026, 11, 30), timezones=st.just(timezone.utc))  # noqa: DTZ001


@given(SINCE, QUIET, st.integers(0, 50))
def test_it_always_ends_and_then_the_case_may_be_closed(
    since: datetime, quiet: str | None, late_min: int
) -> None:
    sent = run(since, quiet, timedelta(minutes=late_min))
    last = sent[-3:]
    assert last[2] - last[0] <= timedelta(days=7)
    end = last[0] + timedelta(days=7)
    assert was_reminded_enough(sent, now=end, silent_since=since)
    assert not was_reminded_enough(sent, now=end - timedelta(seconds=1), silent_since=since)


@given(SINCE, QUIET)
def test_each_is_on_a_work_day_at_a_fit_hour_and_a_day_after_the_last(
    since: datetime, quiet: str | None
) -> None:
    sent = run(since, quiet)
    assert sent[0] - since >= timedelta(days=1)
    for at in sent:
        assert is_workday(shanghai_day(at))
        assert TALK_HOURS[0] <= to_shanghai(at).time()
        if quiet != "08:00-17:30" and quiet != "10:00-21:00":
            assert to_shanghai(at).time() < TALK_HOURS[1]
    assert all(shanghai_day(later) > shanghai_day(sooner) for sooner, later in pairwise(sent))
    for first, fourth in zip(sent, sent[3:], strict=False):
        assert fourth - first > timedelta(days=6)  # never more than three in a week
