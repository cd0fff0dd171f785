"""What the customer agreed to, purpose by purpose. Withdrawing is as easy as giving and costs no service (PIPL §15–16)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.customer import Consent
from care.rules.errors import InvalidInput
from care.rules.rights import CONSENT_WORDS, NOTICE_VERSION
from care.rules.vocabulary import ConsentPurpose
from care.services import interactions
from care.services.context import Care
from care.services.conversation_rows import locked
from care.services.verified import verified_customer


@dataclass(frozen=True)
class ConsentView:
    """`words` say what is agreed to. `is_given` tells how it stands now; times are those of the last change."""

    purpose: ConsentPurpose
    label: str
    words: str
    is_given: bool
    given_at: datetime | None
    withdrawn_at: datetime | None
    notice_version: str | None


async def consents(care: Care, conversation_id: int) -> list[ConsentView]:
    """How every purpose stands for the verified customer. Raises `NotVerified`."""
    now = care.clock.now()
    async with care.sessions.write() as session:  # notes what the contact read
        conversation = await locked(session, conversation_id)
        customer = await verified_customer(session, conversation, now)
        await interactions.note_data_of(session, conversation, now, read=["consent"])
        return [view(one, await _last(session, customer.id, one)) for one in ConsentPurpose]


async def give_consent(
    care: Care, conversation_id: int, purpose: str, *, source_message_id: int | None
) -> ConsentView:
    """The customer agrees. Agreeing again changes nothing.

    Raises:
        NotVerified: the conversation has no verified customer.
        InvalidInput: no such purpose.
    """
    return await _change(care, conversation_id, purpose, source_message_id, is_given=True)


async def withdraw_consent(
    care: Care, conversation_id: int, purpose: str, *, source_message_id: int | None
) -> ConsentView:
    """The customer agrees no longer. What was done before stays lawful, and the service goes on. Raises as giving."""
    return await _change(care, conversation_id, purpose, source_message_id, is_given=False)


async def is_given(session: AsyncSession, customer_id: int, purpose: ConsentPurpose) -> bool:
    """Whether the customer agrees now; no row is no consent."""
    last = await _last(session, customer_id, purpose)
    return last is not None and last.withdrawn_at is None


async def _change(
    care: Care, conversation_id: int, purpose: str, source_message_id: int | None, *, is_given: bool
) -> ConsentView:
    wanted = _purpose(purpose)
    now = care.clock.now()
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        customer = await verified_customer(session, conversation, now)
        last = await _last(session, customer.id, wanted)
        stands = last is not None and last.withdrawn_at is None
        if stands is not is_given and not await _was_done(session, customer.id, wanted, source_message_id):
            if is_given:
                last = Consent(
                    customer_id=customer.id,
                    purpose=wanted,
                    notice_version=NOTICE_VERSION,
                    given_at=now,
                    evidence=f"会话 {conversation.public_id}"
                    + (f" 消息 {source_message_id}" if source_message_id else " 页面"),
                    given_message_id=source_message_id,
                )
                session.add(last)
            elif last is not None:
                last.withdrawn_at, last.withdrawn_message_id = now, source_message_id
            await interactions.note_data_of(session, conversation, now, written=[f"consent:{wanted.value}"])
            await session.flush()
        return view(wanted, last)


def view(purpose: ConsentPurpose, last: Consent | None) -> ConsentView:
    return ConsentView(
        purpose=purpose,
        label=purpose.label,
        words=CONSENT_WORDS[purpose],
        is_given=last is not None and last.withdrawn_at is None,
        given_at=last.given_at if last else None,
        withdrawn_at=last.withdrawn_at if last else None,
        notice_version=last.notice_version if last else None,
    )


async def _last(session: AsyncSession, customer_id: int, purpose: ConsentPurpose) -> Consent | None:
    found: Consent | None = await session.scalar(
        select(Consent)
        .where(Consent.customer_id == customer_id, Consent.purpose == purpose)
        .order_by(Consent.given_at.desc(), Consent.id.desc())
        .limit(1)
    )
    return found


async def _was_done(
    session: AsyncSession, customer_id: int, purpose: ConsentPurpose, source_message_id: int | None
) -> bool:
    if source_message_id is None:
        return False
    found = await session.scalar(
        select(Consent.id).where(
            Consent.customer_id == customer_id,
            Consent.purpose == purpose,
            (Consent.given_message_id == source_message_id)
            | (Consent.withdrawn_message_id == source_message_id),
        )
    )
    return found is not None


def _purpose(purpose: str) -> ConsentPurpose:
    try:
        return ConsentPurpose(purpose)
    except ValueError:
        raise InvalidInput("没有这一项同意。") from None
