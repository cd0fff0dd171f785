"""What the forms read out of a customer's words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from actions import reading
from care.ports import OrderLineView, OrderView
from care.rules.vocabulary import OrderState


def order(number: str, product: str, state: OrderState, days_ago: int, sku: str = "s-1") -> OrderView:
    placed = datetime(2026, 11, 24, 4, tzinfo=timezone.utc) - timedelta(days=days_ago)
    return OrderView(
        number=number, customer_ref="c", state=state, amount=Decimal("1"), placed_at=placed, promised_at=None,
        delivered_at=None, receiver_name="", receiver_phone="", receiver_address="",
        lines=(OrderLineView(sku, product, None, 1, Decimal("1")),), shipments=(), events=(),
    )  # fmt: skip


ORDERS = (
    order("88126111801", "小天鹅 1.5匹变频空调", OrderState.SHIPPED, 3),
    order("88126111402", "云雀 降噪耳机 Q3", OrderState.DELIVERED, 8, "s-2"),
    order("88126101003", "海澜 10公斤滚筒洗衣机", OrderState.DELIVERED, 43),
)


@pytest.mark.parametrize(
    "text",
    [
        "算了",
        "算了吧",
        "那算了",
        "算了算了",
        "还是算了,先不取消了",
        "不用了,谢谢",
        "不投诉了",
        "先不登记了",
        "取消吧。",
    ],
)
def test_giving_up(text: str) -> None:
    assert reading.gives_up(text)


@pytest.mark.parametrize(
    "text", ["算了一下一共三百", "取消订单怎么弄", "不用了三天就坏", "我不想算了", "算了我要投诉"]
)
def test_not_giving_up(text: str) -> None:
    assert not reading.gives_up(text)


@pytest.mark.parametrize(
    "text", ["对", "对的", "嗯嗯", "没错", "是的,就这样", "好的", "ok", "确认提交", "对对对赶紧的"]
)
def test_yes(text: str) -> None:
    assert reading.says_yes(text)


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
        Meant("验证码是101021", None),
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


def test_a_kind_of_product_names_the_order_that_has_one() -> None:
    chosen = reading.choose_order("烘干的那台", ORDERS, skus=frozenset({"s-2"}))
    assert chosen is not None
    assert chosen.number == "88126111402"


def test_signed_for_but_not_here_means_the_delivered_one() -> None:
    chosen = reading.choose_order("显示签收了我没收到", ORDERS[:2])
    assert chosen is not None
    assert chosen.state is OrderState.DELIVERED


@pytest.mark.parametrize("text", ["没有", "没有订单号,是会员自动续费", "和订单无关", "都不是"])
def test_having_none_of_what_was_asked_for(text: str) -> None:
    assert reading.has_none(text)


@pytest.mark.parametrize("text", ["没收到", "没有人理我", "没有订单号的那台洗衣机"])
def test_not_having_none(text: str) -> None:
    assert not reading.has_none(text)


def test_no_orders_no_choice() -> None:
    assert reading.choose_order("第一个", ()) is None


def test_one_more_back_after_a_step_back() -> None:
    chosen = reading.choose_order("再上一单", ORDERS, current="88126111402")
    assert chosen is not None
    assert chosen.number == "88126101003"


def test_a_sign_and_a_gap_name_no_product() -> None:
    spaced = order("88126109999", "星禾 12 Pro 智能手机 12+256GB", OrderState.SHIPPED, 1)
    assert reading.choose_order("洗衣机噪音大 什么垃圾", (spaced, ORDERS[1])) is None


@pytest.mark.parametrize(
    "text", ["没订单 就是打电话问问题", "和那三个订单没关系 是我爸买的平板", "没有订单号，就是耳机"]
)
def test_having_none_and_saying_more(text: str) -> None:
    assert reading.has_none(text)


@pytest.mark.parametrize("text", ["先不转 给我登记上", "那我要投诉", "记一下", "继续登记吧"])
def test_words_about_the_form_itself(text: str) -> None:
    assert reading.is_about_form(text)


@pytest.mark.parametrize("text", ["给我退钱", "投诉他态度差", "登记错了,是耳机"])
def test_words_that_answer_the_form(text: str) -> None:
    assert not reading.is_about_form(text)


@pytest.mark.parametrize("text", ["还是帮我投诉吧,就刚才那个事", "还是要投诉 不能这么算了", "继续投诉"])
def test_a_complaint_taken_up_again(text: str) -> None:
    assert reading.takes_up_again(text)


def test_a_new_complaint_is_not_the_former_one() -> None:
    assert not reading.takes_up_again("我要投诉,洗衣机坏了")


@pytest.mark.parametrize(
    ("text", "share"), [("给你打5分", 1.0), ("打2分", 0.4), ("8分吧", 0.8), ("给个差评", 0.0), ("满分", None)]
)
def test_scores_that_nobody_asked_for(text: str, share: float | None) -> None:
    assert reading.score_given(text) == share


@pytest.mark.parametrize("text", ["这回对了", "这样就行", "可以"])
def test_further_ways_to_say_yes(text: str) -> None:
    assert reading.says_yes(text)


@pytest.mark.parametrize("text", ["可是我没看见有人送来过呀", "根本没收到", "没人送到啊"])
def test_a_parcel_that_is_not_there(text: str) -> None:
    assert reading.says_missing(text)


def test_above_and_below_count_in_the_list_that_is_shown() -> None:
    above = reading.choose_order("不对 看上面那个", ORDERS, current="88126101003")
    below = reading.choose_order("下面那个", ORDERS, current="88126111801")
    assert above is not None
    assert below is not None
    assert above.number == below.number == "88126111402"


def test_last_month_is_no_order_before() -> None:
    assert reading.choose_order("上个月在店里买的", ORDERS) is None


@pytest.mark.parametrize("text", ["弄错了 是手机充不进电", "哎我说错了,还是耳机那单"])
def test_a_slip_that_is_taken_back(text: str) -> None:
    assert reading.corrects_order(text)


def test_the_last_thing_is_meant() -> None:
    assert reading.says_instead("不是扫地机,是洗地机")
    assert not reading.says_instead("是扫地机")


@pytest.mark.parametrize(
    ("text", "is_person"), [("叫你们领导来", True), ("转人工", True), ("让他们给我搬上来", False)]
)
def test_somebody_to_talk_to(text: str, is_person: bool) -> None:
    assert reading.names_person(text) is is_person
