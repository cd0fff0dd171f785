"""Figures with n and interval: the worked examples of care.md §2, and that order never matters."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from care.rules.errors import InvalidInput
from care.rules.figures import (
    LOW_CONFIDENCE,
    TOO_FEW,
    Measured,
    Unit,
    fitted_prior,
    mean_chart,
    mean_of,
    nps_of,
    quantile_of,
    share_chart,
    share_of,
    week_of,
)
from care.rules.period import Period, period_of
from care.rules.service_figures import Issue, first_contact_resolution, reopened_share

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=timezone.utc)
DAY = timedelta(days=1)


def bounds(measured: Measured) -> tuple[float, float]:
    assert measured.interval is not None
    return measured.interval.low, measured.interval.high


def test_a_share_has_the_interval_of_the_worked_examples():
    assert bounds(share_of(18, 20)) == pytest.approx((0.699, 0.972), abs=5e-4)
    assert bounds(share_of(180, 200)) == pytest.approx((0.851, 0.934), abs=5e-4)
    assert share_of(0, 0).value is None


def test_the_promoters_of_the_worked_example_are_thirty_ahead():
    found = nps_of([10] * 25 + [8] * 15 + [3] * 10)
    assert (found.value, found.n, found.unit) == (30.0, 50, Unit.POINTS)
    low, high = bounds(found)
    assert -100 <= low < 30 < high <= 100


def test_a_mean_of_one_has_no_interval_and_says_so():
    assert mean_of([6, 7, 5, 7, 4]).value == pytest.approx(5.8)
    one = mean_of([3.0])
    assert (one.value, one.interval, one.note) == (3.0, None, TOO_FEW)


def test_a_quantile_is_one_of_the_values():
    waits = [float(n) for n in range(1, 11)]
    assert quantile_of(waits, 0.5).value == 5.0
    assert quantile_of(waits, 0.9).value == 9.0
    assert quantile_of([7.0], 0.9).value == 7.0
    with pytest.raises(ValueError, match="share"):
        quantile_of(waits, 0)


@given(st.lists(st.integers(0, 10), min_size=1), st.randoms())
def test_no_figure_depends_on_the_order_of_its_rows(answers, random):
    shuffled = list(answers)
    random.shuffle(shuffled)
    assert nps_of(shuffled) == nps_of(answers)
    assert mean_of(map(float, shuffled)) == mean_of(map(float, answers))
    assert quantile_of(map(float, shuffled), 0.9) == quantile_of(map(float, answers), 0.9)


class TestPrior:
    def test_few_people_are_drawn_to_the_given_one(self):
        prior = fitted_prior([(18, 20)] * 9)
        assert (prior.a, prior.b, prior.is_fitted) == (16.0, 4.0, False)

    def test_people_who_differ_give_a_weak_one_around_their_mean(self):
        prior = fitted_prior([(20, 40), (40, 40)] * 6)
        assert prior.is_fitted
        assert prior.a / (prior.a + prior.b) == pytest.approx(0.75)
        assert prior.a + prior.b < 4

    def test_people_who_differ_by_chance_alone_give_a_strong_one(self):
        assert sum(vars(fitted_prior([(36, 40)] * 12)).values()) > 900

    def test_it_finds_what_made_the_rates(self):
        """Rates at the quantiles of a beta(16, 4), a great many answers each."""
        from random import Random

        rng = Random(5)
        counts = []
        for _ in range(2000):
            rate = rng.betavariate(16, 4)
            counts.append((sum(rng.random() < rate for _ in range(60)), 60))
        prior = fitted_prior(counts)
        assert prior.a == pytest.approx(16, rel=0.15)
        assert prior.b == pytest.approx(4, rel=0.15)


class TestCharts:
    def test_the_limits_of_a_share_follow_its_n(self):
        weeks = {date(2026, 11, 2): (80, 100), date(2026, 11, 9): (16, 25), date(2026, 11, 16): (4, 25)}
        centre, points = share_chart(weeks)
        assert centre == pytest.approx(100 / 150)
        first, second, third = points
        assert (first.low, first.high) == pytest.approx((0.5252, 0.8081), abs=1e-3)
        assert second.high - second.low == pytest.approx(2 * (first.high - first.low))
        assert [one.is_outside for one in points] == [False, False, True]
        assert third.value == pytest.approx(0.16)

    def test_a_week_without_answers_has_neither_value_nor_limits(self):
        centre, points = share_chart({date(2026, 11, 2): (0, 0), date(2026, 11, 9): (3, 4)})
        assert centre == 0.75
        assert (points[0].value, points[0].low, points[0].is_outside) == (None, None, False)
        assert share_chart({date(2026, 11, 2): (0, 0)})[0] is None

    def test_a_mean_is_judged_by_the_scatter_within_the_weeks(self):
        weeks = {date(2026, 11, 2): [0.0, 1.0] * 8, date(2026, 11, 9): [5.0, 6.0] * 8}
        centre, points = mean_chart(weeks)
        assert centre == 3.0
        assert [one.is_outside for one in points] == [True, True]

    def test_a_week_begins_on_monday(self):
        assert week_of(date(2026, 11, 29)) == week_of(date(2026, 11, 23)) == date(2026, 11, 23)


class TestPeriod:
    def test_its_days_are_shanghais(self):
        period = Period(date(2026, 11, 1), date(2026, 11, 2))
        assert period.start == datetime(2026, 10, 31, 16, tzinfo=timezone.utc)
        assert period.end - period.start == 2 * DAY

    def test_a_bad_one_is_refused(self):
        today = date(2026, 11, 24)
        assert period_of(None, None, today=today) == Period(date(2026, 10, 27), date(2026, 11, 23))
        assert period_of(today, None, today=today) == Period(today, today)
        for since, until in ((today, date(2026, 11, 1)), (None, today + DAY), (date(2025, 1, 1), today)):
            with pytest.raises(InvalidInput):
                period_of(since, until, today=today)


class TestFirstContact:
    def issue(self, days_ago: float, *, customer: int = 1, cause: str = "warranty", solved: bool = True):
        at = NOW - days_ago * DAY
        return Issue(customer, cause, at, at + timedelta(minutes=5), solved)

    def resolution(self, *issues: Issue):
        return first_contact_resolution(issues, NOW - 30 * DAY, NOW, NOW)

    def test_solved_at_once_and_never_again_counts(self):
        assert self.resolution(self.issue(20)) == (1, 1)
        assert self.resolution(self.issue(20, solved=False)) == (0, 1)

    def test_coming_again_for_the_same_within_a_week_undoes_it(self):
        assert self.resolution(self.issue(20), self.issue(15)) == (0, 1)
        assert self.resolution(self.issue(20), self.issue(11)) == (2, 2)
        assert self.resolution(self.issue(20), self.issue(15, cause="invoice")) == (2, 2)
        assert self.resolution(self.issue(20), self.issue(15, customer=2)) == (2, 2)

    def test_what_is_not_a_week_ago_says_nothing_yet(self):
        assert self.resolution(self.issue(3)) == (0, 0)


def test_a_closing_is_judged_when_its_thirty_days_are_over():
    closings = [(1, NOW - 40 * DAY), (2, NOW - 40 * DAY), (3, NOW - 40 * DAY), (4, NOW - 10 * DAY)]
    reopenings = [(1, NOW - 30 * DAY), (2, NOW - 5 * DAY), (3, NOW - 45 * DAY), (4, NOW - 2 * DAY)]
    assert reopened_share(closings, reopenings, NOW) == (1, 3)


def test_low_confidence_is_where_the_bot_asks_back():
    root = Path(__file__).resolve().parents[3]
    pipeline = YAML(typ="safe").load((root / "config.yml").read_text("utf-8"))["pipeline"]
    unsure = next(one for one in pipeline if one["name"].endswith("UnsureClassifier"))
    assert unsure["threshold"] == LOW_CONFIDENCE
