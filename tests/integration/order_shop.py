"""Orders in every state for tests of what may be done with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import select

from care.records.conversation import Conversation
from care.records.customer import Customer
from care.records.interaction import CareInteraction, Promise
from care.records.order import Order, OrderEvent, OrderLine, Product, Shipment
from care.rules.returns import GoodsKind
from care.rules.vocabulary import OrderState, VerifiedBy
from care.services.context import Care
from tests.integration.conftest import Shop

PAID, SHIPPED, DELIVERED, CREATED = "88120260001", "88120260002", "88120260003", "88120260004"
FOREIGN = "88120269999"
WASHER, EARPHONES = "ZK-WASHER", "ZK-EARPHONES"


@dataclass
class Buyer:
    customer: Customer
    conversation_id: int
    shop: Shop

    @property
    def ref(self) -> str:
        return self.customer.public_id

    async def says(self, text: str) -> int:
        """A line of the customer; its message id."""
        return (await self.shop.say(self.conversation_id, text)).message_id


async def add_order(
    care: Care,
    customer_id: int,
    number: str,
    state: OrderState,
    *,
    delivered_days_ago: int | None = None,
    goods_kind: GoodsKind = GoodsKind.ORDINARY,
    exclusion_confirmed: bool = False,
) -> None:
    """A washing machine and two pairs of earphones, placed nine days ago."""
    now = care.clock.now()
    async with care.sessions.write() as session:
        products = {p.sku: p for p in await session.scalars(select(Product))}
        for sku, name, price, kind in (
            (WASHER, "净澜 10公斤 滚筒洗衣机", "2199.00", GoodsKind.ORDINARY),
            (f"{EARPHONES}-{goods_kind}", "听风 B3 真无线降噪耳机", "399.00", goods_kind),
        ):
            if sku not in products:
                products[sku] = Product(
                    sku=sku, name=name, brand="净澜", model=sku, category="洗衣机", price=Decimal(price), stock=9,
                    spoken_names=[], attributes={}, goods_kind=kind,
                )  # fmt: skip
                session.add(products[sku])
        await session.flush()
        placed = now - timedelta(days=9)
        events = [OrderEvent(at=placed, title="订单已提交")]
        if state is not OrderState.CREATED:
            events.append(OrderEvent(at=placed + timedelta(minutes=3), title="付款成功"))
        is_sent = state in (OrderState.SHIPPED, OrderState.DELIVERED, OrderState.COMPLETED)
        session.add(
            Order(
                number=number, customer_id=customer_id, state=state, amount=Decimal("2997.00"), placed_at=placed,
                delivered_at=None if delivered_days_ago is None else now - timedelta(days=delivered_days_ago),
                receiver_name="张伟", receiver_phone="13711112222", receiver_address="浙江省杭州市西湖区文三路1号",
                lines=[
                    OrderLine(product_id=products[WASHER].id, quantity=1, unit_price=Decimal("2199.00")),
                    OrderLine(
                        product_id=products[f"{EARPHONES}-{goods_kind}"].id, quantity=2,
                        unit_price=Decimal("399.00"), exclusion_confirmed=exclusion_confirmed,
                    ),
                ],
                shipments=[Shipment(carrier="京东物流", tracking_number="JD1", shipped_at=placed)] if is_sent else [],
                events=events,
            )
        )  # fmt: skip


async def buyer(shop: Shop, *, by: VerifiedBy = VerifiedBy.CODE, proven_order: str | None = None) -> Buyer:
    """A verified customer with an order unpaid, one paid, one on its way, one delivered five days ago."""
    care = shop.care
    customer, other = await shop.customer(), await shop.customer("13900000002", "王芳")
    for number, state, days in (
        (CREATED, OrderState.CREATED, None),
        (PAID, OrderState.PAID, None),
        (SHIPPED, OrderState.SHIPPED, None),
        (DELIVERED, OrderState.DELIVERED, 5),
    ):
        await add_order(care, customer.id, number, state, delivered_days_ago=days)
    await add_order(care, other.id, FOREIGN, OrderState.PAID)
    visit = await shop.visit()
    async with care.sessions.write() as session:
        conversation = await session.get_one(Conversation, visit.id)
        conversation.customer_id, conversation.verified_by = customer.id, by
        conversation.verified_at, conversation.proven_order = care.clock.now(), proven_order
    return Buyer(customer, visit.id, shop)


async def promises_of(care: Care) -> list[tuple[str, str | None]]:
    """What is promised and not yet kept or broken, with its subject."""
    async with care.sessions.read() as session:
        rows = await session.scalars(
            select(Promise)
            .where(Promise.complaint_id.is_(None), Promise.kept_at.is_(None), Promise.broken_at.is_(None))
            .order_by(Promise.id)
        )
        return [(promise.what, promise.subject) for promise in rows]


async def written_on_contact(care: Care) -> list[str]:
    async with care.sessions.read() as session:
        return list((await session.scalars(select(CareInteraction))).one().data_written)
