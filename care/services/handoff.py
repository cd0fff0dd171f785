"""Handing a conversation to a person and back: bot → queued → human → bot or closed, one speaker at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.conversation import Conversation, Handoff, Message
from care.records.customer import Customer
from care.records.interaction import CareInteraction
from care.records.staff import Staff
from care.rules import routing
from care.rules.complaint import FINAL_STATES, ComplaintState
from care.rules.cues import find_cues, find_emotion
from care.rules.desk_terms import HandoverReason
from care.rules.errors import (
    AlreadyTaken,
    BadFrame,
    ConversationClosed,
    EmptyMessage,
    Forbidden,
    MessageTooLong,
    NotFound,
)
from care.rules.handover import priority_of
from care.rules.ownership import may_agent_speak
from care.rules.severity import Grade
from care.rules.text import tidy
from care.rules.vocabulary import HandledBy, Owner, Speaker, Tier, Topic
from care.services import desk_notes, interactions, presence, surveys, trackers, transcript, wrap_ups
from care.services.context import Care
from care.services.conversation_rows import (
    QueuePlace,
    announce,
    locked,
    move_owner,
    open_handoff,
    place_in_queue,
    waiting_now,
)
from care.services.transcript import MessageView

__all__ = [
    "QueueEntry",
    "QueuePlace",
    "cancel_request",
    "close",
    "queue",
    "request_human",
    "return_to_bot",
    "say_as_agent",
    "take",
]

_MAX_AGENT_CHARACTERS = 4000
#: So many of the customer's last lines tell how serious the wait is.
_LINES_WEIGHED = 5


@dataclass(frozen=True)
class QueueEntry:
    """One customer who waits for a person, as the desk lists it."""

    conversation_id: int
    public_id: str
    queued_at: datetime
    waited_s: int
    reason: str
    customer_name: str | None
    tier: Tier | None
    last_text: str | None
    position: int
    customer_id: int | None = None


async def request_human(
    care: Care, conversation_id: int, *, reason: str, source_message_id: int | None = None
) -> QueuePlace:
    """Puts the conversation into the queue and tells the place. Asking again changes nothing.

    Args:
        reason: ``asked``, ``bot_failure``, ``severe``, ``not_understood`` or another short word for the statistics.
        source_message_id: the customer's line that asked; a repeated call for it has no second
            effect, even after the customer cancelled, and the bot's answer to it is still shown.

    Raises:
        ConversationClosed: the conversation has ended.
    """
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        before = conversation.owner_version
        place = await queue_for_person(
            session, care, conversation, reason=reason, source_message_id=source_message_id
        )
    if conversation.owner_version != before:
        await announce(care, conversation, queue_changed=True)
    return place


async def queue_for_person(
    session: AsyncSession,
    care: Care,
    conversation: Conversation,
    *,
    reason: str,
    source_message_id: int | None,
) -> QueuePlace:
    """`request_human` within the caller's transaction; `conversation` is locked."""
    if conversation.owner is Owner.CLOSED:
        raise ConversationClosed()
    now = care.clock.now()
    if conversation.owner is not Owner.BOT or await _was_asked(session, conversation.id, source_message_id):
        return await place_in_queue(session, conversation, now)
    session.add(
        Handoff(
            conversation_id=conversation.id,
            reason=reason[:40],
            source_message_id=source_message_id,
            requested_at=now,
            waits_since=now,
        )
    )
    contact = await interactions.open_contact(session, conversation, now)
    contact.handoff_requested_at = contact.handoff_requested_at or now
    trackers.tell_tracker(session, care, conversation.sender_id, trackers.PAUSE_EVENTS)
    await move_owner(
        session,
        conversation,
        Owner.QUEUED,
        queued_at=now,
        bot_failures=0,
        skill=care.settings.handover.skill_of(_topics(contact)),
        priority=await priority_now(session, conversation),
    )
    return await place_in_queue(session, conversation, now)


async def cancel_request(care: Care, conversation_id: int) -> None:
    """The customer goes on with the assistant; nothing happens unless the conversation is queued."""
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        if conversation.owner is not Owner.QUEUED:
            return
        await end_handoff(session, conversation, care.clock.now(), "cancelled")
        trackers.tell_tracker(session, care, conversation.sender_id, trackers.RESUME_EVENTS)
        await move_owner(session, conversation, Owner.BOT, queued_at=None, skill=None, priority=None)
    await announce(care, conversation, queue_changed=True)


async def queue(care: Care) -> list[QueueEntry]:
    """Who waits for a person, in the order in which they are served."""
    now = care.clock.now()
    async with care.sessions.read() as session:
        places = [entry.key for entry in routing.queue_order(await waiting_now(session), now)]
        last_seq = (
            select(func.max(Message.seq))
            .where(Message.conversation_id == Conversation.id, Message.speaker == Speaker.CUSTOMER)
            .correlate(Conversation)
            .scalar_subquery()
        )
        found = await session.execute(
            select(Conversation, Customer.name, Customer.tier, Message.text, Handoff.reason)
            .outerjoin(Customer, Customer.id == Conversation.customer_id)
            .outerjoin(Message, (Message.conversation_id == Conversation.id) & (Message.seq == last_seq))
            .outerjoin(Handoff, (Handoff.conversation_id == Conversation.id) & Handoff.ended_at.is_(None))
            .where(Conversation.owner == Owner.QUEUED, Conversation.id.in_(places))
        )
        rows = sorted(found, key=lambda row: places.index(row[0].id))
        return [
            QueueEntry(
                conversation_id=conversation.id,
                public_id=conversation.public_id,
                queued_at=conversation.queued_at or now,
                waited_s=max(0, round((now - (conversation.queued_at or now)).total_seconds())),
                reason=reason or "",
                customer_name=name,
                tier=tier,
                last_text=text,
                position=position,
                customer_id=conversation.customer_id,
            )
            for position, (conversation, name, tier, text, reason) in enumerate(rows, start=1)
        ]


async def take(care: Care, conversation_id: int, staff_id: int) -> None:
    """An agent takes the conversation, from the queue or from the bot. Taking one's own again is fine.

    Raises:
        AlreadyTaken: another agent has it; the message names who.
        ConversationClosed: it has ended.
    """
    now = care.clock.now()
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        await active_staff(session, staff_id)
        if conversation.owner is Owner.CLOSED:
            raise ConversationClosed("会话已结束，不能接待。")
        if conversation.owner is Owner.HUMAN:
            if conversation.agent_id == staff_id:
                return
            holder = await session.get(Staff, conversation.agent_id)
            raise AlreadyTaken(f"该会话已由{holder.name if holder else '其他坐席'}接待。")
        wish = await open_handoff(session, conversation.id)
        if wish is None:
            wish = Handoff(
                conversation_id=conversation.id,
                reason=HandoverReason.TAKEN_BY_AGENT.value,
                requested_at=now,
                waits_since=now,
            )
            session.add(wish)
            trackers.tell_tracker(session, care, conversation.sender_id, trackers.PAUSE_EVENTS)
        await presence.at_work(session, staff_id, now)
        await give(session, conversation, wish, staff_id, now)
    await announce(care, conversation, queue_changed=True)


async def give(
    session: AsyncSession, conversation: Conversation, wish: Handoff, staff_id: int, now: datetime
) -> None:
    """The agent holds the conversation from now on; `conversation` is locked and nobody's or the queue's."""
    wish.taken_at, wish.agent_id = now, staff_id
    await note_agent(session, conversation, staff_id, now)
    await move_owner(
        session, conversation, Owner.HUMAN, agent_id=staff_id, queued_at=None, snoozed_until=None
    )


async def note_agent(session: AsyncSession, conversation: Conversation, staff_id: int, now: datetime) -> None:
    """The contact is this agent's."""
    contact = await interactions.open_contact(session, conversation, now)
    contact.handoff_at = contact.handoff_at or now
    contact.agent_id = staff_id
    contact.handled_by = HandledBy.MIXED if contact.topics else HandledBy.AGENT


async def say_as_agent(
    care: Care, conversation_id: int, staff_id: int, text: str, client_msg_id: str
) -> MessageView:
    """An agent's line, once per `client_msg_id`.

    Raises:
        Forbidden: the conversation is not this agent's.
        BadFrame, EmptyMessage, MessageTooLong: as for customers; 4,000 characters here.
    """
    message_key = transcript.client_id(client_msg_id)
    clean = tidy(text, keep_lines=True) if isinstance(text, str) else ""
    if not clean:
        raise EmptyMessage()
    if len(clean) > _MAX_AGENT_CHARACTERS:
        raise MessageTooLong("消息超过 4000 字，请分成几条发送。")
    now = care.clock.now()
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        stored = await transcript.of_client(session, conversation_id, message_key)
        if stored is not None:
            if stored.agent_id != staff_id:
                raise BadFrame()
            return (await transcript.views(session, [stored]))[0]
        check_holder(conversation, staff_id)
        message = transcript.append(
            session,
            conversation,
            at=now,
            speaker=Speaker.AGENT,
            text=clean,
            agent_id=staff_id,
            client_msg_id=message_key,
        )
        wish = await open_handoff(session, conversation.id)
        if wish is not None:
            wish.first_reply_at = wish.first_reply_at or now
        contact = await interactions.open_contact(session, conversation, now)
        contact.first_human_reply_at = contact.first_human_reply_at or now
        contact.agent_id = staff_id
        trackers.tell_tracker(session, care, conversation.sender_id, [trackers.agent_event(clean, staff_id)])
        await session.flush()
        said = (await transcript.views(session, [message]))[0]
    await announce(care, conversation)
    return said


async def return_to_bot(care: Care, conversation_id: int, staff_id: int, note: str | None = None) -> None:
    """The holder hands the conversation back to the assistant. Raises `Forbidden` for anyone else."""
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        check_holder(conversation, staff_id)
        await end_handoff(session, conversation, care.clock.now(), "returned")
        if note:
            desk_notes.add(session, care, conversation, staff_id, note, kind="returned")
        trackers.tell_tracker(session, care, conversation.sender_id, trackers.RESUME_EVENTS)
        await move_owner(
            session, conversation, Owner.BOT, agent_id=None, skill=None, priority=None, snoozed_until=None
        )
    await announce(care, conversation, queue_changed=True)


async def close(
    care: Care, conversation_id: int, by: str, wrap_up: wrap_ups.WrapUpValues | None = None
) -> None:
    """Ends the conversation; its next message opens a new one. Closing twice is fine.

    Args:
        by: ``customer``, ``system`` or ``staff:<id>``; a member of staff must hold it, unless nobody does.
        wrap_up: what the agent says of it; only with ``staff:<id>``.
    """
    now = care.clock.now()
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        if conversation.owner is Owner.CLOSED:
            return
        if by.startswith("staff:") and conversation.owner is Owner.HUMAN:
            check_holder(conversation, int(by.removeprefix("staff:")))
        was_waiting = conversation.owner is Owner.QUEUED
        await end_handoff(
            session, conversation, now, "abandoned" if was_waiting and by != "system" else "closed"
        )
        if wrap_up is not None and by.startswith("staff:"):
            await wrap_ups.add(session, care, conversation, int(by.removeprefix("staff:")), wrap_up)
        await interactions.end_contact(session, conversation, now)
        if by != "system":  # somebody else may sit there now: the clockwork asks later
            await surveys.plan_ended(session, care, conversation)
        await move_owner(
            session, conversation, Owner.CLOSED, closed_at=now, queued_at=None, snoozed_until=None
        )
    await announce(care, conversation, queue_changed=True)


async def priority_now(session: AsyncSession, conversation: Conversation) -> Grade | None:
    """How serious it is by the customer's last lines and the conversation's open case."""
    lines = await session.scalars(
        select(Message.text)
        .where(
            Message.conversation_id == conversation.id,
            Message.speaker == Speaker.CUSTOMER,
            Message.seq.is_not(None),
        )
        .order_by(Message.seq.desc())
        .limit(_LINES_WEIGHED)
    )
    said = "\n".join(lines)
    cues = find_cues(said)
    cases = await session.scalars(
        select(Complaint.grade).where(
            Complaint.conversation_id == conversation.id,
            Complaint.state.not_in(FINAL_STATES | {ComplaintState.DRAFT}),
        )
    )
    case = min(cases, key=list(Grade).index, default=None)
    return priority_of(cues, find_emotion(said, cues), case)


def _topics(contact: CareInteraction) -> list[Topic]:
    """What the contact is about, the newest first; words that are no topic any more are left out."""
    names = [entry.get("topic") for entry in reversed(contact.topics)]
    return [Topic(name) for name in names if name in Topic.labels()]


async def _was_asked(session: AsyncSession, conversation_id: int, source_message_id: int | None) -> bool:
    if source_message_id is None:
        return False
    found = await session.scalar(
        select(Handoff.id).where(
            Handoff.conversation_id == conversation_id, Handoff.source_message_id == source_message_id
        )
    )
    return found is not None


async def end_handoff(session: AsyncSession, conversation: Conversation, now: datetime, end: str) -> None:
    """Ends the open wish for a person, if there is one."""
    wish = await open_handoff(session, conversation.id)
    if wish is not None:
        wish.ended_at, wish.end = now, end


def check_holder(conversation: Conversation, staff_id: int) -> None:
    """Lets the agent pass who holds the conversation; raises `Forbidden` for anyone else."""
    if not may_agent_speak(conversation.owner) or conversation.agent_id != staff_id:
        raise Forbidden("您没有接待这个会话，请先接管。")


async def active_staff(session: AsyncSession, staff_id: int) -> Staff:
    """Raises `NotFound` for an account that is not there or not active."""
    staff = await session.get(Staff, staff_id)
    if staff is None or not staff.active:
        raise NotFound("没有这个坐席，或已停用。")
    return staff
