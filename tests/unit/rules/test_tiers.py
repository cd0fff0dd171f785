from datetime import datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from care.rules.tiers import (
    KEY_WEIGHTS,
    KeyCriterion,
    Rfm,
    churn,
    clv,
    clv_net,
    defection_cost,
    is_silent,
    key_account_score,
    p_alive,
    quintiles,
    rfm,
    tier_of_score,
)
from care.rules.vocabulary import Tier

NOW = datetime(2026, 11, 24, tzinfo=timezone.utc)


def scores(*values: int) -> dict[KeyCriterion, int]:
    return dict(zip(KeyCriterion, values, strict=True))


def test_the_key_account_of_the_example_scores_71() -> None:
    assert sum(KEY_WEIGHTS.values()) == 100
    assert key_account_score(scores(4, 3, 5, 4, 2, 3)) == 71
    assert tier_of_score(71) is Tier.KEY


@pytest.mark.parametrize(
    ("score", "signed", "tier"),
    [
        (75, True, Tier.STRATEGIC),
        (100, False, Tier.KEY),
        (Fraction(749, 10), True, Tier.KEY),
        (60, False, Tier.KEY),
        (59, True, Tier.POTENTIAL),
        (45, False, Tier.POTENTIAL),
        (44, False, Tier.GENERAL),
    ],
)
def test_tiers_begin_at_75_signed_60_and_45(score: int | Fraction, signed: bool, tier: Tier) -> None:
    assert tier_of_score(score, is_signed=signed) is tier


@pytest.mark.parametrize("values", [(6, 0, 0, 0, 0, 0), (0, 0, 0, 0, 0, -1)])
def test_a_score_outside_0_to_5_is_refused(values: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="0–5"):
        key_account_score(scores(*values))


@given(st.tuples(*[st.integers(0, 5)] * 6))
def test_a_key_account_score_lies_between_0_and_100(values: tuple[int, ...]) -> None:
    assert 0 <= key_account_score(scores(*values)) <= 100


def test_the_lifetime_value_of_the_example_is_3200_and_2750_net() -> None:
    margin, retention, discount = Decimal(1200), Decimal("0.8"), Decimal("0.1")
    assert clv(margin, retention, discount) == 3200
    assert clv_net(margin, retention, discount, Decimal(450)) == 2750
    assert defection_cost(margin, retention, discount) == 3200


def test_a_retention_that_never_ends_has_no_value() -> None:
    with pytest.raises(ValueError, match="no lifetime value"):
        clv(Decimal(1), Decimal(1), Decimal(0))


def test_churn_of_the_example_is_three_percent() -> None:
    assert churn(60, 2000) == 0.03
    assert churn(0, 0) is None


def test_five_customers_fall_into_five_quintiles() -> None:
    assert quintiles([10, 50, 20, 40, 30]) == (1, 5, 2, 4, 3)
    assert quintiles([10, 50, 20, 40, 30], high_is_good=False) == (5, 1, 4, 2, 3)


def test_recency_is_good_when_small() -> None:
    result = rfm([3, 400], [9, 1], [Decimal(9000), Decimal(80)])
    assert result[0].recency > result[1].recency
    assert result[0] == Rfm(4, 4, 4)


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=60), st.booleans())
def test_quintiles_keep_the_order_and_treat_equals_alike(values: list[int], high: bool) -> None:
    result = quintiles(values, high_is_good=high)
    assert all(1 <= q <= 5 for q in result)
    for value, q in zip(values, result, strict=True):
        for other, other_q in zip(values, result, strict=True):
            if value == other:
                assert q == other_q
            elif (value > other) == high:
                assert q >= other_q


def test_silence_is_twice_the_own_median_gap() -> None:
    monthly = [NOW - timedelta(days=d) for d in (120, 90, 61)]
    assert is_silent(monthly, NOW) is True
    assert is_silent([NOW - timedelta(days=d) for d in (120, 90, 50)], NOW) is False
    assert is_silent([NOW, NOW - timedelta(days=30)], NOW) is None


def test_p_alive_is_that_of_the_published_model() -> None:
    # Fader, Hardie & Lee 2005, CDNOW parameters; x=2, t_x=30.43, T=38.86 (weeks).
    value = p_alive(2, 30.43, 38.86, r=0.243, alpha=4.414, a=0.793, b=2.426)
    assert value == pytest.approx(0.7266, abs=0.0005)


@given(st.integers(1, 50), st.floats(0, 50), st.floats(0, 500))
def test_p_alive_falls_with_silence(orders: int, last: float, silence: float) -> None:
    def alive(age: float) -> float:
        return p_alive(orders, last, age, r=0.243, alpha=4.414, a=0.793, b=2.426)

    assert 0 <= alive(last + silence) <= alive(last) <= 1
