"""Finding customers' records for staff: by name, phone or its end, mailbox, number, order; page by page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import ColumnElement

from care.records.customer import Customer, CustomerField
from care.records.encryption import is_value
from care.records.order import Order
from care.rules.errors import InvalidInput
from care.rules.field_access import seen
from care.rules.permissions import Permission, check_permission
from care.rules.text import normalise
from care.rules.vocabulary import CustomerType, LifecycleStage, Tier
from care.services.access_log import Actor, note_look
from care.services.context import Care
from care.services.customers import is_live

PURPOSE = "查找客户"
_DIGITS = re.compile(r"[\d\s\-+]{4,20}")
_TAIL_MOST = 8
_SHORTEST = 1


@dataclass(frozen=True)
class CustomerItem:
    """One line of the list, as the role may see it."""

    id: int
    public_id: str
    name: str | None
    phone: str | None
    type: CustomerType
    tier: Tier
    lifecycle_stage: LifecycleStage
    segment: str | None
    quality_score: int | None
    created_at: datetime


async def search(
    care: Care,
    actor: Actor,
    *,
    text: str = "",
    kind: CustomerType | None = None,
    tier: Tier | None = None,
    stage: LifecycleStage | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[CustomerItem]:
    """Records that match, the newest first; merged and erased ones are left out. The look is logged.

    Args:
        text: a name or part of it, a phone or at least its last four digits, a mailbox, the shop's or our
            own number, or an order's number; empty lists all.
        after: the id of the last record seen, for the next page.

    Raises:
        Forbidden: the role may see no customer.
        InvalidInput: `text` is too long.
    """
    check_permission(actor.role, Permission.VIEW_CUSTOMER)
    wanted = normalise(text)
    if len(wanted) > 80:
        raise InvalidInput(fields={"q": "最多 80 字。"})
    conditions: list[ColumnElement[bool]] = [is_live()]
    if kind is not None:
        conditions.append(Customer.type == kind)
    if tier is not None:
        conditions.append(Customer.tier == tier)
    if stage is not None:
        conditions.append(Customer.lifecycle_stage == stage)
    if after is not None:
        conditions.append(Customer.id < after)
    async with care.sessions.read() as session:
        if len(wanted) >= _SHORTEST:
            conditions.append(_matches(session, wanted))
        rows = (
            await session.scalars(
                select(Customer).where(*conditions).order_by(Customer.id.desc()).limit(limit)
            )
        ).all()
    found = [_item(row, actor) for row in rows]
    await _note(care, actor, found)
    return found


def _matches(session: AsyncSession, wanted: str) -> ColumnElement[bool]:
    escaped = wanted.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    ways: list[ColumnElement[bool]] = [
        Customer.name.like(f"%{escaped}%", escape="\\"),
        Customer.external_id == wanted,
        Customer.public_id == wanted,
        Customer.id.in_(select(Order.customer_id).where(Order.number == "".join(wanted.split()))),
    ]
    if "@" in wanted:
        ways.append(
            Customer.id.in_(
                select(CustomerField.customer_id).where(is_value(session, CustomerField.value_index, wanted))
            )
        )
    if _DIGITS.fullmatch(wanted):
        digits = re.sub(r"\D", "", wanted)
        ways.append(Customer.phone == digits[-11:])
        if 4 <= len(digits) <= _TAIL_MOST:
            ways.append(Customer.phone.like(f"%{digits}"))
    return or_(*ways)


def _item(row: Customer, actor: Actor) -> CustomerItem:
    return CustomerItem(
        id=row.id,
        public_id=row.public_id,
        name=seen("customer.name", actor.role, row.name),
        phone=seen("customer.phone", actor.role, row.phone),
        type=row.type,
        tier=row.tier,
        lifecycle_stage=row.lifecycle_stage,
        segment=row.segment,
        quality_score=row.quality_score,
        created_at=row.created_at,
    )


async def _note(care: Care, actor: Actor, found: Sequence[CustomerItem]) -> None:
    await note_look(care, actor, [one.id for one in found], ["name", "phone"], purpose=PURPOSE)
