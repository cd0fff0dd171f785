"""A change is called one only when chance alone would hardly make it."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from care.rules.effect import Sample, Verdict, compare, mean, rate, share

BEFORE = (date(2026, 9, 1), date(2026, 9, 30))
AFTER = (date(2026, 10, 2), date(2026, 10, 31))


def test_newcombes_interval_of_two_shares() -> None:
    """Newcombe 1998, table II (a), method 10: 56/70 and 48/80 → 0.0524 to 0.3339."""
    found = compare(share(48, 80, *BEFORE), share(56, 70, *AFTER), high_is_good=True)
    assert found.interval is not None
    assert (round(found.interval.low, 4), round(found.interval.high, 4)) == (0.0524, 0.3339)
    assert found.verdict is Verdict.BETTER


def test_byars_interval_of_a_count() -> None:
    """Breslow & Day: 10 events → 4.79 to 18.39."""
    sample = rate(10, 1000, *BEFORE)
    assert sample.interval is not None
    assert (round(sample.interval.low, 2), round(sample.interval.high, 2)) == (4.79, 18.39)


def test_welchs_interval_of_two_means() -> None:
    before = mean([10, 12, 14, 16, 18, 20, 22, 24, 26, 28], *BEFORE)
    after = mean([8, 9, 10, 11, 12, 13, 14, 15, 16, 17], *AFTER)
    found = compare(before, after, high_is_good=False)
    assert found.difference == -6.5
    assert found.interval is not None
    assert (round(found.interval.low, 2), round(found.interval.high, 2)) == (-11.12, -1.88)
    assert found.verdict is Verdict.BETTER
    assert compare(before, after, high_is_good=True).verdict is Verdict.WORSE


def test_an_interval_over_zero_is_undecided() -> None:
    found = compare(share(60, 100, *BEFORE), share(65, 100, *AFTER), high_is_good=True)
    assert found.verdict is Verdict.UNDECIDED
    assert "包含 0" in found.why


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (share(19, 19, *BEFORE), share(0, 100, *AFTER)),
        (mean([1.0] * 9, *BEFORE), mean([5.0] * 50, *AFTER)),
        (rate(8, 100, *BEFORE), rate(1, 100, *AFTER)),
        (share(0, 0, *BEFORE), share(50, 100, *AFTER)),
        (rate(0, 0, *BEFORE), rate(50, 100, *AFTER)),
    ],
)
def test_too_few_say_nothing_however_far_apart(before: Sample, after: Sample) -> None:
    found = compare(before, after, high_is_good=True)
    assert (found.verdict, found.difference) == (Verdict.TOO_FEW, None)


def test_periods_that_overlap_and_two_kinds_are_not_compared() -> None:
    with pytest.raises(ValueError, match="overlap"):
        compare(share(1, 30, *BEFORE), share(1, 30, *BEFORE), high_is_good=True)
    with pytest.raises(ValueError, match="compared"):
        compare(share(1, 30, *BEFORE), rate(1, 30, *AFTER), high_is_good=True)


def test_a_sample_survives_being_stored() -> None:
    for one in (share(3, 30, *BEFORE), mean([1, 2, 4], *BEFORE), rate(5, 100, *BEFORE), mean([], *BEFORE)):
        assert Sample.from_json(one.as_json()) == one


counts = st.integers(20, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts, counts)
def test_the_difference_lies_within_its_interval_and_swapping_good_swaps_the_verdict(
    one: tuple[int, int], two: tuple[int, int]
) -> None:
    before, after = share(*one, *BEFORE), share(*two, *AFTER)
    up, down = (compare(before, after, high_is_good=good) for good in (True, False))
    assert up.interval is not None
    assert up.difference is not None
    assert up.interval.low - 1e-9 <= up.difference <= up.interval.high + 1e-9
    assert -1 - 1e-9 <= up.interval.low <= up.interval.high <= 1 + 1e-9
    swapped = {Verdict.BETTER: Verdict.WORSE, Verdict.WORSE: Verdict.BETTER}
    assert down.verdict is swapped.get(up.verdict, up.verdict)
