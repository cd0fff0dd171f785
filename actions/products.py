"""问商品、问库存、价格优惠: from the product table, then from knowledge."""

from __future__ import annotations

import json

from actions import topics
from actions.clerk import TopicClerk
from actions.knowledge import from_knowledge, say_known
from actions.turn import Button, Turn
from care.rules.times import format_amount
from care.rules.vocabulary import Topic
from care.services import products
from care.services.products import Match, ProductView

TOPICS = (Topic.PRODUCT_INFO, Topic.STOCK, Topic.PRICE_PROMOTION)
_FEW = 5


class AnswerProduct(TopicClerk):
    action_name = "action_answer_product"

    async def answer(self, turn: Turn) -> None:
        await about_product(turn, turn.topic)
        await topics.answer_also(turn)


@topics.answers(*TOPICS)
async def about_product(turn: Turn, topic: Topic) -> None:
    """One product: its facts; several: what is known of the kind, and which one; none: knowledge, or which one."""
    matches = await _matches(turn)
    one = products.the_one(matches)
    if one is not None:
        await _say_product(turn, topic, one)
        if topic is Topic.PRICE_PROMOTION:
            await say_known(turn, topic, own_only=True)
        return
    is_said = await say_known(turn, topic, own_only=bool(matches))
    if matches:
        turn.say("product_several", buttons=[_button(topic, match.product) for match in matches])
    elif not is_said and topic is Topic.PRICE_PROMOTION:
        await from_knowledge(turn, topic)
    elif not is_said:
        turn.say("product_which")


async def _matches(turn: Turn) -> list[Match]:
    """By the customer's own words, by the product that was heard in them, by the page they look at."""
    said = [turn.words, *filter(None, (turn.entity("product"), turn.entity("model")))]
    if turn.is_button and turn.entity("product"):
        said = [turn.entity("product") or ""]
    found = [await products.find(turn.care, name) for name in dict.fromkeys(said)]
    best = max(found, key=lambda matches: matches[0].score if matches else 0.0)
    if not best and turn.page.get("product"):
        best = await products.find(turn.care, str(turn.page["product"]))
    return best


async def _say_product(turn: Turn, topic: Topic, product: ProductView) -> None:
    stock = (
        "暂时缺货" if product.stock <= 0 else f"仅剩 {product.stock} 件" if product.stock <= _FEW else "有货"
    )
    turn.say(
        "product_line",
        name=product.name,
        price=format_amount(product.price),
        stock=stock,
        card=products.card_of(product),
    )
    if topic is Topic.PRODUCT_INFO and product.attributes:
        facts = ";".join(f"{name}:{value}" for name, value in product.attributes.items())
        turn.say("product_more", attributes=f"{facts};保修 {product.warranty_months} 个月。")
    if topic is Topic.STOCK and not product.in_stock:
        others = (await products.stock(turn.care, product.id)).alternatives
        if others:
            turn.say("product_instead", buttons=[_button(Topic.PRODUCT_INFO, other) for other in others])


def _button(topic: Topic, product: ProductView) -> Button:
    return {
        "title": product.name,
        "payload": f"/{topic.value}{json.dumps({'product': product.name}, ensure_ascii=False)}",
    }
