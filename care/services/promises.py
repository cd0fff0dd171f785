"""Promises: who promised what to whom by when, and whether it was kept.

Rows are written inside the transaction of the act that makes or keeps the promise; the clockwork
calls `mark_broken`. A promise kept after it was broken stays broken: the customer waited.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.interaction import Promise
from care.rules.labelled import Labelled
from care.rules.order_terms import OrderPromise
from care.services.context import Care


class What(Labelled):
    """What a received complaint promises, kept by the moves of its life cycle."""

    ACKNOWLEDGE = "acknowledge", "告知受理"
    PERSON = "person", "人工联系"
    FIRST_RESULT = "first_result", "首次处理结果"
    SOLVE = "solve", "解决"


#: What a pause of the case moves along. A day that a colleague gave their word for does not move.
PAUSED: tuple[str, ...] = (What.PERSON.value, What.FIRST_RESULT.value, What.SOLVE.value)


@dataclass(frozen=True)
class PromiseView:
    id: int
    complaint_id: int | None
    what: str
    what_label: str
    promised_by: str
    due_at: datetime
    made_at: datetime
    kept_at: datetime | None
    broken_at: datetime | None


async def record(
    session: AsyncSession,
    *,
    what: str,
    due_at: datetime,
    promised_by: str,
    made_at: datetime,
    complaint: Complaint | None = None,
    conversation_id: int | None = None,
    customer_id: int | None = None,
    source_message_id: int | None = None,
    subject: str | None = None,
    clock_round: int = 0,
) -> Promise:
    """Writes a promise in the caller's transaction; the same one from the same message is written once.

    Args:
        subject: what it is about when that is no complaint: ``return:TH-…``, ``order:881…``.
        clock_round: of the case; a reopened case promises anew beside what was promised before.
    """
    same = select(Promise).where(
        Promise.what == what,
        Promise.source_message_id == source_message_id,
        Promise.clock_round == clock_round,
        Promise.subject.is_(None) if subject is None else Promise.subject == subject,
    )
    same = same.where(
        Promise.complaint_id == complaint.id
        if complaint is not None
        else Promise.conversation_id == conversation_id
    )
    found: Promise | None = await session.scalar(same)
    if found is not None:
        return found
    promise = Promise(
        conversation_id=complaint.conversation_id if complaint is not None else conversation_id,
        complaint_id=None if complaint is None else complaint.id,
        customer_id=complaint.customer_id if complaint is not None else customer_id,
        promised_by=promised_by,
        what=what,
        subject=subject,
        due_at=due_at,
        source_message_id=source_message_id,
        made_at=made_at,
        clock_round=clock_round,
    )
    session.add(promise)
    await session.flush()
    return promise


async def keep(session: AsyncSession, complaint_id: int, whats: Iterable[What], at: datetime) -> None:
    """Marks open promises of these kinds as kept when they are in time, as broken when they are late."""
    names = [str(what) for what in whats]
    rows = await session.scalars(
        select(Promise).where(
            Promise.complaint_id == complaint_id,
            Promise.what.in_(names),
            Promise.kept_at.is_(None),
            Promise.broken_at.is_(None),
        )
    )
    for promise in rows:
        if at <= promise.due_at:
            promise.kept_at = at
        else:
            promise.broken_at = promise.due_at


async def release(session: AsyncSession, complaint_id: int, at: datetime) -> None:
    """Ends the open promises of a case that was withdrawn, reclassified or merged.

    What was due before that moment and not done stays broken; the rest no longer binds and is removed.
    """
    await _release(session, Promise.complaint_id == complaint_id, at)


async def open_due(session: AsyncSession, what: str, subject: str) -> datetime | None:
    """When the open promise of this kind about `subject` falls due; None without one."""
    due: datetime | None = await session.scalar(
        select(Promise.due_at)
        .where(
            Promise.what == str(what),
            Promise.subject == subject,
            Promise.kept_at.is_(None),
            Promise.broken_at.is_(None),
        )
        .limit(1)
    )
    return due


async def release_subject(session: AsyncSession, subject: str, at: datetime) -> None:
    """`release` for what is no complaint: a visit that was moved, a return that was taken back."""
    await _release(session, Promise.subject == subject, at)


async def _release(session: AsyncSession, which: ColumnElement[bool], at: datetime) -> None:
    rows = await session.scalars(
        select(Promise).where(which, Promise.kept_at.is_(None), Promise.broken_at.is_(None))
    )
    for promise in rows:
        if promise.due_at < at:
            promise.broken_at = promise.due_at
        else:
            await session.delete(promise)


async def mark_broken(care: Care) -> int:
    """Marks every promise that is overdue and not kept; returns how many. Run by the clockwork.

    Whether one about an order was kept only the order system knows: `order_promises.settle`.
    """
    now = care.clock.now()
    async with care.sessions.write() as session:
        done = await session.execute(
            update(Promise)
            .where(
                Promise.due_at < now,
                Promise.kept_at.is_(None),
                Promise.broken_at.is_(None),
                Promise.subject.is_(None),
            )
            .values(broken_at=Promise.due_at)
        )
        return int(cast(CursorResult[Any], done).rowcount)


async def due_of(session: AsyncSession, complaint_id: int, what: What) -> datetime | None:
    """When the latest promise of this kind on the case falls due."""
    due: datetime | None = await session.scalar(
        select(Promise.due_at)
        .where(Promise.complaint_id == complaint_id, Promise.what == str(what))
        .order_by(Promise.made_at.desc(), Promise.id.desc())
        .limit(1)
    )
    return due


async def of_complaint(care: Care, complaint_id: int) -> list[PromiseView]:
    """The promises of one case, the earliest due first."""
    async with care.sessions.read() as session:
        rows = await session.scalars(
            select(Promise).where(Promise.complaint_id == complaint_id).order_by(Promise.due_at, Promise.id)
        )
        return [_view(promise) for promise in rows]


async def due_between(care: Care, start: datetime, end: datetime) -> list[PromiseView]:
    """Open promises that fall due in the span, the earliest first."""
    async with care.sessions.read() as session:
        rows = await session.scalars(
            select(Promise)
            .where(
                Promise.due_at >= start,
                Promise.due_at < end,
                Promise.kept_at.is_(None),
                Promise.broken_at.is_(None),
            )
            .order_by(Promise.due_at, Promise.id)
        )
        return [_view(promise) for promise in rows]


def _view(promise: Promise) -> PromiseView:
    labels = {**What.labels(), **OrderPromise.labels()}
    return PromiseView(
        id=promise.id,
        complaint_id=promise.complaint_id,
        what=promise.what,
        what_label=labels.get(promise.what, promise.what),
        promised_by=promise.promised_by,
        due_at=promise.due_at,
        made_at=promise.made_at,
        kept_at=promise.kept_at,
        broken_at=promise.broken_at,
    )
