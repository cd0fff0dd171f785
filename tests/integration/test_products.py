"""Products are found as people call them, compared, and replaced by what is in stock."""

from __future__ import annotations

import pytest

from care.demo.catalogue import products as catalogue
from care.records.order import Product
from care.rules.errors import NotFound
from care.services import product_names, products
from care.services.context import Care


@pytest.fixture
async def shelves(care: Care) -> dict[str, int]:
    """The demo shop's products; model → id."""
    rows = [Product(**row) for row in catalogue()]
    async with care.sessions.write() as session:
        session.add_all(rows)
    return {row.model: row.id for row in rows}


#: What customers say → the model they mean.
SAID = {
    "听风耳机": "TF-B3", "蓝牙耳机": "TF-B3", "听疯耳机": "TF-B3", "洗烘一体": "JL-100H", "洗哄一体机": "JL-100H",
    "XH-12P": "XH-12P", "xh12p": "XH-12P", "我的星禾12pro": "XH-12P", "星和12": "XH-12", "电饭锅": "MD-F40",
    "电反煲": "MD-F40", "1.5匹空调": "YM-35GW/A1", "热水壶": "MD-K17", "扫地机器人": "QS-X1", "吸成器": "QS-V8",
    "十字门冰箱": "SX-456D", "双开门": "SX-521K", "儿童手表": "XH-WK", "显示器": "MC-27Q", "油烟机": "NL-Y20",
    "笔记本": "MC-14A", "ym35gw/a1": "YM-35GW/A1", "墨川14": "MC-14A", "空气炸锅": "MD-A55", "投影仪": "MM-P2",
}  # fmt: skip


async def test_products_are_found_by_their_spoken_names_with_slips_and_by_sound(
    care: Care, shelves: dict[str, int]
) -> None:
    wrong = {}
    for said, model in SAID.items():
        found = await products.find(care, said)
        if not found or found[0].product.model != model:
            wrong[said] = [match.product.model for match in found]
    assert not wrong


@pytest.mark.parametrize(
    "said", ["自行车", "奶粉", "茅台", "手机壳", "遥控器", "快递", "我买的那个", "", "?", "啊"]
)
async def test_what_the_shop_does_not_sell_is_no_product(
    care: Care, shelves: dict[str, int], said: str
) -> None:
    assert await products.find(care, said) == []


async def test_a_mere_kind_asks_back_and_a_clear_name_does_not(care: Care, shelves: dict[str, int]) -> None:
    kinds = await products.find(care, "电视", limit=5)
    assert {match.product.category for match in kinds} == {"电视"}
    assert products.the_one(kinds) is None
    clear = products.the_one(await products.find(care, "十字门冰箱"))
    assert clear is not None
    assert clear.model == "SX-456D"


async def test_two_products_side_by_side(care: Care, shelves: dict[str, int]) -> None:
    lines = await products.compare(care, [shelves["YM-35GW/A1"], shelves["YM-35GW/C3"]])
    table = {line.name: (line.values, line.differs) for line in lines}
    assert table["价格"] == (("¥2,699.00", "¥1,999.00"), True)
    assert table["能效"] == (("一级", "三级"), True)
    assert table["匹数"] == (("1.5匹", "1.5匹"), False)
    with pytest.raises(NotFound):
        await products.compare(care, [shelves["XH-12"], 999_999])


async def test_out_of_stock_offers_the_nearest_of_its_kind_that_is_there(
    care: Care, shelves: dict[str, int]
) -> None:
    short = await products.stock(care, shelves["YM-35GW/C3"])
    assert not short.in_stock
    assert [other.model for other in short.alternatives] == ["YM-35GW/A1", "YM-26GW/A1"]
    assert all(other.in_stock for other in short.alternatives)
    there = await products.stock(care, shelves["XH-12"])
    assert there.in_stock
    assert there.alternatives == ()
    assert products.card_of(there.product)["stock_label"] == "有货"


#: What is said → the models that are named without doubt, in their order.
IN_SENTENCES = {
    "青扫X1和X3有啥区别": ["QS-X1", "QS-X3"], "听风B3和b5pro哪个降噪好": ["TF-B3", "TF-B5"],
    "游戏本跟轻薄本哪个轻啊": ["MC-16G", "MC-14A"], "星禾12 pro 青山色有货不": ["XH-12P"],
    "星禾12和12 Ultra差多少钱": ["XH-12", "XH-12U"], "洗地机和吸尘器都有货吗": ["QS-M2", "QS-V8"],
    "XH-12P多少钱": ["XH-12P"], "小米14有吗": [], "我的手机到哪了": [], "1200块的有吗": [],
}  # fmt: skip


@pytest.mark.parametrize("said", IN_SENTENCES)
async def test_products_named_in_a_sentence(care: Care, shelves: dict[str, int], said: str) -> None:
    found = await product_names.mentioned(care, said)
    assert [mention.one.model for mention in found if mention.one] == IN_SENTENCES[said]


async def test_a_brand_that_is_spoken_of_may_be_left_out(care: Care, shelves: dict[str, int]) -> None:
    (spoken_of,) = await product_names.mentioned(care, "星禾12 Ultra")
    assert spoken_of.one is not None
    found = await product_names.mentioned(care, "那12和12 Pro差在哪", spoken_of=[spoken_of.one])
    assert [mention.one.model for mention in found if mention.one] == ["XH-12", "XH-12P"]


async def test_a_brand_and_half_a_name_may_mean_several(care: Care, shelves: dict[str, int]) -> None:
    (mention,) = await product_names.mentioned(care, "星禾Pad多少钱")
    assert mention.one is None
    assert {product.model for product in mention.products} == {"XH-T11", "XH-T13"}


async def test_of_several_those_that_fit_the_words(care: Care, shelves: dict[str, int]) -> None:
    washers = [match.product for match in await products.find(care, "洗衣机", limit=60)]
    drying = await product_names.fitting(care, "能烘干的", washers)
    assert [product.model for product in drying] == ["JL-100H"]
    assert await product_names.fitting(care, "蓝的", washers) == []


async def test_a_pot_is_no_kettle_though_both_are_small(care: Care, shelves: dict[str, int]) -> None:
    kettle = await products.stock(care, shelves["MD-K17"])
    assert [other.model for other in kettle.alternatives] == ["MD-K15"]
    keyboard = await products.stock(care, shelves["MC-K87"])
    assert keyboard.alternatives == ()
