"""The charts on days as they come: weekdays, small counts, more spread than chance; how often they cry wolf."""

from __future__ import annotations

import math
import random
from datetime import date, timedelta

import pytest

from care.rules.surge_charts import (
    CHART_DAYS,
    LEAST_IN_WEEK,
    LEAST_ON_DAY,
    DayCount,
    SurgeMethod,
    Usual,
    chart,
    guarded_day_limit,
    reference_of,
    usual_of,
)

MONDAY = date(2026, 9, 7)
SINGLE, CUSUM, EWMA = SurgeMethod


def days_of(counts: list[int], start: date = MONDAY) -> list[DayCount]:
    return [DayCount(start + timedelta(days=n), count) for n, count in enumerate(counts)]


def poisson(rng: random.Random, mean: float) -> int:
    bound, count, product = math.exp(-mean), 0, rng.random()
    while product > bound:
        count += 1
        product *= rng.random()
    return count


def first_alarms(usual: float, real: float, cap: int, rng: random.Random) -> dict[str, int]:
    """The day (from 1) on which each chart first crosses; `cap` days are looked at."""
    points = chart(days_of([poisson(rng, real) for _ in range(cap)]), [Usual(usual)] * cap)
    found: dict[str, int] = {}
    for number, point in enumerate(points, 1):
        for crossing in point.crossings:
            found.setdefault(crossing.method.value, number)
            found.setdefault("any", number)
    return found


def run_lengths(usual: float, real: float, *, runs: int, cap: int, seed: int = 7) -> dict[str, float]:
    """Mean days to the first alarm; runs without one count with all their days (exponential censoring)."""
    rng = random.Random(seed)
    found = [first_alarms(usual, real, cap, rng) for _ in range(runs)]
    names = ("single_day", "cusum", "ewma", "any")
    return {
        name: sum(one.get(name, cap) for one in found) / max(1, sum(name in one for one in found))
        for name in names
    }


def test_the_worked_example_on_the_charts_as_they_run() -> None:
    points = chart(days_of([4, 6, 8, 9, 7]), [Usual(4.0)] * 5)
    assert [point.cusum for point in points] == [0, 1, 4, 8, 10]
    assert [round(point.ewma, 2) for point in points] == [4.00, 4.40, 5.12, 5.90, 6.12]
    last = points[-1]
    assert (last.day_limit, last.cusum_limit, round(last.ewma_limit, 2)) == (11, 10.0, 6.00)
    assert [crossing.method for crossing in last.crossings] == [CUSUM, EWMA]
    assert all(not point.crossings for point in points[:-1])
    assert last.rises_since == MONDAY + timedelta(days=1)


def test_the_reference_of_four_is_five() -> None:
    assert reference_of(4) == 5


def test_a_single_day_of_eleven_is_seen_at_once_and_ten_is_not() -> None:
    for count, expected in ((10, []), (11, [SINGLE])):
        (point,) = chart(days_of([count]), [Usual(4.0)])
        assert [c.method for c in point.crossings if c.method is SINGLE] == expected


@pytest.mark.parametrize(
    ("mean", "limit"), [(0.0, 3), (0.1, 3), (0.25, 3), (0.5, 4), (0.9, 5), (1.0, 5), (4.0, 11)]
)
def test_a_small_mean_has_the_limit_of_its_exact_tail(mean: float, limit: int) -> None:
    assert guarded_day_limit(mean) == limit


def test_the_guarded_limit_never_falls_when_more_is_usual() -> None:
    limits = [guarded_day_limit(n / 50) for n in range(400)]
    assert limits == sorted(limits)


def test_two_complaints_of_what_never_had_one_are_no_alarm() -> None:
    points = chart(days_of([0] * 10 + [2, 0, 1, 1]), [Usual(0.0)] * 14)
    assert all(not point.crossings for point in points)
    (point,) = chart(days_of([LEAST_ON_DAY]), [Usual(0.0)])
    assert [crossing.method for crossing in point.crossings] == [SINGLE]
    slow = chart(days_of([1] * 7), [Usual(0.05)] * 7)
    assert LEAST_IN_WEEK <= 7
    assert any(crossing.method is CUSUM for crossing in slow[-1].crossings)


def test_a_quiet_day_after_a_surge_is_no_crossing_and_the_surge_is_soon_over() -> None:
    points = chart(days_of([4] * 3 + [15, 15, 15] + [4] * 6), [Usual(4.0)] * 12)
    over = [point.day for point in points if point.crossings]
    assert over[0] == MONDAY + timedelta(days=3)
    assert max(over) == MONDAY + timedelta(days=5)


def test_sundays_are_measured_by_sundays() -> None:
    past = days_of([10 if n % 7 == 6 else 2 for n in range(56)])
    sunday, monday = DayCount(MONDAY + timedelta(days=62), 10), DayCount(MONDAY + timedelta(days=56), 10)
    assert usual_of(past, sunday).mean == 10
    assert usual_of(past, monday).mean == 2


def test_twice_the_orders_let_twice_the_complaints_be_usual() -> None:
    past = [DayCount(day.day, day.count, 100.0) for day in days_of([4] * 56)]
    assert usual_of(past, DayCount(MONDAY + timedelta(days=56), 8, 200.0)).mean == 8


def test_days_over_the_limit_do_not_become_usual_until_they_are_most() -> None:
    past = days_of([2] * 49 + [20] * 7)
    surge = frozenset(day.day for day in past[-7:])
    today = DayCount(MONDAY + timedelta(days=56), 2)
    assert usual_of(past, today, left_out=surge).mean == 2
    everything = frozenset(day.day for day in past[:40])
    assert usual_of(past, today, left_out=everything).mean > 2


def test_more_spread_than_chance_widens_every_limit() -> None:
    lumpy = days_of([12 if n % 5 == 0 else 0 for n in range(56)])
    assert usual_of(lumpy, DayCount(MONDAY + timedelta(days=56), 0)).dispersion > 1.5
    by_weekday = days_of([12 if n % 7 == 0 else 2 for n in range(56)])
    assert usual_of(by_weekday, DayCount(MONDAY + timedelta(days=56), 0)).dispersion == 1
    plain, wide = (chart(days_of([4]), [Usual(4.0, spread)])[0] for spread in (1.0, 4.0))
    assert wide.day_limit > plain.day_limit
    assert wide.cusum_limit == 2 * plain.cusum_limit
    assert wide.ewma_limit > plain.ewma_limit


def test_unequal_days_and_means_are_refused() -> None:
    with pytest.raises(ValueError, match=r"zip|shorter|longer"):
        chart(days_of([1, 2]), [Usual(1.0)])


def test_false_alarms_and_delay_for_four_a_day_are_as_the_page_says() -> None:
    """docs/improvement.md quotes these: mean days to a false alarm (ARL0), and to see a rise from 4 to 6."""
    quiet = run_lengths(4, 4, runs=150, cap=1500)
    assert 250 <= quiet["single_day"] <= 500
    assert 300 <= quiet["cusum"] <= 700
    assert 400 <= quiet["ewma"] <= 900
    assert 150 <= quiet["any"] <= 320
    risen = run_lengths(4, 6, runs=1000, cap=120)
    assert 18 <= risen["single_day"] <= 30
    assert 8 <= risen["cusum"] <= 12
    assert 8.5 <= risen["ewma"] <= 13
    assert 7 <= risen["any"] <= 10


@pytest.mark.parametrize("mean", [0.1, 0.5, 1.0])
def test_small_counts_cry_wolf_no_oftener_than_every_hundred_days(mean: float) -> None:
    assert run_lengths(mean, mean, runs=60, cap=800)["any"] > 100


def test_a_mean_learned_from_eight_weeks_cries_wolf_little_oftener() -> None:
    """The same with a mean that is itself estimated; charts of 28 days, as they run."""
    rng, alarms, looked = random.Random(11), 0, 0
    for _ in range(150):
        days = days_of([poisson(rng, 4) for _ in range(56 + CHART_DAYS)])
        usual = [usual_of(days[n - 56 : n], days[n]) for n in range(56, len(days))]
        for point in chart(days[56:], usual):
            looked += 1
            if point.crossings:
                alarms += 1
                break
    assert looked / max(1, alarms) > 60
