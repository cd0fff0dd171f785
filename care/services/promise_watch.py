"""Watching the ledger of promises: who answers for one hears before it falls due, and when it was broken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.conversation import Conversation
from care.records.interaction import Promise
from care.records.staff import Staff
from care.rules.notice_terms import NoticeKind
from care.rules.promise_terms import WARN_BEFORE, warn_at
from care.rules.times import format_moment
from care.services import notices, promises
from care.services.context import Care


async def mark_broken(care: Care) -> int:
    """Marks every promise that is overdue and not kept; returns how many. Run by the clockwork.

    What a standing clock has stopped is not overdue. Whether one about an order was kept only the order
    system knows: `order_promises.settle`.
    """
    now = care.clock.now()
    return await _each(
        care, _binding(), Promise.due_at < now, act=lambda session, promise: _break(care, session, promise)
    )


async def due_soon(care: Care) -> int:
    """Tells who answers for a promise that it will fall due; once each. Run by the clockwork."""
    now = care.clock.now()
    return await _each(
        care,
        _binding(),
        Promise.due_at >= now,
        Promise.due_at <= now + WARN_BEFORE,
        Promise.warned_at.is_(None),
        act=lambda session, promise: _warn(care, session, promise),
    )


def _binding() -> ColumnElement[bool]:
    """Open, not about an order, and not stopped with the clock of its case."""
    stands_still = (
        select(Complaint.id)
        .where(
            Complaint.id == Promise.complaint_id,
            Complaint.paused_at.is_not(None),
            Complaint.paused_at <= Promise.due_at,
        )
        .exists()
    )
    return (
        Promise.kept_at.is_(None)
        & Promise.broken_at.is_(None)
        & Promise.subject.is_(None)
        & or_(Promise.what.not_in(promises.PAUSED), ~stands_still)
    )


async def _each(
    care: Care, *which: ColumnElement[bool], act: Callable[[AsyncSession, Promise], Awaitable[bool]]
) -> int:
    """A transaction for each promise: the case's lock first, as everybody does who writes both."""
    async with care.sessions.read() as session:
        found = (
            await session.execute(
                select(Promise.id, Promise.complaint_id).where(*which).order_by(Promise.due_at, Promise.id)
            )
        ).all()
    done = 0
    for promise_id, complaint_id in found:
        async with care.sessions.write() as session:
            if complaint_id is not None:
                held = await session.scalar(
                    select(Complaint.id).where(Complaint.id == complaint_id).with_for_update(skip_locked=True)
                )
                if held is None:
                    continue  # somebody works on the case now, and may keep it
            promise = await session.scalar(
                select(Promise)
                .where(Promise.id == promise_id, *which)
                .with_for_update(skip_locked=True, of=Promise)
            )
            if promise is not None:
                done += int(await act(session, promise))
    return done


async def _break(care: Care, session: AsyncSession, promise: Promise) -> bool:
    promise.broken_at = promise.due_at
    await _tell(care, session, promise, NoticeKind.OVERDUE, "已到期未兑现")
    return True


async def _warn(care: Care, session: AsyncSession, promise: Promise) -> bool:
    if care.clock.now() < warn_at(promise.made_at, promise.due_at):
        return False
    promise.warned_at = care.clock.now()
    await _tell(care, session, promise, NoticeKind.PROMISE_DUE, "将到期")
    return True


async def _tell(
    care: Care, session: AsyncSession, promise: Promise, kind: NoticeKind, what_happens: str
) -> None:
    owners = await _owners(session, promise)
    if not owners:
        return
    number = (
        None
        if promise.complaint_id is None
        else await session.scalar(select(Complaint.case_number).where(Complaint.id == promise.complaint_id))
    )
    about = "会话中" if number is None else f"投诉 {number} "
    when = format_moment(promise.due_at, now=care.clock.now())
    label = promises.label_of(promise.what)
    await notices.tell(
        session,
        care,
        staff_ids=owners,
        kind=kind,
        text=f"{about}答应客户的“{label[:120]}”{what_happens}（{when}）。",
        key=f"promise:{promise.id}:{kind.value}:{_minute(promise.due_at)}",
        complaint_id=promise.complaint_id,
        conversation_id=promise.conversation_id if promise.complaint_id is None else None,
    )


async def _owners(session: AsyncSession, promise: Promise) -> list[int]:
    """Who gave their word and who owns the case; else who speaks in the conversation."""
    owners = set(
        await session.scalars(select(Staff.id).where(Staff.login == promise.promised_by, Staff.active))
    )
    if promise.complaint_id is not None:
        owners |= set(
            await session.scalars(
                select(Complaint.owner_id).where(
                    Complaint.id == promise.complaint_id, Complaint.owner_id.is_not(None)
                )
            )
        )
    elif not owners and promise.conversation_id is not None:
        owners |= set(
            await session.scalars(
                select(Conversation.agent_id).where(
                    Conversation.id == promise.conversation_id, Conversation.agent_id.is_not(None)
                )
            )
        )
    return sorted(owner for owner in owners if owner is not None)


def _minute(at: datetime) -> int:
    """A promise whose time was moved is told of again."""
    return int(at.timestamp() // 60)
