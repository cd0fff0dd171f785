"""What customers say: from `accept_message` on, a customer's words cannot be lost.

Visits (`care.services.visits`) and the bot's turns (`care.services.turns`) are offered here too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.conversation import Conversation, Message
from care.rules.errors import (
    BadFrame,
    ConversationClosed,
    EmptyMessage,
    MessageTooLong,
    NotFound,
    UnknownButton,
)
from care.rules.masking import mask_cards
from care.rules.text import tidy
from care.rules.vocabulary import Owner, Speaker
from care.services import interactions, trackers, transcript
from care.services.context import Care
from care.services.conversation_rows import (
    ConversationView,
    announce,
    locked,
    verified_customer_id,
    view,
)
from care.services.transcript import MessageView
from care.services.turns import Reply, Turn, fail_turn, finish_turn, next_turn, pending_turns
from care.services.visits import Visit, open_visit

__all__ = [
    "MAX_CHARACTERS",
    "Accepted",
    "ConversationView",
    "Reply",
    "Turn",
    "Visit",
    "accept_button",
    "accept_message",
    "conversation_of_sender",
    "fail_turn",
    "fence",
    "finish_turn",
    "get_conversation",
    "next_turn",
    "open_visit",
    "pending_turns",
    "say_system",
]

MAX_CHARACTERS = 1000


@dataclass(frozen=True)
class Accepted:
    """A customer's message is stored; the same for a repeated `client_msg_id`, with `is_duplicate`."""

    message_id: int
    seq: int
    is_duplicate: bool
    owner: Owner


async def get_conversation(care: Care, public_id: str) -> ConversationView:
    """Raises `NotFound`."""
    async with care.sessions.read() as session:
        return await view(session, care, await _one(session, Conversation.public_id == public_id))


async def conversation_of_sender(care: Care, sender_id: str) -> ConversationView:
    """The conversation behind Rasa's opaque sender id. Raises `NotFound`."""
    async with care.sessions.read() as session:
        return await view(session, care, await _one(session, Conversation.sender_id == sender_id))


async def fence(care: Care, sender_id: str) -> Owner:
    """Who speaks now; the bot may only when it is `Owner.BOT`. Raises `NotFound`."""
    async with care.sessions.read() as session:
        return (await _one(session, Conversation.sender_id == sender_id)).owner


async def accept_message(care: Care, conversation_id: int, *, client_msg_id: str, text: str) -> Accepted:
    """Stores what the customer wrote, once per `client_msg_id`, cards masked.

    Raises:
        BadFrame: `client_msg_id` is not a UUID or `text` is not a string.
        EmptyMessage, MessageTooLong: after normalising.
        ConversationClosed: open a new visit and send again there.
        Unavailable: not stored; the client sends it again.
    """
    message_key = transcript.client_id(client_msg_id)
    clean = _clean(care, text)
    return await _accept(care, conversation_id, message_key, text=clean)


async def accept_button(care: Care, conversation_id: int, *, client_msg_id: str, payload: str) -> Accepted:
    """Stores a press on a button that this conversation was offered and that was not used yet.

    Raises:
        UnknownButton: no line of this conversation offers `payload`, or that line's buttons are used.
        BadFrame, ConversationClosed, Unavailable: as `accept_message`.
    """
    message_key = transcript.client_id(client_msg_id)
    if not isinstance(payload, str) or not payload:
        raise BadFrame()
    return await _accept(care, conversation_id, message_key, payload=payload)


async def say_system(
    care: Care,
    conversation_id: int,
    text: str,
    buttons: list[dict[str, str]] | None = None,
    card: dict[str, Any] | None = None,
) -> MessageView:
    """A line of the system's own: notices that neither the bot nor an agent says."""
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        message = transcript.append(
            session,
            conversation,
            at=care.clock.now(),
            speaker=Speaker.SYSTEM,
            text=text,
            buttons=buttons,
            card=card,
        )
        await session.flush()
        said = (await transcript.views(session, [message]))[0]
    await announce(care, conversation)
    return said


async def _accept(
    care: Care,
    conversation_id: int,
    client_msg_id: str,
    *,
    text: str = "",
    payload: str | None = None,
) -> Accepted:
    now = care.clock.now()
    async with care.sessions.write() as session:
        # The lock makes duplicates wait for each other, so the second one always finds the first.
        conversation = await locked(session, conversation_id)
        stored = await transcript.of_client(session, conversation_id, client_msg_id)
        if stored is not None:
            return Accepted(stored.id, stored.seq or 0, is_duplicate=True, owner=conversation.owner)
        if conversation.owner is Owner.CLOSED:
            raise ConversationClosed()
        offered = None
        if payload is not None:
            offered, text = await _offered(session, conversation_id, payload)
        if await verified_customer_id(session, conversation, now) is None:
            conversation.customer_id = conversation.verified_by = conversation.verified_at = None
        message = transcript.append(
            session,
            conversation,
            at=now,
            speaker=Speaker.CUSTOMER,
            text=text,
            payload=payload,
            client_msg_id=client_msg_id,
            reply_to=offered.id if offered else None,
            bot_state="pending" if conversation.owner is Owner.BOT else "skipped",
        )
        await session.flush()
        await interactions.open_contact(session, conversation, now)
        if conversation.owner is not Owner.BOT:
            event = trackers.user_event(text, message.public_id)
            trackers.tell_tracker(session, care, conversation.sender_id, [event])
        conversation.snoozed_until = None  # who set it aside waited for this
        accepted = Accepted(message.id, conversation.last_seq, is_duplicate=False, owner=conversation.owner)
    await announce(care, conversation)
    return accepted


async def _offered(session: AsyncSession, conversation_id: int, payload: str) -> tuple[Message, str]:
    """The latest line that offers `payload` and the button's title; a line's buttons are good for one press."""
    lines = await session.scalars(
        select(Message)
        .where(
            Message.conversation_id == conversation_id,
            Message.seq.is_not(None),
            Message.buttons.is_not(None),
            Message.speaker != Speaker.CUSTOMER,
        )
        .order_by(Message.seq.desc())
    )
    for line in lines:
        for button in line.buttons or ():
            if button.get("payload") != payload:
                continue
            used = await session.scalar(
                select(Message.id).where(Message.reply_to == line.id, Message.speaker == Speaker.CUSTOMER)
            )
            if used is not None:
                raise UnknownButton()
            return line, button.get("title", payload)
    raise UnknownButton()


async def _one(session: AsyncSession, condition: Any) -> Conversation:
    conversation = await session.scalar(select(Conversation).where(condition))
    if conversation is None:
        raise NotFound("没有找到这个会话。")
    return conversation


def _clean(care: Care, text: str) -> str:
    if not isinstance(text, str):
        raise BadFrame()
    if len(text) > 20 * MAX_CHARACTERS:  # not worth normalising
        raise MessageTooLong()
    clean = tidy(text, keep_lines=True)
    if not clean:
        raise EmptyMessage()
    if len(clean) > MAX_CHARACTERS:
        raise MessageTooLong()
    return mask_cards(clean, order_number_pattern=care.settings.order_number_pattern)
