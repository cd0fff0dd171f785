"""Who is a customer, for callers that already may know: operators and the shop's own pages."""

from __future__ import annotations

from sqlalchemy import select

from care.records.customer import Customer
from care.services.context import Care


async def ref_by_phone(care: Care, phone: str) -> str | None:
    """`Customer.public_id` of the oldest record with this phone, or `None`."""
    async with care.sessions.read() as session:
        ref: str | None = await session.scalar(
            select(Customer.public_id).where(Customer.phone == phone).order_by(Customer.id).limit(1)
        )
        return ref
