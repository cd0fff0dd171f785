from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from care.rules.routing import AGEING_FLOOR, Waiting, expected_wait, position, queue_order
from care.rules.severity import Grade
from care.rules.vocabulary import Tier

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=timezone.utc)


def waiting(key: int, minutes: float, tier: Tier = Tier.GENERAL, grade: Grade | None = None) -> Waiting:
    return Waiting(key, NOW - timedelta(minutes=minutes), tier, grade)


QUEUES = st.lists(
    st.builds(
        waiting,
        st.integers(1, 10**6),
        st.integers(0, 60),
        st.sampled_from(Tier),
        st.none() | st.sampled_from(Grade),
    ),
    max_size=12,
    unique_by=lambda w: w.key,
)


def keys(*entries: Waiting) -> list[int]:
    return [w.key for w in queue_order(entries, NOW)]


def test_equals_are_served_in_the_order_they_came() -> None:
    assert keys(waiting(1, 2), waiting(2, 5)) == [2, 1]


def test_a_tier_is_a_head_start_and_no_more() -> None:
    assert keys(waiting(1, 3), waiting(2, 2, Tier.KEY)) == [2, 1]
    assert keys(waiting(1, 5), waiting(2, 2, Tier.KEY)) == [1, 2]


def test_an_urgent_case_comes_first_whoever_it_is() -> None:
    assert keys(waiting(1, 9, Tier.STRATEGIC), waiting(2, 0, grade=Grade.P1)) == [2, 1]
    assert keys(waiting(1, 30), waiting(2, 0, grade=Grade.P1)) == [2, 1]


def test_a_general_customer_past_the_floor_comes_before_any_new_key_account() -> None:
    floor = AGEING_FLOOR.total_seconds() / 60
    assert keys(waiting(1, floor), waiting(2, floor - 0.1, Tier.STRATEGIC, Grade.P2)) == [1, 2]


def test_a_stream_of_key_accounts_cannot_starve_a_general_customer() -> None:
    general = Waiting(0, NOW)
    for minute in range(60):
        now = NOW + timedelta(minutes=minute)
        newcomers = [Waiting(1 + minute * 10 + n, now, Tier.STRATEGIC) for n in range(10)]
        if queue_order([general, *newcomers], now)[0] is general:
            assert minute <= 10
            return
    pytest.fail("never served")


@given(QUEUES, st.randoms())
def test_the_order_does_not_depend_on_the_order_of_the_input(queue: list[Waiting], random: object) -> None:
    expected = queue_order(queue, NOW)
    random.shuffle(queue)  # type: ignore[attr-defined]
    assert queue_order(queue, NOW) == expected
    assert set(expected) == set(queue)


@given(QUEUES)
def test_places_count_from_one(queue: list[Waiting]) -> None:
    assert [position(queue, w.key, NOW) for w in queue_order(queue, NOW)] == list(range(1, len(queue) + 1))
    assert position(queue, -1, NOW) is None


def test_the_wait_is_the_median_of_the_last_twenty_times_the_place() -> None:
    assert expected_wait(3, [1000.0] * 5 + [60.0] * 20) == 180
    assert expected_wait(1, []) is None
    with pytest.raises(ValueError, match="place"):
        expected_wait(0, [60.0])
