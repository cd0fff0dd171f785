"""Points of a membership: the ones that run out first are spent first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class PointEntry:
    """Points won (positive) or spent (negative) on a day; `expires_on` is the last day they count."""

    points: int
    on: date
    expires_on: date | None = None


@dataclass(frozen=True)
class Balance:
    """`expiring` of the points are lost after `expiring_on`, the nearest such day."""

    points: int
    expiring: int
    expiring_on: date | None


def balance(entries: Iterable[PointEntry], today: date) -> Balance:
    """The points that can be used on `today` and the next ones to run out.

    Spending takes from the points that were valid on its day, the soonest to expire first; more
    than there was leaves nothing and no debt.
    """
    pots: list[tuple[date, int]] = []  # (last day, points left)
    for entry in sorted(entries, key=lambda entry: (entry.on, entry.points < 0)):
        if entry.points >= 0:
            pots = sorted([*pots, (entry.expires_on or date.max, entry.points)])
            continue
        to_spend = -entry.points
        left = []
        for last_day, points in pots:
            spent = min(points, to_spend) if last_day >= entry.on else 0
            to_spend -= spent
            left.append((last_day, points - spent))
        pots = left
    valid = [(last_day, points) for last_day, points in pots if last_day >= today and points]
    nearest = min((last_day for last_day, _ in valid if last_day != date.max), default=None)
    return Balance(
        points=sum(points for _, points in valid),
        expiring=sum(points for last_day, points in valid if last_day == nearest),
        expiring_on=nearest,
    )
