"""Who the customer is: by one-time code, by order number and phone tail, or by the host page's token.

A wrong try and a thing that does not exist get the same answer. Only keyed hashes are kept; a
code itself is computed from its row when it is sent and is stored nowhere.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.conversation import Conversation, OneTimeCode, VerificationAttempt
from care.records.customer import Customer
from care.records.interaction import CareInteraction
from care.rules.complaint import ComplaintState
from care.rules.errors import InvalidInput, NotFound, TooManyRequests, VerificationFailed
from care.rules.masking import mask_name, mask_phone
from care.rules.text import normalise
from care.rules.vocabulary import Owner, Tier, VerifiedBy
from care.services import interactions, outbox
from care.services.context import Care
from care.services.conversation_rows import locked, verified_customer_id
from care.services.host_token import subject_of

log = logging.getLogger(__name__)

SMS_TOPIC = "sms"

CODE_LIVES = timedelta(minutes=5)
CODE_PAUSE = timedelta(seconds=60)
CODES_PER_PHONE_AND_HOUR = 5
#: Beside the hour: fifty guesses a day at most, and no phone is flooded.
CODES_PER_PHONE_AND_DAY = 10
CODES_PER_CONVERSATION_AND_HOUR = 10
TRIES_PER_CODE = 5
ORDER_TRIES_PER_CONVERSATION_AND_HOUR = 5
ORDER_TRIES_PER_ORDER_AND_DAY = 10
#: Four digits are soon guessed by who tries one tail on very many orders, from ever new visits.
ORDER_TRIES_IN_ALL_AND_HOUR = 100

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_ALL_ORDER_TRIES = "orders"
_USE_CODE = "按订单号核实暂时不可用，请用手机号验证，或转人工客服。"
_MOBILE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})", re.ASCII)


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
    number = _phone(phone)
    now = care.clock.now()
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        await _lock_key(session, f"phone:{number}")
        if not await _is_first(session, source_message_id, now):
            return
        await _check_code_limits(session, conversation_id, number, now)
        code = OneTimeCode(
            conversation_id=conversation_id,
            phone=number,
            code_hash="",
            sent_at=now,
            expires_at=now + CODE_LIVES,
            tries=0,
        )
        session.add(code)
        await session.flush()
        # A row is kept for an unknown phone too, and counts alike, so that limits tell nothing.
        digits = _code_of(care, conversation, code)
        code.code_hash = _keyed_hash(care, f"code:{code.id}:{digits}")
        if await _customer_with_phone(session, number) is not None:
            outbox.add(session, care, SMS_TOPIC, {"code_id": code.id})


def sms_handler(care: Care) -> Callable[[dict[str, Any]], Awaitable[None]]:
    """The outbox handler for the topic ``sms``."""

    async def send(data: dict[str, Any]) -> None:
        async with care.sessions.read() as session:
            code = await session.get(OneTimeCode, data["code_id"])
            if code is None or code.used_at is not None or code.expires_at <= care.clock.now():
                return  # too late to be of use
            conversation = await session.get_one(Conversation, code.conversation_id)
            digits, phone = _code_of(care, conversation, code), code.phone
        await care.sms.send(
            phone,
            f"【{care.settings.shop_name}】验证码 {digits},5 分钟内有效。请勿告诉他人，客服不会向您索要。",
        )

    return send


async def verify_code(
    care: Care, conversation_id: int, code: str, *, source_message_id: int | None = None
) -> CustomerRef:
    """Verifies the conversation by the last code it asked for. The same line again is no further try.

    Raises:
        VerificationFailed: wrong, expired, used, tried five times already, or never asked for.
    """
    digits = re.sub(r"\D", "", normalise(code), flags=re.ASCII)[:12]
    now = care.clock.now()
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        row = await session.scalar(
            select(OneTimeCode)
            .where(OneTimeCode.conversation_id == conversation_id)
            .order_by(OneTimeCode.id.desc())
            .limit(1)
        )
        if row is not None and row.used_at is None and now < row.expires_at and row.tries < TRIES_PER_CODE:
            customer = await _customer_with_phone(session, row.phone)
            is_right = hmac.compare_digest(_keyed_hash(care, f"code:{row.id}:{digits}"), row.code_hash)
            if is_right and customer is not None:
                row.used_at = now
                return await _set_verified(session, conversation, customer, VerifiedBy.CODE, now)
            if await _is_first(session, source_message_id, now):
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
        await _lock_key(session, keys[1])
        # Counted before asking: tries sent at the same time cannot slip through together.
        attempts: list[VerificationAttempt] = []
        if await _is_first(session, source_message_id, now):
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
            customer = await session.scalar(select(Customer).where(Customer.public_id == customer_ref))
            if customer is not None:
                await _forget_attempts(session, attempt_ids)
                ref = await _set_verified(session, conversation, customer, VerifiedBy.ORDER_TAIL, now)
                conversation.proven_order = number
                return ref
    raise VerificationFailed("订单号与手机尾号不匹配，请检查后再试。")


async def verify_token(care: Care, conversation_id: int, token: str) -> CustomerRef:
    """Verifies by the host page's signed token: HS256, ``aud`` zhike, ``sub``, ``exp`` at most an hour ahead.

    ``sub`` is the customer's external id in the shop, or our public id.

    Raises:
        VerificationFailed: anything about the token is wrong; the log says what.
    """
    now = care.clock.now()
    subject = subject_of(care.settings.host_page_secret, token, now)
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        customer = await _customer_of_subject(session, subject)
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
    subject = subject_of(care.settings.host_page_secret, token, care.clock.now())
    async with care.sessions.read() as session:
        customer = await _customer_of_subject(session, subject)
        if customer is None:
            return False
        conversation = await session.get_one(Conversation, conversation_id)
        contacts = await session.scalars(
            select(CareInteraction.customer_id).where(CareInteraction.conversation_id == conversation_id)
        )
        return bool({conversation.customer_id, *contacts} - {None, customer.id})


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
    contact.customer_id = customer.id
    # A complaint being told is this customer's, also when it is received by silence.
    await session.execute(
        update(Complaint)
        .where(
            Complaint.conversation_id == conversation.id,
            Complaint.state == ComplaintState.DRAFT,
            Complaint.customer_id.is_(None),
        )
        .values(customer_id=customer.id)
        .execution_options(synchronize_session=False)
    )
    return CustomerRef(id=customer.id, public_id=customer.public_id)


async def _customer_of_subject(session: AsyncSession, subject: str) -> Customer | None:
    return await session.scalar(
        select(Customer).where(Customer.external_id == subject)
    ) or await session.scalar(select(Customer).where(Customer.public_id == subject))


async def _check_code_limits(session: AsyncSession, conversation_id: int, phone: str, now: datetime) -> None:
    async def sent_since(since: datetime, *conditions: Any) -> int:
        count = await session.scalar(
            select(func.count()).select_from(OneTimeCode).where(OneTimeCode.sent_at > since, *conditions)
        )
        return int(count or 0)

    if await sent_since(now - CODE_PAUSE, OneTimeCode.phone == phone):
        raise TooManyRequests("验证码刚刚发送过，请 60 秒后再获取。")
    if await sent_since(now - _HOUR, OneTimeCode.phone == phone) >= CODES_PER_PHONE_AND_HOUR:
        raise TooManyRequests("这个手机号获取验证码太频繁，请一小时后再试。")
    if await sent_since(now - _DAY, OneTimeCode.phone == phone) >= CODES_PER_PHONE_AND_DAY:
        raise TooManyRequests("这个手机号今天获取验证码太多，请明天再试，或换一种方式核实。")
    in_conversation = OneTimeCode.conversation_id == conversation_id
    if await sent_since(now - _HOUR, in_conversation) >= CODES_PER_CONVERSATION_AND_HOUR:
        raise TooManyRequests("获取验证码太频繁，请一小时后再试。")


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


async def _is_first(session: AsyncSession, source_message_id: int | None, now: datetime) -> bool:
    """Whether this line of the customer is counted for the first time; notes that it was."""
    if source_message_id is None:
        return True
    key = f"message:{source_message_id}"
    if await session.scalar(select(VerificationAttempt.id).where(VerificationAttempt.key == key).limit(1)):
        return False
    session.add(VerificationAttempt(key=key, at=now))
    return True


async def _forget_attempts(session: AsyncSession, ids: list[int]) -> None:
    await session.execute(delete(VerificationAttempt).where(VerificationAttempt.id.in_(ids)))


async def _customer_with_phone(session: AsyncSession, phone: str) -> Customer | None:
    """The oldest record: duplicates of one person share a phone until they are merged."""
    return await session.scalar(
        select(Customer).where(Customer.phone == phone).order_by(Customer.id).limit(1)
    )


async def _lock_key(session: AsyncSession, key: str) -> None:
    """Makes transactions about one phone or order wait for each other; on SQLite writers do anyway."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})


def _phone(phone: str) -> str:
    found = _MOBILE.fullmatch(re.sub(r"[\s\-()]", "", normalise(phone)))
    if found is None:
        raise InvalidInput("请输入 11 位手机号。", fields={"phone": "请输入 11 位手机号。"})
    return found[1]


def _code_of(care: Care, conversation: Conversation, code: OneTimeCode) -> str:
    """Six digits from the secret key and this row: unpredictable without the key, and never stored."""
    digest = _keyed_hash(
        care, f"digits:{conversation.public_id}:{code.id}:{code.phone}:{code.sent_at.isoformat()}"
    )
    return f"{int(digest, 16) % 1_000_000:06d}"


def _keyed_hash(care: Care, value: str) -> str:
    return hmac.new(care.settings.secret_key.encode(), value.encode(), hashlib.sha256).hexdigest()
