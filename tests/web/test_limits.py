"""Token buckets."""

from __future__ import annotations

from bot.web.limits import Bucket, Buckets, Rate


class Hands:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.at = 100.0

    def now(self) -> float:
        return self.at


def test_a_burst_then_an_average() -> None:
    hands = Hands()
    bucket = Bucket(Rate(20, 5), hands.now)
    assert [bucket.take() for _ in range(21)] == [True] * 20 + [False]
    hands.at += 1.0
    assert [bucket.take() for _ in range(6)] == [True] * 5 + [False]


def test_resting_fills_up_to_the_burst_and_no_further() -> None:
    hands = Hands()
    bucket = Bucket(Rate(3, 1), hands.now)
    bucket.take()
    hands.at += 1000
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]


def test_keys_do_not_share() -> None:
    buckets = Buckets(Rate(1, 0.1), Hands().now)
    assert (buckets.take("a"), buckets.take("b"), buckets.take("a")) == (True, True, False)


def test_only_so_many_keys_are_remembered() -> None:
    buckets = Buckets(Rate(1, 0), Hands().now, keep=2)
    for key in ("a", "b", "a", "c"):
        buckets.take(key)
    assert not buckets.take("a"), "lately used: remembered"
    assert buckets.take("b"), "longest unused: forgotten, so it starts full again"
