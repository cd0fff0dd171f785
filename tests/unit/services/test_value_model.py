"""The model finds the parameters that made the data, and is never beaten by others."""

from __future__ import annotations

import random

import numpy as np
import pytest

from care.rules.alive import History, Parameters, log_likelihood
from care.services.value_model import fit, total_log_likelihood

TRUTH = Parameters(r=0.9, alpha=6.0, a=0.8, b=2.5)


def simulated(count: int, by: Parameters, seed: int) -> list[History]:
    """Customers as the model tells of them: gamma rates, beta chances to drop out after each purchase."""
    rng = random.Random(seed)
    found = []
    for _ in range(count):
        age = rng.uniform(20, 80)
        rate, leaves = rng.gammavariate(by.r, 1 / by.alpha), rng.betavariate(by.a, by.b)
        at, last, repeats = 0.0, 0.0, 0
        while True:
            at += rng.expovariate(rate) if rate > 1e-12 else age + 1
            if at > age:
                break
            last, repeats = at, repeats + 1
            if rng.random() < leaves:
                break
        found.append(History(repeats, round(last, 2), round(age, 2)))
    return found


def test_many_at_once_have_the_likelihood_of_one_after_the_other() -> None:
    histories = simulated(300, TRUTH, 1)
    rows = np.array([(one.repeats, one.last_at, one.age) for one in histories])
    together = total_log_likelihood(rows, np.ones(len(rows), dtype=int), TRUTH)
    assert together == pytest.approx(sum(log_likelihood(one, TRUTH) for one in histories))


def test_the_fit_finds_the_parameters_that_made_the_data() -> None:
    histories = simulated(4000, TRUTH, 2)
    found = fit(histories)
    assert found is not None
    at_truth = sum(log_likelihood(one, TRUTH) for one in histories)
    assert found.log_likelihood >= at_truth
    by = found.parameters
    assert by.r / by.alpha == pytest.approx(TRUTH.r / TRUTH.alpha, rel=0.1)  # purchases a week
    assert by.a / (by.a + by.b) == pytest.approx(TRUTH.a / (TRUTH.a + TRUTH.b), rel=0.2)  # dropping out
    assert by.r == pytest.approx(TRUTH.r, rel=0.2)


def test_where_nobody_ever_leaves_or_too_few_come_nothing_is_claimed() -> None:
    assert fit(simulated(100, TRUTH, 3)) is None
    rng = random.Random(4)
    regulars = [History(n := rng.randint(3, 9), 40.0 - 40.0 / (n + 1), 40.0) for _ in range(400)]
    assert fit(regulars) is None
