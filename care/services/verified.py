"""Whose records a conversation may touch: resolved from the records at every call, never from the dialogue."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.conversation import Conversation
from care.records.customer import Customer
from care.rules.errors import NotVerified, StepUpNeeded
from care.rules.vocabulary import VerifiedBy
from care.services.context import Care
from care.services.conversation_rows import verified_customer_id

#: An order's number stands on every parcel: whoever has one must not change the buyer's record.
STRONG = (VerifiedBy.TOKEN, VerifiedBy.CODE)


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


async def needs_step_up(care: Care, conversation_id: int) -> bool:
    """Whether the customer must prove more before a write to their own record (address, phone, profile, rights).

    True without a verified customer too: a code proves both at once.
    """
    async with care.sessions.read() as session:
        conversation = await session.get(Conversation, conversation_id)
        if conversation is None:
            return True
        customer_id = await verified_customer_id(session, conversation, care.clock.now())
        return customer_id is None or conversation.verified_by not in STRONG


async def verified_customer(session: AsyncSession, conversation: Conversation, now: datetime) -> Customer:
    """The conversation's customer, for reading within the caller's transaction. Raises `NotVerified`."""
    customer_id = await verified_customer_id(session, conversation, now)
    customer = None if customer_id is None else await session.get(Customer, customer_id)
    if customer is None or customer.erased_at is not None:
        raise NotVerified
    return customer


async def strongly_verified_customer(
    session: AsyncSession, conversation: Conversation, now: datetime
) -> Customer:
    """The conversation's customer, for writing to their record; the row is held until the transaction ends.

    Raises:
        NotVerified: nobody is verified.
        StepUpNeeded: by order number and phone tail only.
    """
    customer = await verified_customer(session, conversation, now)
    if conversation.verified_by not in STRONG:
        raise StepUpNeeded
    held: Customer = await session.get_one(
        Customer, customer.id, with_for_update={"key_share": True}, populate_existing=True
    )
    return held
