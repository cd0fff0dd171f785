"""How much money each role may promise on one complaint: the newest row of a role, else the default."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.case_work import RemedyLimit
from care.rules.errors import InvalidInput
from care.rules.remedies import DEFAULT_LIMITS, MOST_MONEY
from care.rules.vocabulary import Role
from care.services.context import Care


async def limit_of(session: AsyncSession, role: Role) -> Decimal | None:
    """Yuan; None without limit."""
    newest = await _newest(session, role)
    return DEFAULT_LIMITS[role] if newest is None else newest.amount


async def limits(care: Care) -> dict[Role, Decimal | None]:
    """Every role's limit as it holds now."""
    async with care.sessions.read() as session:
        return {role: await limit_of(session, role) for role in Role}


async def set_limit(care: Care, role: Role, amount: Decimal | None, *, set_by: str) -> int:
    """Writes the role's next version and returns its number; earlier ones stay.

    Raises:
        InvalidInput: no sum of money.
    """
    if amount is not None and not (amount.is_finite() and 0 <= amount <= MOST_MONEY):
        raise InvalidInput(fields={"amount": "额度不对。"})
    async with care.sessions.write() as session:
        newest = await _newest(session, role)
        version = 1 if newest is None else newest.version + 1
        session.add(
            RemedyLimit(role=role, version=version, amount=amount, set_by=set_by, set_at=care.clock.now())
        )
        return version


async def _newest(session: AsyncSession, role: Role) -> RemedyLimit | None:
    found: RemedyLimit | None = await session.scalar(
        select(RemedyLimit).where(RemedyLimit.role == role).order_by(RemedyLimit.version.desc()).limit(1)
    )
    return found
