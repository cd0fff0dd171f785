"""Who of the staff saw what of which customer, in what role and what for (PIPL §51, §54)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.customer import AccessLog, Customer
from care.rules.errors import NotFound
from care.rules.permissions import Permission, check_permission
from care.rules.vocabulary import Role
from care.services.context import Care

#: A desk asks for its lists every few seconds: one row for as long as a look lasts.
SAME_LOOK = timedelta(minutes=10)


class Actor(Protocol):
    """A member of staff: `StaffView` is one."""

    @property
    def login(self) -> str: ...

    @property
    def role(self) -> Role: ...


@dataclass(frozen=True)
class AccessEntry:
    who: str
    role: str
    fields: tuple[str, ...]
    purpose: str
    at: datetime


def log_read(
    session: AsyncSession,
    actor: Actor,
    customer_id: int,
    fields: Sequence[str],
    *,
    purpose: str,
    at: datetime,
) -> None:
    """One read, within the caller's transaction: what is not logged must not be shown."""
    session.add(
        AccessLog(
            who=actor.login,
            role=actor.role.value,
            customer_id=customer_id,
            fields=list(fields),
            purpose=purpose[:80],
            at=at,
        )
    )


async def note_look(
    care: Care, actor: Actor, customer_ids: Iterable[int | None], fields: Sequence[str], *, purpose: str
) -> None:
    """Logs that a list or transcript with these customers was shown; the same look again within ten minutes is one."""
    wanted = {one for one in customer_ids if one is not None}
    if not wanted:
        return
    now = care.clock.now()
    recent = (
        AccessLog.who == actor.login,
        AccessLog.purpose == purpose,
        AccessLog.customer_id.in_(wanted),
        AccessLog.at > now - SAME_LOOK,
    )
    async with care.sessions.read() as session:
        known = set(await session.scalars(select(AccessLog.customer_id).where(*recent)))
    if wanted <= known:
        return
    async with care.sessions.write() as session:
        for customer_id in sorted(wanted - known):
            log_read(session, actor, customer_id, fields, purpose=purpose, at=now)


async def entries(care: Care, actor: Actor, public_id: str, *, limit: int = 200) -> list[AccessEntry]:
    """Who saw this customer's record, newest first.

    Raises:
        Forbidden: the role may not read the access log.
        NotFound: no such customer.
    """
    check_permission(actor.role, Permission.VIEW_ACCESS_LOG)
    async with care.sessions.read() as session:
        customer_id = await session.scalar(select(Customer.id).where(Customer.public_id == public_id))
        if customer_id is None:
            raise NotFound("没有找到这位客户。")
        rows = await session.scalars(
            select(AccessLog)
            .where(AccessLog.customer_id == customer_id)
            .order_by(AccessLog.at.desc(), AccessLog.id.desc())
            .limit(limit)
        )
        return [AccessEntry(row.who, row.role, tuple(row.fields), row.purpose, row.at) for row in rows]
