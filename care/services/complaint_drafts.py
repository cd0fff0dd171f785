"""A complaint from the first angry message to its receipt.

A draft is there from the first message on, so that nothing is lost when the customer goes away.
Everything is idempotent by source message: a message that comes twice changes nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.conversation import Conversation
from care.records.interaction import CareInteraction
from care.rules.complaint import (
    ComplaintState,
    Level,
    care_part_of_topic,
    care_stage_of_topic,
    category_of_topic,
)
from care.rules.errors import NotFound
from care.rules.masking import mask_cards
from care.rules.severity import Grade
from care.rules.text import tidy
from care.rules.vocabulary import Cue, Emotion, Topic
from care.services import complaint_alarms, complaint_log, conversation_rows, products
from care.services.complaint_draft_fields import apply_fields, read_fields
from care.services.complaint_grading import add_cues, regrade_by_facts, stronger_emotion
from care.services.complaint_moves import Change, apply_move
from care.services.complaint_orders import OrderFacts, link_order, order_facts
from care.services.complaint_views import DraftView, draft_view
from care.services.context import Care

_LONGEST_WORDS = 8000


async def open_draft(
    care: Care,
    conversation_id: int,
    source_message_id: int,
    *,
    topic: Topic | str,
    own_words: str,
    cues: Iterable[Cue | str] = (),
    emotion: Emotion | str = Emotion.CALM,
    order_number: str | None = None,
) -> DraftView:
    """Opens the conversation's draft, or adds what this message says to the one that is open.

    Further words, cues and a stronger emotion may raise the grade; nothing lowers it. An order
    number is kept as it was said; whether it is the customer's own is noted and never told.

    Raises:
        NotFound: no such conversation.
    """
    topic, emotion = Topic(topic), Emotion(emotion)
    words = clean_words(care, own_words)
    facts = await order_facts(care, conversation_id, order_number)
    async with care.sessions.write() as session:
        conversation = await conversation_rows.locked(session, conversation_id)
        seen = await _seen(session, conversation_id, source_message_id)
        if seen is not None:
            return draft_view(seen)
        draft = await open_draft_row(session, conversation_id, to_write=True)
        key = f"draft:{source_message_id}"
        if draft is None:
            draft = await new_draft(
                care, session, conversation, source_message_id, topic, words, cues, emotion, facts
            )
            await regrade_by_facts(session, draft, care.clock.now())
            await complaint_log.append(
                session,
                draft,
                "opened",
                actor="customer",
                at=care.clock.now(),
                to_state=ComplaintState.DRAFT,
                data={
                    "own_words": words,
                    "topic": topic.value,
                    "category": draft.category.value,
                    "cues": list(draft.cues),
                    "emotion": emotion.value,
                    "order_number": draft.order_number,
                    "grade": draft.grade.value,
                },
                idempotency_key=key,
            )
        else:
            await _join(care, session, draft, topic, words, cues, emotion, facts, key=key)
        await complaint_alarms.tell_leads(care, session, draft)
        return draft_view(draft)


async def draft_of(care: Care, conversation_id: int) -> DraftView | None:
    """The conversation's open draft."""
    async with care.sessions.read() as session:
        draft = await open_draft_row(session, conversation_id)
        return None if draft is None else draft_view(draft)


async def update_draft(care: Care, conversation_id: int, **fields: Any) -> DraftView:
    """Writes what was learned: any of `complaint_draft_fields.FIELDS`. The same value again is no change.

    A correction replaces the value and None clears it; ``own_words``, ``cues`` and ``emotion`` only add.

    Raises:
        NotFound: no draft is open.
        TypeError: a field that a draft does not have.
    """
    values = read_fields(fields)
    if "own_words" in values:
        values["own_words"] = clean_words(care, values["own_words"])
    has_order = "order_number" in values
    facts = await order_facts(care, conversation_id, values.get("order_number")) if has_order else None
    async with care.sessions.write() as session:
        await conversation_rows.locked(session, conversation_id)
        draft = await open_draft_row(session, conversation_id, to_write=True)
        if draft is None:
            raise NotFound("没有正在登记的投诉。")
        changed = apply_fields(draft, values)
        if "product_said" in changed and draft.product_id is None and draft.product_said:
            named = products.the_one(await products.find_in(session, draft.product_said))
            if named is not None:
                draft.product_id = changed["product_id"] = named.id
        if facts is not None:
            changed |= await link_order(session, draft, facts)
        if changed:
            before = draft.grade
            await regrade_by_facts(session, draft, care.clock.now())
            if draft.grade is not before:
                changed["grade"] = draft.grade.value
            await complaint_log.append(
                session, draft, "draft_updated", actor="customer", at=care.clock.now(), data=changed
            )
            await complaint_alarms.tell_leads(care, session, draft)
        return draft_view(draft)


async def dropped_draft(care: Care, conversation_id: int) -> DraftView | None:
    """What was told of a complaint that the customer let go, when it is the conversation's newest."""
    async with care.sessions.read() as session:
        newest = await newest_complaint(session, conversation_id)
        return draft_view(newest) if newest is not None and _was_dropped(newest) else None


async def drop_draft(care: Care, conversation_id: int) -> bool:
    """The customer lets the open draft go; its trail stays.

    Returns whether the newest complaint of the conversation is now one that was never handed in; so the
    same wish again, after a turn that broke off, is still true, and a case already received is never denied.
    """
    async with care.sessions.write() as session:
        await conversation_rows.locked(session, conversation_id)
        draft = await open_draft_row(session, conversation_id, to_write=True)
        if draft is None:
            newest = await newest_complaint(session, conversation_id)
            return newest is not None and _was_dropped(newest)
        await apply_move(
            care,
            session,
            draft,
            ComplaintState.WITHDRAWN,
            actor="customer",
            change=Change(reason="客户放弃登记", customer_yes=True),
        )
        return True


async def new_draft(
    care: Care,
    session: AsyncSession,
    conversation: Conversation,
    source_message_id: int | None,
    topic: Topic,
    words: str,
    cues: Iterable[Cue | str],
    emotion: Emotion,
    facts: OrderFacts,
) -> Complaint:
    """A draft of the conversation, without its first event; the caller holds the conversation's lock."""
    now = care.clock.now()
    part = care_part_of_topic(topic)
    draft = Complaint(
        conversation_id=conversation.id,
        interaction_id=await session.scalar(
            select(CareInteraction.id)
            .where(CareInteraction.conversation_id == conversation.id, CareInteraction.ended_at.is_(None))
            .order_by(CareInteraction.id.desc())
            .limit(1)
        ),
        source_message_id=source_message_id,
        customer_id=await conversation_rows.verified_customer_id(session, conversation, now),
        channel=conversation.channel,
        state=ComplaintState.DRAFT,
        opened_at=now,
        own_words=words,
        topic=topic.value,
        category=category_of_topic(topic, frozenset(Cue(cue) for cue in cues), words),
        care_parts=[part.value],
        care_part=part,
        care_stage=care_stage_of_topic(topic),
        cues=[],
        emotion=emotion,
        severity_parts={},
        grade=Grade.P4,
        level=Level.L1,
        state_version=0,
        recurrent=False,
        order_is_own=False,
        is_demo=False,
    )
    add_cues(draft, cues)
    session.add(draft)
    await session.flush()
    await link_order(session, draft, facts)
    return draft


async def _join(
    care: Care,
    session: AsyncSession,
    draft: Complaint,
    topic: Topic,
    words: str,
    cues: Iterable[Cue | str],
    emotion: Emotion,
    facts: OrderFacts,
    *,
    key: str,
) -> None:
    """What a further message adds to the open draft."""
    before = draft.grade
    changed: dict[str, Any] = {}
    if words and words not in draft.own_words:
        draft.own_words = f"{draft.own_words}\n{words}"[:_LONGEST_WORDS]
        changed["own_words"] = words
    if draft.topic == Topic.COMPLAINT_OTHER.value and topic is not Topic.COMPLAINT_OTHER:
        draft.topic = changed["topic"] = topic.value
        draft.care_part, draft.care_stage = care_part_of_topic(topic), care_stage_of_topic(topic)
    part = care_part_of_topic(topic).value
    if part not in draft.care_parts:
        draft.care_parts = changed["care_parts"] = [*draft.care_parts, part]
    if add_cues(draft, cues):
        changed["cues"] = list(draft.cues)
    draft.category = category_of_topic(
        Topic(draft.topic), frozenset(Cue(cue) for cue in draft.cues), draft.own_words
    )
    if stronger_emotion(draft.emotion, emotion) is not draft.emotion:
        draft.emotion = emotion
        changed["emotion"] = emotion.value
    if facts.number is not None:
        changed |= await link_order(session, draft, facts)
    await regrade_by_facts(session, draft, care.clock.now())
    if draft.grade is not before:
        changed["grade"] = draft.grade.value
    await complaint_log.append(
        session,
        draft,
        "draft_updated",
        actor="customer",
        at=care.clock.now(),
        data=changed,
        idempotency_key=key,
    )


async def open_draft_row(
    session: AsyncSession, conversation_id: int, *, to_write: bool = False
) -> Complaint | None:
    """The conversation's draft that is neither received nor dropped.

    Args:
        to_write: holds the row until the transaction ends: staff, who do not hold the conversation, write it too.
    """
    query = (
        select(Complaint)
        .where(
            Complaint.conversation_id == conversation_id,
            Complaint.state == ComplaintState.DRAFT,
            _is_nobody_elses(),
        )
        .order_by(Complaint.id.desc())
        .limit(1)
    )
    if to_write:
        query = query.with_for_update().execution_options(populate_existing=True)
    found: Complaint | None = await session.scalar(query)
    return found


async def newest_complaint(session: AsyncSession, conversation_id: int) -> Complaint | None:
    """The conversation's last complaint, in whatever state."""
    found: Complaint | None = await session.scalar(
        select(Complaint)
        .where(Complaint.conversation_id == conversation_id, _is_nobody_elses())
        .order_by(Complaint.id.desc())
        .limit(1)
    )
    return found


def _is_nobody_elses() -> ColumnElement[bool]:
    """Two customers of one browser: the second neither hears nor hands in what the first was telling."""
    return ~exists().where(
        Conversation.id == Complaint.conversation_id,
        Conversation.customer_id.is_not(None),
        Conversation.customer_id != Complaint.customer_id,
    )


def _was_dropped(complaint: Complaint) -> bool:
    return complaint.state is ComplaintState.WITHDRAWN and complaint.case_number is None


async def _seen(session: AsyncSession, conversation_id: int, source_message_id: int) -> Complaint | None:
    """The complaint that this message already opened or added to."""
    event = await complaint_log.event_of_key(session, f"draft:{source_message_id}")
    if event is None:
        return None
    found = await session.get(Complaint, event.complaint_id)
    return found if found is not None and found.conversation_id == conversation_id else None


def clean_words(care: Care, text: str) -> str:
    """A customer's words fit for the record: tidied, cards made unreadable."""
    cleaned = tidy(text, keep_lines=True)
    return mask_cards(cleaned, order_number_pattern=care.settings.order_number_pattern)[:_LONGEST_WORDS]
