"""问商品、问库存、价格优惠: from the product table, then from knowledge."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from actions import reading, topics
from actions.clerk import TopicClerk
from actions.knowledge import from_knowledge, say_chosen, say_known
from actions.turn import Button, Turn
from care.rules.times import format_amount
from care.rules.vocabulary import Topic
from care.services import product_names, products
from care.services.product_names import Mention
from care.services.products import Match, ProductView

TOPICS = (Topic.PRODUCT_INFO, Topic.STOCK, Topic.PRICE_PROMOTION)
_FEW = 5
_MOST_NAMED = 3
_PRICE = re.compile(
    r"钱|价|贵|便宜|优惠|活动|降|折|券|促销|划算|满减|补贴|国补|省|大促|双十|618|秒杀|预售|定金|红包"
)
_STOCK = re.compile(r"货|库存|还有|有没有|有[吗么不没]|卖完|售罄|断码|补|色|现在有|买得到|能买")
_DEARER, _CHEAPER = re.compile(r"贵的|高配|好一?点的"), re.compile(r"便宜的|低配")
_SURE = 88.0
_ALL_OF_A_KIND, _MOST_SHOWN = 60, 5
#: What stands around a product's name in a question.
_ASKED = re.compile(
    r"请问|麻烦|帮我?(?:看看|查查?)?|我?想(?:问|买|要)一?下?|你们家?|咱们?家?|这款|那款|这个|那个|有没有|有什么|有哪些|哪些|是什么|什么|"
    r"还?有(?:现?货|库存)?(?=吗|没|么|不|的|$)|现货|有货|缺货|库存|多少钱|价格|价钱|多大|怎么样|咋样|好不好|好用|介绍一?下?|参数|配置|续航|颜色|"
    r"便宜|优惠|打折|活动|降价|区别|差别|不同|哪个好|对比|相比|比较|比|一下|现在|目前|还|吗|呢|么|啊|吧|的|了|没|[,。?!;:、\s]"
)
_COMPARES = re.compile(r"区别|差别|不同|哪[个款台种]|差在|对比|相比|比较|比(?:起|一比)?|还是|好在哪|升级")


class AnswerProduct(TopicClerk):
    action_name = "action_answer_product"

    async def answer(self, turn: Turn) -> None:
        if not await say_chosen(turn):
            await about_product(turn.main(), turn.topic)
        await topics.answer_also(turn)


@topics.answers(*TOPICS)
async def about_product(turn: Turn, topic: Topic) -> None:
    """One product: its facts; two: side by side; several: which one; none: the one asked about before, or knowledge."""
    if await say_compared(turn):
        return
    topic = _asked(turn, topic)
    before = await shown_before(turn)
    named = await named_products(turn, before)
    if len(named) > 1:
        for product in named[:_MOST_NAMED]:
            await say_product(turn, topic, product)
        return
    matches = await _matches(turn, before) if not named else []
    one = named[0] if named else products.the_one(matches)
    if one is not None:
        await say_product(turn, topic, one)
        if topic is Topic.PRICE_PROMOTION:
            await say_known(turn, topic, own_only=True)
        return
    if not matches and before and topic is not Topic.PRICE_PROMOTION:
        if topic is Topic.STOCK or not await say_known(turn, topic, own_only=True):
            await say_product(turn, topic, await chosen_of(turn, before) or before[-1])
        return
    if not matches and not _ASKED.sub("", turn.words) and topic is not Topic.PRODUCT_INFO:
        # Nothing but 多少钱, 有货吗.
        if before:
            await say_product(turn, topic, before[-1])
            return
        turn.say("product_which")
        return
    is_said = await say_known(turn, topic, own_only=bool(matches))
    if matches:
        turn.set("product_shown", "\n".join(match.product.name for match in matches))
        turn.say("product_several", buttons=[_button(topic, match.product) for match in matches])
    elif not is_said and topic is Topic.PRICE_PROMOTION:
        await from_knowledge(turn, topic)
    elif not is_said:
        turn.say("product_which")


async def say_compared(turn: Turn) -> bool:
    """Two products side by side, if the words set two against each other; whether they did."""
    before = await shown_before(turn)
    named = await named_products(turn, before)
    if not named and before and _COMPARES.search(turn.words):
        other = products.the_one(await _matches(turn, before))
        named = [other] if other is not None else []
    compared = _to_compare(turn, named, before)
    if compared is not None:
        await _say_comparison(turn, *compared)
    return compared is not None


def _asked(turn: Turn, topic: Topic) -> Topic:
    """手环能撑几天 has no word of a price or of stock, whatever it was taken for: the facts answer it."""
    words = {Topic.PRICE_PROMOTION: _PRICE, Topic.STOCK: _STOCK}.get(topic)
    asked_before = (turn.message.get("follows") or {}).get("text", "")
    if words is None or turn.is_button or words.search(f"{asked_before}{turn.words}"):
        return topic
    return Topic.PRODUCT_INFO


async def mentions(turn: Turn, before: Sequence[ProductView] = ()) -> list[Mention]:
    """The names that mean one product without doubt, in their order.

    `before`: what was spoken of last; a word that is one of its attributes (屏幕) is no product beside it.
    """
    if turn.is_button and turn.entity("product"):
        return []
    attributes = {name for product in before for name in product.attributes}
    found = await product_names.mentioned(turn.care, turn.words, spoken_of=before)
    return [mention for mention in found if mention.one is not None and mention.said not in attributes]


async def named_products(turn: Turn, before: Sequence[ProductView] = ()) -> list[ProductView]:
    """The products that the words name without doubt, each once."""
    found = [mention.one for mention in await mentions(turn, before)]
    return list({product.id: product for product in found if product is not None}.values())


async def named_product(turn: Turn) -> ProductView | None:
    """The product that the words surely name."""
    named = await named_products(turn)
    if len(named) == 1:
        return named[0]
    matches = await _found(turn)
    one = products.the_one(matches)
    return one if one is not None and matches[0].score >= _SURE else None


async def _matches(turn: Turn, before: Sequence[ProductView] = ()) -> list[Match]:
    """What may be meant, and of several alike those that fit the rest of the words: 能烘干的洗衣机."""
    matches = await _found(turn)
    if products.the_one(matches) is not None and matches[0].score >= _SURE:
        return matches
    name = _ASKED.sub(" ", turn.words)
    if not matches and before and name.strip():
        # 那头戴那个呢: another one of the kind that was spoken of.
        fits = await product_names.fitting(turn.care, name, await products.of_kind(turn.care, before[-1]))
        return [Match(product, _SURE) for product in fits] if len(fits) == 1 else []
    fits = await product_names.fitting(turn.care, name, [match.product for match in matches])
    return [match for match in matches if match.product.id in {one.id for one in fits}] or matches


async def _found(turn: Turn) -> list[Match]:
    """By the customer's own words, by the product that was heard in them, by the page they look at."""
    if turn.is_button and turn.entity("product"):
        return await products.find(turn.care, turn.entity("product") or "")
    name = _ASKED.sub("", turn.words)
    if kind := await _kind(turn, name):
        return kind
    said = dict.fromkeys(filter(None, (name, turn.words, turn.entity("product"), turn.entity("model"))))
    found = [await products.find(turn.care, one) for one in said]
    if whole := _named_whole(found[0] if found else [], name):
        return whole
    for matches in found:
        if products.the_one(matches) and matches[0].score >= _SURE:
            return matches
    for word in turn.entities("product"):
        if kind := await _kind(turn, word):
            return kind
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


def _to_compare(
    turn: Turn, named: Sequence[ProductView], before: Sequence[ProductView]
) -> tuple[ProductView, ProductView] | None:
    """星禾12和12 Pro有什么区别; 和滚筒的比呢 after one was spoken of; 这两款哪个好 after two were."""
    if turn.is_button or not _COMPARES.search(turn.words):
        return None
    others = [product for product in before if all(product.id != one.id for one in named)]
    both = [*(others[-1:] if len(named) == 1 else []), *named] if named else list(before)
    return (both[0], both[1]) if len(both) == 2 else None


async def shown_before(turn: Turn) -> list[ProductView]:
    """The products that were answered about last in this visit, in the order in which they were said."""
    names = str(turn.slot("product_shown") or "").split("\n")
    found = [products.the_one(await products.find(turn.care, name)) for name in names if name]
    return [product for product in found if product is not None]


async def chosen_of(turn: Turn, shown: Sequence[ProductView]) -> ProductView | None:
    """贵的那个, 第一款, 变频的, of those just spoken of."""
    if _DEARER.search(turn.words):
        return max(shown, key=lambda product: product.price)
    if _CHEAPER.search(turn.words):
        return min(shown, key=lambda product: product.price)
    place = reading.place_said(turn.words)
    if place:
        return shown[place - 1] if place <= len(shown) else None
    fits = await product_names.fitting(turn.care, turn.words, shown)
    return fits[0] if len(fits) == 1 else None


async def say_chosen_product(turn: Turn) -> bool:
    """An answer to "which one?", or one of two that were compared; whether it was one."""
    shown = await shown_before(turn) if turn.set_before("product_shown") else []
    product = await chosen_of(turn, shown) if len(shown) > 1 else None
    if product is None:
        return False
    await say_product(turn, Topic.PRODUCT_INFO, product)
    return True


async def say_product(turn: Turn, topic: Topic, product: ProductView) -> None:
    card = products.card_of(product)
    turn.set("product_shown", product.name)
    if any((said.get("custom") or {}).get("card") == card for said in turn.dispatcher.messages):
        return
    turn.say(
        "product_line",
        name=product.name,
        price=format_amount(product.price),
        stock=_stock(product),
        card=card,
    )
    if topic is Topic.PRODUCT_INFO and product.attributes:
        facts = "；".join(f"{name}：{value}" for name, value in product.attributes.items())
        turn.say("product_more", attributes=f"{facts}；保修 {product.warranty_months} 个月。")
    colours = product.attributes.get("颜色")
    if topic is Topic.STOCK and product.in_stock and colours and "色" in turn.words:
        turn.say("product_colours", colours=colours)
    if topic is Topic.STOCK and not product.in_stock:
        others = (await products.stock(turn.care, product.id)).alternatives
        if others:
            names = "；".join(f"{other.name} {format_amount(other.price)}" for other in others)
            buttons = [_button(Topic.PRODUCT_INFO, other) for other in others]
            turn.say("product_instead", names=names, buttons=buttons)
        else:
            turn.say("product_no_other")


async def _say_comparison(turn: Turn, one: ProductView, other: ProductView) -> None:
    turn.set("product_shown", f"{one.name}\n{other.name}")
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
