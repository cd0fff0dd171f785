"""What a customer is worth to the shop, and for how long (care.md §2.8–2.9). Money is yuan, `Decimal`.

A tier orders queues and names an owner. It never changes a legal remedy, a legal deadline or a price.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from statistics import median
from types import MappingProxyType

from care.rules.labelled import Labelled
from care.rules.vocabulary import Tier


class KeyCriterion(Labelled):
    """The six criteria of the source documents."""

    SALES_PROFIT = "sales_profit", "销售与利润"
    LOYALTY = "loyalty", "忠诚"
    INTERACTION = "interaction", "互动"
    POTENTIAL = "potential", "潜力"
    CLUSTER = "cluster", "集群"
    INFLUENCE = "influence", "影响力"


#: Our own weights, adding up to 100; a manager may change them.
KEY_WEIGHTS: Mapping[KeyCriterion, int] = MappingProxyType(
    {
        KeyCriterion.SALES_PROFIT: 25,
        KeyCriterion.LOYALTY: 20,
        KeyCriterion.INTERACTION: 10,
        KeyCriterion.POTENTIAL: 20,
        KeyCriterion.CLUSTER: 10,
        KeyCriterion.INFLUENCE: 15,
    }
)

STRATEGIC_FROM, KEY_FROM, POTENTIAL_FROM = 75, 60, 45


@dataclass(frozen=True)
class Rfm:
    """Recency, frequency and money as quintiles: 5 is the best fifth, 1 the last."""

    recency: int
    frequency: int
    money: int


def key_account_score(
    scores: Mapping[KeyCriterion, int], weights: Mapping[KeyCriterion, int] = KEY_WEIGHTS
) -> Fraction:
    """Σ weight·score/5 over the six criteria scored 0–5 each: 0–100, exact.

    Raises:
        ValueError: a criterion is missing or not 0–5, or the weights do not add up to 100.
    """
    if any(w < 0 for w in weights.values()) or sum(weights.get(c, 0) for c in KeyCriterion) != 100:
        raise ValueError("the weights of the six criteria do not add up to 100")
    for criterion in KeyCriterion:
        if not 0 <= scores.get(criterion, -1) <= 5:
            raise ValueError(f"{criterion.value}: {scores.get(criterion)} is not 0–5")
    return sum((Fraction(weights.get(c, 0) * scores[c], 5) for c in KeyCriterion), Fraction())


def tier_of_score(score: Fraction | int, *, is_signed: bool = False) -> Tier:
    """Strategic from 75 with a manager's signature, key from 60, potential from 45, else general.

    Without the signature a score of 75 or more stays key.
    """
    if score >= STRATEGIC_FROM and is_signed:
        return Tier.STRATEGIC
    if score >= KEY_FROM:
        return Tier.KEY
    return Tier.POTENTIAL if score >= POTENTIAL_FROM else Tier.GENERAL


def quintiles(values: Sequence[float], *, high_is_good: bool = True) -> tuple[int, ...]:
    """Each value's quintile 1–5 within `values`; equal values share one, whatever their order.

    The quintile is that of the middle rank among equals, so one value alone is 3.
    """
    ordered = sorted(values if high_is_good else [-v for v in values])
    result = []
    for value in values:
        signed = value if high_is_good else -value
        upper = bisect_right(ordered, signed)
        lower = bisect_left(ordered, signed)
        result.append(min(5, 1 + (lower + upper) * 5 // (2 * len(ordered))))
    return tuple(result)


def rfm(days_since_last: Sequence[float], orders: Sequence[int], spent: Sequence[Decimal]) -> tuple[Rfm, ...]:
    """RFM quintiles of customers given in the same order three times; few days since the last is good.

    Raises:
        ValueError: the three are not equally long.
    """
    if not len(days_since_last) == len(orders) == len(spent):
        raise ValueError("days, orders and money are not of the same customers")
    return tuple(
        Rfm(r, f, m)
        for r, f, m in zip(
            quintiles(days_since_last, high_is_good=False),
            quintiles(orders),
            quintiles([float(x) for x in spent]),
            strict=True,
        )
    )


def clv(margin: Decimal, retention: Decimal, discount: Decimal) -> Decimal:
    """Lifetime value m·r/(1 + i − r): yearly margin, yearly retention 0–1, yearly discount rate.

    Raises:
        ValueError: retention outside 0–1, or 1 + i − r not positive.
    """
    divisor = 1 + discount - retention
    if not 0 <= retention <= 1 or divisor <= 0:
        raise ValueError(f"no lifetime value for retention {retention}, discount {discount}")
    return margin * retention / divisor


def clv_net(margin: Decimal, retention: Decimal, discount: Decimal, acquisition: Decimal) -> Decimal:
    """Lifetime value less what winning the customer cost (CAC)."""
    return clv(margin, retention, discount) - acquisition


def defection_cost(margin: Decimal, retention: Decimal, discount: Decimal) -> Decimal:
    """What a customer who leaves costs: the remaining lifetime value. The CAC is spent, not lost again."""
    return clv(margin, retention, discount)


def churn(lost: int, at_start: int) -> float | None:
    """Customers lost in a period / customers at its start; `None` when there were none.

    Raises:
        ValueError: not 0 ≤ lost ≤ at_start.
    """
    if not 0 <= lost <= at_start:
        raise ValueError(f"{lost} lost of {at_start}")
    return lost / at_start if at_start else None


def is_silent(bought_at: Iterable[datetime], now: datetime) -> bool | None:
    """Whether a customer has been silent for more than twice the own median gap between purchases.

    `None` with fewer than three purchases: one gap is no habit. Moments are aware.
    """
    moments = sorted(bought_at)
    if len(moments) < 3:
        return None
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(moments)]
    return now - moments[-1] > timedelta(seconds=2 * median(gaps))


def p_alive(
    repeat_orders: int, last_at: float, age: float, *, r: float, alpha: float, a: float, b: float
) -> float:
    """P(alive) of the BG/NBD model (Fader, Hardie & Lee 2005), for purchases without a contract.

    Args:
        repeat_orders: x, purchases after the first.
        last_at: t_x, from the first purchase to the last, in any unit of time.
        age: T, from the first purchase to now, in the same unit.
        r, alpha, a, b: the fitted parameters.

    Raises:
        ValueError: not 0 ≤ t_x ≤ T, or a parameter is not positive.
    """
    if repeat_orders < 0 or not 0 <= last_at <= age or min(r, alpha, a, b) <= 0:
        raise ValueError("impossible history or parameters")
    if repeat_orders == 0:
        return 1.0  # in this model nobody leaves before a repeat purchase
    exponent = (r + repeat_orders) * (math.log(alpha + age) - math.log(alpha + last_at))
    odds = math.log(a) - math.log(b + repeat_orders - 1) + exponent
    return 1 / (1 + math.exp(odds)) if odds < 700 else 0.0
