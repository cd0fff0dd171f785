"""The rows behind a customer's value, as the facts that `care.rules.seven_p` works on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.customer import Consent, Customer
from care.records.interaction import CareInteraction, Feedback, WinbackCase
from care.records.order import Order, Product
from care.records.value import CustomerValue
from care.rules.alive import History, Parameters, history
from care.rules.complaint import FINAL_STATES, ComplaintState
from care.rules.seven_p import ComplaintFact, ContactFact, Facts, OfferFact, OrderFact
from care.rules.tiers import Rfm, p_alive
from care.rules.times import shanghai_day
from care.rules.vocabulary import ConsentPurpose, HandledBy, OrderState
from care.services import quality

#: Orders that stand: paid for, and neither cancelled nor returned.
STANDING = (OrderState.PAID, OrderState.SHIPPED, OrderState.DELIVERED, OrderState.COMPLETED)
_OPEN = (OrderState.CREATED, OrderState.PAID, OrderState.SHIPPED)


async def facts_of(
    session: AsyncSession, customer: Customer, now: datetime, model: Parameters | None, shop_rate: float
) -> Facts:
    """Everything known of the customer; RFM is that of the last snapshot, for it needs all other customers too."""
    judged = (await quality.judge_records(session, [customer.id], now)).get(customer.id)
    orders = await _orders(session, customer.id)
    return Facts(
        type=customer.type,
        tier=customer.tier,
        segment=customer.segment,
        quality=None if judged is None else judged.score,
        completeness=None if judged is None else judged.completeness,
        since=customer.created_at,
        orders=orders,
        contacts=await _contacts(session, customer.id),
        complaints=await _complaints(session, customer.id),
        csat=await _csat(session, customer.id),
        offers=await _offers(session, customer.id),
        may_be_offered=await _may_be_offered(session, customer.id),
        alive=alive_of(orders, now, model),
        rfm=await _rfm(session, customer.id),
        shop_rate=shop_rate,
    )


def alive_of(orders: tuple[OrderFact, ...], now: datetime, model: Parameters | None) -> float | None:
    days = [order.day for order in orders if order.stands]
    if model is None or not days:
        return None
    return alive(history(days, shanghai_day(now)), model)


def alive(of: History, by: Parameters) -> float:
    return p_alive(of.repeats, of.last_at, of.age, r=by.r, alpha=by.alpha, a=by.a, b=by.b)


async def _orders(session: AsyncSession, customer_id: int) -> tuple[OrderFact, ...]:
    rows = await session.scalars(
        select(Order).where(Order.customer_id == customer_id).order_by(Order.placed_at, Order.id)
    )
    return tuple(
        OrderFact(
            number=row.number,
            placed_at=row.placed_at,
            amount=row.amount,
            stands=row.state in STANDING,
            is_returned=row.state is OrderState.RETURNED,
            is_open=row.state in _OPEN,
            promised_at=row.promised_at if row.state in STANDING else None,
            delivered_at=row.delivered_at,
            lines=tuple(
                (line.product.category or "其他", line.unit_price * line.quantity) for line in row.lines
            ),
        )
        for row in rows
    )


async def _contacts(session: AsyncSession, customer_id: int) -> tuple[ContactFact, ...]:
    rows = await session.execute(
        select(CareInteraction.started_at, CareInteraction.handled_by)
        .where(CareInteraction.customer_id == customer_id)
        .order_by(CareInteraction.started_at)
    )
    return tuple(ContactFact(at, by is not HandledBy.BOT) for at, by in rows)


async def _complaints(session: AsyncSession, customer_id: int) -> tuple[ComplaintFact, ...]:
    rows = await session.execute(
        select(Complaint, Product.category)
        .outerjoin(Product, Product.id == Complaint.product_id)
        .where(Complaint.customer_id == customer_id, Complaint.state != ComplaintState.DRAFT)
        .order_by(Complaint.opened_at)
    )
    return tuple(
        ComplaintFact(
            number=row.case_number or "",
            received_at=row.received_at or row.opened_at,
            category=row.category.label,
            product_category=category,
            is_open=row.state not in FINAL_STATES,
        )
        for row, category in rows
    )


async def _csat(session: AsyncSession, customer_id: int) -> tuple[int, ...]:
    answers: list[int] = []
    for table, column in ((CareInteraction, Feedback.interaction_id), (Complaint, Feedback.complaint_id)):
        rows = await session.scalars(
            select(Feedback.csat)
            .join(table, table.id == column)
            .where(table.customer_id == customer_id, Feedback.csat.is_not(None))
        )
        answers += [score for score in rows if score is not None]
    return tuple(answers)


async def _offers(session: AsyncSession, customer_id: int) -> tuple[OfferFact, ...]:
    rows = await session.scalars(
        select(WinbackCase).where(WinbackCase.customer_id == customer_id).order_by(WinbackCase.opened_on)
    )
    return tuple(
        OfferFact(
            name=row.offer or "联系，没有优惠",
            opened_on=row.opened_on,
            has_consent=row.has_consent and row.offer is not None,
            is_accepted=None if row.result is None else row.result == "recovered",
        )
        for row in rows
    )


async def _may_be_offered(session: AsyncSession, customer_id: int) -> bool:
    return bool(
        await session.scalar(
            select(func.count())
            .select_from(Consent)
            .where(
                Consent.customer_id == customer_id,
                Consent.purpose == ConsentPurpose.MARKETING,
                Consent.withdrawn_at.is_(None),
            )
        )
    )


async def _rfm(session: AsyncSession, customer_id: int) -> Rfm | None:
    row = await session.scalar(
        select(CustomerValue)
        .where(CustomerValue.customer_id == customer_id)
        .order_by(CustomerValue.as_of.desc())
        .limit(1)
    )
    return None if row is None else Rfm(row.recency, row.frequency, row.money)
