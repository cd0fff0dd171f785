"""The list of complaints: filtered, sorted, page by page, with counts by state."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.base import UtcDateTime
from care.records.case_work import CaseApproval
from care.records.complaint import Complaint
from care.records.customer import Customer
from care.records.order import Money, Product
from care.records.staff import Staff
from care.rules.complaint import FINAL_STATES, ComplaintCategory, ComplaintState, Level, is_open
from care.rules.errors import InvalidInput
from care.rules.severity import Grade
from care.rules.text import normalise
from care.rules.times import SHANGHAI, shanghai_day
from care.rules.vocabulary import Channel, Tier
from care.services.access_log import note_look
from care.services.case_access import visible_to
from care.services.context import Care
from care.services.staff import StaffView

LOOK = "查看投诉列表"
_SHOWN = ("customer.name", "complaint.own_words")
_FAR = datetime(9999, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Filters:
    """All together; an empty one lets everything pass. `since` and `until` are Shanghai days, both included."""

    states: frozenset[ComplaintState] = frozenset()
    is_open: bool | None = None
    grades: frozenset[Grade] = frozenset()
    categories: frozenset[ComplaintCategory] = frozenset()
    channels: frozenset[Channel] = frozenset()
    levels: frozenset[Level] = frozenset()
    tiers: frozenset[Tier] = frozenset()
    product: str = ""
    owner: str = ""
    clock: str = ""
    since: date | None = None
    until: date | None = None
    text: str = ""


@dataclass(frozen=True)
class CaseItem:
    """One case with what a line shows of it. `due_at` is the nearest clock that runs; a paused one does not."""

    complaint: Complaint
    customer: Customer | None
    owner: Staff | None
    product: Product | None
    open_approvals: int
    due_at: datetime | None
    is_overdue: bool


@dataclass(frozen=True)
class CasePage:
    items: list[CaseItem]
    next: str | None
    total: int
    states: dict[ComplaintState, int] = field(default_factory=dict)


#: When a case opened for its customer, and the clock that its line shows, as the database computes them.
_opened: ColumnElement[datetime] = func.coalesce(Complaint.received_at, Complaint.opened_at)
_due: ColumnElement[datetime] = case(
    (or_(Complaint.state.in_(FINAL_STATES), Complaint.paused_at.is_not(None)), literal(None, UtcDateTime)),
    (
        and_(Complaint.acknowledged_at.is_(None), Complaint.acknowledge_due_at.is_not(None)),
        Complaint.acknowledge_due_at,
    ),
    else_=Complaint.solve_due_at,
)
_due_last = func.coalesce(_due, literal(_FAR, UtcDateTime), type_=UtcDateTime)
_amount = func.coalesce(Complaint.amount, literal(Decimal(-1), Money), type_=Money)

#: Sort → keys with whether each falls; the id comes last and falls with the first.
_SORTS: dict[str, tuple[tuple[Any, Any, bool], ...]] = {
    "newest": ((_opened, UtcDateTime, True),),
    "oldest": ((_opened, UtcDateTime, False),),
    "due": ((_due_last, UtcDateTime, False),),
    "grade": ((Complaint.grade, None, False), (_due_last, UtcDateTime, False)),
    "amount": ((_amount, Money, True),),
}


async def find(
    care: Care,
    reader: StaffView,
    filters: Filters,
    *,
    sort: str = "newest",
    after: str = "",
    limit: int = 50,
) -> CasePage:
    """The cases that `reader` may see and `filters` let pass. The look is logged.

    Args:
        after: the `next` of the page before, under the same sort.

    Raises:
        InvalidInput: `after` is none of ours.
    """
    now = care.clock.now()
    keys = _SORTS[sort]
    async with care.sessions.read() as session:
        base = _conditions(filters, reader, now)
        of_state = _state_conditions(filters)
        which = [*base, *of_state]
        total = await session.scalar(_from(select(func.count(Complaint.id))).where(*which))
        counts = await session.execute(
            _from(select(Complaint.state, func.count(Complaint.id))).where(*base).group_by(Complaint.state)
        )
        states = {state: int(count) for state, count in counts}
        page = [*which, _beyond(keys, sort, after)] if after else which
        falls = keys[0][2]
        rows = await session.execute(
            _items()
            .add_columns(*(expression for expression, _, _ in keys))
            .where(*page)
            .order_by(
                *(e.desc() if down else e.asc() for e, _, down in keys),
                Complaint.id.desc() if falls else Complaint.id.asc(),
            )
            .limit(limit + 1)
        )
        found = list(rows)
    items = [item_of(row[:5], now) for row in found[:limit]]
    cursor = _cursor(sort, found[limit - 1][5:], items[-1].complaint.id) if len(found) > limit else None
    await note_look(care, reader, [item.complaint.customer_id for item in items], _SHOWN, purpose=LOOK)
    return CasePage(items, cursor, int(total or 0), states)


async def one(session: AsyncSession, complaint_id: int, now: datetime) -> CaseItem:
    """The line of one case."""
    row = (await session.execute(_items().where(Complaint.id == complaint_id))).one()
    return item_of(row, now)


def matching(reader: StaffView, filters: Filters, now: datetime) -> Any:
    """The ids of the cases that `find` would list, as a query."""
    return _from(select(Complaint.id)).where(*_conditions(filters, reader, now), *_state_conditions(filters))


def overdue(now: datetime) -> ColumnElement[bool]:
    """Cases whose nearest running clock is past, as the filter ``overdue`` finds them."""
    return _clock("overdue", now)


def item_of(row: Sequence[Any], now: datetime) -> CaseItem:
    complaint, customer, owner, product, approvals = row
    due_at = _due_at(complaint)
    return CaseItem(
        complaint, customer, owner, product, int(approvals), due_at, due_at is not None and due_at < now
    )


def _due_at(complaint: Complaint) -> datetime | None:
    if not is_open(complaint.state) or complaint.paused_at is not None:
        return None
    if complaint.acknowledged_at is None and complaint.acknowledge_due_at is not None:
        return complaint.acknowledge_due_at
    return complaint.solve_due_at


def _from(query: Any) -> Any:
    return (
        query.select_from(Complaint)
        .outerjoin(Customer, Customer.id == Complaint.customer_id)
        .outerjoin(Product, Product.id == Complaint.product_id)
    )


def _items() -> Any:
    approvals = (
        select(func.count(CaseApproval.id))
        .where(CaseApproval.complaint_id == Complaint.id, CaseApproval.decision.is_(None))
        .correlate(Complaint)
        .scalar_subquery()
    )
    return _from(select(Complaint, Customer, Staff, Product, approvals)).outerjoin(
        Staff, Staff.id == Complaint.owner_id
    )


def _state_conditions(filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.states:
        conditions.append(Complaint.state.in_(filters.states))
    if filters.is_open is not None:
        ended = Complaint.state.in_(FINAL_STATES)
        conditions.append(~ended if filters.is_open else ended)
    return conditions


def _conditions(filters: Filters, reader: StaffView, now: datetime) -> list[ColumnElement[bool]]:
    """Everything but the state."""
    conditions: list[ColumnElement[bool]] = [visible_to(reader)]
    for column, wanted in (
        (Complaint.grade, filters.grades),
        (Complaint.category, filters.categories),
        (Complaint.channel, filters.channels),
        (Complaint.level, filters.levels),
        (Customer.tier, filters.tiers),
    ):
        if wanted:
            conditions.append(column.in_(wanted))
    if filters.product:
        conditions.append(Product.sku == filters.product)
    if filters.owner == "none":
        conditions.append(Complaint.owner_id.is_(None))
    elif filters.owner:
        conditions.append(Complaint.owner_id == (reader.id if filters.owner == "me" else int(filters.owner)))
    if filters.since is not None:
        conditions.append(_opened >= _start(filters.since))
    if filters.until is not None:
        conditions.append(_opened < _start(filters.until) + timedelta(days=1))
    if filters.clock:
        conditions.append(_clock(filters.clock, now))
    if wanted_text := normalise(filters.text):
        conditions.append(_says(wanted_text))
    return conditions


def _clock(which: str, now: datetime) -> ColumnElement[bool]:
    tonight = _start(shanghai_day(now)) + timedelta(days=1)
    if which == "overdue":
        return _due < now
    if which == "due_today":
        return and_(_due >= now, _due < tonight)
    return and_(Complaint.state.not_in(FINAL_STATES), or_(_due.is_(None), _due >= tonight))


def _says(text: str) -> ColumnElement[bool]:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    ways: list[ColumnElement[bool]] = [
        column.ilike(f"%{escaped}%", escape="\\")
        for column in (
            Complaint.own_words,
            Complaint.findings,
            Complaint.proposal,
            Complaint.product_said,
        )
    ]
    ways += [Complaint.case_number.ilike(f"%{escaped}%", escape="\\"), Complaint.order_number == text]
    return or_(*ways)


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI).astimezone(timezone.utc)


def _beyond(keys: tuple[tuple[Any, Any, bool], ...], sort: str, after: str) -> ColumnElement[bool]:
    """Rows that come after the cursor's, key by key, the id last."""
    values, last_id = _read_cursor(keys, sort, after)
    beyond: ColumnElement[bool] = false()
    equal: list[ColumnElement[bool]] = []
    falls = keys[0][2]
    for (expression, kind, down), value in zip(keys, values, strict=True):
        bound = literal(value, kind) if kind is not None else value
        further = expression < bound if down else expression > bound
        beyond = or_(beyond, and_(*equal, further))
        equal.append(expression == bound)
    further_id = Complaint.id < last_id if falls else Complaint.id > last_id
    return or_(beyond, and_(*equal, further_id))


def _cursor(sort: str, values: Sequence[Any], last_id: int) -> str:
    told = [value.isoformat() if isinstance(value, datetime) else str(value) for value in values]
    return base64.urlsafe_b64encode(json.dumps([sort, told, last_id]).encode()).decode().rstrip("=")


def _read_cursor(keys: tuple[tuple[Any, Any, bool], ...], sort: str, after: str) -> tuple[list[Any], int]:
    try:
        raw = base64.b64decode(after + "=" * (-len(after) % 4), altchars=b"-_", validate=True)
        its_sort, told, last_id = json.loads(raw)
        if its_sort != sort or len(told) != len(keys) or not isinstance(last_id, int):
            raise ValueError(its_sort)
        return [_read(kind, text) for (_, kind, _), text in zip(keys, told, strict=True)], last_id
    except (ValueError, TypeError, InvalidOperation, binascii.Error):
        raise InvalidInput(fields={"after": "这不是本列表的页码，请从第一页开始。"}) from None


def _read(kind: Any, text: str) -> Any:
    if kind is UtcDateTime:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise ValueError(text)
        return at
    return Decimal(text) if kind is Money else Grade(text)
