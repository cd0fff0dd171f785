"""Whether a figure has changed between two periods, and how surely: differences with their 95 % interval.

Shares are 0–1, rates are events per 1,000 of their exposure, means as measured.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import fmean, stdev
from typing import Any

from care.rules.labelled import Labelled
from care.rules.satisfaction import Interval, wilson
from care.rules.student import t_quantile

_Z = 1.959963984540054
#: Below these a comparison says nothing [P]: answers of a share, values of a mean, events of both rates together.
LEAST_SHARE, LEAST_MEAN, LEAST_EVENTS = 20, 10, 10
PER = 1000


class SampleKind(Labelled):
    SHARE = "share", "比率"
    MEAN = "mean", "均值"
    RATE = "rate", "每千单件数"


class Verdict(Labelled):
    BETTER = "better", "改善"
    WORSE = "worse", "变差"
    UNDECIDED = "undecided", "未定"
    TOO_FEW = "too_few", "样本不足"


@dataclass(frozen=True)
class Sample:
    """One measurement. `value` is None when there is nothing to measure, `interval` too when n is too small.

    Attributes:
        n: answers, values, or the exposure of a rate.
        successes: of a share; the events of a rate.
        sd: of a mean, the sample's.
        since, until: the period, both days included, Asia/Shanghai.
    """

    kind: SampleKind
    value: float | None
    n: int
    since: date
    until: date
    successes: int = 0
    sd: float = 0.0
    interval: Interval | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind.value,
            "value": self.value,
            "n": self.n,
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "successes": self.successes,
            "sd": self.sd,
            "interval": None if self.interval is None else [self.interval.low, self.interval.high],
        }

    @staticmethod
    def from_json(row: Mapping[str, Any]) -> Sample:
        interval = row["interval"]
        return Sample(
            kind=SampleKind(row["kind"]),
            value=row["value"],
            n=row["n"],
            since=date.fromisoformat(row["since"]),
            until=date.fromisoformat(row["until"]),
            successes=row["successes"],
            sd=row["sd"],
            interval=None if interval is None else Interval(*interval),
        )


@dataclass(frozen=True)
class Comparison:
    """`difference` = after − before, with its interval; None when there are too few."""

    verdict: Verdict
    difference: float | None
    interval: Interval | None
    why: str


def share(successes: int, n: int, since: date, until: date) -> Sample:
    """A share with Wilson's interval. Raises `ValueError` unless 0 ≤ successes ≤ n."""
    if n == 0:
        return Sample(SampleKind.SHARE, None, 0, since, until)
    return Sample(SampleKind.SHARE, successes / n, n, since, until, successes, interval=wilson(successes, n))


def mean(values: Sequence[float], since: date, until: date) -> Sample:
    """A mean with Student's interval."""
    if len(values) < 2:
        return Sample(SampleKind.MEAN, values[0] if values else None, len(values), since, until)
    centre, spread = fmean(values), stdev(values)
    half = t_quantile(0.975, len(values) - 1) * spread / math.sqrt(len(values))
    return Sample(
        SampleKind.MEAN,
        centre,
        len(values),
        since,
        until,
        sd=spread,
        interval=Interval(centre - half, centre + half),
    )


def rate(events: int, exposure: int, since: date, until: date) -> Sample:
    """Events per 1,000 with Byar's interval of a Poisson count (Breslow & Day 1987)."""
    if exposure <= 0:
        return Sample(SampleKind.RATE, None, 0, since, until, events)
    low = 0.0 if events == 0 else events * (1 - 1 / (9 * events) - _Z / (3 * math.sqrt(events))) ** 3
    more = events + 1
    high = more * (1 - 1 / (9 * more) + _Z / (3 * math.sqrt(more))) ** 3
    scale = PER / exposure
    return Sample(
        SampleKind.RATE,
        events * scale,
        exposure,
        since,
        until,
        events,
        interval=Interval(max(0.0, low) * scale, high * scale),
    )


def compare(before: Sample, after: Sample, *, high_is_good: bool) -> Comparison:
    """The verdict on a change: better or worse only when the whole interval of the difference is on that side.

    Shares after Newcombe (1998, method 10), means after Welch, rates by the same square-and-add of their
    own intervals.

    Raises:
        ValueError: samples of two kinds, or the second period does not begin after the first ended.
    """
    if before.kind is not after.kind:
        raise ValueError(f"{before.kind} and {after.kind} cannot be compared")
    if after.since <= before.until:
        raise ValueError("the periods overlap")
    if too_few := _too_few(before, after):
        return Comparison(Verdict.TOO_FEW, None, None, too_few)
    assert before.value is not None
    assert after.value is not None
    difference = after.value - before.value
    interval = _welch(before, after) if before.kind is SampleKind.MEAN else _square_and_add(before, after)
    if interval.low <= 0 <= interval.high:
        return Comparison(Verdict.UNDECIDED, difference, interval, "差异的 95% 区间包含 0，不能说有变化")
    is_better = (interval.low > 0) is high_is_good
    verdict = Verdict.BETTER if is_better else Verdict.WORSE
    return Comparison(verdict, difference, interval, "差异的 95% 区间不包含 0")


def _too_few(before: Sample, after: Sample) -> str | None:
    if before.value is None or after.value is None:
        return "至少一个时期没有数据"
    if before.kind is SampleKind.RATE:
        events = before.successes + after.successes
        return f"两个时期共 {events} 件，至少要 {LEAST_EVENTS} 件" if events < LEAST_EVENTS else None
    least = LEAST_SHARE if before.kind is SampleKind.SHARE else LEAST_MEAN
    n = min(before.n, after.n)
    return f"较少的一期 n={n}，至少要 {least}" if n < least else None


def _square_and_add(before: Sample, after: Sample) -> Interval:
    assert before.interval is not None
    assert after.interval is not None
    assert before.value is not None
    assert after.value is not None
    difference = after.value - before.value
    low = math.hypot(after.value - after.interval.low, before.interval.high - before.value)
    high = math.hypot(after.interval.high - after.value, before.value - before.interval.low)
    return Interval(difference - low, difference + high)


def _welch(before: Sample, after: Sample) -> Interval:
    assert before.value is not None
    assert after.value is not None
    difference = after.value - before.value
    one, two = before.sd**2 / before.n, after.sd**2 / after.n
    if one + two == 0:
        return Interval(difference, difference)
    freedom = (one + two) ** 2 / (one**2 / (before.n - 1) + two**2 / (after.n - 1))
    half = t_quantile(0.975, freedom) * math.sqrt(one + two)
    return Interval(difference - half, difference + half)
