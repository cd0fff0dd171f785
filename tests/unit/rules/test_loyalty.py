"""Points: the soonest to run out are spent first."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from care.rules.loyalty import Balance, PointEntry, balance

TODAY = date(2026, 11, 24)
SOON, LATER, PAST = date(2026, 12, 31), date(2027, 12, 31), date(2025, 12, 31)


def won(points: int, on: date, expires_on: date | None = None) -> PointEntry:
    return PointEntry(points, on, expires_on)


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ((), Balance(0, 0, None)),
        ((won(100, date(2026, 1, 1)),), Balance(100, 0, None)),
        ((won(300, date(2025, 5, 1), SOON), won(500, date(2026, 5, 1), LATER)), Balance(800, 300, SOON)),
        (
            (
                won(300, date(2025, 5, 1), SOON),
                won(500, date(2026, 5, 1), LATER),
                won(-350, date(2026, 6, 1)),
            ),
            Balance(450, 450, LATER),
        ),
        ((won(300, date(2024, 5, 1), PAST),), Balance(0, 0, None)),
        (
            # Spent while the old ones were valid: the new ones are untouched.
            (won(300, date(2024, 5, 1), PAST), won(-300, date(2025, 6, 1)), won(50, date(2026, 1, 1), LATER)),
            Balance(50, 50, LATER),
        ),
        (
            # Spent after the old ones had run out: the new ones pay.
            (won(300, date(2024, 5, 1), PAST), won(50, date(2026, 1, 1), LATER), won(-40, date(2026, 2, 1))),
            Balance(10, 10, LATER),
        ),
        ((won(50, date(2026, 1, 1), LATER), won(-80, date(2026, 2, 1))), Balance(0, 0, None)),
        ((won(10, date(2026, 1, 1), TODAY),), Balance(10, 10, TODAY)),
    ],
)
def test_worked_examples(entries: tuple[PointEntry, ...], expected: Balance) -> None:
    assert balance(entries, TODAY) == expected
    assert balance(reversed(entries), TODAY) == expected


@given(
    st.lists(
        st.builds(
            PointEntry,
            st.integers(-500, 500),
            st.dates(date(2025, 1, 1), TODAY),
            st.none() | st.dates(date(2025, 1, 1), date(2028, 1, 1)),
        )
    )
)
def test_never_negative_and_never_more_than_was_won(entries: list[PointEntry]) -> None:
    found = balance(entries, TODAY)
    assert 0 <= found.expiring <= found.points <= sum(max(0, entry.points) for entry in entries)
    assert (found.expiring_on is None) == (found.expiring == 0)
