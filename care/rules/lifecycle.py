"""Where a customer stands on the way from stranger to regular to gone, and when the next purchase is due.

The bounds in days are our own; a customer with a habit (three purchases) is measured by that habit instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from statistics import median

from care.rules.vocabulary import LifecycleStage

NEW_DAYS = 90
AT_RISK_DAYS, LAPSED_DAYS = 180, 365
#: P(alive) below which somebody is at risk, and gone.
AT_RISK_BELOW, LAPSED_BELOW = 0.5, 0.2
#: Who stayed away so many times the own median gap was lost; the next purchase after that is a return.
SILENT_TIMES, LOST_TIMES = 2, 4
RECOVERED_DAYS = 90


@dataclass(frozen=True)
class Stage:
    """The stage and, in Chinese, why."""

    stage: LifecycleStage
    why: str


def median_gap(days: Iterable[date]) -> float | None:
    """Median days between purchases; `None` with fewer than three: one gap is no habit."""
    bought = sorted(set(days))
    if len(bought) < 3:
        return None
    return float(median((later - earlier).days for earlier, later in pairwise(bought)))


def next_due(days: Iterable[date]) -> date | None:
    """The last purchase plus the median gap; `None` without a habit. It may lie in the past."""
    bought = sorted(set(days))
    gap = median_gap(bought)
    return None if gap is None else bought[-1] + timedelta(days=round(gap))


def stage_of(days: Sequence[date], today: date, *, alive: float | None = None) -> Stage:
    """The stage of who bought on these days, by silence against the own habit, and by P(alive) when it is known.

    A one-time buyer has no habit and no telling P(alive): there the days count.
    """
    bought = sorted(set(days))
    if not bought:
        return Stage(LifecycleStage.PROSPECT, "还没有购买")
    silent = (today - bought[-1]).days
    gap = median_gap(bought)
    if _came_back(bought, today):
        return Stage(LifecycleStage.RECOVERED, f"久未购买后又回来，{silent} 天前下单")
    if len(bought) == 1 and silent <= NEW_DAYS:
        return Stage(LifecycleStage.NEW, f"{silent} 天前首次购买")
    if gap is not None:
        if silent > LOST_TIMES * max(gap, 7) or (alive is not None and alive < LAPSED_BELOW):
            return Stage(LifecycleStage.LAPSED, _told(silent, gap, alive))
        if silent > SILENT_TIMES * max(gap, 7) or (alive is not None and alive < AT_RISK_BELOW):
            return Stage(LifecycleStage.AT_RISK, _told(silent, gap, alive))
        return Stage(LifecycleStage.ACTIVE, _told(silent, gap, alive))
    if silent > LAPSED_DAYS:
        return Stage(LifecycleStage.LAPSED, f"{silent} 天没有购买")
    if silent > AT_RISK_DAYS:
        return Stage(LifecycleStage.AT_RISK, f"{silent} 天没有购买")
    return Stage(LifecycleStage.ACTIVE, f"{silent} 天前购买")


def _came_back(bought: Sequence[date], today: date) -> bool:
    """The last purchase is fresh, and the silence before it was long enough to have been lost."""
    if len(bought) < 2 or (today - bought[-1]).days > RECOVERED_DAYS:
        return False
    pause = (bought[-1] - bought[-2]).days
    gap = median_gap(bought[:-1])
    return pause > (LAPSED_DAYS if gap is None else max(LOST_TIMES * gap, AT_RISK_DAYS))


def _told(silent: int, gap: float, alive: float | None) -> str:
    known = f"，P(alive) {alive:.0%}" if alive is not None else ""
    return f"{silent} 天没有购买，平常间隔 {gap:.0f} 天{known}"
