"""The bot's turns: a customer's pending line is answered once, in order, or visibly failed.

`next_turn` → Rasa → `finish_turn` or `fail_turn`. A crash in between leaves the line pending,
and `pending_turns` finds it after the restart.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.conversation import Conversation, Handoff, Message
from care.records.customer import Customer
from care.rules.desk_terms import HandoverReason
from care.rules.errors import NotFound
from care.rules.handover import HandoverFacts, handover_reason
from care.rules.text import neutralise_slash, normalise
from care.rules.vocabulary import Cue, Emotion, Owner, Speaker, Topic
from care.services import calling, interactions, trackers, transcript
from care.services.context import Care
from care.services.conversation_rows import announce, locked, verified_customer_id
from care.services.transcript import MessageView

log = logging.getLogger(__name__)

APOLOGY = "抱歉，智能客服刚才没能回答您，您的消息已保存。请稍后再发一次，或点“转人工”。"
FAILED_TO_QUEUE = "抱歉，智能客服暂时无法回答，已为您转接人工客服，{place}。您可以继续留言。"
FAILED_CLOSED = "抱歉，智能客服刚才没能回答您，您的消息已保存。{place}"
RULED_TO_QUEUE = "已为您转接人工客服，{place}。您可以继续留言。"


@dataclass(frozen=True)
class Turn:
    """A customer's line that waits for the bot.

    `text` is normalised on one line and cannot be read as a typed intent; `payload` was issued
    by us. `customer_ref` is the verified customer's public id.
    """

    conversation_id: int
    message_id: int
    message_public_id: str
    sender_id: str
    text: str
    payload: str | None
    owner_version: int
    customer_ref: str | None
    page: dict[str, Any] | None


@dataclass(frozen=True)
class Reply:
    """One bubble of the bot: buttons as ``{"title", "payload"}``, card as JSON with a ``type``."""

    text: str
    buttons: list[dict[str, str]] | None = None
    card: dict[str, Any] | None = None


async def pending_turns(care: Care) -> list[int]:
    """Conversations with lines that wait for the bot, longest waiting first."""
    async with care.sessions.read() as session:
        rows = await session.scalars(
            select(Message.conversation_id).where(Message.bot_state == "pending").order_by(Message.id)
        )
        return list(dict.fromkeys(rows))


async def next_turn(care: Care, conversation_id: int) -> Turn | None:
    """The oldest pending line, or `None`. Lines that a person now answers are marked skipped."""
    async with care.sessions.read() as session:
        message = await _oldest_pending(session, conversation_id)
        if message is None:
            return None
        conversation = await session.get_one(Conversation, conversation_id)
        if conversation.owner is Owner.BOT:
            # No lock: should a person take over now, `finish_turn` sees it by `owner_version`.
            customer_id = await verified_customer_id(session, conversation, care.clock.now())
            customer = None if customer_id is None else await session.get(Customer, customer_id)
            return Turn(
                conversation_id=conversation_id,
                message_id=message.id,
                message_public_id=message.public_id,
                sender_id=conversation.sender_id,
                text=neutralise_slash(normalise(message.text)),
                payload=message.payload,
                owner_version=conversation.owner_version,
                customer_ref=customer.public_id if customer else None,
                page=conversation.page,
            )
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        if conversation.owner is not Owner.BOT:
            await _skip_pending(session, care, conversation)
    return None


async def finish_turn(
    care: Care,
    turn: Turn,
    replies: Sequence[Reply],
    understood: dict[str, Any] | None = None,
    *,
    model_version: str | None = None,
) -> list[MessageView]:
    """Stores the bot's answers and marks the line done, in one transaction.

    A second call for the same line returns the stored answers. Answers that come after a
    person took over, by anything but this very line, are stored as dropped and shown to nobody.
    """
    now = care.clock.now()
    async with care.sessions.write() as session:
        conversation = await locked(session, turn.conversation_id)
        message = await _message(session, turn)
        if message.bot_state == "done":
            return await _answers(session, message.id)
        is_late = message.bot_state != "pending" or await _lost_the_floor(
            session, conversation, message, turn
        )
        said = [
            transcript.append(
                session,
                conversation,
                at=now,
                speaker=Speaker.BOT,
                text=reply.text,
                buttons=reply.buttons or None,
                card=reply.card,
                reply_to=message.id,
                state="dropped" if is_late else "shown",
            )
            for reply in replies
        ]
        if understood is not None:
            message.understood = understood
            await interactions.note_understood(
                session, conversation, message.id, understood, now, model_version=model_version
            )
        if message.bot_state == "pending":
            message.bot_state = "done"
            conversation.bot_failures = 0
        is_queued = False
        reason = None if is_late else await _rule(session, care, conversation, understood or {})
        if reason is not None:
            called = await calling.call_person(
                session, care, conversation, reason=reason, source_message_id=message.id
            )
            if called is not None:
                is_queued = called.place is not None
                told = RULED_TO_QUEUE.format(place=called.text) if is_queued else called.text
                said.append(_system_line(session, conversation, message, told, now, called.buttons))
        await session.flush()
        shown = [] if is_late else await transcript.views(session, said)
    if is_late:
        log.warning(
            "%d late answers to message %s dropped: conversation %s is %s",
            len(replies), turn.message_id, turn.conversation_id, conversation.owner,
        )  # fmt: skip
    else:
        await announce(care, conversation, queue_changed=is_queued)
    return shown


async def fail_turn(care: Care, turn: Turn) -> list[MessageView]:
    """The bot did not answer: says so, and after the second time in a row asks for a person."""
    now = care.clock.now()
    async with care.sessions.write() as session:
        conversation = await locked(session, turn.conversation_id)
        message = await _message(session, turn)
        if message.bot_state != "pending":
            return await _answers(session, message.id)
        if conversation.owner is not Owner.BOT:
            await _skip_pending(session, care, conversation)
            return []
        message.bot_state = "failed"
        conversation.bot_failures += 1
        text, buttons, is_queued = APOLOGY, None, False
        facts = HandoverFacts(failures=conversation.bot_failures)
        reason = handover_reason(facts, care.settings.handover)
        if reason is not None:
            called = await calling.call_person(
                session, care, conversation, reason=reason, source_message_id=message.id
            )
            if called is not None:
                is_queued, buttons = called.place is not None, called.buttons
                text = (FAILED_TO_QUEUE if is_queued else FAILED_CLOSED).format(place=called.text)
        said = _system_line(session, conversation, message, text, now, buttons)
        await session.flush()
        shown = await transcript.views(session, [said])
    await announce(care, conversation, queue_changed=is_queued)
    return shown


async def _rule(
    session: AsyncSession, care: Care, conversation: Conversation, understood: dict[str, Any]
) -> HandoverReason | None:
    """Why a person must come after this answer, by the installation's rules."""
    if conversation.owner is not Owner.BOT:
        return None
    topic, emotion = understood.get("topic"), understood.get("emotion")
    customer_id = await verified_customer_id(session, conversation, care.clock.now())
    customer = None if customer_id is None else await session.get(Customer, customer_id)
    facts = HandoverFacts(
        topic=Topic(topic) if topic in Topic.labels() else None,
        tier=customer.tier if customer else None,
        emotion=Emotion(emotion) if emotion in Emotion.labels() else Emotion.CALM,
        cues=frozenset(Cue(cue) for cue in understood.get("cues") or () if cue in Cue.labels()),
    )
    return handover_reason(facts, care.settings.handover)


def _system_line(
    session: AsyncSession,
    conversation: Conversation,
    message: Message,
    text: str,
    now: datetime,
    buttons: list[dict[str, str]] | None = None,
) -> Message:
    return transcript.append(
        session,
        conversation,
        at=now,
        speaker=Speaker.SYSTEM,
        text=text,
        buttons=buttons,
        reply_to=message.id,
    )


async def _oldest_pending(session: AsyncSession, conversation_id: int) -> Message | None:
    return await session.scalar(
        select(Message)
        .where(Message.conversation_id == conversation_id, Message.bot_state == "pending")
        .order_by(Message.seq)
        .limit(1)
    )


async def _message(session: AsyncSession, turn: Turn) -> Message:
    message = await session.get(Message, turn.message_id, populate_existing=True)
    if message is None or message.conversation_id != turn.conversation_id:
        raise NotFound("没有找到这条消息。")
    return message


async def _answers(session: AsyncSession, message_id: int) -> list[MessageView]:
    rows = await session.scalars(
        select(Message)
        .where(Message.reply_to == message_id, Message.speaker != Speaker.CUSTOMER, Message.seq.is_not(None))
        .order_by(Message.seq)
    )
    return await transcript.views(session, list(rows))


async def _lost_the_floor(
    session: AsyncSession, conversation: Conversation, message: Message, turn: Turn
) -> bool:
    owner = conversation.owner
    if owner is Owner.BOT and conversation.owner_version == turn.owner_version:
        return False
    if owner is Owner.QUEUED:
        # The answer "I am asking for a person" belongs to the line that asked; any other is late.
        asked = await session.scalar(
            select(Handoff.source_message_id)
            .where(Handoff.conversation_id == conversation.id, Handoff.ended_at.is_(None))
            .order_by(Handoff.id.desc())
            .limit(1)
        )
        return asked != message.id
    if owner is not Owner.BOT:
        return True
    # The bot has the floor again: late only if a person held the conversation after this line.
    held = await session.scalar(
        select(Handoff.id)
        .where(Handoff.conversation_id == conversation.id, Handoff.taken_at >= message.at)
        .limit(1)
    )
    return held is not None


async def _skip_pending(session: AsyncSession, care: Care, conversation: Conversation) -> None:
    rows = await session.scalars(
        select(Message)
        .where(Message.conversation_id == conversation.id, Message.bot_state == "pending")
        .order_by(Message.seq)
    )
    events = []
    for message in rows:
        message.bot_state = "skipped"
        events.append(trackers.user_event(message.text, message.public_id))
    if events:
        trackers.tell_tracker(session, care, conversation.sender_id, events)
