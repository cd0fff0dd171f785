"""Codes sent to phones: to prove who one is, or that a new phone is one's own.

Only a keyed hash is kept; a code itself is computed from its row when it is sent and is stored nowhere.
Both purposes share the limits, so that no phone is flooded, and no code serves the other purpose.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.conversation import Conversation, OneTimeCode, VerificationAttempt
from care.records.customer import CustomerField
from care.rules.errors import InvalidInput, TooManyRequests
from care.rules.masking import mask_phone
from care.rules.text import normalise
from care.services import outbox
from care.services.context import Care

SMS_TOPIC = "sms"
VERIFY, NEW_PHONE = "verify", "new_phone"

CODE_LIVES = timedelta(minutes=5)
CODE_PAUSE = timedelta(seconds=60)
CODES_PER_PHONE_AND_HOUR = 5
#: Beside the hour: fifty guesses a day at most, and no phone is flooded.
CODES_PER_PHONE_AND_DAY = 10
CODES_PER_CONVERSATION_AND_HOUR = 10
TRIES_PER_CODE = 5

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_MOBILE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})", re.ASCII)
_WHAT_FOR = {VERIFY: "验证码", NEW_PHONE: "更换手机号验证码"}


def mobile_number(phone: str) -> str:
    """The 11 digits of a Chinese mobile number in any usual spelling. Raises `InvalidInput`."""
    found = _MOBILE.fullmatch(re.sub(r"[\s\-()]", "", normalise(phone)))
    if found is None:
        raise InvalidInput("请输入 11 位手机号。", fields={"phone": "请输入 11 位手机号。"})
    return found[1]


async def issue(
    session: AsyncSession,
    care: Care,
    conversation: Conversation,
    phone: str,
    *,
    purpose: str,
    source_message_id: int | None,
    may_send: Callable[[], Awaitable[bool]],
) -> None:
    """Notes a code for `phone` (11 digits) and, if `may_send`, its sending, in the caller's transaction.

    The same customer's line again (its turn broke off) sends no second one. `conversation` is locked.

    Raises:
        TooManyRequests: 60 s between codes, 5 an hour and 10 a day for a phone, 10 an hour for a conversation.
    """
    now = care.clock.now()
    await lock_key(session, f"phone:{phone}")
    if not await is_first(session, source_message_id, now):
        return
    await _check_limits(session, conversation.id, phone, now)
    code = OneTimeCode(
        conversation_id=conversation.id,
        phone=phone,
        purpose=purpose,
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
    if await may_send():
        outbox.add(session, care, SMS_TOPIC, {"code_id": code.id})


async def last_code(session: AsyncSession, conversation_id: int, purpose: str) -> OneTimeCode | None:
    """The conversation's newest code for this purpose, used and expired ones too."""
    code: OneTimeCode | None = await session.scalar(
        select(OneTimeCode)
        .where(OneTimeCode.conversation_id == conversation_id, OneTimeCode.purpose == purpose)
        .order_by(OneTimeCode.id.desc())
        .limit(1)
    )
    return code


def is_open(code: OneTimeCode | None, now: datetime) -> bool:
    """Whether it may still be tried."""
    return code is not None and code.used_at is None and now < code.expires_at and code.tries < TRIES_PER_CODE


def is_right(care: Care, code: OneTimeCode, said: str) -> bool:
    digits = re.sub(r"\D", "", normalise(said), flags=re.ASCII)[:12]
    return hmac.compare_digest(_keyed_hash(care, f"code:{code.id}:{digits}"), code.code_hash)


def sms_handler(care: Care) -> Callable[[dict[str, Any]], Awaitable[None]]:
    """The outbox handler for the topic ``sms``."""

    async def send(data: dict[str, Any]) -> None:
        if "phone_changed" in data:
            await _tell_former_phone(care, data["phone_changed"])
            return
        async with care.sessions.read() as session:
            code = await session.get(OneTimeCode, data["code_id"])
            if code is None or code.used_at is not None or code.expires_at <= care.clock.now():
                return  # too late to be of use
            conversation = await session.get_one(Conversation, code.conversation_id)
            digits, phone = _code_of(care, conversation, code), code.phone
            what = _WHAT_FOR[code.purpose]
        await care.sms.send(
            phone,
            f"【{care.settings.shop_name}】{what} {digits},5 分钟内有效。请勿告诉他人，客服不会向您索要。",
            key=f"code-{conversation.public_id}-{data['code_id']}",
        )

    return send


def tell_former_phone(session: AsyncSession, care: Care, field_id: int) -> None:
    """Says to the phone that stood in this field before that it was changed, in the caller's transaction."""
    outbox.add(session, care, SMS_TOPIC, {"phone_changed": field_id})


async def _tell_former_phone(care: Care, field_id: int) -> None:
    async with care.sessions.read() as session:
        row = await session.get(CustomerField, field_id)
        former = row.old_values[-1].get("value") if row is not None and row.old_values else None
        if row is None or not former or not row.value or former == row.value:
            return
        masked, message = mask_phone(row.value), row.source_message_id
    await care.sms.send(
        former,
        f"【{care.settings.shop_name}】您的账户手机号已更换为 {masked}。如非本人操作，请尽快联系在线客服。",
        key=f"phone-changed-{field_id}-{message}",
    )


async def is_first(session: AsyncSession, source_message_id: int | None, now: datetime) -> bool:
    """Whether this line of the customer is counted for the first time; notes that it was."""
    if source_message_id is None:
        return True
    key = f"message:{source_message_id}"
    if await session.scalar(select(VerificationAttempt.id).where(VerificationAttempt.key == key).limit(1)):
        return False
    session.add(VerificationAttempt(key=key, at=now))
    return True


async def lock_key(session: AsyncSession, key: str) -> None:
    """Makes transactions about one phone or order wait for each other; on SQLite writers do anyway."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})


async def _check_limits(session: AsyncSession, conversation_id: int, phone: str, now: datetime) -> None:
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


def _code_of(care: Care, conversation: Conversation, code: OneTimeCode) -> str:
    """Six digits from the secret key and this row: unpredictable without the key, and never stored."""
    digest = _keyed_hash(
        care,
        f"digits:{conversation.public_id}:{code.id}:{code.purpose}:{code.phone}:{code.sent_at.isoformat()}",
    )
    return f"{int(digest, 16) % 1_000_000:06d}"


def _keyed_hash(care: Care, value: str) -> str:
    return hmac.new(care.settings.secret_key.encode(), value.encode(), hashlib.sha256).hexdigest()
