"""One typed field of a customer's record: found and written within the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.customer import Customer, CustomerField, DataQualityIssue
from care.rules.profile import FIELD_TERMS, ProfileField, is_stale, mask_field
from care.rules.vocabulary import DataIssue, FieldSource, LegalBasis

#: Older ones are dropped: what somebody was called ten changes ago helps nobody.
OLD_VALUES = 10


@dataclass(frozen=True)
class FieldView:
    """One value with where it came from. `masked` is what may be read out; times are aware UTC.

    `value` is whole only for who proved enough; otherwise it is `masked` too.
    """

    name: str
    label: str
    value: str | None
    masked: str
    source: FieldSource
    verified_at: datetime | None
    expires_at: datetime | None
    is_stale: bool
    purpose: str
    legal_basis: LegalBasis
    sensitive: bool


async def find(session: AsyncSession, customer_id: int, field: ProfileField) -> CustomerField | None:
    row: CustomerField | None = await session.scalar(
        select(CustomerField).where(
            CustomerField.customer_id == customer_id, CustomerField.name == field.value
        )
    )
    return row


async def write(
    session: AsyncSession,
    customer: Customer,
    field: ProfileField,
    value: str | None,
    *,
    source: FieldSource,
    changed_by: str,
    now: datetime,
    source_message_id: int | None = None,
) -> CustomerField:
    """Sets a checked value, keeps the old one, and ends the open quality issues about it.

    A value from the customer, or from staff who asked, counts as verified now; one that was imported or
    inferred does not. The same value again confirms it. `customer` is locked by the caller.

    Args:
        changed_by: ``customer``, ``staff:<login>`` or the name of a job.
    """
    terms = FIELD_TERMS[field]
    row = await find(session, customer.id, field)
    is_asked = source in (FieldSource.SELF, FieldSource.AGENT)
    before = row.value if row is not None else column_value(customer, field)
    if row is None:
        row = CustomerField(
            customer_id=customer.id,
            name=field.value,
            value=before,
            source=FieldSource.IMPORT,
            ttl_days=terms.ttl_days,
            purpose=terms.purpose,
            legal_basis=terms.legal_basis,
            sensitive=terms.sensitive,
            old_values=[],
        )
        session.add(row)
    if before is not None and before != value:
        old = {
            "value": before,
            "source": row.source.value,
            "until": now.isoformat(),
            "changed_by": row.changed_by,
            "message": row.source_message_id,
        }
        row.old_values = [*row.old_values, old][-OLD_VALUES:]
    row.value = value
    row.source = source
    row.changed_by = changed_by
    row.verified_at = now if is_asked and value is not None else None
    row.confirmed_by_customer_at = now if source is FieldSource.SELF and value is not None else None
    row.source_message_id = source_message_id
    if field is ProfileField.NAME and value:
        customer.name = value
    elif field is ProfileField.PHONE:
        customer.phone = value
    await session.flush()
    await session.execute(
        update(DataQualityIssue)
        .where(
            DataQualityIssue.customer_id == customer.id,
            DataQualityIssue.field == field.value,
            DataQualityIssue.issue != DataIssue.DUPLICATE,
            DataQualityIssue.fixed_at.is_(None),
        )
        .values(fixed_at=now)
        .execution_options(synchronize_session=False)
    )
    return row


def was_done(row: CustomerField | None, source_message_id: int | None) -> bool:
    """Whether this line of the customer has changed or confirmed the field already."""
    if row is None or source_message_id is None:
        return False
    return row.source_message_id == source_message_id or any(
        old.get("message") == source_message_id for old in row.old_values
    )


def column_value(customer: Customer, field: ProfileField) -> str | None:
    """Name and phone stand on the customer's own row too, for finding."""
    if field is ProfileField.NAME:
        return customer.name or None
    return customer.phone if field is ProfileField.PHONE else None


def view(
    customer: Customer, field: ProfileField, row: CustomerField | None, now: datetime, *, whole: bool
) -> FieldView | None:
    """What is known of `field`; None when no value is kept."""
    value = row.value if row is not None else column_value(customer, field)
    if not value:
        return None
    terms = FIELD_TERMS[field]
    ttl_days = row.ttl_days if row is not None else terms.ttl_days
    confirmed = last_confirmed(row)
    masked = mask_field(field, value)
    return FieldView(
        name=field.value,
        label=field.label,
        value=value if whole else masked,
        masked=masked,
        source=row.source if row is not None else FieldSource.IMPORT,
        verified_at=confirmed,
        expires_at=None if confirmed is None else confirmed + timedelta(days=ttl_days),
        is_stale=is_stale(confirmed, ttl_days, now),
        purpose=row.purpose if row is not None else terms.purpose,
        legal_basis=row.legal_basis if row is not None else terms.legal_basis,
        sensitive=row.sensitive if row is not None else terms.sensitive,
    )


def last_confirmed(row: CustomerField | None) -> datetime | None:
    """The later of a check by the shop and a word of the customer."""
    if row is None:
        return None
    times = [at for at in (row.verified_at, row.confirmed_by_customer_at) if at is not None]
    return max(times, default=None)
