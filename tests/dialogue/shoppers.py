"""A customer of their own for each visit, with orders in known states: codes and tries are limited per phone and order."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

from sqlalchemy import select

from care.records.customer import Customer
from care.records.order import Order, OrderEvent, OrderLine, Product, Shipment
from care.rules.masking import mask_phone
from care.rules.vocabulary import OrderState
from care.services.context import Care


@dataclass(frozen=True)
class Plan:
    """One order: which model, in which state, bought and promised how long ago."""

    model: str
    state: OrderState
    days_ago: int
    promised_days_ago: int


#: Name in a script → order. All are demo products.
PLANS = {
    "shipped": Plan("XH-12P", OrderState.SHIPPED, 2, -2),
    "delivered": Plan("JL-100H", OrderState.DELIVERED, 8, 3),
    "old": Plan("TF-B3", OrderState.DELIVERED, 43, 38),
    "late": Plan("SX-328W", OrderState.SHIPPED, 9, 3),
    "paid": Plan("MD-A55", OrderState.PAID, 1, -3),
    "unpaid": Plan("MD-F40", OrderState.CREATED, 0, -4),
    "cooler": Plan("YM-35GW/A1", OrderState.PAID, 1, -3),
}
USUAL = ("shipped", "delivered", "old")


@dataclass(frozen=True)
class Shopper:
    phone: str
    #: Name in a script → order number.
    numbers: dict[str, str]
    foreign: str
    #: Nobody's yet: for who changes theirs.
    new_phone: str = field(default_factory=lambda: f"139{uuid4().int % 10**8:08d}")

    def filled(self, text: str, *, as_pattern: bool = False) -> str:
        """`text` (a regular expression if `as_pattern`) with {phone}, {tail}, {masked}, {foreign} and the orders' names filled in; `_tail` for their ends."""
        values = {
            "phone": self.phone,
            "tail": self.phone[-4:],
            "masked": mask_phone(self.phone),
            "foreign": self.foreign,
            "new_phone": self.new_phone,
            "new_masked": mask_phone(self.new_phone),
            **self.numbers,
            **{f"{name}_tail": number[-4:] for name, number in self.numbers.items()},
        }
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", re.escape(value) if as_pattern else value)
            text = text.replace(f"{{{name}:spoken}}", value.translate(_SPOKEN))
            text = text.replace(
                f"{{{name}:spaced}}", " ".join(value[i : i + 4] for i in range(0, len(value), 4))
            )
        return text


_SPOKEN = str.maketrans("0123456789", "零一二三四五六七八九")


async def new_shopper(care: Care, orders: tuple[str, ...] = USUAL) -> Shopper:
    """Writes customer and orders; the order of somebody else is somebody's indeed."""
    mine = await _customer(care, "张伟", orders)
    other = await _customer(care, "李雷", ("shipped",))
    return Shopper(mine[0], mine[1], other[1]["shipped"])


async def _customer(care: Care, name: str, orders: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    now = care.clock.now()
    phone = f"13{uuid4().int % 10**9:09d}"
    numbers = {order: f"881{uuid4().int % 10**8:08d}" for order in orders}
    async with care.sessions.write() as session:
        products = {p.model: p for p in await session.scalars(select(Product))}
        customer = Customer(public_id=str(uuid4()), name=name, phone=phone, created_at=now)
        session.add(customer)
        await session.flush()
        for order, number in numbers.items():
            plan = PLANS[order]
            product = products[plan.model]
            placed = now - timedelta(days=plan.days_ago)
            promised = now - timedelta(days=plan.promised_days_ago)
            is_here = plan.state is OrderState.DELIVERED
            is_sent = plan.state not in (OrderState.CREATED, OrderState.PAID)
            events = [OrderEvent(at=placed, title="订单已提交", detail="")]
            if is_sent:
                events.append(OrderEvent(at=placed + timedelta(hours=20), title="已揽收", detail="顺丰速运"))
            if is_here:
                events.append(OrderEvent(at=placed + timedelta(days=3), title="已签收", detail=""))
            session.add(
                Order(
                    number=number,
                    customer_id=customer.id,
                    state=plan.state,
                    amount=Decimal(product.price),
                    placed_at=placed,
                    promised_at=promised,
                    delivered_at=placed + timedelta(days=3) if is_here else None,
                    receiver_name=name,
                    receiver_phone=phone,
                    receiver_address="浙江省杭州市西湖区文三路 1 号",
                    lines=[OrderLine(product_id=product.id, quantity=1, unit_price=product.price)],
                    shipments=[
                        Shipment(
                            carrier="顺丰速运",
                            tracking_number=f"SF{number}",
                            shipped_at=placed + timedelta(hours=20),
                            expected_at=promised,
                        )
                    ]
                    if is_sent
                    else [],
                    events=events,
                )
            )
    return phone, numbers
