"""The circuit breaker: closed, open, half-open."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from care.rules.breaker import OPEN_S, THRESHOLD, TRIAL_S, Breaker, BreakerState


def after_failures(count: int, now: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(count):
        breaker = breaker.failed(now)
    return breaker


def test_it_stays_closed_until_the_threshold() -> None:
    assert after_failures(THRESHOLD - 1).state(0) is BreakerState.CLOSED
    assert after_failures(THRESHOLD).state(0) is BreakerState.OPEN


def test_a_success_in_between_starts_the_count_again() -> None:
    breaker = after_failures(THRESHOLD - 1).succeeded().failed(0)
    assert breaker.state(0) is BreakerState.CLOSED


def test_while_open_no_call_goes_and_later_exactly_one_tries() -> None:
    breaker = after_failures(THRESHOLD)
    breaker, goes = breaker.ask(OPEN_S - 0.01)
    assert not goes
    breaker, first = breaker.ask(OPEN_S)
    breaker, second = breaker.ask(OPEN_S + 0.1)
    assert (first, second) == (True, False)
    assert breaker.state(OPEN_S) is BreakerState.HALF_OPEN


def test_the_trial_closes_it_or_opens_it_for_another_while() -> None:
    trying, _ = after_failures(THRESHOLD).ask(OPEN_S)
    assert trying.succeeded().state(OPEN_S) is BreakerState.CLOSED
    again = trying.failed(OPEN_S + 1)
    assert again.state(OPEN_S + 1) is BreakerState.OPEN
    assert again.ask(2 * OPEN_S + 1)[1]


def test_a_trial_that_is_never_heard_of_does_not_block_for_ever() -> None:
    trying, _ = after_failures(THRESHOLD).ask(OPEN_S)
    assert not trying.ask(OPEN_S + TRIAL_S - 0.1)[1]
    assert trying.ask(OPEN_S + TRIAL_S)[1]


def test_failures_of_calls_sent_before_do_not_prolong_the_pause() -> None:
    breaker = after_failures(THRESHOLD).failed(OPEN_S - 1)
    assert breaker.state(OPEN_S) is BreakerState.HALF_OPEN


@given(st.lists(st.sampled_from(["ask", "ok", "fail", "wait"]), max_size=60))
def test_whatever_happens_it_can_always_close_again(steps: list[str]) -> None:
    breaker, now = Breaker(), 0.0
    for step in steps:
        if step == "wait":
            now += 4
        elif step == "ask":
            breaker, _ = breaker.ask(now)
        else:
            breaker = breaker.succeeded() if step == "ok" else breaker.failed(now)
    breaker, goes = breaker.ask(now + OPEN_S + TRIAL_S)
    assert goes
    assert breaker.succeeded().state(now) is BreakerState.CLOSED
