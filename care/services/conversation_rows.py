"""The conversation's row under lock, the one way to change who owns it, and the news after commit."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.adapters.bus import QUEUE_CHANNEL, conversation_channel
from care.records.conversation import Conversation, Handoff, Message
from care.rules.errors import Conflict, NotFound
from care.rules.ownership import check_owner_move
from care.rules.vocabulary import Channel, Owner, Speaker
from care.services.context import Care

log = logging.getLogger(__name__)

#: A customer silent for this long must prove again who they are, and the contact is over.
IDLE = timedelta(minutes=30)
_MEDIAN_OF = 20


@dataclass(frozen=True)
class ConversationView:
    """A conversation as it stands. `position` and `wait_s` are given while it is queued."""

    id: int
    public_id: str
    sender_id: str
    seq: int
    owner: Owner
    owner_version: int
    customer_id: int | None
    agent_id: int | None
    channel: Channel
    position: int | None
    wait_s: int | None


@dataclass(frozen=True)
class QueuePlace:
    """Place in the queue from 1 (0: an agent is already there) and the expected wait, when there is data."""

    position: int
    wait_s: int | None


async def locked(session: AsyncSession, conversation_id: int) -> Conversation:
    """The row, fresh, held until the transaction ends. Raises `NotFound`.

    PostgreSQL checks a foreign key by a share of the row's key: a writer of a row that merely refers to this one
    (staff, on a complaint) must not wait here while the holder waits for that row.
    """
    row = await session.scalar(
        select(Conversation)
        .where(Conversation.id == conversation_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound("没有找到这个会话。")
    return row


async def move_owner(session: AsyncSession, conversation: Conversation, to: Owner, **columns: Any) -> None:
    """Compare-and-set of the owner on `owner_version`, with further columns of the same change.

    Raises:
        IllegalMove: `to` cannot follow the present owner.
        Conflict: someone else changed the owner since the row was read.
    """
    check_owner_move(conversation.owner, to)
    await session.flush()
    moved = await session.execute(
        update(Conversation)
        .where(Conversation.id == conversation.id, Conversation.owner_version == conversation.owner_version)
        .values(owner=to, owner_version=conversation.owner_version + 1, **columns)
        .returning(Conversation.owner_version)
        .execution_options(synchronize_session=False)
    )
    if moved.first() is None:
        raise Conflict("会话状态已变化，请刷新后再试。")
    await session.refresh(conversation)


async def open_handoff(session: AsyncSession, conversation_id: int) -> Handoff | None:
    """The wish for a person that has not ended yet."""
    return await session.scalar(
        select(Handoff)
        .where(Handoff.conversation_id == conversation_id, Handoff.ended_at.is_(None))
        .order_by(Handoff.id.desc())
        .limit(1)
    )


async def place_in_queue(session: AsyncSession, conversation: Conversation) -> QueuePlace:
    """Longest waiting first; the wait is the median of the last 20 takes times the place."""
    if conversation.owner is not Owner.QUEUED or conversation.queued_at is None:
        return QueuePlace(position=0, wait_s=0 if conversation.owner is Owner.HUMAN else None)
    before = await session.scalar(
        select(func.count())
        .select_from(Conversation)
        .where(
            Conversation.owner == Owner.QUEUED,
            or_(
                Conversation.queued_at < conversation.queued_at,
                (Conversation.queued_at == conversation.queued_at) & (Conversation.id < conversation.id),
            ),
        )
    )
    position = int(before or 0) + 1
    median = await median_take_s(session)
    return QueuePlace(position=position, wait_s=None if median is None else median * position)


async def median_take_s(session: AsyncSession) -> int | None:
    """Median seconds from asking to being taken over the last 20 hand-overs; `None` without any."""
    rows = await session.execute(
        select(Handoff.requested_at, Handoff.taken_at)
        .where(Handoff.taken_at.is_not(None))
        .order_by(Handoff.taken_at.desc())
        .limit(_MEDIAN_OF)
    )
    takes = sorted((taken - asked).total_seconds() for asked, taken in rows)
    if not takes:
        return None
    middle = len(takes) // 2
    return round(takes[middle] if len(takes) % 2 else (takes[middle - 1] + takes[middle]) / 2)


async def view(session: AsyncSession, care: Care, conversation: Conversation) -> ConversationView:
    place = None
    if conversation.owner is Owner.QUEUED:
        place = await place_in_queue(session, conversation)
    return ConversationView(
        id=conversation.id,
        public_id=conversation.public_id,
        sender_id=conversation.sender_id,
        seq=conversation.last_seq,
        owner=conversation.owner,
        owner_version=conversation.owner_version,
        customer_id=await verified_customer_id(session, conversation, care.clock.now()),
        agent_id=conversation.agent_id,
        channel=conversation.channel,
        position=place.position if place else None,
        wait_s=place.wait_s if place else None,
    )


async def verified_customer_id(
    session: AsyncSession, conversation: Conversation, now: datetime
) -> int | None:
    """The verified customer, unless neither proof nor a word of the customer is younger than 30 minutes."""
    if conversation.customer_id is None or conversation.verified_at is None:
        return None
    if now - conversation.verified_at <= IDLE:
        return conversation.customer_id
    last_word = await session.scalar(
        select(func.max(Message.at)).where(
            Message.conversation_id == conversation.id, Message.speaker == Speaker.CUSTOMER
        )
    )
    return conversation.customer_id if last_word is not None and now - last_word <= IDLE else None


async def announce(care: Care, conversation: Conversation, *, queue_changed: bool = False) -> None:
    """Tells every process that the conversation changed. Call it after commit; it never fails the caller."""
    news = {
        "conversation": conversation.id,
        "seq": conversation.last_seq,
        "owner": conversation.owner.value,
        "owner_version": conversation.owner_version,
    }
    try:
        await care.bus.publish(conversation_channel(conversation.id), news)
        if queue_changed:
            await care.bus.publish(QUEUE_CHANNEL, news)
    except Exception:
        # What is committed stays true; who missed the news reads it by sequence number.
        log.exception("news of conversation %s did not leave", conversation.id)
