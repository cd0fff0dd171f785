"""Complaints that need more care: for whom, by whom, of what data; read in the customer's own words."""

from __future__ import annotations

import pytest

from actions import special_words


@pytest.mark.parametrize(
    ("text", "whom"),
    [
        ("我替我妈投诉", "妈"), ("帮我爸投诉一下,他买的空调不制冷", "爸"), ("代我母亲反映问题", "母亲"),
        ("替别人投诉", "他人"), ("我代朋友来投诉", "朋友"),
        ("我要投诉", None), ("我帮我朋友买的手机坏了", None), ("你们替我处理一下", None), ("我妈说要投诉", None),
    ],
)  # fmt: skip
def test_for_whom_somebody_complains(text: str, whom: str | None) -> None:
    assert special_words.on_behalf_of(text) == whom


@pytest.mark.parametrize(
    ("text", "is_minor"),
    [
        ("我今年15岁", True), ("我15岁,买的耳机坏了", True), ("我是初中生", True), ("我还没成年", True), ("我今年十六岁", True),
        ("我还在上高中", True), ("我今年25岁", False), ("我孩子5岁", False), ("我女儿是初中生", False), ("我等了15天", False),
        ("我今年18岁", False), ("我家宝宝三岁", False),
    ],
)  # fmt: skip
def test_who_complains_is_not_of_age(text: str, is_minor: bool) -> None:
    assert special_words.is_minor(text) is is_minor


def test_leaked_data_is_not_said_back() -> None:
    said = special_words.without_data(
        "骗子报出我的手机号 139 1234 5678 和文三路1号,我叫张伟", ["文三路1号", "张伟"]
    )
    assert "139" not in said
    assert "文三路" not in said
    assert "张伟" not in said
    assert "骗子报出我的手机号" in said


@pytest.mark.parametrize(
    ("text", "tells"), [("你们泄露我的信息", False), ("昨天骗子打电话报出我的地址", True)]
)
def test_what_where_and_when_of_a_leak(text: str, tells: bool) -> None:
    assert special_words.tells_of_leak(text) is tells


@pytest.mark.parametrize(
    ("text", "joins"),
    [
        ("补充到那件", True),
        ("就是上次那个", True),
        ("另外登记", False),
        ("这是两码事", False),
        ("今天", None),
    ],
)
def test_the_same_case_or_another(text: str, joins: bool | None) -> None:
    assert special_words.joins(text) is joins
