"""The authoritative transcript: one numbered line after another, the same order for everyone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from care.records.conversation import Conversation, Message
from care.records.interaction import CareInteraction
from care.records.staff import Staff
from care.rules.errors import BadFrame, NotFound
from care.rules.vocabulary import Speaker
from care.services.context import Care


@dataclass(frozen=True)
class MessageView:
    """One shown line. `understood` is for staff only; the customer's page must not get it."""

    seq: int
    speaker: Speaker
    text: str
    buttons: list[dict[str, str]] | None
    card: dict[str, Any] | None
    at: datetime
    agent_name: str | None
    client_msg_id: str | None
    understood: dict[str, Any] | None
    message_id: int = 0
    are_buttons_used: bool = False
    public_id: str = ""
    agent_id: int | None = None


async def history(care: Care, conversation_id: int, *, after: int, limit: int = 200) -> list[MessageView]:
    """Shown lines with a sequence number above `after`, oldest first, at most `limit`."""
    async with care.sessions.read() as session:
        rows = await session.scalars(
            select(Message)
            .where(Message.conversation_id == conversation_id, Message.seq > after)
            .order_by(Message.seq)
            .limit(limit)
        )
        return await views(session, list(rows))


async def customers_in(care: Care, conversation_id: int) -> set[int]:
    """Ids of the customers who were known in this conversation, now or in a contact before."""
    async with care.sessions.read() as session:
        contacts = await session.scalars(
            select(CareInteraction.customer_id).where(CareInteraction.conversation_id == conversation_id)
        )
        now_known = await session.scalar(
            select(Conversation.customer_id).where(Conversation.id == conversation_id)
        )
        return {one for one in (*contacts, now_known) if one is not None}


async def views(session: AsyncSession, messages: Sequence[Message]) -> list[MessageView]:
    """Shown messages with the names of their agents and whether their buttons were used."""
    agents = {m.agent_id for m in messages if m.agent_id is not None}
    names: dict[int, str] = {}
    if agents:
        rows = await session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(agents)))
        names = {row.id: row.name for row in rows}
    with_buttons = [m.id for m in messages if m.buttons]
    used: set[int | None] = set()
    if with_buttons:
        used = set(
            await session.scalars(
                select(Message.reply_to).where(
                    Message.reply_to.in_(with_buttons), Message.speaker == Speaker.CUSTOMER
                )
            )
        )
    return [
        MessageView(
            seq=m.seq,
            speaker=m.speaker,
            text=m.text,
            buttons=m.buttons,
            card=m.card,
            at=m.at,
            agent_name=names.get(m.agent_id) if m.agent_id is not None else None,
            client_msg_id=m.client_msg_id,
            understood=m.understood,
            message_id=m.id,
            are_buttons_used=m.id in used,
            public_id=m.public_id,
            agent_id=m.agent_id,
        )
        for m in messages
        if m.seq is not None
    ]


@dataclass(frozen=True)
class CustomersWords:
    """One customer line as it is stored: with its own punctuation, cards masked."""

    #: This line: what was typed, or the title of the button that was pressed.
    line: str
    #: The last thing typed, up to and including this line.
    typed: str


async def customers_words(care: Care, message_id: int) -> CustomersWords:
    """What the customer wrote, for records and restatements; the bot's own reading folds punctuation.

    Raises:
        NotFound: no such line.
    """
    async with care.sessions.read() as session:
        message = await session.get(Message, message_id)
        if message is None:
            raise NotFound("没有找到这条消息。")
        if message.payload is None:
            return CustomersWords(message.text, message.text)
        typed = await session.scalar(
            select(Message.text)
            .where(
                Message.conversation_id == message.conversation_id,
                Message.speaker == Speaker.CUSTOMER,
                Message.payload.is_(None),
                Message.id < message_id,
            )
            .order_by(Message.id.desc())
            .limit(1)
        )
        return CustomersWords(message.text, typed or message.text)


def client_id(value: str) -> str:
    """A client's message id in its one spelling. Raises `BadFrame`: it is not a UUID."""
    try:
        return str(UUID(value))
    except (ValueError, TypeError, AttributeError):
        raise BadFrame() from None


async def of_client(session: AsyncSession, conversation_id: int, client_msg_id: str) -> Message | None:
    """The line that this client already sent under this id. Ask under the conversation's lock."""
    line: Message | None = await session.scalar(
        select(Message).where(
            Message.conversation_id == conversation_id, Message.client_msg_id == client_msg_id
        )
    )
    return line


def append(
    session: AsyncSession,
    conversation: Conversation,
    *,
    at: datetime,
    speaker: Speaker,
    text: str,
    **columns: Any,
) -> Message:
    """Adds the next line. `conversation` must be locked by the caller's transaction: the number is taken here.

    ``state="dropped"`` stores a line that nobody sees; it takes no number.
    """
    seq = None
    if columns.get("state", "shown") == "shown":
        conversation.last_seq += 1
        seq = conversation.last_seq
    if speaker in (Speaker.CUSTOMER, Speaker.AGENT):
        conversation.last_message_at = at
    message = Message(
        public_id=str(UUID(int=uuid7().int)),
        conversation_id=conversation.id,
        seq=seq,
        speaker=speaker,
        text=text,
        at=at,
        **{"state": "shown", **columns},
    )
    session.add(message)
    return message
