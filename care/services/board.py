"""The desk's lists: every open conversation with what an agent must see at a glance, read in a few queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from care.records.complaint import Complaint
from care.records.conversation import Conversation, Handoff, Message
from care.records.customer import Customer
from care.records.desk import DeskMark, DeskNote
from care.records.interaction import CareInteraction
from care.records.staff import Staff
from care.rules import routing
from care.rules.complaint import FINAL_STATES, ComplaintState
from care.rules.severity import Grade
from care.rules.vocabulary import (
    Channel,
    Emotion,
    Kind,
    Owner,
    Speaker,
    Tier,
    Topic,
    VerifiedBy,
    kind_of_topic,
)
from care.services.context import Care
from care.services.conversation_rows import waiting_now

#: Conversations of the bot that are shown: the newest of those with a line within half an hour.
BOT_WITHIN = timedelta(minutes=30)
BOT_AT_MOST = 100
_CHUNK = 400  # SQLite binds at most 999 values
_IN_HAND = (Owner.QUEUED, Owner.HUMAN)


@dataclass(frozen=True)
class Entry:
    """One conversation in the lists, as the records have it; nothing is masked yet.

    `due_at` is the nearest clock that runs: a person's first words, or the open case's.
    """

    id: int
    public_id: str
    owner: Owner
    owner_version: int
    seq: int
    channel: Channel
    opened_at: datetime
    agent_id: int | None
    agent_name: str | None
    customer_id: int | None
    customer_public_id: str | None
    customer_name: str | None
    tier: Tier | None
    verified_by: VerifiedBy | None
    last_text: str | None
    last_speaker: Speaker | None
    last_at: datetime | None
    waiting_since: datetime | None
    position: int | None
    reason: str | None
    grade: Grade | None
    emotion: Emotion | None
    topic: Topic | None
    due_at: datetime | None
    snoozed_until: datetime | None
    skill: str | None
    unread: int = 0
    last_note_id: int = 0


async def live(care: Care) -> dict[int, Entry]:
    """Everything open that a desk shows, by id: waiting, held, and the bot's recent ones."""
    now = care.clock.now()
    async with care.sessions.read() as session:
        ids = list(await session.scalars(select(Conversation.id).where(Conversation.owner.in_(_IN_HAND))))
        ids += await session.scalars(
            select(Conversation.id)
            .where(Conversation.owner == Owner.BOT, Conversation.last_message_at > now - BOT_WITHIN)
            .order_by(Conversation.last_message_at.desc(), Conversation.id.desc())
            .limit(BOT_AT_MOST)
        )
        return await _entries(session, ids, now)


async def of(care: Care, conversation_ids: Collection[int]) -> dict[int, Entry]:
    """These conversations as they stand now, whoever holds them; unknown ids are left out."""
    async with care.sessions.read() as session:
        return await _entries(session, list(conversation_ids), care.clock.now())


async def closed(
    care: Care,
    *,
    agent_id: int | None,
    text: str = "",
    before: datetime | None = None,
    limit: int = 100,
) -> list[Entry]:
    """Ended conversations, the newest first.

    Args:
        agent_id: only those this agent was in; None: everybody's.
        text: words that a line of it holds, or the beginning of its public id.
        before: opened before this moment: the page after.
    """
    query = select(Conversation.id).where(Conversation.owner == Owner.CLOSED)
    if agent_id is not None:
        query = query.where(
            Conversation.id.in_(select(Handoff.conversation_id).where(Handoff.agent_id == agent_id))
        )
    if before is not None:
        query = query.where(Conversation.opened_at < before)
    if text:
        query = query.where(_holds(text))
    async with care.sessions.read() as session:
        ids = list(await session.scalars(query.order_by(Conversation.opened_at.desc()).limit(limit)))
        found = await _entries(session, ids, care.clock.now())
    return [found[one] for one in ids if one in found]


async def matching(care: Care, conversation_ids: Collection[int], text: str) -> set[int]:
    """Those of the conversations that hold the words, or whose customer has that name."""
    found: set[int] = set()
    ids = list(conversation_ids)
    async with care.sessions.read() as session:
        for start in range(0, len(ids), _CHUNK):
            found.update(
                await session.scalars(
                    select(Conversation.id)
                    .outerjoin(Customer, Customer.id == Conversation.customer_id)
                    .where(
                        Conversation.id.in_(ids[start : start + _CHUNK]),
                        or_(_holds(text), Customer.name == text),
                    )
                )
            )
    return found


async def was_in(care: Care, conversation_id: int, staff_id: int) -> bool:
    """Whether this agent ever held the conversation."""
    async with care.sessions.read() as session:
        held = await session.scalar(
            select(Handoff.id)
            .where(Handoff.conversation_id == conversation_id, Handoff.agent_id == staff_id)
            .limit(1)
        )
        return held is not None


def with_places(
    entries: dict[int, Entry], waiting: Sequence[routing.Waiting], now: datetime
) -> dict[int, Entry]:
    """The same entries with the places of those who wait."""
    places = {one.key: place for place, one in enumerate(routing.queue_order(waiting, now), start=1)}
    return {
        key: entry if entry.position == places.get(key) else replace(entry, position=places.get(key))
        for key, entry in entries.items()
    }


def _holds(text: str) -> ColumnElement[bool]:
    return or_(
        Conversation.public_id.startswith(text, autoescape=True),
        select(Message.id)
        .where(
            Message.conversation_id == Conversation.id,
            Message.seq.is_not(None),
            Message.text.contains(text, autoescape=True),
        )
        .exists(),
    )


async def _entries(session: AsyncSession, ids: Sequence[int], now: datetime) -> dict[int, Entry]:
    waiting = await waiting_now(session)
    found: dict[int, Entry] = {}
    for start in range(0, len(ids), _CHUNK):
        found.update(await _chunk(session, ids[start : start + _CHUNK]))
    return with_places(found, waiting, now)


async def _chunk(session: AsyncSession, ids: Sequence[int]) -> dict[int, Entry]:
    last = aliased(Message)
    rows = (
        await session.execute(
            select(
                Conversation,
                Customer.public_id,
                Customer.name,
                Customer.tier,
                Staff.name.label("agent_name"),
                last.text,
                last.speaker,
                last.at,
            )
            .outerjoin(Customer, Customer.id == Conversation.customer_id)
            .outerjoin(Staff, Staff.id == Conversation.agent_id)
            .outerjoin(last, and_(last.conversation_id == Conversation.id, last.seq == Conversation.last_seq))
            .where(Conversation.id.in_(ids))
        )
    ).all()
    wishes = {
        wish.conversation_id: wish
        for wish in await session.scalars(
            select(Handoff)
            .where(Handoff.conversation_id.in_(ids), Handoff.ended_at.is_(None))
            .order_by(Handoff.id)
        )
    }
    contacts = {
        contact.conversation_id: contact
        for contact in await session.execute(
            select(CareInteraction.conversation_id, CareInteraction.emotion, CareInteraction.topics)
            .where(CareInteraction.conversation_id.in_(ids))
            .order_by(CareInteraction.id)
        )
    }
    cases = await _cases(session, [row[0] for row in rows])
    notes = await session.execute(
        select(DeskNote.conversation_id, func.max(DeskNote.id))
        .where(DeskNote.conversation_id.in_(ids))
        .group_by(DeskNote.conversation_id)
    )
    last_notes: dict[int, int] = dict(notes.tuples().all())
    unread = await _unread(session, ids)
    return {
        row[0].id: _entry(
            row,
            wishes.get(row[0].id),
            contacts.get(row[0].id),
            cases.get(row[0].id, []),
            unread.get(row[0].id, 0),
            last_notes.get(row[0].id, 0),
        )
        for row in rows
    }


async def _cases(
    session: AsyncSession, conversations: Sequence[Conversation]
) -> dict[int, list[tuple[Grade, datetime | None]]]:
    """Conversation id → grade and nearest clock of each open case of it or of its customer."""
    by_customer = defaultdict(list)
    for one in conversations:
        if one.customer_id is not None:
            by_customer[one.customer_id].append(one.id)
    ids = [one.id for one in conversations]
    rows = await session.execute(
        select(
            Complaint.conversation_id,
            Complaint.customer_id,
            Complaint.grade,
            Complaint.acknowledged_at,
            Complaint.acknowledge_due_at,
            Complaint.solve_due_at,
        ).where(
            Complaint.state.not_in(FINAL_STATES | {ComplaintState.DRAFT}),
            or_(Complaint.conversation_id.in_(ids), Complaint.customer_id.in_(list(by_customer))),
        )
    )
    found: dict[int, list[tuple[Grade, datetime | None]]] = defaultdict(list)
    for conversation_id, customer_id, grade, acknowledged_at, acknowledge_due_at, solve_due_at in rows:
        due = solve_due_at if acknowledged_at is not None else acknowledge_due_at or solve_due_at
        for key in {conversation_id, *by_customer.get(customer_id, ())}:
            if key is not None:
                found[key].append((grade, due))
    return found


async def _unread(session: AsyncSession, ids: Sequence[int]) -> dict[int, int]:
    """Conversation id → the customer's lines that its agent has not read."""
    rows = await session.execute(
        select(Message.conversation_id, func.count())
        .join(Conversation, Conversation.id == Message.conversation_id)
        .outerjoin(
            DeskMark,
            and_(DeskMark.conversation_id == Conversation.id, DeskMark.staff_id == Conversation.agent_id),
        )
        .where(
            Conversation.id.in_(ids),
            Conversation.owner == Owner.HUMAN,
            Message.speaker == Speaker.CUSTOMER,
            Message.seq > func.coalesce(DeskMark.read_seq, 0),
        )
        .group_by(Message.conversation_id)
    )
    return dict(rows.tuples().all())


def _entry(
    row: Row[Any],
    wish: Handoff | None,
    contact: Row[Any] | None,
    cases: list[tuple[Grade, datetime | None]],
    unread: int,
    last_note_id: int,
) -> Entry:
    conversation, customer_public_id, customer_name, tier, agent_name, text, speaker, at = row
    is_in_hand = conversation.owner in _IN_HAND
    grades = [grade for grade, _ in cases]
    if is_in_hand and conversation.priority is not None:
        grades.append(conversation.priority)
    dues = [due for _, due in cases if due is not None]
    if is_in_hand and wish is not None and wish.first_reply_at is None:
        dues.append((wish.waits_since or wish.requested_at) + routing.FIRST_REPLY_WITHIN)
    return Entry(
        id=conversation.id,
        public_id=conversation.public_id,
        owner=conversation.owner,
        owner_version=conversation.owner_version,
        seq=conversation.last_seq,
        channel=conversation.channel,
        opened_at=conversation.opened_at,
        agent_id=conversation.agent_id,
        agent_name=agent_name,
        customer_id=conversation.customer_id,
        customer_public_id=customer_public_id,
        customer_name=customer_name,
        tier=tier,
        verified_by=conversation.verified_by,
        last_text=text,
        last_speaker=speaker,
        last_at=at,
        waiting_since=conversation.queued_at if conversation.owner is Owner.QUEUED else None,
        position=None,
        reason=wish.reason if wish is not None and is_in_hand else None,
        grade=min(grades, key=list(Grade).index, default=None),
        emotion=contact.emotion if contact is not None else None,
        topic=_topic(contact.topics) if contact is not None else None,
        due_at=min(dues, default=None),
        snoozed_until=conversation.snoozed_until,
        skill=conversation.skill,
        unread=unread,
        last_note_id=last_note_id,
    )


def _topic(topics: list[dict[str, Any]]) -> Topic | None:
    """The newest that says what it is about."""
    for entry in reversed(topics):
        name = entry.get("topic")
        if name in Topic.labels() and kind_of_topic(Topic(name)) not in (Kind.CONTROL, Kind.OTHER):
            return Topic(name)
    return None
