"""What the reader finds in a message, with its normalised value. Today is Wednesday, 25 November 2026."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jieba
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.nlu.entities.places import AddressFinder
from bot.nlu.entities.words import WordCutter

if TYPE_CHECKING:
    from bot.nlu.entities.pipeline import EntityReader


def found(reader: EntityReader, text: str, entity: str) -> list[tuple[str, str]]:
    return [(e["text"], e["value"]) for e in reader.read(text) if e["entity"] == entity]


@pytest.mark.parametrize(
    ("text", "entity", "expected"),
    [
        ("订单88120231105到哪了", "order_number", [("88120231105", "88120231105")]),
        ("单号是881 2023 1105", "order_number", [("881 2023 1105", "88120231105")]),
        ("八八一二零二三一一零五这单", "order_number", [("八八一二零二三一一零五", "88120231105")]),
        ("８８１２０２３１１０５", "order_number", [("８８１２０２３１１０５", "88120231105")]),
        ("我的订单号100006789912", "order_number", [("100006789912", "100006789912")]),
        ("订单12345", "order_number", []),
        ("我电话13800000001", "phone", [("13800000001", "13800000001")]),
        ("打138 0000 0001", "phone", [("138 0000 0001", "13800000001")]),
        ("座机010-62345678", "phone", [("010-62345678", "01062345678")]),
        ("幺三八零零零零零零零一", "phone", [("幺三八零零零零零零零一", "13800000001")]),
        ("SF1390287441100到哪了", "tracking_number", [("SF1390287441100", "SF1390287441100")]),
        ("快递773012345678901怎么不动", "tracking_number", [("773012345678901", "773012345678901")]),
    ],
)
def test_long_numbers(
    entity_reader: EntityReader, text: str, entity: str, expected: list[tuple[str, str]]
) -> None:
    assert found(entity_reader, text, entity) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("扣了我三千二", [("三千二", "3200.00")]),
        ("付了¥1,299", [("¥1,299", "1299.00")]),
        ("两百块的券", [("两百块", "200.00")]),
        ("少退12块6", [("12块6", "12.60")]),
        ("退我五毛钱", [("五毛钱", "0.50")]),
        ("上午买899晚上就759了", [("899", "899.00"), ("759", "759.00")]),
        ("199的套餐", [("199", "199.00")]),
        ("千万别扣我钱", []),
        ("门框磕掉一块漆", []),
        ("打12315投诉扣钱的事", []),
        ("99块9包邮", [("99块9", "99.90")]),
        ("20元一直没到", [("20元", "20.00")]),
        ("两百多块", [("两百多块", "200.00")]),
        ("降了200多", [("200多", "200多")]),
        ("129和159那两个套餐", [("129", "129.00"), ("159", "159.00")]),
        ("昨天1399今天1499", [("1399", "1399.00"), ("1499", "1499.00")]),
        ("充了五十话费", [("五十", "50.00")]),
        ("三角函数", []),
        ("扣了3次", []),
    ],
)
def test_amounts(entity_reader: EntityReader, text: str, expected: list[tuple[str, str]]) -> None:
    assert found(entity_reader, text, "amount") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("上周三买的", [("上周三", "2026-11-18")]),
        ("前天下午说的", [("前天下午", "2026-11-23")]),
        ("昨天晚上八点", [("昨天晚上八点", "2026-11-24T20:00")]),
        ("11号下的单", [("11号", "2026-11-11")]),
        ("28号下的单", [("28号", "2026-11-28")]),
        ("双十一买的", [("双十一", "2026-11-11")]),
        ("去年国庆", [("去年国庆", "2025-10-01")]),
        ("2026年3月5日", [("2026年3月5日", "2026-03-05")]),
        ("十二月一号送", [("十二月一号", "2026-12-01")]),
        ("上个月25号", [("上个月25号", "2026-10-25")]),
        ("等了三天", [("三天", "P3D")]),
        ("三天前寄的", [("三天前", "2026-11-22")]),
        ("用了三个月", [("三个月", "P3M")]),
        ("24小时内回复", [("24小时内", "PT24H")]),
        ("上午九点到十二点在家", [("上午九点到十二点", "T09:00/T12:00")]),
        ("下周末送", [("下周末", "2026-12-05/2026-12-06")]),
        ("半个多月了", [("半个多月", "半个多月")]),
        ("昨晚八点多下的单", [("昨晚八点多", "2026-11-24T20:00")]),
        ("用了半个月", [("半个月", "P15D")]),
        ("等了半小时", [("半小时", "PT30M")]),
        ("两年零三个月", [("两年零三个月", "P2Y3M")]),
        ("月底能到吗", [("月底", "2026-11-21/2026-11-30")]),
        ("下月初再送", [("下月初", "2026-12-01/2026-12-10")]),
        ("周末送行吗", [("周末", "2026-11-28/2026-11-29")]),
        ("三天之前寄的", [("三天", "2026-11-22")]),
        ("元旦节能到吗", [("元旦节", "2027-01-01")]),
        ("21年国庆买的", [("21年国庆", "2021-10-01")]),
        ("说好周二到周五还没到", [("周二", "2026-11-24"), ("周五", "2026-11-27")]),
        ("周一到周五在家", [("周一到周五", "2026-11-23/2026-11-27")]),
        ("同一天买的", []),
        ("几十年了", []),
        ("换大一号", []),
        ("麻烦快一点", []),
        ("早上好", []),
        ("2月30号", [("2月30号", "2月30号")]),
        ("望江路88号", []),
        ("弄了半天", []),
    ],
)
def test_dates(entity_reader: EntityReader, text: str, expected: list[tuple[str, str]]) -> None:
    assert found(entity_reader, text, "date") == expected


@pytest.mark.parametrize(
    ("text", "entity", "expected"),
    [
        ("能发顺丰吗", "carrier", [("顺丰", "顺丰速运")]),
        ("国家邮政局", "carrier", []),
        ("我的電飯鍋壞了", "product", [("電飯鍋", "电饭煲")]),
        ("换手机号了", "product", []),
        ("扫地机器人卡住了", "product", [("扫地机器人", "扫地机器人")]),
        ("X50和X60哪个好", "model", [("X50", "X50"), ("X60", "X60")]),
        ("iphone 15 pro有货吗", "model", [("iphone 15 pro", "IPHONE15PRO")]),
        ("报E4是什么故障", "model", []),
        ("连不上wifi6", "model", []),
        ("要三台", "quantity", [("三台", "3")]),
        ("我一个人", "quantity", []),
        ("打10分", "score", [("10分", "10")]),
        ("等了10分钟", "score", []),
        ("我叫张伟", "name", [("张伟", "张伟")]),
        ("王秀英13612345678", "name", [("王秀英", "王秀英")]),
        ("改成合肥市蜀山区望江西路88号", "address", [("合肥市蜀山区望江西路88号",) * 2]),
        ("我在杭州", "address", [("杭州", "杭州")]),
        ("帮我退款", "remedy", [("退款", "refund")]),
        ("换一台吧", "remedy", [("换一台", "exchange")]),
        ("我要求赔偿", "remedy", [("赔偿", "compensation")]),
        ("退款怎么还没到", "remedy", []),
        ("为什么不给换货", "remedy", []),
    ],
)
def test_things_people_and_wishes(
    entity_reader: EntityReader, text: str, entity: str, expected: list[tuple[str, str]]
) -> None:
    assert found(entity_reader, text, entity) == expected


@settings(max_examples=200, deadline=None)
@given(
    text=st.text(
        alphabet=st.sampled_from("订单881月号点三千二块退款换一台我叫张伟北京市路 ,。1-:年周几半个"),
        max_size=80,
    )
)
def test_entities_never_overlap_and_quote_the_text(entity_reader: EntityReader, text: str) -> None:
    end = 0
    for entity in entity_reader.read(text):
        assert entity["start"] >= end
        assert text[entity["start"] : entity["end"]] == entity["text"] != ""
        end = entity["end"]


def test_the_longest_allowed_message_of_one_sort_is_read_in_time(entity_reader: EntityReader) -> None:
    """Patterns that backtrack would take minutes here."""
    import time

    for piece in ("1", "一", "一个", "北京市", "三千", "a1", "路", "12 ", "退"):
        began = time.perf_counter()
        entity_reader.read((piece * 1000)[:1000])
        assert time.perf_counter() - began < 1.0, piece


def test_an_address_needs_a_known_place_or_a_door() -> None:
    nowhere = AddressFinder((), WordCutter(jieba.Tokenizer()))
    assert list(nowhere("我家在很远的地方")) == []
    assert [found.value for found in nowhere("12栋2单元1803")] == ["12栋2单元1803"]
