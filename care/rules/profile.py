"""The typed fields of a customer's record: why each is kept, how long it may be trusted, what may stand in it.

Every check gives the value as it is stored, or raises `InvalidInput` with the reason in Chinese.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType

from care.rules.errors import InvalidInput
from care.rules.labelled import Labelled
from care.rules.masking import mask_address, mask_name, mask_phone
from care.rules.tax_number import clean_tax_number, tax_number_problem
from care.rules.vocabulary import LegalBasis

MAX_AGE_YEARS = 120
#: Below it a guardian must consent (PIPL §31): a person of the shop arranges that, not a form.
CHILD_YEARS = 14


class ProfileField(Labelled):
    NAME = "name", "姓名"
    PHONE = "phone", "手机号"
    EMAIL = "email", "电子邮箱"
    ADDRESS = "address", "收货地址"
    BIRTHDAY = "birthday", "生日"
    INVOICE_TITLE = "invoice_title", "发票抬头"
    TAX_NUMBER = "tax_number", "税号"


@dataclass(frozen=True)
class FieldTerms:
    """`ttl_days`: a value that nobody confirmed for longer is stale. `sensitive` as in PIPL §28."""

    ttl_days: int
    purpose: str
    legal_basis: LegalBasis
    sensitive: bool = False


#: Types age differently: people change phones and mailboxes more often than names.
FIELD_TERMS: Mapping[ProfileField, FieldTerms] = MappingProxyType(
    {
        ProfileField.NAME: FieldTerms(3650, "称呼与履约", LegalBasis.CONTRACT),
        ProfileField.PHONE: FieldTerms(365, "履约与售后联系", LegalBasis.CONTRACT),
        ProfileField.EMAIL: FieldTerms(180, "电子发票与通知", LegalBasis.CONTRACT),
        ProfileField.ADDRESS: FieldTerms(730, "配送与上门服务", LegalBasis.CONTRACT),
        ProfileField.BIRTHDAY: FieldTerms(3650, "生日礼遇", LegalBasis.CONSENT),
        ProfileField.INVOICE_TITLE: FieldTerms(730, "开具发票", LegalBasis.LEGAL_DUTY),
        ProfileField.TAX_NUMBER: FieldTerms(730, "开具发票", LegalBasis.LEGAL_DUTY),
    }
)

#: Asked about first when several are stale: a wrong phone hurts more than an old mailbox.
STALE_ORDER: tuple[ProfileField, ...] = (
    ProfileField.PHONE,
    ProfileField.ADDRESS,
    ProfileField.EMAIL,
    ProfileField.INVOICE_TITLE,
)

_EMAIL = re.compile(
    r"[A-Za-z0-9._%+\-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}", re.ASCII
)
_DATE = re.compile(r"(\d{4})\s*[-年/.]\s*(\d{1,2})\s*[-月/.]\s*(\d{1,2})\s*日?", re.ASCII)
_PLAIN_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_NAME = re.compile(r"[\u3400-\u9fff\U00020000-\U0003134f·•A-Za-z .'’\-]{1,40}")
_AREA = re.compile(r"省|市|区|县|州|盟|旗|香港|澳门|台湾")
_DOOR = re.compile(r"\d|路|街|巷|弄|号|村|镇|乡|苑|园|大厦|广场|小区")


def is_stale(confirmed_at: datetime | None, ttl_days: int, now: datetime) -> bool:
    """Whether nobody has confirmed the value for `ttl_days`, or ever. Aware times."""
    return confirmed_at is None or now - confirmed_at > timedelta(days=ttl_days)


def check_email(text: str) -> str:
    """The address with its domain in lower case."""
    text = text.strip()
    if len(text) > 120 or ".." in text or not _EMAIL.fullmatch(text) or text.startswith("."):
        raise _wrong("email", "电子邮箱格式不对，例如 name@example.com。")
    local, _, domain = text.rpartition("@")
    return f"{local}@{domain.lower()}"


def check_birthday(text: str, today: date) -> str:
    """The day as ``1990-05-01``."""
    found = _DATE.fullmatch(text.strip()) or _PLAIN_DATE.fullmatch(text.strip())
    try:
        born = date(*map(int, found.groups())) if found else None
    except ValueError:
        born = None
    if born is None:
        raise _wrong("birthday", "生日请写成年月日，例如 1990年5月1日。")
    if born > today or years_between(born, today) > MAX_AGE_YEARS:
        raise _wrong("birthday", "这个生日不可能，请检查年份。")
    if years_between(born, today) < CHILD_YEARS:
        raise _wrong("birthday", "未满十四周岁的资料需要监护人同意，请转人工办理。")
    return born.isoformat()


def years_between(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def check_name(text: str) -> str:
    text = " ".join(text.split())
    if not _NAME.fullmatch(text):
        raise _wrong("name", "姓名请用 1 到 40 个汉字或字母。")
    return text


def check_address(text: str) -> str:
    """At least a place and a door: what a carrier can find."""
    text = " ".join(text.split())
    if not 6 <= len(text) <= 200:
        raise _wrong("address", "地址请写 6 到 200 字，包括省市区和门牌。")
    if not _AREA.search(text):
        raise _wrong("address", "地址缺少省、市、区，请写完整。")
    if not _DOOR.search(text):
        raise _wrong("address", "地址缺少街道或门牌，请写完整。")
    return text


def check_invoice_title(text: str) -> str:
    text = " ".join(text.split())
    if not 2 <= len(text) <= 100 or not re.search(r"[\u3400-\u9fffA-Za-z]", text):
        raise _wrong("invoice_title", "发票抬头请写 2 到 100 字的单位名称或姓名。")
    return text


def check_tax_number(text: str) -> str:
    """As it stands on an invoice; its check character must be right."""
    if problem := tax_number_problem(text):
        raise _wrong("tax_number", problem)
    return clean_tax_number(text)


def mask_email(email: str) -> str:
    """``li.xiang@example.com`` → ``l****@example.com``."""
    local, at, domain = email.partition("@")
    return f"{local[:1]}****{at}{domain}" if at else "****"


def mask_field(field: ProfileField, value: str) -> str:
    """What of a value may be shown to those who need only recognise it."""
    if field is ProfileField.PHONE:
        return mask_phone(value)
    if field is ProfileField.EMAIL:
        return mask_email(value)
    if field is ProfileField.ADDRESS:
        return mask_address(value)
    if field is ProfileField.NAME:
        return mask_name(value)
    if field is ProfileField.BIRTHDAY:
        return "****-**-**" if value else ""
    if field is ProfileField.TAX_NUMBER:
        return f"{value[:2]}****{value[-4:]}" if len(value) > 8 else "****"
    return f"{value[:2]}****" if value else ""


def _wrong(name: str, why: str) -> InvalidInput:
    return InvalidInput(why, fields={name: why})
