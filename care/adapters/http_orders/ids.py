"""Customers as the ERP calls them: by their number there (`external_id`) where they have one."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import and_, or_, select

from care.records import Sessions
from care.records.customer import Customer


class CustomerIds(Protocol):
    async def outward(self, public_id: str) -> str:
        """How the ERP knows this customer; our own id for one that has no number there."""

    async def inward(self, erp_id: str) -> str | None:
        """Our id of the ERP's customer; None when we do not know them."""


class RecordedIds:
    """From the customer records."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def outward(self, public_id: str) -> str:
        async with self._sessions.read() as session:
            external = await session.scalar(
                select(Customer.external_id).where(Customer.public_id == public_id)
            )
        return external or public_id

    async def inward(self, erp_id: str) -> str | None:
        """The number of a record that was merged leads to the one that it became part of."""
        own = and_(Customer.public_id == erp_id, Customer.external_id.is_(None))
        async with self._sessions.read() as session:
            customer = await session.scalar(select(Customer).where(or_(Customer.external_id == erp_id, own)))
            while customer is not None and customer.merged_into_id is not None:
                customer = await session.get(Customer, customer.merged_into_id)
            return None if customer is None else customer.public_id
