"""The three charts of one series of daily complaint counts, and what on them is an alarm (care.md §2.12).

`care.rules.surge` holds the formulas for a mean that stays; here the mean is the day's own (weekday,
exposure), small counts are guarded, and a series with more spread than Poisson's has wider limits.
With a steady mean of 4 the figures are those of the worked example.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from care.rules.labelled import Labelled
from care.rules.surge import (
    EWMA_LAMBDA,
    EWMA_SIGMAS,
    baseline,
    cusum_reference,
    dispersion,
    single_day_limit,
)

#: Weeks of past days that the usual count of a day is learned from.
BASELINE_WEEKS = 8
#: Days that the cumulative charts look back on; older days are forgotten.
CHART_DAYS = 28
#: A younger shop has no usual yet.
LEAST_HISTORY_DAYS = 14
#: h of the CUSUM in standard deviations: 10 for a mean of 4.
CUSUM_SIGMAS = 5.0

#: Small counts. Below `SMALL_MEAN` a count is not normal: the exact Poisson tail decides, and below
#: `LEAST_MEAN` the cumulative charts work as if that were usual. Nothing is an alarm with fewer than
#: `LEAST_ON_DAY` complaints on a day (single day) or `LEAST_IN_WEEK` in seven days (CUSUM, EWMA).
SMALL_MEAN, LEAST_MEAN = 1.0, 0.25
LEAST_ON_DAY, LEAST_IN_WEEK = 3, 5
#: P(X ≥ limit) of a small mean, joining on to the 3σ limits: that of a mean of 1 has 0.0037, of 4 0.0028.
SMALL_TAIL = 0.004
#: A weekday's own mean is used when its past days hold this many complaints, else that of all days.
LEAST_FOR_WEEKDAY = 8
#: Days over a limit are left out of what is usual, unless fewer past days than this would remain.
LEAST_USUAL_DAYS = 28


class SurgeMethod(Labelled):
    SINGLE_DAY = "single_day", "单日"
    CUSUM = "cusum", "累计和 CUSUM"
    EWMA = "ewma", "加权平均 EWMA"


@dataclass(frozen=True)
class DayCount:
    """Complaints received on a day of Asia/Shanghai, and what they are measured against (orders, contacts)."""

    day: date
    count: int
    exposure: float = 1.0


@dataclass(frozen=True)
class Usual:
    """The mean to expect on a day, and φ, by which the variance exceeds it."""

    mean: float
    dispersion: float = 1.0


@dataclass(frozen=True)
class Crossing:
    """A chart over its limit on a day; all figures are complaints a day, CUSUM's are complaints."""

    day: date
    method: SurgeMethod
    count: int
    baseline: float
    statistic: float
    limit: float


@dataclass(frozen=True)
class ChartPoint:
    """One day on all three charts. `rises_since`: the first day of the present rise on the CUSUM."""

    day: date
    count: int
    exposure: float
    baseline: float
    dispersion: float
    day_limit: int
    cusum: float
    cusum_limit: float
    ewma: float
    ewma_limit: float
    crossings: tuple[Crossing, ...]
    rises_since: date | None


def guarded_day_limit(mean: float, *, spread: float = 1.0) -> int:
    """`single_day_limit`; for a small mean by the exact Poisson tail, never under `LEAST_ON_DAY`."""
    limit = single_day_limit(mean, dispersion=spread)
    if mean < SMALL_MEAN:
        limit = max(limit, _exact_limit(mean))
    return max(limit, LEAST_ON_DAY)


def reference_of(mean: float) -> float:
    """k of the CUSUM for a rise by one standard deviation (4 → 6), rounded to halves as counts allow."""
    mean = max(mean, LEAST_MEAN)
    return round(2 * cusum_reference(mean, mean + math.sqrt(mean))) / 2


def usual_of(past: Sequence[DayCount], day: DayCount, *, left_out: frozenset[date] = frozenset()) -> Usual:
    """What to expect on `day` from the days before it, exposure-adjusted.

    Args:
        past: the days of the last eight weeks, all of them, in any order.
        left_out: days that were over a limit: what is unusual must not become the measure.
    """
    kept = [one for one in past if one.day not in left_out]
    if len(kept) < min(LEAST_USUAL_DAYS, len(past)):
        kept = list(past)
    if not kept:
        return Usual(0.0)
    spread = dispersion([one.count for one in kept], [_mean(kept, one) for one in kept])
    return Usual(_mean(kept, day), spread)


def chart(days: Sequence[DayCount], usual: Sequence[Usual]) -> tuple[ChartPoint, ...]:
    """The three charts of consecutive days, from rest; `usual` belongs to the days one by one.

    Raises:
        ValueError: not equally long.
    """
    points: list[ChartPoint] = []
    total, rises_since = 0.0, None
    average = centre = usual[0].mean if usual else 0.0
    for position, (day, expected) in enumerate(zip(days, usual, strict=True)):
        mean, spread = expected.mean, expected.dispersion
        week = range(max(0, position - 6), position + 1)
        weekly = max(LEAST_MEAN, math.fsum(usual[n].mean for n in week) / len(week))
        cusum_limit = CUSUM_SIGMAS * math.sqrt(spread * weekly)
        # What is over the limit is not carried on: a surge that has ended must not ring for weeks.
        total = max(0.0, min(total, cusum_limit) + day.count - reference_of(mean))
        rises_since = None if total == 0 else rises_since or day.day
        average = EWMA_LAMBDA * day.count + (1 - EWMA_LAMBDA) * average
        centre = EWMA_LAMBDA * mean + (1 - EWMA_LAMBDA) * centre
        level = max(LEAST_MEAN, centre)
        ewma_limit = level + EWMA_SIGMAS * math.sqrt(EWMA_LAMBDA / (2 - EWMA_LAMBDA) * spread * level)
        day_limit = guarded_day_limit(mean, spread=spread)
        crossings = []
        if day.count >= day_limit:
            crossings.append(_crossing(day, mean, SurgeMethod.SINGLE_DAY, day.count, day_limit))
        if sum(days[n].count for n in week) >= LEAST_IN_WEEK and day.count > mean:
            if total >= cusum_limit:
                crossings.append(_crossing(day, mean, SurgeMethod.CUSUM, total, cusum_limit))
            if average > ewma_limit:
                crossings.append(_crossing(day, mean, SurgeMethod.EWMA, average, ewma_limit))
        points.append(
            ChartPoint(
                day=day.day,
                count=day.count,
                exposure=day.exposure,
                baseline=mean,
                dispersion=spread,
                day_limit=day_limit,
                cusum=total,
                cusum_limit=cusum_limit,
                ewma=average,
                ewma_limit=ewma_limit,
                crossings=tuple(crossings),
                rises_since=rises_since,
            )
        )
    return tuple(points)


def _mean(kept: Sequence[DayCount], day: DayCount) -> float:
    same = [one for one in kept if one.day.weekday() == day.day.weekday()]
    pool = same if sum(one.count for one in same) >= LEAST_FOR_WEEKDAY else kept
    if math.fsum(one.exposure for one in pool) <= 0:
        return math.fsum(one.count for one in pool) / len(pool)
    return baseline([one.count for one in pool], [one.exposure for one in pool], exposure=day.exposure)


def _exact_limit(mean: float) -> int:
    """The smallest count c with P(X ≥ c) ≤ `SMALL_TAIL` for a Poisson count of this mean."""
    count, term = 0, math.exp(-mean)
    tail = 1.0
    while tail > SMALL_TAIL:
        tail -= term
        count += 1
        term *= mean / count
    return count


def _crossing(day: DayCount, mean: float, method: SurgeMethod, statistic: float, limit: float) -> Crossing:
    return Crossing(day.day, method, day.count, round(mean, 3), round(statistic, 3), round(limit, 3))
