"""Numbers in a customer's words, however they are written or said."""

from __future__ import annotations

import pytest

from actions.digits import Digits, read_digits

PATTERN = r"881\d{8}"
ORDER = "88126111801"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (ORDER, Digits(order=ORDER, number=ORDER)),
        (f"单号{ORDER}麻烦查下", Digits(order=ORDER, number=ORDER)),
        (f"{ORDER} 0001", Digits(order=ORDER, number=ORDER, tail="0001")),
        ("881261118010001", Digits(order=ORDER, number=ORDER, tail="0001")),
        ("8812 6111 801", Digits(order=ORDER, number=ORDER)),
        ("8812 6111 801 0001", Digits(order=ORDER, number=ORDER, tail="0001")),
        (f"查一下订单{ORDER},手机尾号0001", Digits(order=ORDER, number=ORDER, tail="0001")),
        ("八八一二六一一一八零一", Digits(order=ORDER, number=ORDER)),
        ("尾号零零零一", Digits(tail="0001")),
        ("后四位是1234吧", Digits(tail="1234")),
        ("2026年买的", Digits()),
        ("13800000001", Digits(phone="13800000001")),
        ("138-0000-0001", Digits(phone="13800000001")),
        ("幺三八零零零零零零零一", Digits(phone="13800000001")),
        (f"{ORDER} 13800000001", Digits(order=ORDER, number=ORDER, phone="13800000001")),
        ("订单号是13800000001", Digits(phone="13800000001")),
        ("订单号:20261124123456789", Digits(order="20261124123456789", number="20261124123456789")),
        ("188126111801", Digits(number="188126111801")),
        ("SF1234567890123到哪了", Digits(tracking="SF1234567890123")),
        ("快递单号 7712345678901", Digits(tracking="7712345678901")),
        ("123456", Digits(code="123456")),
        ("验证码是123456", Digits(code="123456")),
        ("1 2 3 4 5 6", Digits(code="123456")),
        ("1234567", Digits()),
        ("12345", Digits()),
    ],
)
def test_what_is_found(text: str, found: Digits) -> None:
    assert read_digits(text, PATTERN) == found
