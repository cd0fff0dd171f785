"""A figure with its n, unit and interval, and the few ways the console computes them.

Shares are 0–1, times in seconds. Without enough behind it the value is `None` and `note` says so; nothing here
rounds. No figure depends on the order of its rows: sums are exact (`math.fsum`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from care.rules.labelled import Labelled
from care.rules.satisfaction import Interval, gap_interval, wilson

TOO_FEW = "样本不足"
NO_ROWS = "这段时间没有数据"
WILSON, STUDENT = "Wilson 95%", "Student t 95%"

#: Below this the bot does not trust its reading (`UnsureClassifier` in config.yml; a test holds them together).
LOW_CONFIDENCE = 0.4

#: The prior of care.md §2.3, until own data give another one.
PRIOR = (16.0, 4.0)
_FIT_AGENTS, _FIT_ANSWERS = 10, 20
_STRONGEST_PRIOR = 1000.0
_SIGMAS = 3


class Unit(Labelled):
    SHARE = "share", "%"
    SCORE = "score", "分"
    POINTS = "points", "点"
    INDEX = "index", "分(0–100)"
    SECONDS = "seconds", "秒"
    COUNT = "count", "个"
    PER_1000 = "per_1000", "件/千单"


@dataclass(frozen=True)
class Measured:
    """`value` is None when there is nothing to say; `note` says why, or what to bear in mind."""

    value: float | None
    n: int
    unit: Unit
    interval: Interval | None = None
    method: str | None = None
    note: str | None = None


def count_of(number: int, note: str | None = None) -> Measured:
    return Measured(float(number), number, Unit.COUNT, note=note)


def share_of(successes: int, n: int, *, note: str | None = None) -> Measured:
    """successes / n with Wilson's interval; without n there is no value."""
    if n == 0:
        return Measured(None, 0, Unit.SHARE, note=note or NO_ROWS)
    return Measured(successes / n, n, Unit.SHARE, wilson(successes, n), WILSON, note)


def mean_of(values: Iterable[float], unit: Unit = Unit.SCORE, *, note: str | None = None) -> Measured:
    """The mean with Student's interval; the interval needs two values."""
    found = list(values)
    if not found:
        return Measured(None, 0, unit, note=note or NO_ROWS)
    mean = math.fsum(found) / len(found)
    if len(found) < 2:
        return Measured(mean, 1, unit, note=note or TOO_FEW)
    return Measured(mean, len(found), unit, gap_interval(mean, sd_of(found), len(found)), STUDENT, note)


def sd_of(values: Sequence[float]) -> float:
    """The sample's standard deviation. Raises `ValueError` for fewer than two values."""
    if len(values) < 2:
        raise ValueError("no deviation of fewer than two values")
    mean = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


def quantile_of(values: Iterable[float], share: float, unit: Unit = Unit.SECONDS) -> Measured:
    """The smallest value that at least `share` of all do not exceed (nearest rank); 0.5 is the median.

    Raises:
        ValueError: `share` is not in (0, 1].
    """
    if not 0 < share <= 1:
        raise ValueError(f"share {share}")
    found = sorted(values)
    if not found:
        return Measured(None, 0, unit, note=NO_ROWS)
    return Measured(found[math.ceil(share * len(found)) - 1], len(found), unit)


def nps_of(answers: Iterable[int]) -> Measured:
    """% 9–10 less % 0–6 in points, the interval from the mean of +100, 0 and −100."""
    points = [100.0 if one >= 9 else -100.0 if one <= 6 else 0.0 for one in answers]
    return mean_of(points, Unit.POINTS)


@dataclass(frozen=True)
class Prior:
    """a and b of the beta-binomial; `is_fitted` from own data."""

    a: float = PRIOR[0]
    b: float = PRIOR[1]
    is_fitted: bool = False


def fitted_prior(counts: Iterable[tuple[int, int]]) -> Prior:
    """a and b by the method of moments from (satisfied, answers) of each person.

    With m the mean of the rates and v their variance, the part of v that chance explains, mean(m(1−m)/n), is
    taken off; a + b = m(1−m)/v' − 1. Without ten people of 20 answers, or when all rates are alike, (16, 4).
    """
    enough = sorted((x, n) for x, n in counts if n >= _FIT_ANSWERS)
    if len(enough) < _FIT_AGENTS:
        return Prior()
    rates = [x / n for x, n in enough]
    mean = math.fsum(rates) / len(rates)
    if not 0 < mean < 1:
        return Prior()
    chance = math.fsum(mean * (1 - mean) / n for _, n in enough) / len(enough)
    between = sd_of(rates) ** 2 - chance
    strength = mean * (1 - mean) / between - 1 if between > 0 else _STRONGEST_PRIOR
    if strength <= 0:
        return Prior()
    strength = min(strength, _STRONGEST_PRIOR)
    return Prior(mean * strength, (1 - mean) * strength, True)


@dataclass(frozen=True)
class ControlPoint:
    """One week's value with the limits that its own n allows."""

    week: date
    value: float | None
    n: int
    low: float | None
    high: float | None

    @property
    def is_outside(self) -> bool:
        if self.value is None or self.low is None or self.high is None:
            return False
        return not self.low <= self.value <= self.high


def week_of(day: date) -> date:
    """The Monday of the week."""
    return day - timedelta(days=day.weekday())


def share_chart(weeks: Mapping[date, tuple[int, int]]) -> tuple[float | None, tuple[ControlPoint, ...]]:
    """A p-chart: centre p̄ over all weeks, limits p̄ ± 3√(p̄(1−p̄)/n) within 0–1 (Shewhart).

    Args:
        weeks: Monday → (successes, n).
    """
    total = sum(n for _, n in weeks.values())
    if total == 0:
        return None, tuple(ControlPoint(week, None, 0, None, None) for week in sorted(weeks))
    centre = sum(x for x, _ in weeks.values()) / total
    points = []
    for week in sorted(weeks):
        x, n = weeks[week]
        half = _SIGMAS * math.sqrt(centre * (1 - centre) / n) if n else None
        low = None if half is None else max(0.0, centre - half)
        high = None if half is None else min(1.0, centre + half)
        points.append(ControlPoint(week, x / n if n else None, n, low, high))
    return centre, tuple(points)


def mean_chart(weeks: Mapping[date, Sequence[float]]) -> tuple[float | None, tuple[ControlPoint, ...]]:
    """An x̄-chart: limits mean ± 3·s/√n with s the pooled deviation within the weeks (Shewhart)."""
    values = [value for week in weeks.values() for value in week]
    centre = math.fsum(values) / len(values) if values else None
    spread = [(sd_of(week) ** 2 * (len(week) - 1), len(week) - 1) for week in weeks.values() if len(week) > 1]
    freedom = sum(one for _, one in spread)
    pooled = math.sqrt(math.fsum(one for one, _ in spread) / freedom) if freedom else None
    points = []
    for week in sorted(weeks):
        found = weeks[week]
        half = _SIGMAS * pooled / math.sqrt(len(found)) if pooled is not None and found else None
        is_bounded = centre is not None and half is not None
        points.append(
            ControlPoint(
                week,
                math.fsum(found) / len(found) if found else None,
                len(found),
                centre - half if is_bounded else None,  # type: ignore[operator]
                centre + half if is_bounded else None,  # type: ignore[operator]
            )
        )
    return centre, tuple(points)
