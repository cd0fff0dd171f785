"""Phone numbers by the numbering plan: what is stored, and what is wrong with one."""

from __future__ import annotations

import re
from dataclasses import dataclass

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from care.rules.text import normalise

_NOT_DIGIT = re.compile(r"\D")
_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)


@dataclass(frozen=True)
class Phone:
    """`number` as it is stored: 11 digits for a Chinese mobile, ``0571-88001234`` for a landline, else E.164."""

    number: str
    is_mobile: bool
    problem: str | None = None


def read_phone(text: str) -> Phone:
    """What is written as a stored number, with the reason in Chinese when it cannot be one."""
    text = normalise(text)
    digits = _NOT_DIGIT.sub("", text)
    is_foreign = text.startswith("+") and not text.startswith("+86")
    if not is_foreign and _MOBILE.fullmatch(digits.removeprefix("86") if len(digits) == 13 else digits):
        # The plan's tables lag behind the ranges that the ministry gives out; the form is enough.
        return Phone(digits[-11:], is_mobile=True)
    try:
        parsed = phonenumbers.parse(text, "CN")
    except NumberParseException:
        return Phone(text, is_mobile=False, problem="不是电话号码")
    if not phonenumbers.is_valid_number(parsed):
        return Phone(digits or text, is_mobile=False, problem=_why(digits))
    if parsed.country_code != 86:
        is_mobile = phonenumbers.number_type(parsed) is PhoneNumberType.MOBILE
        return Phone(phonenumbers.format_number(parsed, PhoneNumberFormat.E164), is_mobile)
    national = phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL).split()
    return Phone(
        f"{national[0]}-{''.join(national[1:])}" if len(national) > 1 else national[0], is_mobile=False
    )


def _why(digits: str) -> str:
    if digits.startswith("1") and len(digits) != 11:
        return f"手机号应为 11 位，现在是 {len(digits)} 位"
    if len(digits) == 11 and digits.startswith("1"):
        return "没有这样的手机号段"
    return "不是有效的电话号码"
