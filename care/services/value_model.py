"""Fitting BG/NBD to the shop's own customers by maximum likelihood; `care.rules.alive` has the formula."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import gammaln
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.value import ValueModel
from care.rules.alive import History, Parameters, can_fit

#: More customers change the parameters in the fourth digit only.
MOST_CUSTOMERS = 50_000
_STARTS = ((1.0, 5.0, 1.0, 2.0), (0.3, 10.0, 0.5, 3.0))
#: Parameters beyond these mean that the data do not tell them apart; they are held here.
_LOW, _HIGH = 1e-3, 1e4
#: Mean chance to drop out after a purchase, a/(a+b), below which the model has seen nobody leave.
_LEAST_DROPOUT = 1e-3


class Fit:
    """Parameters with the log-likelihood they reach, and of how many customers."""

    def __init__(self, parameters: Parameters, log_likelihood: float, customers: int) -> None:
        self.parameters, self.log_likelihood, self.customers = parameters, log_likelihood, customers


def fit(histories: Sequence[History]) -> Fit | None:
    """The likeliest parameters; takes seconds of pure computing.

    `None` when there is too little to learn from, or when the likeliest is that nobody ever leaves: then the
    purchases do not follow the model, and "100 %" for everybody would be no knowledge.
    """
    if not can_fit(histories):
        return None
    step = max(1, len(histories) // MOST_CUSTOMERS)
    rows = np.array([(one.repeats, one.last_at, one.age) for one in histories[::step]], dtype=float)
    unique, counts = np.unique(rows, axis=0, return_counts=True)

    def cost(logs: NDArray[np.float64]) -> float:
        values = np.exp(np.clip(logs, np.log(_LOW), np.log(_HIGH)))
        return -total_log_likelihood(unique, counts, Parameters(*map(float, values))) / len(rows)

    found = [
        minimize(
            cost, np.log(start), method="Nelder-Mead", options={"maxiter": 2000, "xatol": 1e-4, "fatol": 1e-8}
        )
        for start in _STARTS
    ]
    best = min(found, key=lambda one: float(one.fun))
    values = np.exp(np.clip(best.x, np.log(_LOW), np.log(_HIGH)))
    by = Parameters(*map(float, values))
    if by.a / (by.a + by.b) < _LEAST_DROPOUT:
        return None
    return Fit(by, -float(best.fun) * len(rows), len(rows))


def total_log_likelihood(rows: NDArray[np.float64], counts: NDArray[np.int64], by: Parameters) -> float:
    """Σ count · ln L over rows of (x, t_x, T): `care.rules.alive.log_likelihood` for many at once."""
    x, last, age = rows.T
    common = (
        gammaln(by.r + x)
        - gammaln(by.r)
        + by.r * np.log(by.alpha)
        + gammaln(by.a + by.b)
        + gammaln(by.b + x)
        - gammaln(by.b)
        - gammaln(by.a + by.b + x)
    )
    stays = -(by.r + x) * np.log(by.alpha + age)
    left = np.where(
        x > 0,
        np.log(by.a) - np.log(by.b + np.maximum(x, 1) - 1) - (by.r + x) * np.log(by.alpha + last),
        -np.inf,
    )
    return float(np.sum(counts * (common + np.logaddexp(stays, left))))


async def store(session: AsyncSession, found: Fit, now: datetime) -> None:
    by = found.parameters
    session.add(
        ValueModel(
            fitted_at=now,
            customers=found.customers,
            r=by.r,
            alpha=by.alpha,
            a=by.a,
            b=by.b,
            log_likelihood=found.log_likelihood,
        )
    )


async def latest(session: AsyncSession) -> Parameters | None:
    """The parameters of the last fit."""
    row = await session.scalar(select(ValueModel).order_by(ValueModel.id.desc()).limit(1))
    return None if row is None else Parameters(row.r, row.alpha, row.a, row.b)
