"""The verified customer's own orders, and the card that shows one.

Every call asks whose orders these are. Another person's order gets the same answer as an order
that does not exist: None.
"""

from __future__ import annotations

from typing import Any

from care.ports import OrderView
from care.rules.errors import NotVerified
from care.rules.times import format_amount
from care.services import interactions
from care.services.context import Care
from care.services.verified import customer_ref


async def recent(care: Care, conversation_id: int, limit: int = 3) -> list[OrderView]:
    """The customer's newest orders, newest first.

    Raises:
        NotVerified: the conversation has no verified customer.
        Unavailable: the order system cannot be asked now.
    """
    orders = await care.orders.recent_orders(await _customer_ref(care, conversation_id), limit=limit)
    await interactions.note_data(care, conversation_id, read=("order",))
    return list(orders)


async def find(care: Care, conversation_id: int, number: str) -> OrderView | None:
    """The customer's own order of that number, else None.

    Raises:
        NotVerified: the conversation has no verified customer.
        Unavailable: the order system cannot be asked now.
    """
    owner_ref = await _customer_ref(care, conversation_id)
    order = await care.orders.find_order("".join(number.split()), customer_ref=owner_ref)
    if order is not None:
        await interactions.note_data(care, conversation_id, read=("order", f"order:{order.number}"))
    return order


def card_of(order: OrderView) -> dict[str, Any]:
    """The order as a card of the chat page: amounts ready to read, times in ISO 8601, the timeline newest first.

    Receiver and address are left out: whoever looks over the shoulder learns nothing.
    """
    shipment = order.shipments[-1] if order.shipments else None
    expected = (shipment.expected_at if shipment else None) or order.promised_at
    return {
        "type": "order",
        "number": order.number,
        "state": order.state.value,
        "state_label": order.state.label,
        "amount": format_amount(order.amount),
        "placed_at": order.placed_at.isoformat(),
        "items": [
            {
                "name": line.name,
                "picture": line.picture,
                "quantity": line.quantity,
                "price": format_amount(line.unit_price),
            }
            for line in order.lines
        ],
        "carrier": shipment.carrier if shipment else None,
        "tracking_number": shipment.tracking_number if shipment else None,
        "expected": expected.isoformat() if expected and order.delivered_at is None else None,
        "timeline": [
            {"at": event.at.isoformat(), "title": event.title, "detail": event.detail}
            for event in sorted(order.events, key=lambda event: event.at, reverse=True)
        ],
    }


async def _customer_ref(care: Care, conversation_id: int) -> str:
    ref = await customer_ref(care, conversation_id)
    if ref is None:
        raise NotVerified
    return ref
