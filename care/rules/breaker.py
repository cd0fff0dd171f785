"""A circuit breaker as a pure state machine: it knows no clock and no network.

Closed: calls go. After `THRESHOLD` failures in a row open: none goes for `OPEN_S`. Then half-open: one
call tries; its success closes the breaker, its failure opens it again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from care.rules.labelled import Labelled

THRESHOLD = 5
OPEN_S = 15.0
#: A trial call that never reported back (its task was cancelled) blocks the next one no longer than this.
TRIAL_S = 5.0


class BreakerState(Labelled):
    CLOSED = "closed", "正常"
    OPEN = "open", "已断开"
    HALF_OPEN = "half_open", "试探中"


@dataclass(frozen=True)
class Breaker:
    """Moments are seconds of any clock that never goes back, the same one for every call."""

    failures: int = 0
    opened_at: float | None = None
    trial_at: float | None = None

    def state(self, now: float) -> BreakerState:
        if self.opened_at is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now - self.opened_at < OPEN_S else BreakerState.HALF_OPEN

    def ask(self, now: float) -> tuple[Breaker, bool]:
        """Whether a call may go now, and the breaker after that answer."""
        state = self.state(now)
        if state is BreakerState.CLOSED:
            return self, True
        is_trial_out = self.trial_at is not None and now - self.trial_at < TRIAL_S
        if state is BreakerState.OPEN or is_trial_out:
            return self, False
        return replace(self, trial_at=now), True

    def succeeded(self) -> Breaker:
        return Breaker()

    def failed(self, now: float) -> Breaker:
        """One more failure; a failure while open, of a call sent before, does not prolong the pause."""
        failures = self.failures + 1
        state = self.state(now)
        if state is BreakerState.OPEN:
            return replace(self, failures=failures)
        if state is BreakerState.HALF_OPEN or failures >= THRESHOLD:
            return Breaker(failures, opened_at=now)
        return replace(self, failures=failures)
