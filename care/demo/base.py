"""What all generators share: one random stream per noun, the anchor day, and ids that do not shift."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Any
from uuid import UUID

from care.rules.times import SHANGHAI

SEED = 20261123
Row = dict[str, Any]


@dataclass(frozen=True)
class Anchor:
    """Everything happened before the first minute of `today` in Shanghai, however early the seed is sown."""

    today: date

    @property
    def now(self) -> datetime:
        return self.at(0, time(0, 0))

    def at(self, days_ago: float, clock: time | None = None) -> datetime:
        """A moment so many days before today, aware UTC; at `clock` in Shanghai when given."""
        start = datetime.combine(self.today, time(0, 0), SHANGHAI)
        if clock is None:
            return (start - timedelta(days=days_ago)).astimezone(timezone.utc)
        day = self.today - timedelta(days=int(days_ago))
        return datetime.combine(day, clock, SHANGHAI).astimezone(timezone.utc)


def stream(noun: str) -> random.Random:
    """A random stream of the noun's own: a change in one generator does not move the others."""
    return random.Random(f"{SEED}:{noun}")


def uuid_of(rng: random.Random) -> str:
    return str(UUID(int=rng.getrandbits(128), version=4))


def shop_hour(rng: random.Random) -> time:
    """A time of day as contacts come: few at night, most in the late morning and the evening."""
    hour = rng.choices(
        range(24), weights=(2, 1, 1, 1, 1, 1, 2, 4, 8, 12, 14, 12, 9, 10, 12, 11, 10, 9, 10, 14, 16, 14, 9, 5)
    )[0]
    return time(hour, rng.randrange(60), rng.randrange(60))


def moment(rng: random.Random, anchor: Anchor, days_ago: int) -> datetime:
    """A moment of that day, early enough on the last one for what follows from it."""
    at = anchor.at(days_ago, shop_hour(rng))
    return min(at, anchor.at(1, time(20, rng.randrange(60))))
