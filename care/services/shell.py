"""A developer's `rasa shell`: a conversation and lines of its own in the records, without the web service.

Only signed requests reach this; the chat's own door refuses a sender that no visit has opened.
"""

from __future__ import annotations

from uuid import NAMESPACE_OID, uuid4, uuid5

from sqlalchemy import select

from care.records.conversation import Conversation, Message
from care.rules.masking import mask_cards
from care.rules.text import tidy
from care.rules.vocabulary import Channel, Owner, Speaker
from care.services import transcript
from care.services.context import Care


async def open_conversation(care: Care, sender_id: str) -> None:
    """The conversation of this shell, made when it speaks for the first time."""
    async with care.sessions.write() as session:
        if await session.scalar(select(Conversation.id).where(Conversation.sender_id == sender_id)):
            return
        session.add(
            Conversation(
                public_id=str(uuid4()),
                sender_id=sender_id,
                channel=Channel.OTHER,
                owner=Owner.BOT,
                owner_version=0,
                last_seq=0,
                opened_at=care.clock.now(),
            )
        )


async def take_line(care: Care, conversation_id: int, *, rasa_message_id: str, text: str) -> int:
    """Stores a line that Rasa itself received, once, and returns its id; it waits for nobody's answer."""
    key = str(uuid5(NAMESPACE_OID, rasa_message_id))
    async with care.sessions.write() as session:
        conversation = await session.get_one(Conversation, conversation_id, with_for_update=True)
        stored = await session.scalar(
            select(Message.id).where(Message.conversation_id == conversation_id, Message.client_msg_id == key)
        )
        if stored is not None:
            return stored
        line = transcript.append(
            session,
            conversation,
            at=care.clock.now(),
            speaker=Speaker.CUSTOMER,
            text=mask_cards(tidy(text), order_number_pattern=care.settings.order_number_pattern),
            client_msg_id=key,
            bot_state="done",
        )
        await session.flush()
        return line.id
