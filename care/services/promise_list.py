"""Promises as a work list: due today, late, kept and broken, page by page. Looking is logged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select

from care.records.complaint import Complaint
from care.records.conversation import Conversation
from care.records.customer import Customer
from care.records.interaction import Promise
from care.records.staff import Staff
from care.rules.complaint import FINAL_STATES
from care.rules.labelled import Labelled
from care.rules.period import Period, start_of
from care.rules.times import shanghai_day
from care.services.access_log import Actor, note_look
from care.services.context import Care

LOOK = "查看承诺列表"
_OPEN = and_(Promise.kept_at.is_(None), Promise.broken_at.is_(None))


class PromiseState(Labelled):
    DUE_TODAY = "due_today", "今天到期"
    OVERDUE = "overdue", "已过期未兑现"
    OPEN = "open", "未到期"
    KEPT = "kept", "按时兑现"
    BROKEN = "broken", "没有按时兑现"


@dataclass(frozen=True)
class PromiseItem:
    """One promise with what it belongs to; nothing is masked yet."""

    promise: Promise
    case_number: str | None
    conversation: str | None
    customer: Customer | None
    owner: str | None
    is_overdue: bool


def in_state(state: PromiseState, now: datetime) -> ColumnElement[bool]:
    """As a condition on `promise`.

    ``overdue`` counts what is late and still to be done: open, or broken on a case that goes on.
    """
    tonight = start_of(shanghai_day(now) + timedelta(days=1))
    if state is PromiseState.DUE_TODAY:
        return and_(_OPEN, Promise.due_at >= now, Promise.due_at < tonight)
    if state is PromiseState.OVERDUE:
        return or_(and_(_OPEN, Promise.due_at < now), _is_late_still())
    if state is PromiseState.OPEN:
        return and_(_OPEN, Promise.due_at >= now)
    return Promise.kept_at.is_not(None) if state is PromiseState.KEPT else Promise.broken_at.is_not(None)


def _is_late_still() -> ColumnElement[bool]:
    open_case = select(Complaint.id).where(Complaint.state.not_in(FINAL_STATES))
    return and_(Promise.broken_at.is_not(None), Promise.complaint_id.in_(open_case))


async def find(
    care: Care,
    reader: Actor,
    *,
    state: PromiseState | None,
    period: Period | None,
    after: int | None,
    limit: int,
) -> list[PromiseItem]:
    """Newest first, `limit` rows after the id `after`; `period` is of falling due."""
    now = care.clock.now()
    wanted = (
        select(Promise, Complaint.case_number, Conversation.public_id, Customer, Staff.name)
        .outerjoin(Complaint, Complaint.id == Promise.complaint_id)
        .outerjoin(Conversation, Conversation.id == Promise.conversation_id)
        .outerjoin(Customer, Customer.id == Promise.customer_id)
        .outerjoin(Staff, Staff.id == Complaint.owner_id)
        .order_by(Promise.id.desc())
        .limit(limit)
    )
    if state is not None:
        wanted = wanted.where(in_state(state, now))
    if period is not None:
        wanted = wanted.where(Promise.due_at >= period.start, Promise.due_at < period.end)
    if after is not None:
        wanted = wanted.where(Promise.id < after)
    async with care.sessions.read() as session:
        rows = list(await session.execute(wanted))
    found = [
        PromiseItem(
            promise,
            number,
            conversation,
            customer,
            owner,
            promise.kept_at is None and promise.due_at < now,
        )
        for promise, number, conversation, customer, owner in rows
    ]
    customers = [one.customer.id for one in found if one.customer is not None]
    await note_look(care, reader, customers, ("customer.name",), purpose=LOOK)
    return found


async def count(care: Care, state: PromiseState) -> int:
    async with care.sessions.read() as session:
        wanted = select(func.count()).select_from(Promise).where(in_state(state, care.clock.now()))
        return int(await session.scalar(wanted) or 0)
