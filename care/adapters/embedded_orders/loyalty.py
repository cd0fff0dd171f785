"""Points and level."""

from __future__ import annotations

from sqlalchemy import select

from care.adapters.embedded_orders.tables import Tables
from care.ports import LoyaltyView
from care.records.customer import Customer
from care.records.order_request import LoyaltyAccount
from care.rules.loyalty import PointEntry, balance
from care.rules.times import shanghai_day


class Loyalty(Tables):
    async def loyalty(self, customer_ref: str) -> LoyaltyView | None:
        async with self._sessions.read() as session:
            account = await session.scalar(
                select(LoyaltyAccount)
                .join(Customer, Customer.id == LoyaltyAccount.customer_id)
                .where(Customer.public_id == customer_ref)
            )
            if account is None:
                return None
            entries = [
                PointEntry(entry.points, shanghai_day(entry.at), entry.expires_on)
                for entry in account.entries
            ]
        now = balance(entries, shanghai_day(self._clock.now()))
        return LoyaltyView(
            points=now.points,
            level=account.level,
            expiring_points=now.expiring,
            expiring_on=now.expiring_on,
        )
