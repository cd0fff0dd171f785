"""A typed field of a customer's record put right by a member of staff, who heard it from the customer."""

from __future__ import annotations

from care.rules.errors import InvalidInput, NotFound
from care.rules.field_access import Access, access
from care.rules.permissions import Permission, check_permission
from care.rules.profile import ProfileField
from care.rules.vocabulary import FieldSource
from care.services import access_log, profile, profile_rows
from care.services.context import Care
from care.services.customers import by_public_id
from care.services.staff import StaffView


async def correct(care: Care, actor: StaffView, public_id: str, name: str, value: str) -> None:
    """Writes the new value; the old one is kept beside it, and the access log says who changed what.

    Raises:
        Forbidden: the role may not correct.
        NotFound: no such customer, or a deleted one.
        InvalidInput: no such field for this role, a value that cannot be, or a phone: that one is changed with a
            code to the new number, in the chat.
    """
    check_permission(actor.role, Permission.EDIT_CUSTOMER)
    try:
        wanted = ProfileField(name)
    except ValueError:
        raise InvalidInput("没有这一项资料。", fields={"name": "没有这一项资料。"}) from None
    if access(f"customer_field.{wanted.value}", actor.role) is Access.HIDDEN:
        raise InvalidInput("没有这一项资料。", fields={"name": "没有这一项资料。"})
    if wanted is ProfileField.PHONE:
        raise InvalidInput(
            "更换手机号需要验证新号码。",
            fields={"name": "请客户在会话里说“换手机号”，用新号码的验证码更换。"},
        )
    checked = profile.check_value(care, wanted, value)
    now = care.clock.now()
    async with care.sessions.write() as session:
        customer = await by_public_id(session, public_id)
        if customer is None:
            raise NotFound("没有找到这位客户。")
        await session.refresh(customer, with_for_update=True)
        await profile_rows.write(
            session,
            customer,
            wanted,
            checked,
            source=FieldSource.AGENT,
            changed_by=f"staff:{actor.login}",
            now=now,
            source_message_id=None,
        )
        access_log.log_read(
            session, actor, customer.id, [f"customer_field.{wanted.value}"], purpose="更正客户资料", at=now
        )
