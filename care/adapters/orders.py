"""The shop's order system: embedded, over our own mirror tables."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import select

from care.ports import OrderEventView, OrderLineView, OrderSystem, OrderView, ShipmentView
from care.records import Sessions
from care.records.customer import Customer
from care.records.order import Order
from care.settings import Settings, SettingsError


class EmbeddedOrders:
    """Reads the ``order`` tables; a foreign order is told apart from a missing one by nobody."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def recent_orders(self, customer_ref: str, *, limit: int = 5) -> Sequence[OrderView]:
        async with self._sessions.read() as session:
            rows = await session.scalars(
                select(Order)
                .join(Customer, Customer.id == Order.customer_id)
                .where(Customer.public_id == customer_ref)
                .order_by(Order.placed_at.desc(), Order.id.desc())
                .limit(limit)
            )
            return [_view(order, customer_ref) for order in rows]

    async def find_order(self, number: str, *, customer_ref: str) -> OrderView | None:
        async with self._sessions.read() as session:
            order = await session.scalar(
                select(Order)
                .join(Customer, Customer.id == Order.customer_id)
                .where(Order.number == number, Customer.public_id == customer_ref)
            )
            return None if order is None else _view(order, customer_ref)

    async def customer_of_order(self, number: str, *, phone_tail: str) -> str | None:
        async with self._sessions.read() as session:
            row = (
                await session.execute(
                    select(Customer.phone, Customer.public_id)
                    .join(Order, Customer.id == Order.customer_id)
                    .where(Order.number == number)
                )
            ).one_or_none()
        if row is None or len(phone_tail) != 4:
            return None
        # Not the receiver's phone: somebody who got a present must not see all that the buyer ordered.
        buyer_phone, customer_ref = row
        return str(customer_ref) if _ends_with(buyer_phone or "", phone_tail) else None


def _ends_with(phone: str, tail: str) -> bool:
    return hmac.compare_digest(phone[-4:].encode(), tail.encode())


def _view(order: Order, customer_ref: str) -> OrderView:
    return OrderView(
        number=order.number,
        customer_ref=customer_ref,
        state=order.state,
        amount=order.amount,
        placed_at=order.placed_at,
        promised_at=order.promised_at,
        delivered_at=order.delivered_at,
        receiver_name=order.receiver_name,
        receiver_phone=order.receiver_phone,
        receiver_address=order.receiver_address,
        lines=tuple(
            OrderLineView(
                sku=line.product.sku,
                name=line.product.name,
                picture=line.product.picture,
                quantity=line.quantity,
                unit_price=line.unit_price,
            )
            for line in order.lines
        ),
        shipments=tuple(
            ShipmentView(
                carrier=shipment.carrier,
                tracking_number=shipment.tracking_number,
                shipped_at=shipment.shipped_at,
                expected_at=shipment.expected_at,
            )
            for shipment in order.shipments
        ),
        events=tuple(OrderEventView(at=e.at, title=e.title, detail=e.detail) for e in order.events),
    )


@asynccontextmanager
async def open_order_system(settings: Settings, sessions: Sessions) -> AsyncIterator[OrderSystem]:
    """The order system that `settings` asks for.

    Raises:
        SettingsError: ``ZHIKE_ORDER_SYSTEM=http``, which has no adapter yet.
    """
    if settings.order_system != "embedded":
        raise SettingsError("ZHIKE_ORDER_SYSTEM: 目前只支持 embedded")
    yield EmbeddedOrders(sessions)
