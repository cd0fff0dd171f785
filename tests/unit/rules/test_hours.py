"""Hours: open or not, the next opening, and until when a call may be promised. Shanghai's clock."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from care.rules.hours import (
    Hours,
    closing,
    in_words,
    is_open,
    minutes_of,
    next_opening,
    problem_of_spans,
    promised_by,
    words_of_day,
    words_of_week,
)
from care.rules.times import SHANGHAI

HOUR = timedelta(hours=1)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """In November 2026; the 23rd is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


OFFICE = Hours(week=dict.fromkeys(range(5), ((9 * 60, 12 * 60), (13 * 60 + 30, 18 * 60))))


def test_by_default_somebody_is_there_from_nine_to_nine() -> None:
    assert [is_open(Hours(), at(24, *when)) for when in ((8, 59), (9, 0), (20, 59), (21, 0))] == [
        False, True, True, False,
    ]  # fmt: skip


def test_the_next_opening_skips_lunch_nights_and_weekends() -> None:
    assert next_opening(OFFICE, at(24, 10)) == at(24, 10)
    assert next_opening(OFFICE, at(24, 12)) == at(24, 13, 30)
    assert next_opening(OFFICE, at(24, 18)) == at(25, 9)
    assert next_opening(OFFICE, at(27, 18, 1)) == at(30, 9)
    assert next_opening(Hours(week={}), at(24, 10)) is None


def test_an_exception_goes_before_a_holiday_and_a_holiday_before_the_weekday() -> None:
    day = date(2026, 11, 25)
    closed = Hours(exceptions={day: ()})
    assert not is_open(closed, at(25, 10))
    assert next_opening(closed, at(25, 10)) == at(26, 9)
    holiday = Hours(is_holiday=lambda one: one == day)
    assert not is_open(holiday, at(25, 10))
    assert is_open(Hours(is_holiday=lambda one: one == day, exceptions={day: ((600, 720),)}), at(25, 10))


def test_a_call_is_promised_for_an_hour_of_open_time() -> None:
    assert promised_by(Hours(), at(24, 23), within=HOUR) == at(25, 10)
    assert promised_by(OFFICE, at(24, 11, 30), within=HOUR) == at(24, 14)
    assert promised_by(OFFICE, at(27, 17, 30), within=HOUR) == at(30, 9, 30)
    assert promised_by(Hours(), at(24, 23), within=HOUR, not_before=at(25, 15)) == at(25, 16)
    assert promised_by(Hours(week={}), at(24, 23), within=HOUR) is None


def test_round_the_clock_never_closes() -> None:
    always = Hours(week=dict.fromkeys(range(7), ((0, 1440),)))
    assert is_open(always, at(24, 0))
    assert is_open(always, at(24, 23, 59))
    assert closing(always, at(24, 5)) == at(25, 0)
    assert promised_by(always, at(24, 23, 30), within=HOUR) == at(25, 0, 30)


def test_hours_and_moments_are_read_out() -> None:
    assert words_of_week(Hours()) == "每天 9:00–21:00"
    assert words_of_week(OFFICE) == "周一至周五 9:00–12:00、13:30–18:00，周六至周日 休息"
    assert words_of_day(Hours(exceptions={date(2026, 11, 25): ()}), date(2026, 11, 25)) == "休息"
    assert in_words(at(24, 9, 5), at(24, 1)) == "今天 9:05"
    assert in_words(at(25, 10), at(24, 23)) == "明天 10:00"
    assert in_words(at(27, 10), at(24, 23)) == "11月27日(周五) 10:00"


@pytest.mark.parametrize(("text", "minutes"), [("9:00", 540), ("0:00", 0), ("24:00", 1440), ("13：30", 810)])
def test_times_of_day_are_read(text: str, minutes: int) -> None:
    assert minutes_of(text) == minutes


@pytest.mark.parametrize("text", ["", "9", "9:5", "24:01", "9:60", "-1:00", "一:00"])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{text}$"):
        minutes_of(text)


def test_spans_must_run_forward_and_not_overlap() -> None:
    assert problem_of_spans([(540, 720), (780, 1080)]) is None
    assert problem_of_spans([(720, 540)])
    assert problem_of_spans([(540, 720), (700, 800)])
    assert problem_of_spans([(540, 1441)])
