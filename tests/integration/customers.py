"""Customers who proved who they are, with orders of their own: for tests of what they may do."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

from care.records.customer import Customer
from care.records.order import Order
from care.rules.vocabulary import OrderState
from care.services import identity, outbox
from care.services.context import Care
from care.services.conversations import ConversationView
from tests.integration.conftest import Shop

PHONE = "13800000001"
ADDRESS = "浙江省杭州市西湖区文三路12号3单元501室"


async def codes(care: Care, capsys: Any) -> list[str]:
    """What the phones received, from the terminal."""
    await outbox.deliver_due(care, {identity.SMS_TOPIC: identity.sms_handler(care)})
    return re.findall(r"验证码 (\d{6})", capsys.readouterr().out)


async def signed_in(
    care: Care, shop: Shop, capsys: Any, phone: str = PHONE, token: str | None = None
) -> ConversationView:
    """A conversation whose customer proved the phone by a code."""
    visit = await shop.visit(token)
    await identity.request_code(care, visit.id, phone)
    (code,) = await codes(care, capsys)
    await identity.verify_code(care, visit.id, code)
    return visit


async def order_of(
    care: Care, customer: Customer, number: str = "88120260001", state: OrderState = OrderState.COMPLETED
) -> int:
    now = care.clock.now()
    order = Order(
        number=number,
        customer_id=customer.id,
        state=state,
        amount=Decimal("1299.00"),
        placed_at=now - timedelta(days=30),
        receiver_name=customer.name,
        receiver_phone=customer.phone,
        receiver_address=ADDRESS,
    )
    async with care.sessions.write() as session:
        session.add(order)
    return order.id


async def known_by_order(
    care: Care, shop: Shop, customer: Customer, number: str = "88120260009"
) -> ConversationView:
    """A conversation whose customer knows an order's number and the phone's tail only."""
    visit = await shop.visit()
    await order_of(care, customer, number)
    await identity.verify_order_tail(care, visit.id, number, (customer.phone or "")[-4:])
    return visit


async def said(shop: Shop, visit: ConversationView, text: str = "改一下") -> int:
    return (await shop.say(visit.id, text)).message_id
