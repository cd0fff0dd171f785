from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from care.rules.complaint import Level
from care.rules.deadlines import authority_answer_by, end_of_workday, escalations, paused_for, promised
from care.rules.severity import Grade
from care.rules.times import SHANGHAI, format_moment

MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 1), timezones=st.just(timezone.utc))  # noqa: DTZ001
#: National day 2026: 1–7 October off, Saturday 10 October worked.
HOLIDAYS = {date(2026, 10, d) for d in range(1, 8)}


def is_workday(day: date) -> bool:
    return day == date(2026, 10, 10) or (day.weekday() < 5 and day not in HOLIDAYS)


def local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=SHANGHAI)  # type: ignore[arg-type,misc]


MONDAY = local(2026, 11, 23, 10, 0)


def test_an_urgent_case_runs_on_the_wall_clock() -> None:
    due = promised(Grade.P1, MONDAY, is_workday=lambda _: False)
    assert due.acknowledge - MONDAY == timedelta(minutes=15)
    assert due.person is not None
    assert due.person - MONDAY == timedelta(minutes=30)
    assert due.solve - MONDAY == due.first_result - MONDAY == timedelta(hours=24)


def test_a_major_case_has_two_hours_two_and_five_work_days() -> None:
    due = promised(Grade.P2, MONDAY, is_workday=is_workday)
    assert due.acknowledge - MONDAY == timedelta(hours=2)
    assert format_moment(due.first_result) == "11月25日(周三)18:00"
    assert format_moment(due.solve) == "11月30日(周一)18:00"
    assert due.person is None


@pytest.mark.parametrize(
    ("grade", "until"), [(Grade.P3, "11月26日(周四)18:00"), (Grade.P4, "11月30日(周一)18:00")]
)
def test_ordinary_and_slight_cases_have_a_day_and_three_or_five_work_days(grade: Grade, until: str) -> None:
    due = promised(grade, MONDAY, is_workday=is_workday)
    assert due.acknowledge - MONDAY == timedelta(hours=24)
    assert format_moment(due.solve) == until
    assert due.first_result == due.solve


def test_holidays_do_not_count_and_adjusted_work_days_do() -> None:
    # Received on Wednesday 30 September: Thursday 8, Friday 9 and the worked Saturday 10 October.
    assert end_of_workday(local(2026, 9, 30, 9, 0), 3, is_workday=is_workday) == local(2026, 10, 10, 18, 0)


def test_the_day_of_receipt_is_that_of_shanghai() -> None:
    # 16:30 UTC on Monday is Tuesday in Shanghai, so the first work day is Wednesday.
    received = datetime(2026, 11, 23, 16, 30, tzinfo=timezone.utc)
    assert end_of_workday(received, 1, is_workday=is_workday) == local(2026, 11, 25, 18, 0)


def test_the_consumer_authority_has_seven_work_days() -> None:
    assert authority_answer_by(MONDAY, is_workday=is_workday) == local(2026, 12, 2, 18, 0)


@given(MOMENTS, st.sampled_from(Grade))
def test_deadlines_are_utc_and_in_order(received: datetime, grade: Grade) -> None:
    due = promised(grade, received, is_workday=is_workday)
    assert received < due.acknowledge
    assert received < due.first_result <= due.solve
    assert all(at.tzinfo is timezone.utc for at in (due.acknowledge, due.first_result, due.solve))


@given(MOMENTS, st.integers(1, 9), st.timedeltas(timedelta(), timedelta(days=5)))
def test_a_later_receipt_is_never_due_earlier(received: datetime, days: int, later: timedelta) -> None:
    first = end_of_workday(received, days, is_workday=is_workday)
    assert first <= end_of_workday(received + later, days, is_workday=is_workday)
    assert first.astimezone(SHANGHAI).hour == 18
    assert is_workday(first.astimezone(SHANGHAI).date())


def test_a_calendar_without_work_days_is_an_error_not_a_loop() -> None:
    with pytest.raises(ValueError, match="no work day"):
        promised(Grade.P3, MONDAY, is_workday=lambda _: False)


def test_a_moment_without_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        promised(Grade.P1, datetime(2026, 11, 23, 10), is_workday=is_workday)  # noqa: DTZ001


def test_escalation_climbs_from_the_owner_to_the_head() -> None:
    steps = escalations(MONDAY, MONDAY + timedelta(hours=10))
    assert [(s.percent, s.level, s.at - MONDAY) for s in steps] == [
        (50, Level.L1, timedelta(hours=5)),
        (80, Level.L2, timedelta(hours=8)),
        (100, Level.L3, timedelta(hours=10)),
        (150, Level.L4, timedelta(hours=15)),
    ]


def test_nothing_can_be_due_before_it_is_received() -> None:
    with pytest.raises(ValueError, match="not after"):
        escalations(MONDAY, MONDAY)


def test_pauses_add_up_once_and_an_open_one_runs_to_now() -> None:
    hour = timedelta(hours=1)
    pauses = [
        (MONDAY + hour, MONDAY + 3 * hour),
        (MONDAY + 2 * hour, MONDAY + 4 * hour),
        (MONDAY + 8 * hour, None),
    ]
    assert paused_for(pauses, since=MONDAY, now=MONDAY + 10 * hour) == 5 * hour
    assert paused_for([], since=MONDAY, now=MONDAY + hour) == timedelta()


@given(st.lists(st.tuples(st.integers(-5, 30), st.none() | st.integers(-5, 30)), max_size=6), st.randoms())
def test_pauses_never_exceed_the_time_passed_and_have_no_order(
    hours: list[tuple[int, int | None]], random: object
) -> None:
    pauses = [
        (MONDAY + timedelta(hours=a), MONDAY + timedelta(hours=b) if b is not None else None)
        for a, b in hours
    ]
    total = paused_for(pauses, since=MONDAY, now=MONDAY + timedelta(hours=24))
    assert timedelta() <= total <= timedelta(hours=24)
    shuffled = list(pauses)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert paused_for(shuffled, since=MONDAY, now=MONDAY + timedelta(hours=24)) == total
