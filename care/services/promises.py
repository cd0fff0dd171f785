"""Promises: who promised what to whom by when, and whether it was kept.

Rows are written inside the transaction of the act that makes or keeps the promise; `promise_watch` tells who
answers for one before it falls due, and marks it broken. A promise kept after it was broken stays broken:
the customer waited.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.conversation import Conversation
from care.records.interaction import Promise
from care.rules.callback_terms import CallbackPromise
from care.rules.complaint import is_open
from care.rules.errors import Conflict, InvalidInput, NotFound
from care.rules.labelled import Labelled
from care.rules.order_terms import OrderPromise
from care.rules.promise_terms import check_promise
from care.services import complaint_log
from care.services.context import Care


class What(Labelled):
    """What a received complaint promises, kept by the moves of its life cycle."""

    ACKNOWLEDGE = "acknowledge", "告知受理"
    PERSON = "person", "人工联系"
    FIRST_RESULT = "first_result", "首次处理结果"
    SOLVE = "solve", "解决"


#: What a pause of the case moves along. A day that a colleague gave their word for does not move.
PAUSED: tuple[str, ...] = (What.PERSON.value, What.FIRST_RESULT.value, What.SOLVE.value)


def promise_labels() -> dict[str, str]:
    """Every kind of promise that code makes → its Chinese name; an agent's own words stand for themselves."""
    return {**What.labels(), **OrderPromise.labels(), **CallbackPromise.labels()}


#: Promised by a rule; every other row is in a colleague's own words.
RULED: tuple[str, ...] = tuple(promise_labels())


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


async def note(
    care: Care,
    *,
    actor: str,
    text: str,
    due_at: datetime,
    complaint_id: int | None = None,
    conversation_id: int | None = None,
    source_message_id: int | None = None,
    idempotency_key: str | None = None,
) -> PromiseView:
    """Writes down what a colleague gave their word for, on a case or in a conversation.

    Args:
        actor: the colleague's login; they are told before it falls due.
        text: what, in words that the customer heard.
        due_at: by when, aware.
        idempotency_key: the same key again writes nothing and gives the promise as it is.

    Raises:
        InvalidInput: no words, a past time, more than 90 days ahead, or neither case nor conversation.
        NotFound: no such case or conversation.
        Conflict: the case has ended.
    """
    now = care.clock.now()
    words = check_promise(text, due_at, now=now)
    if complaint_id is None and conversation_id is None:
        raise InvalidInput("请指明投诉或会话。")
    async with care.sessions.write() as session:
        complaint: Complaint | None = None
        customer_id: int | None = None
        if complaint_id is not None:
            complaint = await session.get(Complaint, complaint_id, with_for_update=True)
            if complaint is None:
                raise NotFound("没有找到这条投诉。")
            key = f"promise:{complaint_id}:{idempotency_key}" if idempotency_key else None
            event = await complaint_log.event_of_key(session, key) if key else None
            if event is not None:
                return _view(await session.get_one(Promise, event.data["promise"]))
            if not is_open(complaint.state) or complaint.locked_at is not None:
                raise Conflict("投诉已经结束，不能再作承诺。")
        else:
            conversation = await session.get(Conversation, conversation_id, with_for_update=True)
            if conversation is None:
                raise NotFound("没有找到这个会话。")
            customer_id = conversation.customer_id
        promise = await record(
            session,
            what=words,
            due_at=due_at,
            promised_by=actor,
            made_at=now,
            complaint=complaint,
            conversation_id=conversation_id,
            customer_id=customer_id,
            source_message_id=source_message_id,
            clock_round=0 if complaint is None else complaint.clock_round,
        )
        if complaint is not None:
            await complaint_log.append(
                session,
                complaint,
                "promised",
                actor=actor,
                at=now,
                data={"promise": promise.id, "what": words, "due_at": due_at.isoformat()},
                idempotency_key=key,
            )
        return _view(promise)


async def fulfil(care: Care, promise_id: int, actor: str) -> PromiseView:
    """Marks what a colleague promised as done: kept in time, broken when it was late. Again changes nothing.

    Raises:
        NotFound: no such promise.
        Conflict: it is one of the case's own, which its moves keep.
    """
    now = care.clock.now()
    async with care.sessions.write() as session:
        complaint_id = await session.scalar(select(Promise.complaint_id).where(Promise.id == promise_id))
        # The case first, as everybody who writes both does.
        complaint = (
            None if complaint_id is None else await session.get(Complaint, complaint_id, with_for_update=True)
        )
        promise = await session.get(Promise, promise_id, with_for_update=True, populate_existing=True)
        if promise is None:
            raise NotFound("没有找到这个承诺。")
        if promise.what in What.labels() or promise.subject is not None:
            raise Conflict("这个承诺随处理进展自动记为兑现，不能手工登记。")
        if promise.kept_at is None and promise.broken_at is None:
            if now <= promise.due_at:
                promise.kept_at = now
            else:
                promise.broken_at = promise.due_at
            if complaint is not None:
                await complaint_log.append(
                    session,
                    complaint,
                    "promise_done",
                    actor=actor,
                    at=now,
                    data={"promise": promise.id, "in_time": promise.kept_at is not None},
                )
        return _view(promise)


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


def label_of(what: str) -> str:
    """What is promised, in words: a colleague's own, or the label of what a rule promises."""
    return promise_labels().get(what, what)


def _view(promise: Promise) -> PromiseView:
    return PromiseView(
        id=promise.id,
        complaint_id=promise.complaint_id,
        what=promise.what,
        what_label=label_of(promise.what),
        promised_by=promise.promised_by,
        due_at=promise.due_at,
        made_at=promise.made_at,
        kept_at=promise.kept_at,
        broken_at=promise.broken_at,
    )
