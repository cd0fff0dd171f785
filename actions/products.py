"""问商品、问库存、价格优惠: from the product table, then from knowledge."""

from __future__ import annotations

import json
import re

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
_SURE = 88.0
_ALL_OF_A_KIND, _MOST_SHOWN = 60, 5
#: What stands around a product's name in a question.
_ASKED = re.compile(
    r"请问|麻烦|帮我?(?:看看|查查?)?|我?想(?:问|买|要)一?下?|你们家?|咱们?家?|这款|那款|这个|那个|有没有|有什么|有哪些|哪些|是什么|什么|"
    r"还?有(?:现?货|库存)?(?=吗|没|么|不|的|$)|现货|有货|缺货|库存|多少钱|价格|价钱|多大|怎么样|咋样|好不好|好用|介绍一?下?|参数|配置|续航|颜色|"
    r"便宜|优惠|打折|活动|降价|区别|差别|不同|哪个好|对比|相比|比较|比|一下|现在|目前|还|吗|呢|么|啊|吧|的|了|没|[,。?!;:、\s]"
)
_JOINTS = re.compile(r"和|跟|与|还是|以及|或者?|、|,|vs|对比|相比", re.I)
_COMPARES = re.compile(r"区别|差别|不同|哪个(?:好|更)|哪款|对比|相比|比较|比(?:起|一比)?|还是|好在哪|升级")


class AnswerProduct(TopicClerk):
    action_name = "action_answer_product"

    async def answer(self, turn: Turn) -> None:
        await about_product(turn, turn.topic)
        await topics.answer_also(turn)


@topics.answers(*TOPICS)
async def about_product(turn: Turn, topic: Topic) -> None:
    """One product: its facts; two: side by side; several: which one; none: the one asked about before, or knowledge."""
    two = await _two_to_compare(turn)
    if two is not None:
        await _say_comparison(turn, *two)
        return
    matches = await _matches(turn)
    one = products.the_one(matches)
    if one is not None:
        await say_product(turn, topic, one)
        if topic is Topic.PRICE_PROMOTION:
            await say_known(turn, topic, own_only=True)
        return
    if not matches and topic is not Topic.PRICE_PROMOTION and (before := await _asked_before(turn)):
        if topic is Topic.STOCK or not await say_known(turn, topic, own_only=True):
            await say_product(turn, topic, before)
        return
    if not matches and topic is Topic.STOCK and not _ASKED.sub("", turn.words):
        turn.say("product_which")
        return
    is_said = await say_known(turn, topic, own_only=bool(matches))
    if matches:
        turn.say("product_several", buttons=[_button(topic, match.product) for match in matches])
    elif not is_said and topic is Topic.PRICE_PROMOTION:
        await from_knowledge(turn, topic)
    elif not is_said:
        turn.say("product_which")


async def named_product(turn: Turn) -> ProductView | None:
    """The product that the words surely name."""
    matches = await _matches(turn)
    one = products.the_one(matches)
    return one if one is not None and matches[0].score >= _SURE else None


async def _matches(turn: Turn) -> list[Match]:
    """By the customer's own words, by the product that was heard in them, by the page they look at."""
    if turn.is_button and turn.entity("product"):
        return await products.find(turn.care, turn.entity("product") or "")
    name = _ASKED.sub("", turn.words)
    if kind := await _kind(turn, name or turn.entity("product") or ""):
        return kind
    said = dict.fromkeys(filter(None, (name, turn.words, turn.entity("product"), turn.entity("model"))))
    found = [await products.find(turn.care, one) for one in said]
    if whole := _named_whole(found[0] if found else [], name):
        return whole
    for matches in found:
        if products.the_one(matches) and matches[0].score >= _SURE:
            return matches
    best = max(found, key=lambda matches: matches[0].score if matches else 0.0, default=[])
    if not best and turn.page.get("product"):
        best = await products.find(turn.care, str(turn.page["product"]))
    return best


def _named_whole(matches: list[Match], name: str) -> list[Match]:
    """星禾12 Ultra is not 星禾 12: the only one whose name holds all that was said."""
    plain = re.sub(r"[\W_]+", "", name.lower())
    whole = [m for m in matches if len(plain) > 1 and plain in re.sub(r"[\W_]+", "", m.product.name.lower())]
    return whole if len(whole) == 1 else []


async def _kind(turn: Turn, name: str) -> list[Match]:
    """冰箱有哪些: all of a kind, none of them more than the others."""
    matches = await products.find(turn.care, name, limit=_ALL_OF_A_KIND)
    kind = [match.product for match in matches if match.product.category == name]
    return [Match(product, matches[0].score) for product in kind[:_MOST_SHOWN]]


async def _two_to_compare(turn: Turn) -> tuple[ProductView, ProductView] | None:
    """星禾12和12 Pro有什么区别; 和滚筒的比呢 after one was spoken of."""
    if turn.is_button or not _COMPARES.search(turn.words):
        return None
    named: list[ProductView] = []
    for part in _JOINTS.split(turn.words):
        one = (
            products.the_one(await products.find(turn.care, name)) if (name := _ASKED.sub("", part)) else None
        )
        if one is not None and one.id not in {other.id for other in named}:
            named.append(one)
    if len(named) == 1 and (before := await _asked_before(turn)) and before.id != named[0].id:
        named.insert(0, before)
    return (named[0], named[1]) if len(named) == 2 else None


async def _asked_before(turn: Turn) -> ProductView | None:
    """The product that was answered about last in this visit."""
    name = turn.slot("product_shown")
    return products.the_one(await products.find(turn.care, str(name))) if name else None


async def say_product(turn: Turn, topic: Topic, product: ProductView) -> None:
    turn.set("product_shown", product.name)
    turn.say(
        "product_line",
        name=product.name,
        price=format_amount(product.price),
        stock=_stock(product),
        card=products.card_of(product),
    )
    if topic is Topic.PRODUCT_INFO and product.attributes:
        facts = "；".join(f"{name}：{value}" for name, value in product.attributes.items())
        turn.say("product_more", attributes=f"{facts}；保修 {product.warranty_months} 个月。")
    if topic is Topic.STOCK and not product.in_stock:
        others = (await products.stock(turn.care, product.id)).alternatives
        if others:
            turn.say("product_instead", buttons=[_button(Topic.PRODUCT_INFO, other) for other in others])


async def _say_comparison(turn: Turn, one: ProductView, other: ProductView) -> None:
    turn.set("product_shown", other.name)
    turn.say("product_compared", one=one.name, other=other.name)
    lines = [
        f"{line.name}：{line.values[0]} / {line.values[1]}"
        for line in await products.compare(turn.care, (one.id, other.id))
        if line.differs
    ]
    lines.append(f"库存：{_stock(one)} / {_stock(other)}")
    turn.say_text("\n".join(lines), buttons=[_button(Topic.PRODUCT_INFO, p) for p in (one, other)])


def _stock(product: ProductView) -> str:
    if product.stock <= 0:
        return "暂时缺货"
    return f"仅剩 {product.stock} 件" if product.stock <= _FEW else "有货"


def _button(topic: Topic, product: ProductView) -> Button:
    return {
        "title": product.name,
        "payload": f"/{topic.value}{json.dumps({'product': product.name}, ensure_ascii=False)}",
    }
