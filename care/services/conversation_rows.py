"""The conversation's row under lock, the one way to change who owns it, and the news after commit."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.adapters.bus import DESK_CHANNEL, QUEUE_CHANNEL, conversation_channel
from care.records.conversation import Conversation, Handoff, Message
from care.records.customer import Customer
from care.rules import routing
from care.rules.desk_terms import HandoverReason
from care.rules.errors import Conflict, IllegalMove, NotFound
from care.rules.ownership import check_owner_move
from care.rules.routing import Waiting
from care.rules.vocabulary import Channel, Owner, Speaker, Tier
from care.services.context import Care

log = logging.getLogger(__name__)

#: A customer silent for this long must prove again who they are, and the contact is over.
IDLE = timedelta(minutes=30)
_NOT_WAITED_FOR = (HandoverReason.TAKEN_BY_AGENT.value, HandoverReason.TRANSFERRED.value)


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
    await _set_owner(session, conversation, owner=to, **columns)


async def change_agent(session: AsyncSession, conversation: Conversation, agent_id: int) -> None:
    """Another agent holds the conversation from now on; compare-and-set like `move_owner`.

    Raises:
        IllegalMove: no agent holds it.
        Conflict: someone else changed the owner since the row was read.
    """
    if conversation.owner is not Owner.HUMAN:
        raise IllegalMove(f"会话现在是“{conversation.owner.label}”，不能换坐席。")
    await _set_owner(session, conversation, agent_id=agent_id, snoozed_until=None)


async def _set_owner(session: AsyncSession, conversation: Conversation, **columns: Any) -> None:
    await session.flush()
    moved = await session.execute(
        update(Conversation)
        .where(Conversation.id == conversation.id, Conversation.owner_version == conversation.owner_version)
        .values(owner_version=conversation.owner_version + 1, **columns)
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


async def waiting_now(session: AsyncSession) -> list[Waiting]:
    """Who waits for a person, as routing sees them, in no order; the key is the conversation's id."""
    rows = await session.execute(
        select(
            Conversation.id,
            Conversation.queued_at,
            Conversation.priority,
            Conversation.skill,
            Customer.tier,
        )
        .outerjoin(Customer, Customer.id == Conversation.customer_id)
        .where(Conversation.owner == Owner.QUEUED, Conversation.queued_at.is_not(None))
    )
    return [
        Waiting(key, since, tier or Tier.GENERAL, priority, skill)
        for key, since, priority, skill, tier in rows
    ]


async def place_in_queue(session: AsyncSession, conversation: Conversation, now: datetime) -> QueuePlace:
    """The place in the order in which routing serves, and the median of the last 20 takes times the place."""
    if conversation.owner is not Owner.QUEUED or conversation.queued_at is None:
        return QueuePlace(position=0, wait_s=0 if conversation.owner is Owner.HUMAN else None)
    place = routing.position(await waiting_now(session), conversation.id, now) or 1
    return QueuePlace(position=place, wait_s=routing.expected_wait(place, await recent_takes_s(session)))


async def recent_takes_s(session: AsyncSession) -> list[float]:
    """Seconds from asking to being taken of the last 20 who waited, oldest first.

    Who was taken without asking, or handed from one agent to another, waited for nothing.
    """
    rows = await session.execute(
        select(Handoff.requested_at, Handoff.taken_at)
        .where(Handoff.taken_at.is_not(None), Handoff.reason.not_in(_NOT_WAITED_FOR))
        .order_by(Handoff.taken_at.desc())
        .limit(routing.WAITS_REMEMBERED)
    )
    return [(taken - asked).total_seconds() for asked, taken in reversed(rows.all())]


async def view(session: AsyncSession, care: Care, conversation: Conversation) -> ConversationView:
    place = None
    if conversation.owner is Owner.QUEUED:
        place = await place_in_queue(session, conversation, care.clock.now())
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
        await care.bus.publish(DESK_CHANNEL, news)
        if queue_changed:
            await care.bus.publish(QUEUE_CHANNEL, news)
    except Exception:
        # What is committed stays true; who missed the news reads it by sequence number.
        log.exception("news of conversation %s did not leave", conversation.id)
