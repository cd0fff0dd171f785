"""A reply for the agent to accept or edit: what the shop's knowledge or product table says, with its source; or none."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path

from care.rules.times import format_amount, format_day, shanghai_day
from care.rules.vocabulary import Topic
from care.services import product_names
from care.services.context import Care
from care.services.knowledge import KnowledgeBase, KnowledgeError, load_knowledge
from care.services.products import ProductView

log = logging.getLogger(__name__)

_PRODUCT_TOPICS = (Topic.PRODUCT_INFO, Topic.STOCK, Topic.PRICE_PROMOTION)
_MOST_ATTRIBUTES = 4
#: Surer than what the bot itself may say: an agent in a hurry accepts what is offered.
LEAST_SURE = 0.5
_loading: dict[Path, asyncio.Future[KnowledgeBase | None]] = {}


@dataclass(frozen=True)
class Suggestion:
    text: str
    source: str
    basis: str
    confidence: float


async def suggest(care: Care, text: str, topic: Topic | None) -> Suggestion | None:
    """None when nothing is sure enough: better no words than wrong ones."""
    if topic in _PRODUCT_TOPICS:
        named = [one.one for one in await product_names.mentioned(care, text)]
        if len(named) == 1 and named[0] is not None:
            return _of_product(named[0])
    base = await _knowledge(care.settings.root / "data" / "knowledge")
    today = shanghai_day(care.clock.now())
    found = base.answer(text, topic, today) if base is not None else None
    if found is None or found.score < LEAST_SURE:
        return None
    entry = found.entry
    source = f"{entry.source}（{format_day(entry.updated, today=today)}更新）"
    return Suggestion(entry.answer, source, "knowledge", round(float(found.score), 3))


def _of_product(product: ProductView) -> Suggestion:
    facts = [f"价格 {format_amount(product.price)}", "有现货" if product.in_stock else "暂时缺货"]
    facts += [f"{name} {value}" for name, value in list(product.attributes.items())[:_MOST_ATTRIBUTES]]
    if product.warranty_months:
        facts.append(f"保修 {product.warranty_months} 个月")
    return Suggestion(
        f"{product.name}：{'，'.join(facts)}。", f"商品资料 {product.name}（{product.sku}）", "product", 1.0
    )


async def _knowledge(folder: Path) -> KnowledgeBase | None:
    """Read once in a process, in a thread of its own: it takes seconds. Who cannot wait asks again later."""
    if folder not in _loading or _loading[folder].get_loop().is_closed():
        _loading[folder] = asyncio.ensure_future(asyncio.to_thread(_read, folder))
    return await asyncio.shield(_loading[folder])


def _read(folder: Path) -> KnowledgeBase | None:
    if not folder.is_dir():
        return None
    try:
        return load_knowledge(folder, skip_bad=True)
    except KnowledgeError:
        log.exception("no reply can be suggested: the knowledge cannot be read")
        return None
