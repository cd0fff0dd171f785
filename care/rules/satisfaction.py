"""What customers' answers say, and how surely (care.md §2.1–2.7).

Shares are 0–1, scores as asked, indices 0–100. A figure without enough answers is `None`, not 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from care.rules.labelled import Labelled
from care.rules.student import t_quantile
from care.rules.vocabulary import CarePart

SHOW_PERSON_FROM = 20  # answers before a person's rate is shown
SHOW_CELL_FROM = 5  # answers before a cell of the care matrix is shown
WEIGHT_TOLERANCE = 1e-6


class Satisfaction(Labelled):
    """What one answer's gap means (expectancy-disconfirmation, Oliver 1980)."""

    BELOW = "below", "不满意"
    MET = "met", "满意"
    ABOVE = "above", "高度满意"


class GapVerdict(Labelled):
    """What a mean gap's interval allows to say."""

    BELOW = "below", "低于期望"
    UNDECIDED = "undecided", "未定"
    ABOVE = "above", "高于期望"


class Property(Labelled):
    """S, E and C of an indicator: judged before buying, while using, or only on trust."""

    SEARCH = "S", "寻求"
    EXPERIENCE = "E", "体验"
    CREDENCE = "C", "信用"


@dataclass(frozen=True)
class Interval:
    low: float
    high: float


@dataclass(frozen=True)
class Dimension:
    """Mean expectation and perception (1–7 each) of one dimension, and its weight."""

    name: str
    expectation: float
    perception: float
    weight: float

    @property
    def gap(self) -> float:
        return self.perception - self.expectation


@dataclass(frozen=True)
class Cell:
    """One cell of the care matrix: its value 0–100 and the answers behind it."""

    value: float
    n: int

    @property
    def is_shown(self) -> bool:
        return self.n >= SHOW_CELL_FROM


@dataclass(frozen=True)
class CareIndex:
    """Index and parts 0–100 (`None` when no cell is filled), coverage as filled of all cells."""

    index: float | None
    parts: Mapping[CarePart, float | None]
    filled: int
    cells: int
    worst: tuple[CarePart, Property] | None


def gap(expectation: int, perception: int) -> int:
    """g = p − e on the same 1–7 scale (SERVQUAL, Parasuraman et al. 1988).

    Raises:
        ValueError: an answer outside 1–7.
    """
    _scored(perception, 1, 7)
    _scored(expectation, 1, 7)
    return perception - expectation


def classify_gap(value: float) -> Satisfaction:
    """g < 0 不满意, g = 0 满意, g > 0 高度满意, for one answer."""
    if value == 0:
        return Satisfaction.MET
    return Satisfaction.BELOW if value < 0 else Satisfaction.ABOVE


def mean_gap(dimensions: Sequence[Dimension]) -> float:
    """The unweighted mean of the dimensions' gaps."""
    return math.fsum(d.gap for d in dimensions) / _count(dimensions)


def weighted_gap(dimensions: Sequence[Dimension]) -> float:
    """Σ w·gap.

    Raises:
        ValueError: the weights do not add up to 1.
    """
    _check_weights([d.weight for d in dimensions])
    return math.fsum(d.weight * d.gap for d in dimensions)


def gap_interval(mean: float, sd: float, n: int, *, confidence: float = 0.95) -> Interval:
    """mean ± t·sd/√n with Student's t for n − 1 degrees of freedom; `sd` is the sample's.

    Raises:
        ValueError: fewer than two answers, or a negative `sd`.
    """
    if n < 2 or sd < 0:
        raise ValueError(f"no interval from n={n}, sd={sd}")
    half = t_quantile(0.5 + confidence / 2, n - 1) * sd / math.sqrt(n)
    return Interval(mean - half, mean + half)


def gap_verdict(interval: Interval) -> GapVerdict:
    """Below or above expectation only when the whole interval is."""
    if interval.high < 0:
        return GapVerdict.BELOW
    return GapVerdict.ABOVE if interval.low > 0 else GapVerdict.UNDECIDED


def csat(answers: Iterable[int]) -> float | None:
    """Share of 4–5 on 1–5; `None` without answers."""
    return _share(answers, 1, 5, at_least=4)


def top_box(answers: Iterable[int]) -> float | None:
    """Share of 5 on 1–5 (高度满意); `None` without answers."""
    return _share(answers, 1, 5, at_least=5)


def wilson(successes: int, n: int, *, z: float = 1.959963984540054) -> Interval:
    """Wilson's score interval for a share (Wilson 1927), 95 % by default.

    Raises:
        ValueError: not 0 ≤ successes ≤ n with n ≥ 1.
    """
    _check_counts(successes, n)
    share, z2 = successes / n, z * z
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = z * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    # At 0 and n the bound is exact; rounding must not carry it past the share.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return Interval(low, high)


def posterior_mean(successes: int, n: int, *, a: float = 16, b: float = 4) -> float:
    """(x + a)/(n + a + b): a person's rate drawn towards the team's, for ranking (beta-binomial).

    Raises:
        ValueError: impossible counts, or a prior that is not positive.
    """
    if n < 0 or not 0 <= successes <= n or a <= 0 or b <= 0:
        raise ValueError(f"{successes} of {n} with prior ({a}, {b})")
    return (successes + a) / (n + a + b)


def may_show_person(n: int) -> bool:
    """Below 20 answers a person's rate says more about luck than about the person."""
    return n >= SHOW_PERSON_FROM


def nps(answers: Iterable[int]) -> float | None:
    """% 9–10 − % 0–6 on 0–10, so −100…+100; `None` without answers."""
    scores = [_scored(x, 0, 10) for x in answers]
    if not scores:
        return None
    return 100 * (sum(x >= 9 for x in scores) - sum(x <= 6 for x in scores)) / len(scores)


def ces(answers: Iterable[int]) -> float | None:
    """Mean effort on 1–7 (7 = 很容易); `None` without answers."""
    scores = [_scored(x, 1, 7) for x in answers]
    return math.fsum(scores) / len(scores) if scores else None


def easy_share(answers: Iterable[int]) -> float | None:
    """Share of 5–7 on the effort scale; `None` without answers."""
    return _share(answers, 1, 7, at_least=5)


def acsi_form(means: Sequence[float], weights: Sequence[float] | None = None) -> float:
    """Σ w(x − 1)/9·100 over the three means on 1–10, equal weights unless given.

    The form of the American index only: its true weights are proprietary, so the figure must
    not be called an ACSI score.

    Raises:
        ValueError: a mean outside 1–10, or weights that do not add up to 1.
    """
    shares = list(weights) if weights is not None else [1 / _count(means)] * len(means)
    _check_weights(shares)
    return 100 * math.fsum(w * (_scored(x, 1, 10) - 1) / 9 for w, x in zip(shares, means, strict=True))


def experience_cell(mean_perception: float) -> float:
    """E of the care matrix: (mean P − 1)/6·100, from 1–7 to 0–100."""
    return (_scored(mean_perception, 1, 7) - 1) / 6 * 100


def care_index(
    matrix: Mapping[CarePart, Mapping[Property, Cell | None]],
    weights: Mapping[CarePart, float] | None = None,
) -> CareIndex:
    """The care matrix summed up: part = mean of its filled cells, index = weighted mean of the parts.

    Cells with fewer than 5 answers are left out (样本不足). A part without a filled cell is left
    out too and its weight shared by the others; `filled` of `cells` tells how much was covered.

    Raises:
        ValueError: a value outside 0–100, or a negative weight, or all weights zero.
    """
    parts: dict[CarePart, float | None] = {}
    shown: dict[tuple[CarePart, Property], float] = {}
    for part in CarePart:
        for prop in Property:
            cell = matrix.get(part, {}).get(prop)
            if cell is not None and cell.is_shown:
                shown[part, prop] = _scored(cell.value, 0, 100)
        values = [value for (p, _), value in shown.items() if p is part]
        parts[part] = math.fsum(values) / len(values) if values else None
    weight = {part: (weights.get(part, 0.0) if weights is not None else 1.0) for part in CarePart}
    if min(weight.values()) < 0 or sum(weight.values()) <= 0:
        raise ValueError(f"weights {weight}")
    known = [(weight[part], value) for part, value in parts.items() if value is not None]
    total = math.fsum(w for w, _ in known)
    return CareIndex(
        index=math.fsum(w * v for w, v in known) / total if total > 0 else None,
        parts=parts,
        filled=len(shown),
        cells=len(CarePart) * len(Property),
        worst=min(shown, key=lambda key: shown[key]) if shown else None,
    )


def advice_for(prop: Property) -> str:
    """What a weak cell asks for: S → the rule or the clock, E and C → training and assessment."""
    return "改规则" if prop is Property.SEARCH else "训练考核"


def honest_bounds(invited: int, answered: int, satisfied: int) -> Interval:
    """The share satisfied if all who stayed silent were unsatisfied, and if all were satisfied (worst case).

    Raises:
        ValueError: not 0 ≤ satisfied ≤ answered ≤ invited with invited ≥ 1.
    """
    if not 0 <= satisfied <= answered <= invited or invited < 1:
        raise ValueError(f"{satisfied} of {answered} of {invited}")
    return Interval(satisfied / invited, (satisfied + invited - answered) / invited)


def response_rate(invited: int, answered: int) -> float | None:
    """answered / invited; `None` when nobody was invited."""
    return answered / invited if invited else None


def mix_weighted(rates: Mapping[str, float], contacts: Mapping[str, int]) -> float:
    """Rates of the strata that answered, weighted to the mix of contacts (post-stratification).

    A stratum without a rate is left out.

    Raises:
        ValueError: no stratum has both a rate and contacts.
    """
    total = sum(n for stratum, n in contacts.items() if stratum in rates)
    if total <= 0:
        raise ValueError("no stratum has both a rate and contacts")
    return math.fsum(rates[s] * n / total for s, n in contacts.items() if s in rates)


def _share(answers: Iterable[int], low: int, high: int, *, at_least: int) -> float | None:
    scores = [_scored(x, low, high) for x in answers]
    return sum(x >= at_least for x in scores) / len(scores) if scores else None


def _count(values: Sequence[object]) -> int:
    if not values:
        raise ValueError("no values")
    return len(values)


def _check_counts(successes: int, n: int) -> None:
    if n < 1 or not 0 <= successes <= n:
        raise ValueError(f"{successes} of {n}")


def _check_weights(weights: Sequence[float]) -> None:
    if any(w < 0 for w in weights) or abs(math.fsum(weights) - 1) > WEIGHT_TOLERANCE:
        raise ValueError(f"weights {list(weights)} do not add up to 1")


def _scored(value: float, low: float, high: float) -> float:
    if not low <= value <= high:
        raise ValueError(f"{value} is not {low}–{high}")
    return value
