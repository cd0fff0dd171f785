from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from care.rules.numbers import CaseNumber, NumberKind, case_number, find_case_number


def test_a_case_number_names_kind_day_and_serial() -> None:
    assert case_number(date(2026, 11, 23), 42) == "TS-20261123-0042"
    assert case_number(date(2026, 11, 23), 10_000, NumberKind.RETURN) == "TH-20261123-10000"


@pytest.mark.parametrize("serial", [0, -1, 1_000_000])
def test_an_impossible_serial_is_refused(serial: int) -> None:
    with pytest.raises(ValueError, match="serial"):
        case_number(date(2026, 11, 23), serial)


@pytest.mark.parametrize(
    "typed", ["TS-20261123-0042", "ts202611230042", "查下TS-20261123-0042到哪了", "ts 20261123 0042"]
)
def test_a_number_is_found_however_it_is_typed(typed: str) -> None:
    assert find_case_number(typed) == CaseNumber(NumberKind.COMPLAINT, date(2026, 11, 23), 42)


@pytest.mark.parametrize(
    "text", ["88120231105", "TS-20261323-0042", "XX-20261123-0042", "TS-20261123-0000", ""]
)
def test_other_text_holds_no_case_number(text: str) -> None:
    assert find_case_number(text) is None


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.integers(1, 999_999), st.sampled_from(NumberKind))
def test_a_written_number_is_read_back(day: date, serial: int, kind: NumberKind) -> None:
    assert find_case_number(case_number(day, serial, kind)) == CaseNumber(kind, day, serial)
