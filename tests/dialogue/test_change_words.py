"""What a change hears in a customer's words: strictly in passing, widely where it was asked for."""

from __future__ import annotations

from datetime import date

import pytest

from actions.change.catalogue import CHANGES
from actions.change.delivery import completed
from actions.change.saying import chinese
from actions.change.words import FIELDS, Heard, same_address

TODAY = date(2026, 11, 24)  # a Tuesday


def heard(text: str, asked: str | None = None, answer: str | None = None, **entities: str) -> Heard:
    return Heard(text, tuple(entities.items()), asked, answer, TODAY)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("phone", "电话换成139 1234 5678", "13912345678"),
        ("phone", "订单88126111904", None),
        ("email", "发到zhang.wei@example.com吧", "zhang.wei@example.com"),
        ("name", "收件人改成王小明,电话13912345678", "王小明"),
        ("name", "我名字写错了,应该是张玮", "张玮"),
        ("name", "把收货人换成我老婆李娜", "李娜"),
        ("name", "名字不对", None),
        ("name", "张伟的订单", None),
        ("address", "地址改成滨江区江南大道100号", "滨江区江南大道100号"),
        ("address", "地址写错了", None),
        ("birthday", "我生日是1990年5月20日", "1990-05-20"),
        ("birthday", "1990年5月20日", None),
        ("return_kind", "我要退货", "return"),
        ("return_kind", "想换个新的", "exchange"),
        ("return_kind", "申请仅退款", "refund"),
        ("reason", "左耳没声音", "quality"),
        ("reason", "买错了", "no_reason"),
        ("reason", "发错颜色了", "wrong"),
        ("reason", "我要退货", None),
        ("condition", "还没拆封", "unopened"),
        ("condition", "拆开了但没用过", "opened"),
        ("condition", "用了几天有划痕", "used"),
        ("exchange_for", "耳机我想换个黑色的", "黑色的"),
        ("exchange_for", "换一台新的", "同款新品"),
        ("exchange_for", "换货", None),
        ("invoice_kind", "我要开个专票", "special"),
        ("invoice_kind", "我要开公司发票", "company"),
        ("invoice_kind", "个人的", "personal"),
        ("invoice_kind", "抬头改成杭州云起科技有限公司", None),
        ("title", "公司的,抬头杭州云启科技有限公司", "杭州云启科技有限公司"),
        ("title", "开给上海晨光(集团)股份有限公司", "上海晨光（集团）股份有限公司"),
        ("title", "少了个字,是北京新星河文化传媒有限公司", "北京新星河文化传媒有限公司"),
        ("title", "我要开公司发票", None),
        ("title", "洗衣机那单开一张公司发票", None),
        ("tax_number", "税号91330106ma2cfx1235", "91330106MA2CFX1235"),
        ("tax_number", "9133", None),
    ],
)
def test_in_passing(name: str, text: str, value: str | None) -> None:
    assert FIELDS[name].read(heard(text)) == value


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("name", "李小龙", "李小龙"),
        ("name", "不知道", None),
        ("birthday", "1990-5-20", "1990-05-20"),
        ("address", "文三路9号", "文三路9号"),
        ("reason", "邻居说好用我就不要了", "other"),
        ("title", "北京大学", "北京大学"),
        ("title", "不知道", None),
        ("tax_number", "9133010", "9133010"),
        ("exchange_for", "白色", "白色"),
        ("new_code", "123 456", "123456"),
    ],
)
def test_where_it_was_asked_for(name: str, text: str, value: str | None) -> None:
    assert FIELDS[name].read(heard(text, name)) == value


@pytest.mark.parametrize(
    ("text", "entity", "day"),
    [
        ("后天下午", "2026-11-26", "2026-11-26"),
        ("周一", "2026-11-23", "2026-11-30"),  # said on a Tuesday: the next one
        ("昨天", "2026-11-23", "2026-11-23"),  # kept, so that it can be said why not
        ("三天内", "P3D", None),
    ],
)
def test_days(text: str, entity: str, day: str | None) -> None:
    assert FIELDS["day"].read(heard(text, date=entity)) == day


@pytest.mark.parametrize(
    ("text", "slot"), [("下午", "afternoon"), ("早上", "morning"), ("晚上", "evening"), ("都行", None)]
)
def test_parts_of_a_day(text: str, slot: str | None) -> None:
    assert FIELDS["slot"].read(heard(text, "slot")) == slot
    assert FIELDS["slot"].read(heard(text)) is None, "not where nothing was asked and no day is named"


def test_a_button_says_its_code() -> None:
    assert FIELDS["reason"].read(heard("其他", "reason", "other")) == "other"
    assert FIELDS["slot"].read(heard("晚上（18–21点）", "slot", "evening")) == "evening"
    assert FIELDS["day"].read(heard("11月28日(周六)", "day", "2026-11-28")) == "2026-11-28"


@pytest.mark.parametrize(
    ("said", "whole"),
    [
        ("文三路9号", "浙江省杭州市西湖区文三路9号"),
        ("滨江区江南大道100号", "浙江省杭州市滨江区江南大道100号"),
        ("上海市浦东新区张江路1号", "上海市浦东新区张江路1号"),
    ],
)
def test_a_street_stays_in_the_city(said: str, whole: str) -> None:
    assert completed(said, "浙江省杭州市西湖区文三路 1 号") == whole


def test_the_address_of_before() -> None:
    assert same_address("还是上次那个地址")
    assert not same_address("地址写错了")


def test_what_tells_of_a_person_stays_out_of_slots() -> None:
    open_fields = {name for name, spec in FIELDS.items() if not spec.is_personal}
    assert open_fields == {"day", "slot", "return_kind", "reason", "condition", "invoice_kind"}


def test_chinese_punctuation() -> None:
    assert chinese("无理由退货(消法第 25 条),可以。") == "无理由退货（消法第 25 条），可以。"
    assert chinese("11月28日(周六)") == "11月28日(周六)"


@pytest.mark.parametrize(
    ("kind", "yes", "no"),
    [
        ("cancel", ("取消吧", "行,那就取消了", "确认取消订单"), ("不取消", "取消另一单", "别取消")),
        ("urge", ("帮我催一下", "行,帮我催"), ("催了也没用",)),
        ("cancel_return", ("不退了", "撤销吧"), ("退货",)),
        ("deletion", ("确认注销", "删吧"), ("不注销了",)),
        ("invoice", ("开吧", "好的开票"), ("开错了",)),
    ],
)
def test_the_verb_of_a_change_confirms_it(kind: str, yes: tuple[str, ...], no: tuple[str, ...]) -> None:
    change = CHANGES[kind]
    assert [text for text in yes if not change.says_yes(text)] == []
    assert [text for text in no if change.says_yes(text)] == []
