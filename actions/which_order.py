"""Which of the customer's own orders a message means."""

from __future__ import annotations

from collections.abc import Sequence

from actions import reading
from actions.turn import Button, Turn
from care.ports import OrderView
from care.rules.errors import NotVerified, Unavailable
from care.services import orders, products

#: Offered as buttons; words may mean an older one.
SHOWN, SEARCHED = 3, 20
_ALL_OF_A_KIND = 60
_SHORT = 10


async def own_orders(turn: Turn) -> list[OrderView]:
    """The newest first, more than are shown. Raises `NotVerified` and `Unavailable`."""
    return await orders.recent(turn.care, turn.conversation.id, limit=SEARCHED)


async def meant(
    turn: Turn, text: str, own: Sequence[OrderView], *, current: str | None = None
) -> OrderView | None:
    """By number, place, product, state or day, as `reading.choose_order`.

    Args:
        own: all that may be meant, newest first; places (第二个) count among those shown.
        current: the order just spoken of, from which 上一个 counts.
    """
    if named := by_reference(turn.order_said or turn.digits.number, own):
        return named
    skus = await _products_named(turn)
    for some in (own[:SHOWN], own):
        if chosen := reading.choose_order(text, some, current=current, skus=skus):
            return chosen
    return None


async def named_order(turn: Turn) -> OrderView | None:
    """The order whose product the words name; `None` also for somebody who is not verified."""
    try:
        own = await own_orders(turn)
    except (NotVerified, Unavailable):
        return None
    skus = await _products_named(turn)
    fits = [order for order in own[:SHOWN] if any(line.sku in skus for line in order.lines)]
    return fits[0] if len(fits) == 1 else None


async def several_named(turn: Turn, own: Sequence[OrderView]) -> list[OrderView]:
    """耳机签收没 手机发货没: an order for each product that is named, when each names another one."""
    found: list[OrderView] = []
    for name in dict.fromkeys(turn.entities("model", "product")):
        skus = {m.product.sku for m in await products.find(turn.care, name, limit=_ALL_OF_A_KIND)}
        fits = [order for order in own[:SHOWN] if any(line.sku in skus for line in order.lines)]
        if len(fits) == 1 and fits[0] not in found:
            found += fits
    return found if len(found) > 1 else []


async def _products_named(turn: Turn) -> frozenset[str]:
    """洗衣机 names every product of the kind, 洗烘一体机 among them."""
    names = dict.fromkeys(turn.entities("model", "product"))
    found = [await products.find(turn.care, name, limit=_ALL_OF_A_KIND) for name in names]
    return frozenset(match.product.sku for matches in found for match in matches)


def by_reference(reference: str | None, own: Sequence[OrderView]) -> OrderView | None:
    """The order with this number, or whose parcel has it."""
    if reference is None:
        return None
    return next(
        (
            order
            for order in own
            if order.number == reference or any(s.tracking_number == reference for s in order.shipments)
        ),
        None,
    )


def order_buttons(own: Sequence[OrderView], intent: str = "inform") -> list[Button]:
    """The newest as buttons short enough for a phone: 洗烘一体机 · 已签收."""
    shown = own[:SHOWN]
    titles = [f"{short_name(order)} · {order.state.label}" for order in shown]
    return [
        {
            # Two alike are told apart by the end of the number.
            "title": title
            if titles.count(title) == 1
            else f"{short_name(order)[:6]}{order.number[-4:]} · {order.state.label}",
            "payload": f'/{intent}{{"order_number": "{order.number}"}}',
        }
        for order, title in zip(shown, titles, strict=True)
    ]


def short_name(order: OrderView) -> str:
    """The word of the first product's name that says what it is: the one with the most Chinese signs."""
    if not order.lines:
        return "订单"
    words = order.lines[0].name.split()
    best = max(enumerate(words), key=lambda pair: (sum("\u4e00" <= c <= "\u9fff" for c in pair[1]), pair[0]))[
        1
    ]
    return best if len(best) <= _SHORT else best[-_SHORT:]


def full_name(order: OrderView | None) -> str | None:
    return order.lines[0].name if order and order.lines else None
