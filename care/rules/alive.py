"""Whether a customer without a contract still is one: the BG/NBD model (Fader, Hardie & Lee 2005).

Each customer buys at an own rate and, after each purchase, drops out with an own chance; both differ between
customers (gamma, beta). What is known of one is x repeat purchases, t_x from the first to the last, T from the
first to now, in weeks. `care.rules.tiers.p_alive` uses the parameters that `care.services.value_model` fits.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

#: Below these there is too little to learn from, and the rule of silence is used instead.
LEAST_CUSTOMERS, LEAST_REPEATERS = 200, 50


@dataclass(frozen=True)
class History:
    """x, t_x and T of one customer; weeks."""

    repeats: int
    last_at: float
    age: float


@dataclass(frozen=True)
class Parameters:
    r: float
    alpha: float
    a: float
    b: float


def history(days: Iterable[date], today: date) -> History:
    """The history of the days on which a customer bought; several orders of one day are one purchase.

    Raises:
        ValueError: no day, or one after `today`.
    """
    bought = sorted(set(days))
    if not bought or bought[-1] > today:
        raise ValueError("no purchase, or one in the future")
    return History(len(bought) - 1, (bought[-1] - bought[0]).days / 7, (today - bought[0]).days / 7)


def can_fit(histories: Sequence[History]) -> bool:
    """Whether there are enough customers, and enough of them who came again."""
    return len(histories) >= LEAST_CUSTOMERS and sum(one.repeats > 0 for one in histories) >= LEAST_REPEATERS


def log_likelihood(one: History, by: Parameters) -> float:
    """ln L(r, α, a, b | x, t_x, T), equation (6) of the paper in logarithms.

    Raises:
        ValueError: a parameter is not positive.
    """
    r, alpha, a, b = by.r, by.alpha, by.a, by.b
    if min(r, alpha, a, b) <= 0:
        raise ValueError(f"impossible parameters {by}")
    x = one.repeats
    common = (
        math.lgamma(r + x)
        - math.lgamma(r)
        + r * math.log(alpha)
        + math.lgamma(a + b)
        + math.lgamma(b + x)
        - math.lgamma(b)
        - math.lgamma(a + b + x)
    )
    stays = -(r + x) * math.log(alpha + one.age)
    if x == 0:
        return common + stays
    left = math.log(a) - math.log(b + x - 1) - (r + x) * math.log(alpha + one.last_at)
    high = max(stays, left)
    return common + high + math.log(math.exp(stays - high) + math.exp(left - high))
