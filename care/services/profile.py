"""The customer's own record, as they read and correct it in a conversation.

Who is known by an order's number and phone tail alone may recognise a value but neither read it whole
nor change it (`StepUpNeeded`). A repeated call for the same line of the customer has no second effect.
"""

from __future__ import annotations

import phonenumbers
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.conversation import Conversation
from care.records.customer import Customer, CustomerField, DataQualityIssue
from care.rules import profile as rules
from care.rules.errors import Conflict, InvalidInput, NotFound, VerificationFailed
from care.rules.profile import STALE_ORDER, ProfileField
from care.rules.times import shanghai_day
from care.rules.vocabulary import DataIssue, FieldSource
from care.services import interactions, one_time_codes, profile_rows
from care.services.context import Care
from care.services.conversation_rows import locked
from care.services.customers import is_live
from care.services.profile_rows import FieldView
from care.services.verified import STRONG, strongly_verified_customer, verified_customer

__all__ = [
    "FieldView",
    "check_value",
    "confirm_field",
    "confirm_new_phone",
    "correct",
    "field",
    "fields",
    "forget_field",
    "request_new_phone_code",
    "stale_field",
]

#: Without these nobody could be reached or called; they are corrected, never emptied.
_NEEDED = (ProfileField.NAME, ProfileField.PHONE)


async def field(care: Care, conversation_id: int, name: str) -> FieldView | None:
    """One field of the verified customer's record; None when no value is kept.

    Raises:
        NotVerified: the conversation has no verified customer.
        InvalidInput: no such field.
    """
    wanted = _field(name)
    found = await _read(care, conversation_id, (wanted,))
    return found[0] if found else None


async def fields(care: Care, conversation_id: int) -> list[FieldView]:
    """Every field that has a value, in the order of `ProfileField`. Raises `NotVerified`."""
    return await _read(care, conversation_id, tuple(ProfileField))


async def correct(
    care: Care, conversation_id: int, name: str, value: str, *, source_message_id: int | None
) -> FieldView:
    """Writes what the customer says is right; the old value is kept beside it.

    Raises:
        NotVerified, StepUpNeeded: a code to the present phone, or the host page's sign-in, comes first.
        InvalidInput: no such field, a value that cannot be, or a phone (`request_new_phone_code`).
    """
    wanted = _field(name)
    if wanted is ProfileField.PHONE:
        raise InvalidInput("更换手机号需要先验证新号码。", fields={"phone": "请先获取新手机号的验证码。"})
    now = care.clock.now()
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        customer = await strongly_verified_customer(session, conversation, now)
        row = await profile_rows.find(session, customer.id, wanted)
        if not profile_rows.was_done(row, source_message_id):
            checked = check_value(care, wanted, value)
            row = await _write(session, care, conversation, customer, wanted, checked, source_message_id)
        return _certain(profile_rows.view(customer, wanted, row, now, whole=True))


async def forget_field(care: Care, conversation_id: int, name: str, *, source_message_id: int | None) -> None:
    """Removes a value, and its old values, that the shop can do without.

    Raises:
        NotVerified, StepUpNeeded: as `correct`.
        InvalidInput: no such field, or one that every record needs.
    """
    wanted = _field(name)
    if wanted in _NEEDED:
        raise InvalidInput(f"{wanted.label}是提供服务所必需的，可以更正；要全部删除请申请注销。")
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        customer = await strongly_verified_customer(session, conversation, care.clock.now())
        row = await profile_rows.find(session, customer.id, wanted)
        if row is None or profile_rows.was_done(row, source_message_id):
            return
        row = await _write(session, care, conversation, customer, wanted, None, source_message_id)
        row.old_values = []


async def request_new_phone_code(
    care: Care, conversation_id: int, phone: str, *, source_message_id: int | None
) -> str:
    """Sends a code to the NEW phone; its masked number for saying where it went.

    Raises:
        NotVerified, StepUpNeeded: as `correct`.
        InvalidInput: not a Chinese mobile number, or the present one.
        TooManyRequests: the limits of `one_time_codes`.
    """
    number = _new_phone(phone)

    async def always() -> bool:
        return True

    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        customer = await strongly_verified_customer(session, conversation, care.clock.now())
        if customer.phone == number:
            raise InvalidInput("这就是您现在登记的手机号。", fields={"phone": "与现在的手机号相同。"})
        await one_time_codes.issue(
            session,
            care,
            conversation,
            number,
            purpose=one_time_codes.NEW_PHONE,
            source_message_id=source_message_id,
            may_send=always,
        )
    return rules.mask_field(ProfileField.PHONE, number)


async def confirm_new_phone(
    care: Care, conversation_id: int, code: str, *, source_message_id: int | None
) -> FieldView:
    """Changes the phone to the one whose code is right.

    Raises:
        NotVerified, StepUpNeeded: as `correct`.
        VerificationFailed: wrong, expired, used, tried five times already, or never asked for.
        Conflict: another record holds this phone; a person must look at whose it is.
    """
    now = care.clock.now()
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        customer = await strongly_verified_customer(session, conversation, now)
        row = await profile_rows.find(session, customer.id, ProfileField.PHONE)
        if profile_rows.was_done(row, source_message_id):
            return _certain(profile_rows.view(customer, ProfileField.PHONE, row, now, whole=True))
        sent = await one_time_codes.last_code(session, conversation_id, one_time_codes.NEW_PHONE)
        if sent is not None and one_time_codes.is_open(sent, now):
            if one_time_codes.is_right(care, sent, code):
                sent.used_at = now
                other = await session.scalar(
                    select(Customer.id)
                    .where(Customer.phone == sent.phone, Customer.id != customer.id, is_live())
                    .limit(1)
                )
                if other is None:
                    row = await _write(
                        session,
                        care,
                        conversation,
                        customer,
                        ProfileField.PHONE,
                        sent.phone,
                        source_message_id,
                    )
                    # Whoever lost a phone, or an account, hears of it at the only place that is theirs.
                    one_time_codes.tell_former_phone(session, care, row.id)
                    return _certain(profile_rows.view(customer, ProfileField.PHONE, row, now, whole=True))
                # Else the next code to this phone would open the other person's record.
                session.add(
                    DataQualityIssue(
                        customer_id=customer.id,
                        issue=DataIssue.DUPLICATE,
                        field=ProfileField.PHONE.value,
                        detail="客户证实了手机号，但另一份资料也用它",
                        other_customer_id=other,
                        found_by="phone_change",
                        found_at=now,
                    )
                )
                failure: Conflict | VerificationFailed = Conflict(
                    "这个手机号已登记在另一份资料上，需要人工核对后才能更换。可以转人工办理。"
                )
            else:
                failure = VerificationFailed("验证码不正确或已过期，请检查后再试，或重新获取。")
                if await one_time_codes.is_first(session, source_message_id, now):
                    sent.tries += 1
        else:
            failure = VerificationFailed("验证码不正确或已过期，请检查后再试，或重新获取。")
    # Raised after the transaction, so that the try is counted and the issue kept.
    raise failure


async def stale_field(care: Care, conversation_id: int) -> FieldView | None:
    """The field that most needs confirming now, or None; None too for who could not change it at once."""
    now = care.clock.now()
    async with care.sessions.read() as session:
        conversation = await _conversation(session, conversation_id)
        customer = await verified_customer(session, conversation, now)
        if conversation.verified_by not in STRONG:
            return None
        for wanted in STALE_ORDER:
            row = await profile_rows.find(session, customer.id, wanted)
            if row is None or not row.value:
                continue  # not knowing is no staleness
            found = profile_rows.view(customer, wanted, row, now, whole=True)
            if found is not None and found.is_stale:
                return found
    return None


async def confirm_field(
    care: Care, conversation_id: int, name: str, *, source_message_id: int | None
) -> FieldView:
    """The customer says that the value still holds.

    Raises:
        NotVerified, StepUpNeeded: as `correct`.
        NotFound: no value is kept.
    """
    wanted = _field(name)
    now = care.clock.now()
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        customer = await strongly_verified_customer(session, conversation, now)
        row = await profile_rows.find(session, customer.id, wanted)
        value = row.value if row is not None else profile_rows.column_value(customer, wanted)
        if not value:
            raise NotFound(f"还没有登记您的{wanted.label}。")
        if not profile_rows.was_done(row, source_message_id):
            row = await _write(session, care, conversation, customer, wanted, value, source_message_id)
        return _certain(profile_rows.view(customer, wanted, row, now, whole=True))


def check_value(care: Care, wanted: ProfileField, value: str) -> str:
    """The value as it is stored. Raises `InvalidInput` with the reason."""
    if wanted is ProfileField.PHONE:
        return _new_phone(value)
    if wanted is ProfileField.BIRTHDAY:
        return rules.check_birthday(value, shanghai_day(care.clock.now()))
    checks = {
        ProfileField.NAME: rules.check_name,
        ProfileField.EMAIL: rules.check_email,
        ProfileField.ADDRESS: rules.check_address,
        ProfileField.INVOICE_TITLE: rules.check_invoice_title,
        ProfileField.TAX_NUMBER: rules.check_tax_number,
    }
    return checks[wanted](value)


def _new_phone(phone: str) -> str:
    number = one_time_codes.mobile_number(phone)
    parsed = phonenumbers.parse(number, "CN")
    # Numbers of machines and satellites get no text message.
    if phonenumbers.number_type(parsed) is not phonenumbers.PhoneNumberType.MOBILE:
        raise InvalidInput("请输入能接收短信的手机号。", fields={"phone": "请输入能接收短信的手机号。"})
    return number


async def _read(care: Care, conversation_id: int, wanted: tuple[ProfileField, ...]) -> list[FieldView]:
    now = care.clock.now()
    async with care.sessions.write() as session:  # notes what the contact read
        conversation = await locked(session, conversation_id)
        customer = await verified_customer(session, conversation, now)
        rows = await session.scalars(select(CustomerField).where(CustomerField.customer_id == customer.id))
        by_name = {row.name: row for row in rows}
        whole = conversation.verified_by in STRONG
        views = [profile_rows.view(customer, one, by_name.get(one.value), now, whole=whole) for one in wanted]
        found = [one for one in views if one is not None]
        read = [f"customer_field:{one.name}" for one in found]
        await interactions.note_data_of(session, conversation, now, read=read)
        return found


async def _write(
    session: AsyncSession,
    care: Care,
    conversation: Conversation,
    customer: Customer,
    wanted: ProfileField,
    value: str | None,
    source_message_id: int | None,
) -> CustomerField:
    now = care.clock.now()
    row = await profile_rows.write(
        session,
        customer,
        wanted,
        value,
        source=FieldSource.SELF,
        changed_by="customer",
        now=now,
        source_message_id=source_message_id,
    )
    await interactions.note_data_of(session, conversation, now, written=[f"customer_field:{wanted.value}"])
    return row


async def _conversation(session: AsyncSession, conversation_id: int) -> Conversation:
    conversation = await session.get(Conversation, conversation_id)
    if conversation is None:
        raise NotFound("没有找到这个会话。")
    return conversation


def _field(name: str) -> ProfileField:
    try:
        return ProfileField(name)
    except ValueError:
        raise InvalidInput("没有这一项资料。") from None


def _certain(found: FieldView | None) -> FieldView:
    if found is None:
        raise NotFound("还没有登记这一项资料。")
    return found
