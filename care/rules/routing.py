"""In which order waiting customers are served, and how long the next one waits (care.md §2.8).

Severity comes before tier; a tier is a head start in minutes, never more; and whoever has waited
past the floor comes before everybody who has not, so general customers cannot starve.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from types import MappingProxyType

from care.rules.severity import Grade
from care.rules.vocabulary import Tier

#: Our own head starts: a key customer who comes 2 minutes later is served as if at the same time.
TIER_HEAD_START: Mapping[Tier, timedelta] = MappingProxyType(
    {
        Tier.STRATEGIC: timedelta(minutes=4),
        Tier.KEY: timedelta(minutes=2),
        Tier.POTENTIAL: timedelta(minutes=1),
        Tier.GENERAL: timedelta(),
    }
)
GRADE_HEAD_START: Mapping[Grade, timedelta] = MappingProxyType(
    {Grade.P2: timedelta(minutes=5), Grade.P3: timedelta(), Grade.P4: timedelta()}
)
#: After this long a customer's tier and everybody else's count no more.
AGEING_FLOOR = timedelta(minutes=10)
WAITS_REMEMBERED = 20


@dataclass(frozen=True)
class Waiting:
    """One conversation in the queue; `since` is aware."""

    key: int
    since: datetime
    tier: Tier = Tier.GENERAL
    grade: Grade | None = None


def queue_order(waiting: Iterable[Waiting], now: datetime) -> tuple[Waiting, ...]:
    """Who is served first, first: P1, then those past the ageing floor, then by wait plus head start.

    Within P1 and past the floor it is the longest wait alone. Equals go by `key`, so the order does
    not depend on the order of the input.
    """
    return tuple(sorted(waiting, key=lambda w: _rank(w, now)))


def position(waiting: Sequence[Waiting], key: int, now: datetime) -> int | None:
    """Place in the queue from 1, or `None` when `key` is not waiting."""
    for place, entry in enumerate(queue_order(waiting, now), start=1):
        if entry.key == key:
            return place
    return None


def expected_wait(place: int, between_takes_s: Sequence[float]) -> int | None:
    """Seconds until the customer at `place` (from 1) is taken; `None` without data.

    The median of the last 20 hand-overs' take times (oldest first), times the place.

    Raises:
        ValueError: `place` < 1.
    """
    if place < 1:
        raise ValueError(f"place {place} is not in the queue")
    recent = between_takes_s[-WAITS_REMEMBERED:]
    return round(median(recent) * place) if recent else None


def _rank(waiting: Waiting, now: datetime) -> tuple[int, float, int]:
    waited = now - waiting.since
    if waiting.grade is Grade.P1:
        return 0, -waited.total_seconds(), waiting.key
    if waited >= AGEING_FLOOR:
        return 1, -waited.total_seconds(), waiting.key
    start = TIER_HEAD_START[waiting.tier]
    if waiting.grade is not None:
        start += GRADE_HEAD_START[waiting.grade]
    return 2, -(waited + start).total_seconds(), waiting.key
