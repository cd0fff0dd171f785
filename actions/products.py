"""问商品、问库存、价格优惠: from the product table, then from knowledge."""

from __future__ import annotations

from actions import topics
from actions.clerk import TopicClerk
from actions.knowledge import from_knowledge, say_known
from actions.turn import Turn
from care.rules.times import format_amount
from care.rules.vocabulary import Topic
from care.services import products

TOPICS = (Topic.PRODUCT_INFO, Topic.STOCK, Topic.PRICE_PROMOTION)
_FEW = 5


class AnswerProduct(TopicClerk):
    action_name = "action_answer_product"

    async def answer(self, turn: Turn) -> None:
        await about_product(turn, turn.topic)
        await topics.answer_also(turn)


@topics.answers(*TOPICS)
async def about_product(turn: Turn, topic: Topic) -> None:
    """One product: its facts; several: which one; none: what the knowledge says."""
    named = turn.entity("product", "model") or turn.page.get("product")
    found = await products.find(turn.care, named or turn.words)
    if len(found) == 1 or (found and named and found[0].name == named):
        product = found[0]
        stock = "缺货" if product.stock <= 0 else f"仅剩 {product.stock} 件" if product.stock <= _FEW else "有货"
        turn.say("product_line", name=product.name, price=format_amount(product.price), stock=stock)
        if topic is Topic.PRODUCT_INFO and product.attributes:
            facts = ";".join(f"{name}:{value}" for name, value in product.attributes.items())
            turn.say("product_more", attributes=f"{facts};保修 {product.warranty_months} 个月。")
        return
    if found:
        turn.say(
            "product_several",
            buttons=[
                {"title": p.name, "payload": f'/{topic.value}{{"product": "{p.name}"}}'} for p in found[:3]
            ],
        )
        return
    if topic is not Topic.PRICE_PROMOTION and not named and not await say_known(turn, topic):
        turn.say("product_which")
        return
    if topic is Topic.PRICE_PROMOTION or named:
        await from_knowledge(turn, topic)
