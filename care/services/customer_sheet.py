"""A customer seen whole, for the desk: the record by role, orders, cases, promises, last contacts, what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.ports import OrderView
from care.records.complaint import Complaint
from care.records.customer import Customer, DataQualityIssue
from care.records.interaction import CareInteraction, Promise
from care.records.staff import Staff
from care.rules.complaint import ComplaintState, Level
from care.rules.errors import NotFound, Unavailable
from care.rules.severity import Grade
from care.rules.vocabulary import Channel, DataIssue, HandledBy, Kind, Outcome, Topic
from care.services import customer_record
from care.services.access_log import Actor
from care.services.context import Care
from care.services.customer_record import CustomerRecordView
from care.services.customers import by_public_id
from care.services.promises import promise_labels

_LAST = 10


@dataclass(frozen=True)
class CaseLine:
    case_number: str
    state: ComplaintState
    grade: Grade
    level: Level
    category: str
    order_number: str | None
    received_at: datetime | None
    solve_due_at: datetime | None
    closed_at: datetime | None
    owner: str | None


@dataclass(frozen=True)
class PromiseLine:
    """`what` in words; open ones first, then the last that were kept or broken."""

    what: str
    promised_by: str
    due_at: datetime
    made_at: datetime
    kept_at: datetime | None
    broken_at: datetime | None


@dataclass(frozen=True)
class ContactLine:
    started_at: datetime
    channel: Channel
    handled_by: HandledBy
    kind: Kind | None
    topics: tuple[str, ...]
    order_number: str | None
    outcome: Outcome | None


@dataclass(frozen=True)
class IssueLine:
    id: int
    issue: DataIssue
    field: str
    detail: str
    found_at: datetime


@dataclass(frozen=True)
class CustomerSheet:
    """`orders` is None when the order system cannot be asked now; the rest is shown all the same."""

    id: int
    record: CustomerRecordView
    orders: tuple[OrderView, ...] | None
    cases: tuple[CaseLine, ...]
    promises: tuple[PromiseLine, ...]
    contacts: tuple[ContactLine, ...]
    issues: tuple[IssueLine, ...]


async def read(care: Care, actor: Actor, public_id: str, *, purpose: str) -> CustomerSheet:
    """Everything about the customer that this id leads to; the read is logged with its purpose.

    Raises:
        Forbidden, InvalidInput, NotFound: as `customer_record.read`.
    """
    record = await customer_record.read(care, actor, public_id, purpose=purpose)
    async with care.sessions.read() as session:
        customer = await by_public_id(session, public_id)
        if customer is None:
            raise NotFound("没有找到这位客户。")
        cases = await cases_of(session, Complaint.customer_id == customer.id)
        promises = await promises_of(session, Promise.customer_id == customer.id)
        contacts = await _contacts(session, customer)
        issues = await issues_of(session, customer)
    try:
        orders = await care.orders.recent_orders(customer.public_id, limit=_LAST)
        shown = tuple(customer_record.order_for(actor.role, order) for order in orders)
    except Unavailable:
        shown = None
    return CustomerSheet(customer.id, record, shown, cases, promises, contacts, issues)


async def cases_of(session: AsyncSession, which: ColumnElement[bool]) -> tuple[CaseLine, ...]:
    """The last cases that `which` names, drafts left out."""
    rows = await session.execute(
        select(Complaint, Staff.name)
        .outerjoin(Staff, Staff.id == Complaint.owner_id)
        .where(which, Complaint.state != ComplaintState.DRAFT)
        .order_by(Complaint.opened_at.desc())
        .limit(_LAST)
    )
    return tuple(
        CaseLine(
            case_number=row.case_number or "",
            state=row.state,
            grade=row.grade,
            level=row.level,
            category=row.category.label,
            order_number=row.order_number,
            received_at=row.received_at,
            solve_due_at=row.solve_due_at,
            closed_at=row.closed_at,
            owner=owner,
        )
        for row, owner in rows
    )


async def promises_of(session: AsyncSession, which: ColumnElement[bool]) -> tuple[PromiseLine, ...]:
    """Open ones first, then the last that ended."""
    is_done = or_(Promise.kept_at.is_not(None), Promise.broken_at.is_not(None))
    rows = await session.scalars(
        select(Promise).where(which).order_by(is_done, Promise.due_at.desc()).limit(_LAST)
    )
    labels = promise_labels()
    return tuple(
        PromiseLine(
            labels.get(row.what, row.what),
            row.promised_by,
            row.due_at,
            row.made_at,
            row.kept_at,
            row.broken_at,
        )
        for row in rows
    )


async def _contacts(session: AsyncSession, customer: Customer) -> tuple[ContactLine, ...]:
    rows = await session.scalars(
        select(CareInteraction)
        .where(CareInteraction.customer_id == customer.id)
        .order_by(CareInteraction.started_at.desc())
        .limit(_LAST)
    )
    return tuple(contact_line(row) for row in rows)


def contact_line(row: CareInteraction) -> ContactLine:
    labels = Topic.labels()
    return ContactLine(
        row.started_at,
        row.channel,
        row.handled_by,
        row.kind,
        tuple(dict.fromkeys(labels.get(str(one.get("topic")), "其他") for one in row.topics)),
        row.order_number,
        row.outcome,
    )


async def issues_of(session: AsyncSession, customer: Customer) -> tuple[IssueLine, ...]:
    rows = await session.scalars(
        select(DataQualityIssue)
        .where(
            or_(
                DataQualityIssue.customer_id == customer.id,
                DataQualityIssue.other_customer_id == customer.id,
            ),
            DataQualityIssue.fixed_at.is_(None),
            DataQualityIssue.dismissed_at.is_(None),
        )
        .order_by(DataQualityIssue.id.desc())
        .limit(50)
    )
    return tuple(IssueLine(row.id, row.issue, row.field, row.detail, row.found_at) for row in rows)
