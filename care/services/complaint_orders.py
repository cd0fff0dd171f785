"""The order that a complaint names.

What the customer says is kept as said. Whether the order is their own decides what the record may
take from it; a foreign order and one that does not exist leave exactly the same trace.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.order import Product
from care.rules.complaint import ComplaintCategory
from care.rules.errors import Unavailable
from care.services.context import Care
from care.services.verified import customer_ref

_LONGEST = 32

#: Where the goods themselves are in dispute, their price is the amount unless another one was said.
_GOODS = frozenset(
    {
        ComplaintCategory.DEFECT,
        ComplaintCategory.WRONG_ITEM,
        ComplaintCategory.REFUND,
        ComplaintCategory.FALSE_PROMISE,
        ComplaintCategory.SAFETY,
    }
)


@dataclass(frozen=True)
class OrderFacts:
    """A said order number and, only when it is the verified customer's own, what the order system knows."""

    number: str | None
    is_own: bool = False
    amount: Decimal | None = None
    skus: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


async def order_facts(care: Care, conversation_id: int, number: str | None) -> OrderFacts:
    """Looks the number up for the conversation's verified customer; call it outside a transaction.

    While the order system cannot be asked the order counts as not (yet) known to be own.
    """
    number = " ".join((number or "").split())[:_LONGEST] or None
    owner_ref = await customer_ref(care, conversation_id) if number else None
    if number is None or owner_ref is None:
        return OrderFacts(number)
    try:
        order = await care.orders.find_order(number, customer_ref=owner_ref)
    except Unavailable:
        return OrderFacts(number)
    if order is None:
        return OrderFacts(number)
    return OrderFacts(
        number,
        is_own=True,
        amount=order.amount,
        skus=tuple(line.sku for line in order.lines),
        names=tuple(line.name for line in order.lines),
    )


async def link_order(session: AsyncSession, draft: Complaint, facts: OrderFacts) -> dict[str, Any]:
    """Writes number, ownership, product and amount; returns what changed, fit for the trail."""
    changed: dict[str, Any] = {}
    was_own = draft.order_is_own
    if facts.number != draft.order_number:
        draft.order_number = changed["order_number"] = facts.number
        if was_own:
            draft.amount = draft.product_id = None
    if facts.is_own != was_own:
        draft.order_is_own = changed["order_is_own"] = facts.is_own
    if not facts.is_own:
        return changed
    if draft.amount is None and draft.category in _GOODS and facts.amount is not None:
        draft.amount = facts.amount
        changed["amount"] = str(facts.amount)
    sku = _disputed_sku(facts, draft.product_said)
    if sku is not None and draft.product_id is None:
        draft.product_id = await session.scalar(select(Product.id).where(Product.sku == sku))
        if draft.product_id is not None:
            changed["product_id"] = draft.product_id
    return changed


def _disputed_sku(facts: OrderFacts, said: str | None) -> str | None:
    """The only article of the order, or the one whose name holds what the customer called it."""
    if len(set(facts.skus)) == 1:
        return facts.skus[0]
    if said:
        named = {
            sku for sku, name in zip(facts.skus, facts.names, strict=True) if said.lower() in name.lower()
        }
        if len(named) == 1:
            return named.pop()
    return None
