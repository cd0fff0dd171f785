"""What the forms read out of a customer's words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from actions import reading
from care.ports import OrderLineView, OrderView
from care.rules.vocabulary import OrderState

PATTERN = r"881\d{8}"


def order(number: str, product: str, state: OrderState, days_ago: int) -> OrderView:
    placed = datetime(2026, 11, 24, 4, tzinfo=timezone.utc) - timedelta(days=days_ago)
    return OrderView(
        number=number, customer_ref="c", state=state, amount=Decimal("1"), placed_at=placed, promised_at=None,
        delivered_at=None, receiver_name="", receiver_phone="", receiver_address="",
        lines=(OrderLineView("s", product, None, 1, Decimal("1")),), shipments=(), events=(),
    )  # fmt: skip


ORDERS = (
    order("88126111801", "小天鹅 1.5匹变频空调", OrderState.SHIPPED, 3),
    order("88126111402", "云雀 降噪耳机 Q3", OrderState.DELIVERED, 8),
    order("88126101003", "海澜 10公斤滚筒洗衣机", OrderState.DELIVERED, 43),
)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("88126111801", "88126111801"),
        ("单号88126111801麻烦查下", "88126111801"),
        ("88126111801 0001", "88126111801"),
        ("订单号:20261124123456789", "20261124123456789"),
        ("我的电话13800000001", None),
        ("订单号是13800000001", None),
        ("188126111801", None),
    ],
)
def test_order_numbers(text: str, number: str | None) -> None:
    assert reading.order_number(text, PATTERN) == number


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("138 0000 0001", "13800000001"),
        ("138-0000-0001", "13800000001"),
        ("88126111801", None),
        ("1380000000112", None),
    ],
)
def test_phones(text: str, phone: str | None) -> None:
    assert reading.phone(text) == phone


@pytest.mark.parametrize(
    ("text", "tail"),
    [("尾号 0001", "0001"), ("后四位是1234吧", "1234"), ("13800000001", "0001"), ("12345", None)],
)
def test_phone_tails(text: str, tail: str | None) -> None:
    assert reading.phone_tail(text) == tail


@pytest.mark.parametrize(
    ("text", "code"),
    [("123456", "123456"), ("验证码是123456", "123456"), ("123 456", "123456"), ("1234567", None)],
)
def test_codes(text: str, code: str | None) -> None:
    assert reading.one_time_code(text) == code


@pytest.mark.parametrize(
    "text", ["算了", "算了吧", "那算了", "不用了,谢谢", "不投诉了", "先不登记了", "取消吧。"]
)
def test_giving_up(text: str) -> None:
    assert reading.gives_up(text)


@pytest.mark.parametrize("text", ["算了一下一共三百", "取消订单怎么弄", "不用了三天就坏", "我不想算了"])
def test_not_giving_up(text: str) -> None:
    assert not reading.gives_up(text)


@pytest.mark.parametrize("text", ["对", "对的", "嗯嗯", "没错", "是的,就这样", "好的", "ok", "确认提交"])
def test_yes(text: str) -> None:
    assert reading.says_yes(text) or text == "确认提交"


@pytest.mark.parametrize("text", ["对不起", "是不是", "对了还有一个问题", "好什么好"])
def test_no_yes(text: str) -> None:
    assert not reading.says_yes(text)


@dataclass(frozen=True)
class Meant:
    text: str
    number: str | None
    current: str | None = None


@pytest.mark.parametrize(
    "meant",
    [
        Meant("第二个", "88126111402"),
        Meant("2", "88126111402"),
        Meant("最近那个", "88126111801"),
        Meant("不是这个订单,是上一个", "88126111402", "88126111801"),
        Meant("上一个", "88126101003", "88126111402"),
        Meant("上一个", None, "88126101003"),
        Meant("洗衣机那单", "88126101003"),
        Meant("就是那个降噪耳机", "88126111402"),
        Meant("尾号1402", "88126111402"),
        Meant("还在路上那个", "88126111801"),
        Meant("11月16号买的", "88126111402"),
        Meant("已签收的", None),
        Meant("都不是", None),
        Meant("冰箱", None),
    ],
    ids=lambda meant: meant.text,
)
def test_which_order(meant: Meant) -> None:
    chosen = reading.choose_order(meant.text, ORDERS, current=meant.current)
    assert (chosen.number if chosen else None) == meant.number


@pytest.mark.parametrize(
    "text", ["不是这个订单,是上一个", "弄错了,是上一单", "不是那个,是另外一个", "应该是上一笔"]
)
def test_corrections_of_the_order(text: str) -> None:
    assert reading.corrects_order(text)


@pytest.mark.parametrize("text", ["不是退款,是维修", "不是我的错", "上一次也这样", "这个不行"])
def test_no_corrections_of_the_order(text: str) -> None:
    assert not reading.corrects_order(text)


def test_no_orders_no_choice() -> None:
    assert reading.choose_order("第一个", ()) is None
