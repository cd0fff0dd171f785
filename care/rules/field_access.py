"""Which member of staff sees which personal datum whole, masked or not at all (PIPL §51: rights by role).

One table for the whole product; ``docs/privacy.md`` shows it, and a test holds it to the tables of the records.
A datum has the name of its table and column; a typed field of the record is ``customer_field.<name>``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from care.rules.labelled import Labelled
from care.rules.masking import mask_address, mask_name, mask_phone, mask_phones
from care.rules.profile import ProfileField, mask_field
from care.rules.vocabulary import Role


class Access(Labelled):
    WHOLE = "whole", "完整"
    MASKED = "masked", "打码"
    HIDDEN = "hidden", "不可见"


_W, _M, _H = Access.WHOLE, Access.MASKED, Access.HIDDEN

#: Agent, lead, manager, admin.
_EVERYBODY = (_W, _W, _W, _W)
_FROM_LEAD = (_M, _W, _W, _W)
_FROM_LEAD_ONLY = (_H, _W, _W, _W)
_FROM_MANAGER = (_H, _M, _W, _W)
_MANAGERS_ONLY = (_H, _H, _W, _W)
_NOBODY = (_H, _H, _H, _H)

#: Datum → (Chinese name, access of each role in the order of `Role`).
_TABLE: Mapping[str, tuple[str, tuple[Access, Access, Access, Access]]] = MappingProxyType(
    {
        "customer.id": ("内部编号", _NOBODY),
        "customer.public_id": ("客户编号", _EVERYBODY),
        "customer.name": ("姓名", _FROM_LEAD),
        "customer.phone": ("手机号", _FROM_LEAD),
        "customer.type": ("客户类型", _EVERYBODY),
        "customer.tier": ("客户分级", _EVERYBODY),
        "customer.tier_reason": ("分级理由", _FROM_LEAD_ONLY),
        "customer.segment": ("客户分群", _EVERYBODY),
        "customer.lifecycle_stage": ("生命周期", _EVERYBODY),
        "customer.preferred_channel": ("偏好渠道", _EVERYBODY),
        "customer.quiet_hours": ("免打扰时段", _EVERYBODY),
        "customer.account_manager_id": ("客户经理", _EVERYBODY),
        "customer.group_id": ("所属集团", _FROM_LEAD_ONLY),
        "customer.key_account_scores": ("大客户评分", _MANAGERS_ONLY),
        "customer.key_account_signed_by": ("大客户签批人", _MANAGERS_ONLY),
        "customer.external_id": ("商城账号", _FROM_LEAD_ONLY),
        "customer.is_demo": ("演示数据", _EVERYBODY),
        "customer.created_at": ("建档时间", _EVERYBODY),
        "customer.merged_into_id": ("并入的资料", _NOBODY),
        "customer.quality_score": ("资料质量", _EVERYBODY),
        "customer.quality_checked_at": ("质量检查时间", _EVERYBODY),
        "customer.erased_at": ("注销时间", _EVERYBODY),
        "customer_field.name": ("资料：姓名", _FROM_LEAD),
        "customer_field.phone": ("资料：手机号", _FROM_LEAD),
        "customer_field.email": ("资料：电子邮箱", _FROM_LEAD),
        "customer_field.address": ("资料：收货地址", _FROM_LEAD),
        "customer_field.birthday": ("资料：生日", _FROM_MANAGER),
        "customer_field.invoice_title": ("资料：发票抬头", _FROM_LEAD),
        "customer_field.tax_number": ("资料：税号", _FROM_MANAGER),
        "customer_field.*": ("资料：其他项目", _MANAGERS_ONLY),
        "customer_field.old_values": ("资料：曾用的值", _MANAGERS_ONLY),
        "order.receiver_name": ("收货人", _FROM_LEAD),
        "order.receiver_phone": ("收货电话", _FROM_LEAD),
        "order.receiver_address": ("收货地址", _FROM_LEAD),
        "callback.phone": ("回电号码（领取回电的坐席可见）", _FROM_LEAD),
        "callback.note": ("回电留言（打码遮去其中的手机号）", _FROM_LEAD),
        "message.text": ("会话内容（打码遮去其中的手机号）", _FROM_LEAD),
        "evidence.name": ("图片名称（打码遮去其中的手机号）", _FROM_LEAD),
        "evidence.file": ("图片证据", _EVERYBODY),
        "feedback.reason_text": ("评价留言（打码遮去其中的手机号）", _FROM_LEAD),
        "complaint.complainant": ("投诉人", _FROM_LEAD),
        "complaint.own_words": ("投诉原话（打码遮去其中的手机号）", _FROM_LEAD),
    }
)

DATA: tuple[str, ...] = tuple(_TABLE)


def access(datum: str, role: Role) -> Access:
    """What `role` sees of `datum`. A typed field that the table does not name is ``customer_field.*``.

    Raises:
        KeyError: the table does not know the datum; nothing may be shown that nobody decided about.
    """
    if datum not in _TABLE and datum.startswith("customer_field."):
        datum = "customer_field.*"
    return _TABLE[datum][1][list(Role).index(role)]


def label(datum: str) -> str:
    return _TABLE[datum][0]


def seen(datum: str, role: Role, value: Any) -> Any:
    """`value` as `role` may see it: whole, masked, or None.

    Raises:
        KeyError: as `access`.
        ValueError: a datum is to be masked for which there is no mask.
    """
    allowed = access(datum, role)
    if allowed is Access.WHOLE or value is None:
        return value
    return None if allowed is Access.HIDDEN else _masked(datum, str(value))


def matrix() -> list[tuple[str, str, tuple[str, ...]]]:
    """Datum, its Chinese name, and the labels of each role's access, in the order of `Role`."""
    return [(datum, name, tuple(one.label for one in roles)) for datum, (name, roles) in _TABLE.items()]


def _masked(datum: str, value: str) -> str:
    table, _, column = datum.partition(".")
    if table == "customer_field":
        return mask_field(ProfileField(column), value)
    if table == "evidence":
        return mask_phones(value)
    if column in ("name", "receiver_name", "complainant"):
        return mask_name(value)
    if column in ("phone", "receiver_phone"):
        return mask_phone(value)
    if column == "receiver_address":
        return mask_address(value)
    if column in ("text", "own_words", "note", "reason_text"):
        return mask_phones(value)
    raise ValueError(f"no mask for {datum}")
