"""Who the customer is: by one-time code, by order number and phone tail, or by the host page's token.

A wrong try and a thing that does not exist get the same answer.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.conversation import Conversation, VerificationAttempt
from care.records.customer import Customer
from care.records.interaction import CareInteraction
from care.rules.errors import InvalidInput, NotFound, TooManyRequests, VerificationFailed
from care.rules.masking import mask_name, mask_phone
from care.rules.text import normalise
from care.rules.vocabulary import Owner, Tier, VerifiedBy
from care.services import interactions, linking, one_time_codes
from care.services.context import Care
from care.services.conversation_rows import locked, verified_customer_id
from care.services.customers import by_external_id, by_public_id
from care.services.host_token import bind_to_browser, read_token
from care.services.one_time_codes import (
    CODES_PER_PHONE_AND_DAY,
    SMS_TOPIC,
    VERIFY,
    is_first,
    lock_key,
    mobile_number,
    sms_handler,
)
from care.services.verified import STRONG

log = logging.getLogger(__name__)

__all__ = [
    "CODES_PER_PHONE_AND_DAY",
    "SMS_TOPIC",
    "CustomerRef",
    "CustomerSummary",
    "customer_of",
    "is_of_another",
    "request_code",
    "sign_out",
    "sms_handler",
    "verify_code",
    "verify_order_tail",
    "verify_token",
]

ORDER_TRIES_PER_CONVERSATION_AND_HOUR = 5
ORDER_TRIES_PER_ORDER_AND_DAY = 10
#: Four digits are soon guessed by who tries one tail on very many orders, from ever new visits.
ORDER_TRIES_IN_ALL_AND_HOUR = 100

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_ALL_ORDER_TRIES = "orders"
_USE_CODE = "按订单号核实暂时不可用，请用手机号验证，或转人工客服。"


@dataclass(frozen=True)
class CustomerRef:
    id: int
    public_id: str


@dataclass(frozen=True)
class CustomerSummary:
    """The verified customer of a conversation. `name` is whole: mask it for anyone but the customer and staff."""

    id: int
    public_id: str
    name: str
    masked_name: str
    masked_phone: str
    tier: Tier


async def request_code(
    care: Care, conversation_id: int, phone: str, *, source_message_id: int | None = None
) -> None:
    """Sends a six-digit code to `phone`, if a customer has it; the answer is the same if none has.

    The code leaves through the outbox (topic ``sms``, handler `sms_handler`) after commit. The same customer's
    line again (its turn broke off) sends no second one.

    Raises:
        InvalidInput: `phone` is not a Chinese mobile number.
        TooManyRequests: 60 s between codes, 5 an hour and 10 a day for a phone, 10 an hour for a conversation.
    """
    number = mobile_number(phone)
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)

        async def is_known() -> bool:
            return await _customer_with_phone(session, number) is not None

        await one_time_codes.issue(
            session,
            care,
            conversation,
            number,
            purpose=VERIFY,
            source_message_id=source_message_id,
            may_send=is_known,
        )


async def verify_code(
    care: Care, conversation_id: int, code: str, *, source_message_id: int | None = None
) -> CustomerRef:
    """Verifies the conversation by the last code it asked for. The same line again is no further try.

    Raises:
        VerificationFailed: wrong, expired, used, tried five times already, or never asked for.
    """
    now = care.clock.now()
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        row = await one_time_codes.last_code(session, conversation_id, VERIFY)
        if row is not None and one_time_codes.is_open(row, now):
            customer = await _customer_with_phone(session, row.phone)
            if one_time_codes.is_right(care, row, code) and customer is not None:
                row.used_at = now
                return await _set_verified(session, conversation, customer, VerifiedBy.CODE, now)
            if await is_first(session, source_message_id, now):
                row.tries += 1
    # Raised after the transaction, so that the wrong try is counted.
    raise VerificationFailed("验证码不正确或已过期，请检查后再试，或重新获取。")


async def verify_order_tail(
    care: Care,
    conversation_id: int,
    order_number: str,
    phone_tail: str,
    *,
    source_message_id: int | None = None,
) -> CustomerRef:
    """Verifies by an order's number and the last four digits of its phone. The same line again is no further try.

    Raises:
        VerificationFailed: no such order, or another tail; the answer is the same.
        TooManyRequests: 5 failures in this conversation within an hour, 10 for this order within a day, or
            100 by all visitors together within an hour; a code to the phone is then still possible.
        Unavailable: the order system cannot be asked; the try is not counted.
    """
    number = re.sub(r"[\s\-]", "", normalise(order_number)).upper()[:32]
    tail = re.sub(r"\D", "", normalise(phone_tail), flags=re.ASCII)
    if not number or len(tail) != 4:
        raise InvalidInput("请提供订单号和手机号后四位。")
    now = care.clock.now()
    keys = (f"conversation:{conversation_id}", f"order:{number}", _ALL_ORDER_TRIES)
    async with care.sessions.write() as session:
        await locked(session, conversation_id)
        await lock_key(session, keys[1])
        # Counted before asking: tries sent at the same time cannot slip through together.
        attempts: list[VerificationAttempt] = []
        if await is_first(session, source_message_id, now):
            await _check_attempts(session, keys[0], now - _HOUR, ORDER_TRIES_PER_CONVERSATION_AND_HOUR)
            await _check_attempts(session, keys[1], now - _DAY, ORDER_TRIES_PER_ORDER_AND_DAY)
            await _check_attempts(session, keys[2], now - _HOUR, ORDER_TRIES_IN_ALL_AND_HOUR, _USE_CODE)
            attempts = [VerificationAttempt(key=key, at=now) for key in keys]
        session.add_all(attempts)
        await session.flush()
        attempt_ids = [attempt.id for attempt in attempts]
    try:
        customer_ref = await care.orders.customer_of_order(number, phone_tail=tail)
    except Exception:
        async with care.sessions.write() as session:
            await _forget_attempts(session, attempt_ids)
        raise
    if customer_ref is not None:
        async with care.sessions.write() as session:
            conversation = await locked(session, conversation_id)
            customer = await by_public_id(session, customer_ref)
            if customer is not None:
                await _forget_attempts(session, attempt_ids)
                ref = await _set_verified(session, conversation, customer, VerifiedBy.ORDER_TAIL, now)
                conversation.proven_order = number
                return ref
    raise VerificationFailed("订单号与手机尾号不匹配，请检查后再试。")


async def verify_token(care: Care, conversation_id: int, token: str) -> CustomerRef:
    """Verifies by the host page's signed token: HS256, ``aud`` zhike, ``sub``, ``exp`` at most an hour ahead.

    ``sub`` is the customer's external id in the shop, or our public id; with ``jti`` it serves one browser only.

    Raises:
        VerificationFailed: anything about the token is wrong; the log says what.
    """
    now = care.clock.now()
    proof = read_token(care.settings.host_page_secret, token, now)
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        if not await bind_to_browser(session, proof, conversation):
            log.warning("identity token refused: another browser has used it")
            raise VerificationFailed
        customer = await _customer_of_subject(session, proof.subject)
        if customer is not None:
            return await _set_verified(session, conversation, customer, VerifiedBy.TOKEN, now)
    log.warning("a valid identity token names a customer that is not in the records")
    raise VerificationFailed("没有找到您的客户资料，请用手机号验证。")


async def is_of_another(care: Care, conversation_id: int, token: str) -> bool:
    """Whether the host page's token names somebody else than who was verified in this conversation before.

    Then one browser has two customers, and the one must not read what the other was told.

    Raises:
        VerificationFailed: as `verify_token`.
    """
    subject = read_token(care.settings.host_page_secret, token, care.clock.now()).subject
    async with care.sessions.read() as session:
        customer = await _customer_of_subject(session, subject)
        if customer is None:
            return False
        conversation = await session.get_one(Conversation, conversation_id)
        contacts = await session.scalars(
            select(CareInteraction.customer_id).where(CareInteraction.conversation_id == conversation_id)
        )
        return bool({conversation.customer_id, *contacts} - {None, customer.id})


async def sign_out(care: Care, conversation_id: int, *, only: VerifiedBy | None = None) -> bool:
    """Forgets who the customer of this conversation is, and ends the contact; whether anybody was known.

    Args:
        only: nothing happens when they were verified another way (a host page signs out whom it signed in).
    """
    now = care.clock.now()
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        if conversation.customer_id is None or (only is not None and conversation.verified_by is not only):
            return False
        await interactions.end_contact(
            session, conversation, await interactions.last_line_at(session, conversation_id) or now
        )
        conversation.customer_id = conversation.verified_by = conversation.verified_at = None
        conversation.proven_order = None
    return True


async def customer_of(care: Care, conversation_id: int) -> CustomerSummary | None:
    """The verified customer, or `None`: never verified, or idle for more than 30 minutes."""
    async with care.sessions.read() as session:
        conversation = await session.get(Conversation, conversation_id)
        if conversation is None:
            raise NotFound("没有找到这个会话。")
        customer_id = await verified_customer_id(session, conversation, care.clock.now())
        customer = None if customer_id is None else await session.get(Customer, customer_id)
        if customer is None:
            return None
        return CustomerSummary(
            id=customer.id,
            public_id=customer.public_id,
            name=customer.name,
            masked_name=mask_name(customer.name),
            masked_phone=mask_phone(customer.phone or ""),
            tier=customer.tier,
        )


async def _set_verified(
    session: AsyncSession, conversation: Conversation, customer: Customer, by: VerifiedBy, now: datetime
) -> CustomerRef:
    if conversation.owner is Owner.CLOSED:
        raise VerificationFailed("本次会话已结束，请重新发起咨询。")
    conversation.customer_id = customer.id
    conversation.verified_by = by
    conversation.verified_at = now
    contact = await interactions.open_contact(session, conversation, now)
    if contact.customer_id not in (None, customer.id):
        # One browser, two customers: each has their own contact, and the one's lines are not the other's.
        last = await interactions.last_line_at(session, conversation.id)
        await interactions.end_contact(session, conversation, last or now)
        contact = await interactions.open_contact(session, conversation, now)
    contact.customer_id = customer.id
    await linking.link_draft(session, conversation, customer)
    if by in STRONG:
        await linking.link_earlier(session, conversation, customer, now)
    return CustomerRef(id=customer.id, public_id=customer.public_id)


async def _customer_of_subject(session: AsyncSession, subject: str) -> Customer | None:
    customer = await by_external_id(session, subject) or await by_public_id(session, subject)
    return None if customer is None or customer.erased_at is not None else customer


async def _check_attempts(
    session: AsyncSession,
    key: str,
    since: datetime,
    limit: int,
    told: str = "核实次数太多，请稍后再试，或转人工客服。",
) -> None:
    count = await session.scalar(
        select(func.count())
        .select_from(VerificationAttempt)
        .where(VerificationAttempt.key == key, VerificationAttempt.at > since)
    )
    if int(count or 0) >= limit:
        if key == _ALL_ORDER_TRIES:
            log.warning("%d tries by order number failed within an hour: no more for now", limit)
        raise TooManyRequests(told)


async def _forget_attempts(session: AsyncSession, ids: list[int]) -> None:
    await session.execute(delete(VerificationAttempt).where(VerificationAttempt.id.in_(ids)))


async def _customer_with_phone(session: AsyncSession, phone: str) -> Customer | None:
    """The oldest record: duplicates of one person share a phone until they are merged."""
    return await session.scalar(
        select(Customer).where(Customer.phone == phone).order_by(Customer.id).limit(1)
    )
