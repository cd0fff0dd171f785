"""Orders: reading them, cancelling, changing the delivery, hurrying."""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence

from sqlalchemy import select

from care.adapters.embedded_orders.tables import Tables, Write, check_day, few, own_order, tell
from care.ports import DeliveryChange, OrderEventView, OrderLineView, OrderView, ShipmentView
from care.records.customer import Customer
from care.records.order import Order
from care.rules.errors import InvalidInput
from care.rules.order_moves import URGE_AGAIN, Refused, may_cancel, may_change, may_urge
from care.rules.order_terms import CancelOutcome
from care.rules.vocabulary import OrderState

CANCELLED, INTERCEPTING, CHANGED, URGED = "订单已取消", "已申请拦截", "收货信息已修改", "已催办"


class Orders(Tables):
    async def recent_orders(self, customer_ref: str, *, limit: int = 5) -> Sequence[OrderView]:
        async with self._sessions.read() as session:
            rows = await session.scalars(
                select(Order)
                .join(Customer, Customer.id == Order.customer_id)
                .where(Customer.public_id == customer_ref)
                .order_by(Order.placed_at.desc(), Order.id.desc())
                .limit(few(limit))
            )
            return [order_view(order, customer_ref) for order in rows]

    async def find_order(self, number: str, *, customer_ref: str) -> OrderView | None:
        async with self._sessions.read() as session:
            order = await session.scalar(
                select(Order)
                .join(Customer, Customer.id == Order.customer_id)
                .where(Order.number == number, Customer.public_id == customer_ref)
            )
            return None if order is None else order_view(order, customer_ref)

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

    async def cancel_order(self, number: str, *, customer_ref: str, reason: str, key: str) -> CancelOutcome:
        async with self._writing(key, "cancel_order", customer_ref, number, reason) as write:
            if write.answer is None:
                order = await own_order(write, number)
                outcome = may_cancel(order)
                said = f"原因：{reason}" if reason else ""
                if outcome is CancelOutcome.CANCELLED and order.state is not OrderState.CANCELLED:
                    is_paid = order.state is OrderState.PAID
                    order.state = OrderState.CANCELLED
                    tell(order, write.now, CANCELLED, f"{'款项原路退回。' if is_paid else ''}{said}")
                elif outcome is CancelOutcome.INTERCEPTING and not _was_told(order, INTERCEPTING):
                    tell(order, write.now, INTERCEPTING, f"正在请快递拦截，成功后原路退款。{said}")
                write.answer = {"outcome": outcome.value}
            return CancelOutcome(write.answer["outcome"])

    async def change_delivery(
        self, number: str, *, customer_ref: str, change: DeliveryChange, key: str
    ) -> OrderView:
        async with self._writing(key, "change_delivery", customer_ref, number, change) as write:
            order = await own_order(write, number)
            if write.answer is None:
                if refusal := may_change(order):
                    raise Refused(refusal)
                _check_change(change, write)
                for name in ("receiver_name", "receiver_phone", "receiver_address"):
                    if (value := getattr(change, name)) is not None:
                        setattr(order, name, value.strip())
                order.deliver_on = change.on or order.deliver_on
                order.deliver_slot = change.slot or order.deliver_slot
                tell(order, write.now, CHANGED, f"修改了{'、'.join(_changed(change))}")
                write.answer = {"number": number}
            return order_view(order, customer_ref)

    async def urge_order(self, number: str, *, customer_ref: str, key: str) -> None:
        async with self._writing(key, "urge_order", customer_ref, number) as write:
            if write.answer is None:
                order = await own_order(write, number)
                if refusal := may_urge(order):
                    raise Refused(refusal)
                lately = write.now - URGE_AGAIN
                if not any(event.title == URGED and event.at > lately for event in order.events):
                    is_sent = order.state is OrderState.SHIPPED
                    tell(order, write.now, URGED, "已请快递加急" if is_sent else "已请仓库尽快发货")
                write.answer = {"number": number}


def _was_told(order: Order, title: str) -> bool:
    return any(event.title == title for event in order.events)


def _changed(change: DeliveryChange) -> list[str]:
    """What is changed, in words, never the values: a timeline is shown to whoever looks at the order."""
    named = {
        "收货人": change.receiver_name,
        "电话": change.receiver_phone,
        "地址": change.receiver_address,
        "送货时间": change.on or change.slot,
    }
    return [label for label, value in named.items() if value is not None]


def _check_change(change: DeliveryChange, write: Write) -> None:
    fields: dict[str, str] = {}
    if not _changed(change):
        fields["change"] = "请说明要改什么。"
    if change.receiver_name is not None and not 0 < len(change.receiver_name.strip()) <= 80:
        fields["receiver_name"] = "收货人姓名应为 1 到 80 个字。"
    if change.receiver_phone is not None and not re.fullmatch(
        r"\+?[\d-]{7,20}", change.receiver_phone.strip()
    ):
        fields["receiver_phone"] = "电话号码不对，请检查。"
    if change.receiver_address is not None and not 5 <= len(change.receiver_address.strip()) <= 300:
        fields["receiver_address"] = "地址应为 5 到 300 个字。"
    if fields:
        raise InvalidInput(next(iter(fields.values())), fields=fields)
    if change.on is not None:
        check_day(change.on, write.today)


def _ends_with(phone: str, tail: str) -> bool:
    return hmac.compare_digest(phone[-4:].encode(), tail.encode())


def order_view(order: Order, customer_ref: str) -> OrderView:
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
                goods_kind=line.product.goods_kind,
                exclusion_confirmed=line.exclusion_confirmed,
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
        deliver_on=order.deliver_on,
        deliver_slot=order.deliver_slot,
    )
