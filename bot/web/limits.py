"""Token buckets: how often one address, visitor or socket may do something. Pure; the time is given."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

Now = Callable[[], float]


@dataclass(frozen=True)
class Rate:
    """`burst` at once, then `per_second` on average."""

    burst: int
    per_second: float


class Bucket:
    """Starts full; `take` tells whether one more is allowed now."""

    __slots__ = ("_at", "_left", "_now", "_rate")

    def __init__(self, rate: Rate, now: Now = time.monotonic) -> None:
        self._rate = rate
        self._now = now
        self._left = float(rate.burst)
        self._at = now()

    def take(self) -> bool:
        self._refill()
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def is_full(self) -> bool:
        self._refill()
        return self._left >= self._rate.burst

    def _refill(self) -> None:
        now = self._now()
        self._left = min(self._rate.burst, self._left + (now - self._at) * self._rate.per_second)
        self._at = now


class Buckets:
    """A bucket for each key. At most `keep` keys are remembered, the longest unused go first."""

    def __init__(self, rate: Rate, now: Now = time.monotonic, keep: int = 20_000) -> None:
        self._rate = rate
        self._now = now
        self._keep = keep
        self._buckets: OrderedDict[Hashable, Bucket] = OrderedDict()

    def of(self, key: Hashable) -> Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = Bucket(self._rate, self._now)
            if len(self._buckets) > self._keep:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
        return bucket

    def take(self, key: Hashable) -> bool:
        return self.of(key).take()


@dataclass(frozen=True)
class Limits:
    """What one may do how often. An address may be a whole office behind one router: it gets more."""

    requests: Rate = Rate(300, 50)
    sign_ins: Rate = Rate(10, 0.1)
    connections: Rate = Rate(100, 10)
    sockets_per_address: int = 200
    frames_per_address: Rate = Rate(400, 100)
    frames_per_visitor: Rate = Rate(20, 5)
    frames_per_desk: Rate = Rate(200, 40)
    uploads_per_address: Rate = Rate(60, 0.5)
    uploads_per_visitor: Rate = Rate(12, 0.2)
    #: Pictures that are received and made anew at the same time; each may need a lot of memory for a moment.
    uploads_at_once: int = 2
    #: Refused or broken frames that a socket may send before it is closed.
    strikes: Rate = Rate(300, 5)


@dataclass
class Limiter:
    """The buckets of one running service."""

    limits: Limits = field(default_factory=Limits)
    now: Now = time.monotonic

    def __post_init__(self) -> None:
        self.requests = Buckets(self.limits.requests, self.now)
        self.sign_ins = Buckets(self.limits.sign_ins, self.now)
        self.connections = Buckets(self.limits.connections, self.now)
        self.address_frames = Buckets(self.limits.frames_per_address, self.now)
        self.address_uploads = Buckets(self.limits.uploads_per_address, self.now)
        self.visitor_uploads = Buckets(self.limits.uploads_per_visitor, self.now)
        self.desk_frames = Buckets(self.limits.frames_per_desk, self.now)
        self.visitor_frames = Buckets(self.limits.frames_per_visitor, self.now)

    def strikes(self) -> Bucket:
        return Bucket(self.limits.strikes, self.now)
