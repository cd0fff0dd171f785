"""Calls that were promised for when somebody is there: asked for by the customer, taken and made by an agent.

The promise is a row of `promise`: whoever breaks it is seen where broken promises are seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.conversation import Conversation, Message
from care.records.customer import Customer
from care.records.hours import Callback
from care.records.interaction import Promise
from care.records.staff import Staff
from care.rules import hours
from care.rules.callback_terms import CALLED, CallbackPromise, CallbackResult, CallbackState
from care.rules.errors import Conflict, ConversationClosed, InvalidInput, NotFound, NotVerified
from care.rules.handover_summary import Said, summarise
from care.rules.text import tidy
from care.rules.vocabulary import Owner, Tier
from care.services import access_log, interactions, opening_hours, promises
from care.services.access_log import Actor
from care.services.context import Care
from care.services.conversation_rows import locked, verified_customer_id
from care.services.phones import read_phone
from care.services.staff_accounts import StaffView

#: After somebody is there, or after the wished time begins: an hour of open time to call.
WITHIN = timedelta(hours=1)
_OPEN = (CallbackState.WAITING, CallbackState.TAKEN)
_NOTE = 500
PURPOSE = "回电任务"


@dataclass(frozen=True)
class CallbackView:
    """`phone` is not masked yet; `is_broken`: the promised time has gone by without a call."""

    id: int
    conversation: str | None
    customer_id: int | None
    customer_name: str | None
    tier: Tier | None
    phone: str | None
    is_phone_verified: bool
    note: str
    skill: str | None
    window_from: datetime | None
    window_to: datetime | None
    due_at: datetime
    is_broken: bool
    state: CallbackState
    taken_by: str | None
    taken_by_id: int | None
    tries: int
    last_try_at: datetime | None
    result: CallbackResult | None
    result_note: str
    made_at: datetime
    done_at: datetime | None


@dataclass(frozen=True)
class Offer:
    """Nobody is there: `phone` is the verified customer's own, `due_at` when a call could be promised for.

    `waiting` is the task that this conversation has already.
    """

    hours: hours.Hours
    phone: str | None
    due_at: datetime
    waiting: CallbackView | None


async def offer(care: Care, conversation_id: int) -> Offer | None:
    """What can be offered instead of a person; None while somebody is there."""
    async with care.sessions.read() as session:
        conversation = await session.get(Conversation, conversation_id)
        if conversation is None:
            raise NotFound("没有找到这个会话。")
        return await offer_in(session, care, conversation)


async def offer_in(session: AsyncSession, care: Care, conversation: Conversation) -> Offer | None:
    """`offer` within the caller's transaction: the one place that decides whether somebody is there to come."""
    now = care.clock.now()
    present = await opening_hours.read(session, care)
    if hours.is_open(present, now):
        return None
    customer_id = await verified_customer_id(session, conversation, now)
    customer = None if customer_id is None else await session.get(Customer, customer_id)
    row = await _open_of(session, conversation.id)
    return Offer(
        hours=present,
        phone=customer.phone if customer is not None else None,
        due_at=_due(present, now, None),
        waiting=None if row is None else (await _views(session, [row], now))[0],
    )


async def request(
    care: Care,
    conversation_id: int,
    *,
    phone: str | None,
    note: str,
    source_message_id: int | None,
    window_from: datetime | None = None,
    window_to: datetime | None = None,
) -> CallbackView:
    """Takes the wish down, with the promise. The same message again gives the same task; an open one is added to.

    Args:
        phone: what the customer named and confirmed; None: the verified customer's own.
        note: what it is about, in the customer's words.

    Raises:
        NotVerified: no telephone is known.
        InvalidInput: `phone` is no mobile number.
        ConversationClosed: the conversation has ended.
    """
    number = None
    if phone is not None:
        read = read_phone(phone)
        if read.problem:
            raise InvalidInput(f"{read.problem}，请再核对一下。", fields={"phone": read.problem})
        number = read.number
    now = care.clock.now()
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        if conversation.owner is Owner.CLOSED:
            raise ConversationClosed
        customer_id = await verified_customer_id(session, conversation, now)
        customer = None if customer_id is None else await session.get(Customer, customer_id)
        own = customer.phone if customer is not None else None
        number = number or own
        if number is None:
            raise NotVerified("请留下方便接听的手机号。")
        due = _due(await opening_hours.read(session, care), now, window_from)
        row = await _same(session, conversation_id, source_message_id)
        clean = tidy(note, keep_lines=True)[:_NOTE] or await _wish(session, conversation_id)
        if row is None:
            promise = await promises.record(
                session,
                what=CallbackPromise.CALL_BACK.value,
                due_at=due,
                promised_by="bot",
                made_at=now,
                conversation_id=conversation_id,
                customer_id=customer_id,
                source_message_id=source_message_id,
            )
            row = Callback(
                conversation_id=conversation_id,
                customer_id=customer_id,
                source_message_id=source_message_id,
                promise_id=promise.id,
                phone=number,
                is_phone_verified=number == own,
                note=clean,
                window_from=window_from,
                window_to=window_to,
                due_at=due,
                state=CallbackState.WAITING,
                tries=0,
                result_note="",
                made_at=now,
            )
            session.add(row)
            await interactions.note_data_of(session, conversation, now, written=("callback",))
        elif row.source_message_id != source_message_id:
            # Said again, with another number or more to say: still one call.
            row.phone, row.is_phone_verified = number, number == own
            if clean and clean not in row.note:
                row.note = f"{row.note}\n{clean}".strip()[:_NOTE]
        await session.flush()
        return (await _views(session, [row], now))[0]


async def waiting_of(care: Care, conversation_id: int) -> CallbackView | None:
    """The open task of a conversation."""
    async with care.sessions.read() as session:
        row = await _open_of(session, conversation_id)
        return None if row is None else (await _views(session, [row], care.clock.now()))[0]


async def cancel(care: Care, conversation_id: int) -> bool:
    """The customer wants no call any more; whether there was one to take back."""
    now = care.clock.now()
    async with care.sessions.write() as session:
        await locked(session, conversation_id)
        row = await _open_of(session, conversation_id)
        if row is None:
            return False
        await _cancel(session, row, now)
        return True


async def cancel_task(care: Care, callback_id: int, staff_id: int, note: str) -> CallbackView:
    """The customer told a colleague that no call is needed; `note` says how.

    Raises:
        InvalidInput: no note.
        NotFound, Conflict: as `take`.
    """
    clean = tidy(note, keep_lines=True)[:_NOTE]
    if not clean:
        raise InvalidInput(fields={"note": "请写明客户怎么说的。"})
    now = care.clock.now()
    async with care.sessions.write() as session:
        row = await _locked(session, callback_id)
        _check_open(row)
        if row.taken_by is not None and row.taken_by != staff_id:
            raise Conflict("这个回电由其他坐席领取，请先和同事确认。")
        row.taken_by, row.result_note = staff_id, clean
        await _cancel(session, row, now)
        return (await _views(session, [row], now))[0]


async def _cancel(session: AsyncSession, row: Callback, now: datetime) -> None:
    row.state, row.done_at, row.result = CallbackState.CANCELLED, now, CallbackResult.NO_LONGER_NEEDED
    await _release_promise(session, row, now)


async def listing(care: Care, actor: Actor, *, is_open: bool = True, limit: int = 200) -> list[CallbackView]:
    """Open tasks, the earliest promised first; or those that ended, the last first. The look is logged."""
    now = care.clock.now()
    wanted = select(Callback).limit(limit)
    if is_open:
        wanted = wanted.where(Callback.state.in_(_OPEN)).order_by(Callback.due_at, Callback.id)
    else:
        wanted = wanted.where(Callback.state.not_in(_OPEN)).order_by(Callback.done_at.desc())
    async with care.sessions.read() as session:
        found = await _views(session, (await session.scalars(wanted)).all(), now)
    await access_log.note_look(
        care, actor, [one.customer_id for one in found], ["callback.phone", "name"], purpose=PURPOSE
    )
    return found


async def take(care: Care, callback_id: int, taker: StaffView) -> CallbackView:
    """One's own from now on, number and all, which the access log notes; taking it again is fine.

    Raises:
        NotFound: no such task.
        Conflict: a colleague has it, or it has ended.
    """
    now = care.clock.now()
    async with care.sessions.write() as session:
        row = await _locked(session, callback_id)
        _check_open(row)
        if row.taken_by is not None and row.taken_by != taker.id:
            holder = await session.get(Staff, row.taken_by)
            raise Conflict(f"这个回电已由{holder.name if holder else '其他坐席'}领取。")
        if row.taken_by is None:
            row.taken_by, row.taken_at, row.state = taker.id, now, CallbackState.TAKEN
            if row.customer_id is not None:
                access_log.log_read(
                    session, taker, row.customer_id, ["callback.phone"], purpose=PURPOSE, at=now
                )
        return (await _views(session, [row], now))[0]


async def note_call(
    care: Care, callback_id: int, staff_id: int, result: CallbackResult, note: str = ""
) -> CallbackView:
    """How a call went. Not reached: it goes back to whoever is free; anything else ends the task.

    The promise is kept by a call in time, whether or not somebody answered; afterwards it stays broken.

    Raises:
        NotFound, Conflict: as `take`.
    """
    now = care.clock.now()
    async with care.sessions.write() as session:
        row = await _locked(session, callback_id)
        _check_open(row)
        if row.taken_by is not None and row.taken_by != staff_id:
            raise Conflict("这个回电由其他坐席领取，请先和同事确认。")
        row.tries += 1
        row.last_try_at, row.result = now, result
        row.result_note = tidy(note, keep_lines=True)[:_NOTE] or row.result_note
        await _keep_promise(session, row, now)
        if result in CALLED:
            row.taken_by, row.taken_at = staff_id, row.taken_at or now
            row.state, row.done_at = CallbackState.DONE, now
        else:
            row.taken_by, row.taken_at, row.state = None, None, CallbackState.WAITING
        return (await _views(session, [row], now))[0]


def _due(present: hours.Hours, now: datetime, window_from: datetime | None) -> datetime:
    """A shop that never opens promises the next day: somebody will have to decide."""
    return hours.promised_by(present, now, within=WITHIN, not_before=window_from) or now + timedelta(days=1)


async def _wish(session: AsyncSession, conversation_id: int) -> str:
    """What the talk was about, in the customer's own words."""
    rows = await session.execute(
        select(Message.seq, Message.speaker, Message.text, Message.understood)
        .where(Message.conversation_id == conversation_id, Message.seq.is_not(None))
        .order_by(Message.seq)
    )
    return summarise([Said(*row) for row in rows]).wish or ""


async def _same(
    session: AsyncSession, conversation_id: int, source_message_id: int | None
) -> Callback | None:
    if source_message_id is not None:
        row: Callback | None = await session.scalar(
            select(Callback).where(Callback.source_message_id == source_message_id)
        )
        if row is not None:
            return row
    return await _open_of(session, conversation_id)


async def _open_of(session: AsyncSession, conversation_id: int) -> Callback | None:
    row: Callback | None = await session.scalar(
        select(Callback)
        .where(Callback.conversation_id == conversation_id, Callback.state.in_(_OPEN))
        .order_by(Callback.id.desc())
        .limit(1)
    )
    return row


async def _locked(session: AsyncSession, callback_id: int) -> Callback:
    row: Callback | None = await session.scalar(
        select(Callback)
        .where(Callback.id == callback_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound("没有这个回电任务。")
    return row


def _check_open(row: Callback) -> None:
    if row.state not in _OPEN:
        raise Conflict(f"这个回电{row.state.label}，不能再更改。")


async def _keep_promise(session: AsyncSession, row: Callback, now: datetime) -> None:
    promise = None if row.promise_id is None else await session.get(Promise, row.promise_id)
    if promise is None or promise.kept_at is not None or promise.broken_at is not None:
        return
    if now <= promise.due_at:
        promise.kept_at = now
    else:
        promise.broken_at = promise.due_at


async def _release_promise(session: AsyncSession, row: Callback, now: datetime) -> None:
    promise = None if row.promise_id is None else await session.get(Promise, row.promise_id)
    if promise is None or promise.kept_at is not None or promise.broken_at is not None:
        return
    if promise.due_at < now:
        promise.broken_at = promise.due_at
    else:
        row.promise_id = None
        await session.flush()
        await session.delete(promise)


async def _views(session: AsyncSession, rows: Sequence[Callback], now: datetime) -> list[CallbackView]:
    conversations = await session.execute(
        select(Conversation.id, Conversation.public_id).where(
            Conversation.id.in_([row.conversation_id for row in rows if row.conversation_id])
        )
    )
    public = {row.id: row.public_id for row in conversations}
    customers = await session.execute(
        select(Customer.id, Customer.name, Customer.tier).where(
            Customer.id.in_([row.customer_id for row in rows if row.customer_id])
        )
    )
    known = {row.id: (row.name, row.tier) for row in customers}
    people = await session.execute(
        select(Staff.id, Staff.name).where(Staff.id.in_([row.taken_by for row in rows if row.taken_by]))
    )
    names = {row.id: row.name for row in people}
    return [
        CallbackView(
            id=row.id,
            conversation=public.get(row.conversation_id or 0),
            customer_id=row.customer_id,
            customer_name=known.get(row.customer_id or 0, (None, None))[0],
            tier=known.get(row.customer_id or 0, (None, None))[1],
            phone=row.phone,
            is_phone_verified=row.is_phone_verified,
            note=row.note,
            skill=row.skill,
            window_from=row.window_from,
            window_to=row.window_to,
            due_at=row.due_at,
            is_broken=row.tries == 0 and row.due_at < (row.done_at or now),
            state=row.state,
            taken_by=names.get(row.taken_by or 0),
            taken_by_id=row.taken_by,
            tries=row.tries,
            last_try_at=row.last_try_at,
            result=row.result,
            result_note=row.result_note,
            made_at=row.made_at,
            done_at=row.done_at,
        )
        for row in rows
    ]
