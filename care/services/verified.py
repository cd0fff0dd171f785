"""Whose records a conversation may touch: resolved from the records at every call, never from the dialogue."""

from __future__ import annotations

from sqlalchemy import select

from care.records.conversation import Conversation
from care.records.customer import Customer
from care.services.context import Care
from care.services.conversation_rows import verified_customer_id


async def customer_ref(care: Care, conversation_id: int) -> str | None:
    """`Customer.public_id` of the conversation's verified customer, or None."""
    async with care.sessions.read() as session:
        conversation = await session.get(Conversation, conversation_id)
        if conversation is None:
            return None
        customer_id = await verified_customer_id(session, conversation, care.clock.now())
        if customer_id is None:
            return None
        ref: str | None = await session.scalar(select(Customer.public_id).where(Customer.id == customer_id))
        return ref
