"""Order status and logistics: verified first, own orders only, as a card with a timeline."""

from __future__ import annotations

import pytest

from tests.dialogue.conftest import FOREIGN, Visitor

pytestmark = pytest.mark.slow


async def test_phone_and_code_then_the_order_on_the_road(visitor: Visitor) -> None:
    heard = await visitor.says("我的快递到哪了")
    assert "智能客服" in heard
    assert "转人工" in heard or "真人" in heard
    assert "手机号" in heard
    heard = await visitor.says(visitor.phone)
    assert visitor.masked_phone in heard
    assert visitor.phone not in heard
    heard = await visitor.says(await visitor.sms())
    assert "张*" in heard
    assert visitor.card["number"] == visitor.shipped, "the only one on the road"
    assert [step["title"] for step in visitor.card["timeline"]][-1] == "已下单"


async def test_order_number_and_phone_tail_then_that_order(visitor: Visitor) -> None:
    heard = await visitor.says(f"帮我查下订单{visitor.delivered}")
    assert "后四位" in heard
    await visitor.says(visitor.phone[-4:])
    assert visitor.card["number"] == visitor.delivered


async def test_a_verified_customer_is_not_asked_who_they_are(visitor: Visitor) -> None:
    await visitor.is_verified()
    heard = await visitor.says("查一下我的订单")
    assert "手机号" not in heard
    assert len([title for title in visitor.titles if "·" in title]) == 3
    await visitor.presses("降噪耳机")
    assert visitor.card["number"] == visitor.delivered


@pytest.mark.parametrize("words", ["第二个", "耳机那单", "尾号{tail}"])
async def test_an_order_chosen_in_words(visitor: Visitor, words: str) -> None:
    await visitor.is_verified()
    await visitor.says("查一下我的订单")
    await visitor.says(words.format(tail=visitor.delivered[-4:]))
    assert visitor.card["number"] == visitor.delivered


async def test_a_foreign_order_is_answered_as_one_that_does_not_exist(visitor: Visitor) -> None:
    await visitor.is_verified()
    foreign = await visitor.says(f"订单{FOREIGN}到哪了")
    assert not visitor.cards
    unknown = await visitor.says("订单88199999999到哪了")
    assert not visitor.cards
    shape = {"没有查到您名下的这个订单", "您名下没有这个订单号", "这个订单号没有查到"}
    assert any(part in foreign for part in shape)
    assert any(part in unknown for part in shape)


async def test_guessing_gets_the_same_words_for_foreign_and_unknown_orders(visitor: Visitor) -> None:
    await visitor.says("查订单")
    await visitor.says(f"{FOREIGN} 1234")
    foreign = visitor.titles, "没有核对上" in visitor.heard or "核实没有通过" in visitor.heard
    await visitor.says("88199999999 1234")
    assert (visitor.titles, "没有核对上" in visitor.heard or "核实没有通过" in visitor.heard) == foreign
    heard = await visitor.says("88199999998 1234")
    assert "转人工" in visitor.titles, f"three misses end in a person, not in a loop: {heard}"


async def test_an_unknown_phone_is_answered_like_a_known_one(visitor: Visitor) -> None:
    await visitor.says("查订单")
    heard = await visitor.says("13711112222")
    assert "137****2222" in heard
    assert "6 位" in heard


async def test_another_question_during_verification_is_answered_and_it_goes_on(visitor: Visitor) -> None:
    await visitor.says("查订单")
    heard = await visitor.says("你们门店几点下班")
    assert "来源" in heard
    assert "手机号" in heard


async def test_leaving_the_verification_is_easy(visitor: Visitor) -> None:
    await visitor.says("查订单")
    heard = await visitor.presses("不查了")
    assert "先不" in heard or "停止" in heard
    heard = await visitor.says("谢谢")
    assert "手机号" not in heard


async def test_a_complaint_during_verification_goes_first(visitor: Visitor) -> None:
    await visitor.says("查订单")
    heard = await visitor.says("你们太差劲了,我要投诉客服骂人")
    assert any(word in heard for word in ("抱歉", "对不起"))
    assert "手机号" not in heard


async def test_urging_says_what_can_be_done(visitor: Visitor) -> None:
    await visitor.is_verified()
    await visitor.says("都三天了怎么还不到,催一下")
    assert visitor.card["number"] == visitor.shipped
    assert "对" in visitor.titles
    heard = await visitor.says("好的")
    assert "催" in heard
    assert "前" in heard


async def test_an_order_number_alone_asks_for_its_order(visitor: Visitor) -> None:
    await visitor.is_verified()
    await visitor.says(f"订单号 {visitor.delivered}")
    assert visitor.card["number"] == visitor.delivered
