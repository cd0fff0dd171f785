"""Unified social credit codes (GB 32100-2015) and the old 15 digits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from care.rules.tax_number import check_character, tax_number_problem

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@pytest.mark.parametrize(
    "number",
    [
        "91350100M000100Y43",  # the standard's own example
        "914403001922038216",
        "9144030071526726XG",
        " 9135 0100-M000 100Y43 ",
        "９１３５０１００m０００１００y４３",
        "330106704202555",
    ],
)
def test_right_numbers_in_any_writing(number: str) -> None:
    assert tax_number_problem(number) is None


@pytest.mark.parametrize(
    ("number", "says"),
    [
        ("91350100M000100Y34", "校验位"),
        ("9135O100M000100Y43", "O"),
        ("91350100M000100Y4", "17 位"),
        ("", "0 位"),
        ("123456789012345678901234567890", "30 位"),
        ("ABCDEF704202555", "15 位税号"),
    ],
)
def test_a_wrong_number_is_told_what_is_wrong(number: str, says: str) -> None:
    problem = tax_number_problem(number)
    assert problem is not None
    assert says in problem


@given(st.text(_ALPHABET, min_size=17, max_size=17))
def test_every_slip_of_one_character_is_found(first_17: str) -> None:
    number = first_17 + check_character(first_17)
    assert tax_number_problem(number) is None
    for position in range(18):
        other = _ALPHABET[(_ALPHABET.index(number[position]) + 1) % 31]
        assert tax_number_problem(number[:position] + other + number[position + 1 :]) is not None


def test_the_check_needs_seventeen_characters() -> None:
    with pytest.raises(ValueError, match="17"):
        check_character("123")
