"""What every act on the order system shares: who acts, what they may touch, the key, and what is noted after.

The order system writes first, under a key made from the customer's message; the promise and the note on the
contact follow in a transaction of ours. A process that dies in between leaves a message that comes again: the
key then changes nothing, and the promise is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from care.records.conversation import Conversation
from care.records.customer import Customer
from care.rules.errors import NotFound, NotVerified, StepUpNeeded
from care.rules.order_terms import OrderPromise
from care.services import interactions, promises
from care.services.context import Care
from care.services.conversation_rows import locked, verified_customer_id
from care.services.verified import STRONG

_BY_BOT = "bot"


@dataclass(frozen=True)
class Actor:
    """The conversation's verified customer, and how far the proof reaches.

    `proven_order` is the only order that may be written to when number and phone tail were the proof;
    None: any of the customer's own.
    """

    conversation_id: int
    customer_id: int
    ref: str
    is_strong: bool
    proven_order: str | None

    def check_may_write(self, order_number: str, *, strongly: bool = False) -> None:
        """Raises `StepUpNeeded` when a code must be asked for first."""
        if not self.is_strong and (strongly or self.proven_order != order_number):
            raise StepUpNeeded


@dataclass(frozen=True)
class Promised:
    """`due_at` is aware, in UTC."""

    what: OrderPromise
    due_at: datetime


async def actor_of(care: Care, conversation_id: int) -> Actor:
    """Who acts, from the records at every call. Raises `NotVerified`, `NotFound` for no such conversation."""
    async with care.sessions.read() as session:
        conversation = await session.get(Conversation, conversation_id)
        if conversation is None:
            raise NotFound("没有找到这个会话。")
        customer_id = await verified_customer_id(session, conversation, care.clock.now())
        if customer_id is None:
            raise NotVerified
        ref = await session.scalar(select(Customer.public_id).where(Customer.id == customer_id))
        assert ref is not None
        is_strong = conversation.verified_by in STRONG
        return Actor(
            conversation_id, customer_id, ref, is_strong, None if is_strong else conversation.proven_order
        )


def key_of(operation: str, actor: Actor, source_message_id: int, about: str) -> str:
    """One key for one thing asked for in one message: two orders cancelled by one message are two keys."""
    return f"{operation}:{actor.conversation_id}:{source_message_id}:{about}"[:160]


async def note_done(
    care: Care,
    actor: Actor,
    *,
    source_message_id: int,
    written: str,
    promised: Promised | None = None,
    ends_earlier: bool = False,
) -> datetime | None:
    """Notes what was written and promised; returns when the promise falls due, as it was made first.

    Asked again while the same is promised already, the first promise stands: hurrying twice wins no time.

    Args:
        written: what was written, ``return:TH-…``: also the promise's subject.
        ends_earlier: open promises about the same subject no longer bind.
    """
    now = care.clock.now()
    async with care.sessions.write() as session:
        conversation = await locked(session, actor.conversation_id)
        await interactions.note_data_of(session, conversation, now, written=(written,))
        if ends_earlier:
            await promises.release_subject(session, written, now)
        if promised is None:
            return None
        standing = await promises.open_due(session, promised.what, written)
        if standing is not None:
            return standing
        promise = await promises.record(
            session,
            what=promised.what,
            due_at=promised.due_at,
            promised_by=_BY_BOT,
            made_at=now,
            conversation_id=actor.conversation_id,
            customer_id=actor.customer_id,
            source_message_id=source_message_id,
            subject=written,
        )
        return promise.due_at
