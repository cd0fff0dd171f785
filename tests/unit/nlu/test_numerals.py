"""Spoken and written numerals."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.nlu.entities.numerals import digits, number


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("三千二", "3200"), ("一万二", "12000"), ("两百五", "250"), ("两百零五", "205"), ("一千零五十", "1050"),
        ("十", "10"), ("十五", "15"), ("二十", "20"), ("二十五", "25"), ("一百二十", "120"), ("三万五千", "35000"),
        ("1,299", "1299"), ("1.2万", "12000"), ("3k", "3000"), ("俩", "2"), ("二零二三", "2023"), ("12.50", "12.50"),
    ],
)  # fmt: skip
def test_number(said: str, value: str) -> None:
    assert number(said) == Decimal(value)


@pytest.mark.parametrize("said", ["几十", "很多", "", "十几"])
def test_no_number(said: str) -> None:
    assert number(said) is None


def test_digits_read_out_one_by_one() -> None:
    assert digits("八八一二零二三一一零五") == "88120231105"
    assert digits("幺三八 零零零零 零零零一") == "13800000001"
    assert digits("881 2023-1105") == "88120231105"
    assert digits("八千") is None
