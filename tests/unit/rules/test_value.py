"""Staying, going, worth: the rules behind a customer's value."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from care.rules.alive import History, Parameters, can_fit, history, log_likelihood
from care.rules.clv import MOST_RETENTION, Purchase, ValueTerms, lifetime_value, retention_of, yearly_margin
from care.rules.key_account import Standing, propose, tier_of
from care.rules.lifecycle import median_gap, next_due, stage_of
from care.rules.seven_p import (
    ComplaintFact,
    ContactFact,
    Facts,
    Figure,
    OfferFact,
    OrderFact,
    Tab,
    seven_p,
)
from care.rules.tiers import KeyCriterion, Rfm
from care.rules.vocabulary import CustomerType, LifecycleStage, Tier

TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=timezone.utc)
S = LifecycleStage
CDNOW = Parameters(r=0.243, alpha=4.414, a=0.793, b=2.426)


def ago(*days: int) -> list[date]:
    return [TODAY - timedelta(days=n) for n in days]


class TestAlive:
    def test_several_orders_of_one_day_are_one_purchase(self) -> None:
        assert history([*ago(70, 70, 35), TODAY], TODAY) == History(2, 10.0, 10.0)
        with pytest.raises(ValueError, match="future"):
            history([], TODAY)
        with pytest.raises(ValueError, match="future"):
            history([TODAY + timedelta(days=1)], TODAY)

    def test_the_likelihood_of_who_never_came_again_is_the_pareto_tail(self) -> None:
        # x = 0: L = (α / (α + T))^r
        found = log_likelihood(History(0, 0, 38.86), CDNOW)
        assert found == pytest.approx(CDNOW.r * math.log(CDNOW.alpha / (CDNOW.alpha + 38.86)))

    def test_the_likelihood_of_one_repeat_is_that_of_the_formula(self) -> None:
        # Equation (6) written out for x = 1 with the gamma functions as products.
        r, alpha, a, b = CDNOW.r, CDNOW.alpha, CDNOW.a, CDNOW.b
        last, age = 5.0, 20.0
        stays = b / (a + b) * r * alpha**r / (alpha + age) ** (r + 1)
        goes = a / (a + b) * r * alpha**r / (alpha + last) ** (r + 1)
        assert log_likelihood(History(1, last, age), CDNOW) == pytest.approx(math.log(stays + goes))

    @given(st.integers(0, 60), st.floats(0, 200), st.floats(0, 500))
    def test_the_likelihood_is_finite_for_any_history(self, x: int, last: float, silent: float) -> None:
        assert math.isfinite(log_likelihood(History(x, last if x else 0.0, last + silent), CDNOW))

    def test_impossible_parameters_are_refused(self) -> None:
        with pytest.raises(ValueError, match="impossible"):
            log_likelihood(History(1, 1, 2), Parameters(0, 1, 1, 1))

    def test_few_customers_teach_nothing(self) -> None:
        assert not can_fit([History(1, 1, 2)] * 199)
        assert not can_fit([History(0, 0, 2)] * 500)
        assert can_fit([History(0, 0, 2)] * 200 + [History(1, 1, 2)] * 50)


class TestLifecycle:
    @pytest.mark.parametrize(
        ("days", "alive", "stage"),
        [
            ((), None, S.PROSPECT),
            ((10,), None, S.NEW),
            ((90,), None, S.NEW),
            ((91,), None, S.ACTIVE),
            ((181,), None, S.AT_RISK),
            ((366,), None, S.LAPSED),
            ((100, 20), None, S.ACTIVE),
            ((90, 60, 30), None, S.ACTIVE),
            ((121, 91, 61), None, S.AT_RISK),
            ((181, 151, 121), None, S.LAPSED),
            ((90, 60, 30), 0.45, S.AT_RISK),
            ((90, 60, 30), 0.1, S.LAPSED),
            ((3, 2, 1), None, S.ACTIVE),
            ((700, 20), None, S.RECOVERED),
            ((700, 670, 640, 20), None, S.RECOVERED),
            ((700, 670, 640, 120), None, S.AT_RISK),
        ],
    )  # fmt: skip
    def test_the_stage_follows_from_the_own_habit_and_the_days(
        self, days: tuple[int, ...], alive: float | None, stage: LifecycleStage
    ) -> None:
        found = stage_of(ago(*days), TODAY, alive=alive)
        assert found.stage is stage
        assert found.why

    def test_the_next_purchase_is_due_after_the_median_gap(self) -> None:
        assert median_gap(ago(100, 90, 60, 10)) == 30
        assert next_due(ago(100, 90, 60, 10)) == TODAY + timedelta(days=20)
        assert next_due(ago(30, 10)) is None
        assert next_due(ago(30, 30, 30)) is None

    @given(st.lists(st.integers(0, 2000), max_size=20), st.none() | st.floats(0, 1))
    def test_everybody_stands_somewhere_whatever_the_order_of_the_days(
        self, days: list[int], alive: float | None
    ) -> None:
        assert stage_of(ago(*days), TODAY, alive=alive) == stage_of(ago(*reversed(days)), TODAY, alive=alive)


class TestWorth:
    def test_a_years_margin_counts_the_year_only_and_takes_off_what_serving_cost(self) -> None:
        bought = [Purchase(TODAY, Decimal(1000)), Purchase(TODAY - timedelta(days=365), Decimal(5000))]
        year = yearly_margin(bought, TODAY, agent_contacts=3, bot_contacts=10)
        assert (year.sales, year.service_cost, year.margin) == (
            Decimal("1000.00"),
            Decimal("48.00"),
            Decimal("152.00"),
        )

    def test_the_worked_example_of_lifetime_value_comes_out(self) -> None:
        assert lifetime_value(Decimal(1200), Decimal("0.8"), ValueTerms(discount=Decimal("0.1"))) == Decimal(
            "3200.00"
        )
        with_cost = ValueTerms(discount=Decimal("0.1"), acquisition=Decimal(450))
        assert lifetime_value(Decimal(1200), Decimal("0.8"), with_cost) == Decimal("2750.00")

    def test_who_bought_once_is_kept_at_the_shops_rate_and_nobody_for_ever(self) -> None:
        assert retention_of(1.0, 0, 0.4) == Decimal("0.4")
        assert retention_of(0.7266, 2, 0.4) == Decimal("0.7266")
        assert retention_of(1.0, 5, 0.4) == MOST_RETENTION
        assert retention_of(None, 5, 0.4) == Decimal("0.4")

    def test_proposals_come_from_rows_and_influence_never_does(self) -> None:
        standing = Standing(5, 4, 0.9, 400, 7, Decimal(3000), Decimal(2000), 3)
        found = {one.criterion: one.score for one in propose(standing)}
        assert found == {
            KeyCriterion.SALES_PROFIT: 5,
            KeyCriterion.LOYALTY: 4,
            KeyCriterion.INTERACTION: 3,
            KeyCriterion.POTENTIAL: 4,
            KeyCriterion.CLUSTER: 2,
            KeyCriterion.INFLUENCE: None,
        }
        young = Standing(5, 5, 0.3, 100, 0, Decimal(0), Decimal(0), 1)
        found = {one.criterion: one.score for one in propose(young)}
        assert (found[KeyCriterion.LOYALTY], found[KeyCriterion.POTENTIAL]) == (2, None)

    def test_without_the_signature_a_strategic_score_is_a_key_account(self) -> None:
        scores = {criterion.value: 4 for criterion in KeyCriterion}
        assert tier_of(scores, is_signed=True) == (Tier.STRATEGIC, 80.0)
        assert tier_of(scores, is_signed=False) == (Tier.KEY, 80.0)
        assert tier_of(None, is_signed=True) is None
        with pytest.raises(ValueError, match="0–5"):
            tier_of({"loyalty": 3}, is_signed=True)


def order(number: str, days_ago: int, amount: str, **more: object) -> OrderFact:
    return OrderFact(number, NOW - timedelta(days=days_ago), Decimal(amount), **({"stands": True} | more))  # type: ignore[arg-type]


FACTS = Facts(
    type=CustomerType.CONSUMER,
    tier=Tier.GENERAL,
    segment="三口之家",
    quality=90,
    completeness=100,
    since=NOW - timedelta(days=500),
    orders=(
        order("A1", 400, "1000", lines=(("冰箱", Decimal(1000)),)),
        order("A2", 90, "300", promised_at=NOW - timedelta(days=87), delivered_at=NOW - timedelta(days=86), lines=(("小家电", Decimal(300)),)),
        order("A3", 60, "700", promised_at=NOW - timedelta(days=55), delivered_at=NOW - timedelta(days=57), lines=(("冰箱", Decimal(700)),)),
        order("A4", 50, "900", stands=False, is_returned=True),
        order("A5", 2, "500", is_open=True, promised_at=NOW + timedelta(days=1), lines=(("小家电", Decimal(500)),)),
    ),
    contacts=(ContactFact(NOW - timedelta(days=5), True), ContactFact(NOW - timedelta(days=9), False), ContactFact(NOW - timedelta(days=700), True)),
    complaints=(ComplaintFact("TS-1", NOW - timedelta(days=80), "质量缺陷", "小家电", True),),
    csat=(5, 4),
    offers=(OfferFact("满减券", date(2026, 10, 1), True, True), OfferFact("清洗", date(2026, 9, 1), True, False), OfferFact("联系，没有优惠", date(2026, 11, 1), False, None)),
    may_be_offered=True,
    alive=0.8,
    rfm=Rfm(5, 4, 3),
    shop_rate=0.4,
)  # fmt: skip


class TestSevenP:
    @pytest.mark.parametrize(
        ("tab", "name", "value", "rows"),
        [
            (Tab.PROFILING, "rfm", "5-4-3", ()),
            (Tab.PROFILING, "stage", "活跃", ()),
            (Tab.PERSISTENCY, "repeats", 3, ("A5", "A3", "A2", "A1")),
            (Tab.PERSISTENCY, "tenure", 400, ()),
            (Tab.PERSISTENCY, "alive", 80.0, ()),
            (Tab.PERSISTENCY, "silent", "否", ("A5",)),
            (Tab.PERSISTENCY, "top_box", 50.0, ()),
            (Tab.PROFITABILITY, "spent", Decimal(2500), ("A5", "A3", "A2", "A1")),
            (Tab.PROFITABILITY, "sales", Decimal("1500.00"), ("A5", "A3", "A2")),
            (Tab.PROFITABILITY, "service_cost", Decimal("15.30"), ()),
            (Tab.PROFITABILITY, "margin", Decimal("284.70"), ("A5", "A3", "A2")),
            (Tab.PROFITABILITY, "clv", Decimal("759.20"), ()),
            (Tab.PERFORMANCE, "on_time", 50.0, ("A2",)),
            (Tab.PERFORMANCE, "contacts_per_order", 0.6, ()),
            (Tab.PERFORMANCE, "complaint_rate", 20.0, ("TS-1",)),
            (Tab.PERFORMANCE, "open_complaints", 1, ("TS-1",)),
            (Tab.PROSPECTING, "next_due", "2027-01-19", ()),
            (Tab.PROSPECTING, "open_orders", 1, ("A5",)),
            (Tab.PROSPECTING, "open_leads", 1, ("联系，没有优惠",)),
            (Tab.PRODUCT, "mix_1", 68.0, ()),
            (Tab.PRODUCT, "returns", 1, ("A4",)),
            (Tab.PRODUCT, "complaints_1", 1, ("TS-1",)),
            (Tab.PROMOTION, "may_be_offered", "有", ()),
            (Tab.PROMOTION, "response", 50.0, ("满减券",)),
        ],
    )
    def test_each_figure_has_its_value_and_the_rows_behind_it(
        self, tab: Tab, name: str, value: object, rows: tuple[str, ...]
    ) -> None:
        found = {figure.name: figure for figure in seven_p(FACTS, NOW).tabs[tab]}[name]
        assert (found.value, found.rows) == (value, rows)
        assert found.how

    def test_of_a_stranger_nothing_is_made_up(self) -> None:
        stranger = Facts(CustomerType.CONSUMER, Tier.GENERAL, None, 40, 60, NOW - timedelta(days=3))
        found = seven_p(stranger, NOW)
        assert list(found.tabs) == list(Tab)
        assert found.stage.stage is S.PROSPECT
        empty = {figure.name: figure for figures in found.tabs.values() for figure in figures}
        for name in ("rfm", "alive", "silent", "top_box", "on_time", "contacts_per_order", "average_order", "next_due", "response"):  # fmt: skip
            assert empty[name].value is None
            assert isinstance(empty[name], Figure)
        assert empty["spent"].value == Decimal(0)
