from datetime import date, datetime, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from care.rules.times import (
    SHANGHAI,
    format_amount,
    format_day,
    format_moment,
    format_wait,
    shanghai_day,
    to_shanghai,
)


def test_a_moment_reads_as_people_write_it() -> None:
    assert format_moment(datetime(2026, 11, 25, 10, 0, tzinfo=timezone.utc)) == "11月25日(周三)18:00"


def test_another_year_is_named() -> None:
    now = datetime(2026, 12, 31, 3, 0, tzinfo=timezone.utc)
    assert (
        format_moment(datetime(2027, 1, 1, 1, 5, tzinfo=timezone.utc), now=now) == "2027年1月1日(周五)09:05"
    )


def test_the_day_is_that_of_shanghai() -> None:
    late = datetime(2026, 11, 24, 16, 30, tzinfo=timezone.utc)
    assert shanghai_day(late) == date(2026, 11, 25)
    assert format_day(shanghai_day(late)) == "11月25日(周三)"


def test_a_moment_without_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        to_shanghai(datetime(2026, 11, 24))  # noqa: DTZ001


@given(st.integers(700_000_000, 4_000_000_000).map(lambda s: datetime.fromtimestamp(s, timezone.utc)))
def test_shanghai_is_eight_hours_ahead(at: datetime) -> None:
    assert to_shanghai(at) == at
    assert to_shanghai(at).utcoffset() == SHANGHAI.utcoffset(None)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("1299", "¥1,299.00"),
        ("0.005", "¥0.01"),
        ("-5", "-¥5.00"),
        ("0", "¥0.00"),
        ("1234567.891", "¥1,234,567.89"),
        ("-0.001", "¥0.00"),
    ],
)
def test_an_amount_has_two_decimals_and_thousands(amount: str, text: str) -> None:
    assert format_amount(Decimal(amount)) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "不到 1 分钟"),
        (59, "不到 1 分钟"),
        (60, "约 1 分钟"),
        (121, "约 3 分钟"),
        (3599, "约 1 小时"),
        (3601, "约 2 小时"),
    ],
)
def test_a_wait_is_rounded_up(seconds: int, text: str) -> None:
    assert format_wait(seconds) == text
