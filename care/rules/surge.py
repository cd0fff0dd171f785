"""When more complaints than usual are more than chance (care.md §2.12): charts for Poisson counts.

Count by category, product and channel; the mean is the same weekday's over 8 weeks, adjusted for
exposure (orders, contacts). All counts are per day.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, variance

SINGLE_DAY_SIGMAS = 3.0
CUSUM_LIMIT = 10
EWMA_LAMBDA = 0.2
EWMA_SIGMAS = 3.0
DISPERSION_LIMIT = 1.5


@dataclass(frozen=True)
class ChartDay:
    """One day on a chart: the statistic after it, and whether it has passed the limit."""

    value: float
    is_alarm: bool


def single_day_limit(mean: float, *, sigmas: float = SINGLE_DAY_SIGMAS, dispersion: float = 1.0) -> int:
    """The smallest count above μ + 3√(φμ), the Shewhart limit with the variance φμ; φ = 1 is Poisson's.

    Raises:
        ValueError: `mean` is negative.
    """
    if mean < 0:
        raise ValueError(f"no limit for mean {mean}")
    return math.floor(mean + sigmas * math.sqrt(dispersion * mean)) + 1


def cusum_reference(usual: float, feared: float) -> float:
    """k = (μ₁ − μ₀)/ln(μ₁/μ₀), the reference value for a rise of a Poisson mean (Lucas 1985).

    Raises:
        ValueError: not 0 < usual < feared.
    """
    if not 0 < usual < feared:
        raise ValueError(f"{feared} is not a rise from {usual}")
    return (feared - usual) / math.log(feared / usual)


def cusum(counts: Iterable[int], *, reference: float, limit: float = CUSUM_LIMIT) -> tuple[ChartDay, ...]:
    """S = max(0, S + x − k) from 0; an alarm at `limit`."""
    total, days = 0.0, []
    for count in counts:
        total = max(0.0, total + count - reference)
        days.append(ChartDay(total, total >= limit))
    return tuple(days)


def ewma_limit(mean: float, *, weight: float = EWMA_LAMBDA, sigmas: float = EWMA_SIGMAS) -> float:
    """UCL = μ + L·√(λ/(2 − λ)·μ), the steady-state limit with the variance of a Poisson count.

    Raises:
        ValueError: `mean` is negative, or `weight` not in (0, 1].
    """
    if mean < 0 or not 0 < weight <= 1:
        raise ValueError(f"no limit for mean {mean}, weight {weight}")
    return mean + sigmas * math.sqrt(weight / (2 - weight) * mean)


def ewma(
    counts: Iterable[int], *, mean: float, weight: float = EWMA_LAMBDA, sigmas: float = EWMA_SIGMAS
) -> tuple[ChartDay, ...]:
    """z = λx + (1 − λ)z from the mean; an alarm above `ewma_limit`."""
    limit = ewma_limit(mean, weight=weight, sigmas=sigmas)
    value, days = mean, []
    for count in counts:
        value = weight * count + (1 - weight) * value
        days.append(ChartDay(value, value > limit))
    return tuple(days)


def baseline(counts: Sequence[int], exposures: Sequence[float], *, exposure: float) -> float:
    """The mean count to expect at `exposure`, from past days of the same weekday and their exposures.

    Raises:
        ValueError: unequal lengths, or no exposure in the past.
    """
    if len(counts) != len(exposures) or sum(exposures) <= 0 or exposure < 0:
        raise ValueError("no baseline from these days")
    return math.fsum(counts) / math.fsum(exposures) * exposure


def dispersion(counts: Sequence[int], means: Sequence[float]) -> float:
    """φ of days that were to have these means: Pearson's χ²/(n − 1) when above 1.5, else 1 (Poisson).

    Raises:
        ValueError: unequal lengths.
    """
    if len(counts) != len(means):
        raise ValueError("counts and means are not of the same days")
    pairs = [(count, mean) for count, mean in zip(counts, means, strict=True) if mean > 0]
    if len(pairs) < 2:
        return 1.0
    found = math.fsum((count - mean) ** 2 / mean for count, mean in pairs) / (len(pairs) - 1)
    return found if found > DISPERSION_LIMIT else 1.0


def needs_recalibration(counts: Sequence[int]) -> bool:
    """Whether variance/mean > 1.5: more spread than a Poisson count, so the limits would cry wolf."""
    if len(counts) < 2 or (mean := fmean(counts)) == 0:
        return False
    return variance(counts) / mean > DISPERSION_LIMIT
