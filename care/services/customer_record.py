"""A customer's record as a member of staff may see it. Every read is masked by role and leaves a row in the access log."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.ports import OrderView
from care.records.customer import Customer, CustomerField
from care.rules.errors import InvalidInput, NotFound
from care.rules.field_access import Access, access, seen
from care.rules.permissions import Permission, check_permission
from care.rules.profile import ProfileField, is_stale
from care.rules.vocabulary import (
    Channel,
    CustomerType,
    FieldSource,
    LegalBasis,
    LifecycleStage,
    Role,
    Tier,
)
from care.services.access_log import Actor, log_read
from care.services.context import Care
from care.services.customers import by_public_id
from care.services.profile_rows import last_confirmed

#: Columns of `customer` that the view shows, in its order.
_COLUMNS = (
    "public_id", "name", "phone", "type", "tier", "tier_reason", "segment", "lifecycle_stage",
    "preferred_channel", "quiet_hours", "account_manager_id", "group_id", "key_account_scores",
    "external_id", "quality_score", "created_at",
)  # fmt: skip


@dataclass(frozen=True)
class RecordField:
    """One typed field. `value` is None when the role may not see it or nothing is known; `access` tells which."""

    name: str
    label: str
    value: str | None
    access: Access
    source: FieldSource
    verified_at: datetime | None
    is_stale: bool
    purpose: str
    legal_basis: LegalBasis
    sensitive: bool
    old_values: tuple[str, ...]


@dataclass(frozen=True)
class CustomerRecordView:
    """What the role may see; a column that it may not see is None. Times are aware UTC."""

    public_id: str
    name: str | None
    phone: str | None
    type: CustomerType
    tier: Tier
    tier_reason: str | None
    segment: str | None
    lifecycle_stage: LifecycleStage
    preferred_channel: Channel | None
    quiet_hours: str | None
    account_manager_id: int | None
    group_id: str | None
    key_account_scores: dict[str, int] | None
    external_id: str | None
    quality_score: int | None
    created_at: datetime
    fields: tuple[RecordField, ...]


async def read(care: Care, actor: Actor, public_id: str, *, purpose: str) -> CustomerRecordView:
    """The record that this public id leads to.

    Args:
        purpose: what for, in a few Chinese words; it stands in the access log and in the customer's own export.

    Raises:
        Forbidden: the role may see no customer.
        InvalidInput: no purpose.
        NotFound: no such customer, or a deleted one.
    """
    check_permission(actor.role, Permission.VIEW_CUSTOMER)
    if not purpose.strip():
        raise InvalidInput("请写明查看资料的用途。", fields={"purpose": "请写明用途。"})
    now = care.clock.now()
    async with care.sessions.write() as session:
        customer = await by_public_id(session, public_id)
        if customer is None:
            raise NotFound("没有找到这位客户。")
        view = await view_of(session, actor.role, customer, now)
        log_read(session, actor, customer.id, shown(view), purpose=purpose.strip(), at=now)
    return view


def shown(view: CustomerRecordView) -> list[str]:
    """Names of the data that a view really shows."""
    columns = [name for name in _COLUMNS if getattr(view, name) is not None]
    return columns + [f"customer_field.{one.name}" for one in view.fields if one.value is not None]


def order_for(role: Role, order: OrderView) -> OrderView:
    """The order with its receiver as `role` may see it."""
    return dataclasses.replace(
        order,
        receiver_name=seen("order.receiver_name", role, order.receiver_name) or "",
        receiver_phone=seen("order.receiver_phone", role, order.receiver_phone) or "",
        receiver_address=seen("order.receiver_address", role, order.receiver_address) or "",
    )


async def view_of(session: AsyncSession, role: Role, customer: Customer, now: datetime) -> CustomerRecordView:
    """The record by role, for a service that logs the read itself."""
    rows = await session.scalars(
        select(CustomerField).where(CustomerField.customer_id == customer.id).order_by(CustomerField.id)
    )
    columns: dict[str, Any] = {
        name: seen(f"customer.{name}", role, getattr(customer, name)) for name in _COLUMNS
    }
    return CustomerRecordView(**columns, fields=tuple(_field(role, row, now) for row in rows))


def _field(role: Role, row: CustomerField, now: datetime) -> RecordField:
    datum = f"customer_field.{row.name}"
    confirmed = last_confirmed(row)
    old = (seen("customer_field.old_values", role, one.get("value")) for one in row.old_values)
    return RecordField(
        name=row.name,
        label=ProfileField.labels().get(row.name, row.name),
        value=seen(datum, role, row.value),
        access=access(datum, role),
        source=row.source,
        verified_at=confirmed,
        is_stale=is_stale(confirmed, row.ttl_days, now),
        purpose=row.purpose,
        legal_basis=row.legal_basis,
        sensitive=row.sensitive,
        old_values=tuple(one for one in old if one is not None),
    )
