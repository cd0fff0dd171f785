"""Who is a customer, for callers that already may know: operators and the shop's own pages."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import ColumnElement

from care.records.customer import Customer, CustomerField
from care.records.encryption import is_value
from care.services.context import Care


async def ref_by_phone(care: Care, phone: str) -> str | None:
    """`Customer.public_id` of the oldest record with this phone, or `None`."""
    async with care.sessions.read() as session:
        ref: str | None = await session.scalar(
            select(Customer.public_id).where(Customer.phone == phone).order_by(Customer.id).limit(1)
        )
        return ref


def is_live(table: Any = Customer) -> ColumnElement[bool]:
    """The condition that leaves out signposts of merged records and what is left of erased ones."""
    return and_(table.merged_into_id.is_(None), table.erased_at.is_(None))


async def refs_by_field(care: Care, name: str, value: str) -> list[str]:
    """`Customer.public_id` of every live record whose field `name` has exactly this value as it is stored."""
    async with care.sessions.read() as session:
        rows = await session.scalars(
            select(Customer.public_id)
            .join(CustomerField, CustomerField.customer_id == Customer.id)
            .where(CustomerField.name == name, is_value(session, CustomerField.value_index, value), is_live())
            .order_by(Customer.id)
        )
        return list(rows)


async def id_of(care: Care, public_id: str) -> int | None:
    """`Customer.id` of the record that this public id leads to, or `None`."""
    async with care.sessions.read() as session:
        customer = await by_public_id(session, public_id.strip())
        return None if customer is None else customer.id


async def by_public_id(session: AsyncSession, ref: str) -> Customer | None:
    """The record that this public id leads to: its own, or the one that it was merged into."""
    return await _resolved(session, Customer.public_id == ref)


async def by_external_id(session: AsyncSession, external_id: str) -> Customer | None:
    """As `by_public_id`, for the id that the shop's own system gave."""
    return await _resolved(session, Customer.external_id == external_id)


async def _resolved(session: AsyncSession, wanted: ColumnElement[bool]) -> Customer | None:
    customer: Customer | None = await session.scalar(select(Customer).where(wanted))
    # Signposts are moved along when their record is merged itself, so one step is enough; a loop costs nothing.
    while customer is not None and customer.merged_into_id is not None:
        customer = await session.get(Customer, customer.merged_into_id)
    # Nobody signs in to a record that was deleted at its customer's wish.
    return None if customer is None or customer.erased_at is not None else customer
