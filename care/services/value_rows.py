"""The rows that the value of all customers is computed from, read once for everybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.customer import Customer
from care.records.interaction import CareInteraction
from care.records.order import Order
from care.records.value import CustomerValue
from care.rules.alive import History, history
from care.rules.tiers import Rfm, rfm
from care.rules.times import shanghai_day
from care.rules.vocabulary import HandledBy
from care.services.customers import is_live
from care.services.value_facts import STANDING

#: Without enough customers to tell: the retention that the shop starts from [P].
_SHOP_RATE = 0.5
_LEAST_FOR_RATE = 20


@dataclass(frozen=True)
class Bought:
    """Days (ordinals) and cents of the orders that stand, oldest first."""

    days: tuple[int, ...]
    cents: tuple[int, ...]

    @property
    def dates(self) -> list[date]:
        return [date.fromordinal(day) for day in self.days]


@dataclass(frozen=True)
class Contacts:
    by_person: int = 0
    by_bot: int = 0


async def shop_rate(session: AsyncSession) -> float:
    """Share of the customers with an order who bought again; a start value when there are too few of them."""
    per_customer = (
        select(func.count().label("orders"))
        .where(Order.state.in_(STANDING))
        .group_by(Order.customer_id)
        .subquery()
    )
    total, again = (
        await session.execute(
            select(func.count(), func.count().filter(per_customer.c.orders > 1)).select_from(per_customer)
        )
    ).one()
    return round(again / total, 4) if total >= _LEAST_FOR_RATE else _SHOP_RATE


async def last_shop_rate(session: AsyncSession, customer_id: int) -> float:
    """The shop's rate as the customer's last snapshot was computed with; counted anew when there is none.

    Counting looks at every order of the shop: too much for opening one record.
    """
    basis = await session.scalar(
        select(CustomerValue.basis)
        .where(CustomerValue.customer_id == customer_id)
        .order_by(CustomerValue.as_of.desc())
        .limit(1)
    )
    known = None if basis is None else basis.get("shop_rate")
    return await shop_rate(session) if known is None else float(known)


async def all_bought(session: AsyncSession) -> dict[int, Bought]:
    rows = await session.stream(
        select(Order.customer_id, Order.placed_at, Order.amount)
        .join(Customer, Customer.id == Order.customer_id)
        .where(Order.state.in_(STANDING), is_live())
        .order_by(Order.customer_id, Order.placed_at)
        .execution_options(yield_per=5000)
    )
    days: dict[int, list[int]] = {}
    cents: dict[int, list[int]] = {}
    async for customer_id, placed_at, amount in rows:
        days.setdefault(customer_id, []).append(shanghai_day(placed_at).toordinal())
        cents.setdefault(customer_id, []).append(round(amount * 100))
    return {id_: Bought(tuple(found), tuple(cents[id_])) for id_, found in days.items()}


async def all_contacts(session: AsyncSession, now: datetime) -> dict[int, Contacts]:
    rows = await session.execute(
        select(CareInteraction.customer_id, CareInteraction.handled_by, func.count())
        .where(
            CareInteraction.started_at > now - timedelta(days=365), CareInteraction.customer_id.is_not(None)
        )
        .group_by(CareInteraction.customer_id, CareInteraction.handled_by)
    )
    found: dict[int, Counter[bool]] = {}
    for customer_id, handled_by, count in rows:
        found.setdefault(customer_id, Counter())[handled_by is not HandledBy.BOT] += count
    return {id_: Contacts(counts[True], counts[False]) for id_, counts in found.items()}


async def group_sizes(session: AsyncSession) -> dict[str, int]:
    rows = await session.execute(
        select(Customer.group_id, func.count())
        .where(Customer.group_id.is_not(None), is_live())
        .group_by(Customer.group_id)
    )
    return {row[0]: row[1] for row in rows}


async def group_size(session: AsyncSession, group_id: str | None) -> int:
    if group_id is None:
        return 1
    counted = select(func.count()).select_from(Customer).where(Customer.group_id == group_id, is_live())
    return int(await session.scalar(counted) or 1)


def histories_of(bought: Mapping[int, Bought], today: date) -> dict[int, History]:
    return {id_: history(one.dates, today) for id_, one in bought.items()}


def ranks_of(bought: Mapping[int, Bought], today: date) -> dict[int, Rfm]:
    ids = list(bought)
    found = rfm(
        [today.toordinal() - bought[id_].days[-1] for id_ in ids],
        [len(bought[id_].days) for id_ in ids],
        [Decimal(sum(bought[id_].cents)) / 100 for id_ in ids],
    )
    return dict(zip(ids, found, strict=True))
