"""One care interaction for every contact, bot-only and abandoned ones too (care.md §1)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.conversation import Conversation, Message
from care.records.interaction import CareInteraction
from care.rules.complaint import ComplaintState, care_part_of_topic, care_stage_of_topic
from care.rules.vocabulary import (
    EMOTION_STRENGTH,
    Emotion,
    HandledBy,
    Kind,
    Outcome,
    Owner,
    ResolvedBasis,
    Speaker,
    Topic,
    kind_of_topic,
)
from care.services.context import Care
from care.services.conversation_rows import IDLE, locked, verified_customer_id

#: Strongest first: what a contact is called when it is several things.
KIND_STRENGTH: tuple[Kind, ...] = (
    Kind.COMPLAINT,
    Kind.RIGHTS_REQUEST,
    Kind.RECORD_CHANGE,
    Kind.SUGGESTION,
    Kind.PRAISE,
    Kind.INQUIRY,
    Kind.PROACTIVE_CARE,
    Kind.OTHER,
    Kind.CONTROL,
)


async def note_turn(
    care: Care,
    conversation_id: int,
    message_id: int,
    understood: dict[str, Any],
    *,
    model_version: str | None = None,
) -> None:
    """Adds what the bot understood of a line to the contact. A repeated call for the line changes nothing.

    `finish_turn` does this by itself; call it for lines that reach the bot another way.
    """
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        await note_understood(
            session, conversation, message_id, understood, care.clock.now(), model_version=model_version
        )


async def note_data(
    care: Care, conversation_id: int, *, read: Iterable[str] = (), written: Iterable[str] = ()
) -> None:
    """Remembers which records the contact read and wrote: ``order:88120231105``, ``complaint:TS-…``."""
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        await note_data_of(session, conversation, care.clock.now(), read=read, written=written)


async def note_data_of(
    session: AsyncSession,
    conversation: Conversation,
    now: datetime,
    *,
    read: Iterable[str] = (),
    written: Iterable[str] = (),
) -> None:
    """`note_data` within the caller's transaction; `conversation` is locked."""
    contact = await open_contact(session, conversation, now)
    contact.data_read = _with(contact.data_read, read)
    contact.data_written = _with(contact.data_written, written)


async def end(care: Care, conversation_id: int, outcome: Outcome, basis: ResolvedBasis | None = None) -> None:
    """Ends the open contact with what is known of its outcome; nothing happens when none is open."""
    async with care.sessions.write() as session:
        await locked(session, conversation_id)
        contact = await _open(session, conversation_id)
        if contact is not None:
            contact.ended_at = await last_line_at(session, conversation_id) or care.clock.now()
            contact.outcome, contact.resolved_basis = outcome, basis


async def end_idle(care: Care) -> int:
    """Ends contacts without a line for 30 minutes and infers their outcome; returns how many."""
    now = care.clock.now()
    last_line = func.coalesce(func.max(Message.at), func.max(CareInteraction.started_at))
    async with care.sessions.read() as session:
        rows = await session.scalars(
            select(CareInteraction.conversation_id)
            .outerjoin(Message, Message.conversation_id == CareInteraction.conversation_id)
            .where(CareInteraction.ended_at.is_(None), CareInteraction.conversation_id.is_not(None))
            .group_by(CareInteraction.conversation_id)
            .having(last_line < now - IDLE)
        )
        idle = [conversation_id for conversation_id in rows if conversation_id is not None]
    ended = 0
    for conversation_id in idle:
        async with care.sessions.write() as session:
            conversation = await locked(session, conversation_id)
            last = await last_line_at(session, conversation_id)
            if last is None or now - last > IDLE:
                ended += await end_contact(session, conversation, last or now)
    return ended


async def open_contact(session: AsyncSession, conversation: Conversation, now: datetime) -> CareInteraction:
    """The conversation's open contact, or a new one, within the caller's transaction."""
    contact = await _open(session, conversation.id)
    if contact is None:
        contact = CareInteraction(
            conversation_id=conversation.id,
            channel=conversation.channel,
            direction="in",
            started_at=now,
            handled_by=HandledBy.AGENT if conversation.owner is Owner.HUMAN else HandledBy.BOT,
            agent_id=conversation.agent_id,
            topics=[],
            emotion=Emotion.CALM,
            label_shown=True,
            data_read=[],
            data_written=[],
            is_demo=conversation.is_demo,
        )
        session.add(contact)
    if contact.customer_id is None:
        contact.customer_id = await verified_customer_id(session, conversation, now)
    return contact


async def note_understood(
    session: AsyncSession,
    conversation: Conversation,
    message_id: int,
    understood: dict[str, Any],
    now: datetime,
    *,
    model_version: str | None = None,
) -> None:
    """`note_turn` within the caller's transaction; `conversation` is locked."""
    contact = await open_contact(session, conversation, now)
    if any(entry.get("message") == message_id for entry in contact.topics):
        return
    main = _topic(understood.get("topic"))
    also = [topic for topic in map(_topic, understood.get("also") or ()) if topic not in (None, main)]
    confidence = understood.get("confidence")
    said = [topic for topic in (main, *also) if topic is not None]
    contact.topics = [
        *contact.topics,
        *(
            {
                "topic": topic.value,
                "confidence": confidence if topic is main else None,
                "message": message_id,
            }
            for topic in said
        ),
    ]
    for topic in said:
        kind = kind_of_topic(topic)
        if contact.kind is None or KIND_STRENGTH.index(kind) < KIND_STRENGTH.index(contact.kind):
            contact.kind = kind
            if kind not in (Kind.CONTROL, Kind.OTHER):
                contact.care_part = care_part_of_topic(topic)
                contact.care_stage = care_stage_of_topic(topic)
    emotion = _emotion(understood.get("emotion"))
    if EMOTION_STRENGTH[emotion] > EMOTION_STRENGTH[contact.emotion]:
        contact.emotion = emotion
    if model_version is not None:
        contact.model_version = model_version[:80]
    if contact.handled_by is HandledBy.AGENT:
        contact.handled_by = HandledBy.MIXED


async def end_contact(session: AsyncSession, conversation: Conversation, ended_at: datetime) -> int:
    """Ends the open contact, outcome inferred from its lines, within the caller's transaction."""
    contact = await _open(session, conversation.id)
    if contact is None:
        return 0
    contact.ended_at = ended_at
    if contact.outcome is None:
        contact.outcome = await _inferred_outcome(session, conversation, contact)
        if contact.outcome is not Outcome.ABANDONED:
            contact.resolved_basis = ResolvedBasis.INFERRED
    return 1


async def _inferred_outcome(
    session: AsyncSession, conversation: Conversation, contact: CareInteraction
) -> Outcome:
    if conversation.owner is Owner.QUEUED:
        return Outcome.ABANDONED
    if contact.kind is Kind.COMPLAINT:
        case = await session.scalar(
            select(Complaint.id)
            .where(Complaint.conversation_id == conversation.id, Complaint.state != ComplaintState.DRAFT)
            .limit(1)
        )
        return Outcome.UNRESOLVED if case is None else Outcome.TRANSFERRED
    last = await session.scalar(
        select(Message)
        .where(Message.conversation_id == conversation.id, Message.seq.is_not(None))
        .where(Message.speaker != Speaker.SYSTEM)
        .order_by(Message.seq.desc())
        .limit(1)
    )
    if last is None or last.speaker is Speaker.CUSTOMER:
        return Outcome.ABANDONED
    if contact.topics and contact.topics[-1]["topic"] == Topic.OUT_OF_SCOPE.value:
        return Outcome.UNRESOLVED
    return Outcome.RESOLVED


async def _open(session: AsyncSession, conversation_id: int) -> CareInteraction | None:
    return await session.scalar(
        select(CareInteraction)
        .where(CareInteraction.conversation_id == conversation_id, CareInteraction.ended_at.is_(None))
        .order_by(CareInteraction.id.desc())
        .limit(1)
    )


async def last_line_at(session: AsyncSession, conversation_id: int) -> datetime | None:
    """When the newest shown line was said, whoever said it."""
    return await session.scalar(
        select(Message.at)
        .where(Message.conversation_id == conversation_id, Message.seq.is_not(None))
        .order_by(Message.seq.desc())
        .limit(1)
    )


def _topic(value: Any) -> Topic | None:
    """What a model says may be newer or older than this vocabulary: an unknown word is no topic."""
    name = value.get("topic") if isinstance(value, dict) else value
    try:
        return Topic(str(name))
    except ValueError:
        return None


def _emotion(value: Any) -> Emotion:
    try:
        return Emotion(value)
    except ValueError:
        return Emotion.CALM


def _with(present: list[str], more: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*present, *more]))
