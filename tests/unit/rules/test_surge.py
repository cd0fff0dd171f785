import pytest
from hypothesis import given
from hypothesis import strategies as st

from care.rules.surge import (
    baseline,
    cusum,
    cusum_reference,
    ewma,
    ewma_limit,
    needs_recalibration,
    single_day_limit,
)

DAYS = [4, 6, 8, 9, 7]


def test_a_single_day_alarms_from_11_when_4_are_usual() -> None:
    assert single_day_limit(4) == 11
    assert max(DAYS) < single_day_limit(4)


def test_the_reference_for_4_to_6_is_about_5() -> None:
    assert round(cusum_reference(4, 6), 2) == 4.93
    assert round(cusum_reference(4, 6)) == 5


def test_cusum_of_the_example_alarms_on_the_fifth_day() -> None:
    days = cusum(DAYS, reference=5)
    assert [d.value for d in days] == [0, 1, 4, 8, 10]
    assert [d.is_alarm for d in days] == [False, False, False, False, True]


def test_ewma_of_the_example_alarms_on_the_fifth_day() -> None:
    assert round(ewma_limit(4), 2) == 6.00
    days = ewma(DAYS, mean=4)
    assert [round(d.value, 2) for d in days] == [4.00, 4.40, 5.12, 5.90, 6.12]
    assert [d.is_alarm for d in days] == [False, False, False, False, True]


def test_the_baseline_follows_the_exposure() -> None:
    assert baseline([4, 6, 2], [100, 150, 50], exposure=200) == 8


def test_more_spread_than_chance_asks_for_recalibration() -> None:
    assert needs_recalibration([0, 0, 0, 12, 0, 0, 0, 12])
    assert not needs_recalibration([4, 3, 5, 4, 6, 4, 2, 4])
    assert not needs_recalibration([0, 0])


@pytest.mark.parametrize(("usual", "feared"), [(0, 1), (4, 4), (6, 4)])
def test_a_rise_must_be_a_rise(usual: float, feared: float) -> None:
    with pytest.raises(ValueError, match="not a rise"):
        cusum_reference(usual, feared)


@given(st.floats(0, 1e4))
def test_the_single_day_limit_is_above_the_mean(mean: float) -> None:
    assert single_day_limit(mean) > mean
    assert single_day_limit(mean + 1) >= single_day_limit(mean)


@given(st.lists(st.integers(0, 50), min_size=1), st.integers(0, 49), st.integers(1, 9))
def test_more_complaints_never_lower_a_chart(counts: list[int], at: int, more: int) -> None:
    raised = list(counts)
    raised[at % len(counts)] += more
    assert cusum(raised, reference=5)[-1].value >= cusum(counts, reference=5)[-1].value
    assert ewma(raised, mean=4)[-1].value >= ewma(counts, mean=4)[-1].value
