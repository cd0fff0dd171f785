"""保修多久: of a product that is named or was just spoken of, from the product table; of parts, from knowledge."""

from __future__ import annotations

import re

from actions import topics
from actions.knowledge import from_knowledge
from actions.products import chosen_of, mentions, shown_before
from actions.turn import Turn
from care.rules.vocabulary import Topic
from care.services.product_names import Mention

#: What a question about a product's warranty consists of beside the product: what is left names a part or a case.
_ONLY_HOW_LONG = re.compile(
    r"你们|咱们|您们|家|保修|质保|包修|三包|保多|保几|保|几年|多少年|多少个月|几个月|多久|多长|时间|期限?|年限|整机|是|有|的|呢|啊|吗|呀|么|那|它|这|款|台|个|请问|问下|一下|想|知道|现在|正常|一般|怎么算"
)


@topics.answers(Topic.WARRANTY)
async def about_warranty(turn: Turn, topic: Topic) -> None:
    """Months from the table when nothing but the product is asked about; which product, when none is known."""
    before = await shown_before(turn)
    named = await mentions(turn, before)
    words = (turn.message.get("follows") or {}).get("asks") or turn.words
    one_of = await chosen_of(turn, before) if len(before) > 1 and not named else None
    if one_of is None and _rest(words, named):
        await from_knowledge(turn, topic)
        return
    asked_about = [mention.one for mention in named if mention.one is not None]
    if not asked_about and before:
        asked_about = [one_of or before[-1]]
    for product in asked_about:
        turn.set("product_shown", product.name)
        turn.say("product_warranty", name=product.name, span=_span(product.warranty_months))
    if not asked_about:
        turn.say("product_which")


def _rest(words: str, named: list[Mention]) -> str:
    """What the question holds beside the product and the asking."""
    left = re.sub(r"[\W_]+", "", words.lower())
    for mention in named:
        left = left.replace(mention.said, "")
    return _ONLY_HOW_LONG.sub("", left)


def _span(months: int) -> str:
    return f"{months // 12} 年" if months % 12 == 0 else f"{months} 个月"
