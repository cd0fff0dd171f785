"""Cells as values: each reader gives the value or raises `BadValue` with the reason in Chinese."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timezone
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from care.rules.labelled import Labelled
from care.rules.times import SHANGHAI

E = TypeVar("E", bound=Labelled)

_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?", re.ASCII)
_MOMENT = re.compile(
    rf"{_DATE.pattern}(?:[\sT]+(\d{{1,2}}):(\d{{2}})(?::(\d{{2}})(?:\.\d+)?)?)?(Z|\+08:?00)?", re.ASCII
)
_MONEY = re.compile(r"[¥￥,\s]|元$|CNY|RMB", re.I)
_MOST_MONEY = Decimal("9999999999.99")
_LIST = re.compile(r"\s*[|｜;；、\n]\s*")


class BadValue(ValueError):
    """What a cell holds cannot be used; the text is Chinese, for people, and repeats no personal value."""


def text_of(text: str, most: int) -> str:
    if len(text) > most:
        raise BadValue(f"最多 {most} 字，现在是 {len(text)} 字")
    return text


def moment_of(text: str) -> datetime:
    """A moment in Asia/Shanghai unless it says UTC (``Z``); a day alone is its first minute. Aware UTC."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise BadValue("应是 2026-11-24 或 2026-11-24 10:30 这样的时间")
    year, month, day, hour, minute, second, zone = found.groups()
    try:
        local = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0),
            tzinfo=timezone.utc if zone == "Z" else SHANGHAI,
        )  # fmt: skip
    except ValueError:
        raise BadValue("没有这样的日期或时间") from None
    return local.astimezone(timezone.utc)


def day_of(text: str) -> date:
    return datetime.combine(moment_of(text).astimezone(SHANGHAI), time()).date()


def money_of(text: str) -> Decimal:
    """Yuan, not negative, with at most two decimals."""
    try:
        amount = Decimal(_MONEY.sub("", text))
    except InvalidOperation:
        raise BadValue("应是金额，例如 1299.00") from None
    if not amount.is_finite() or amount < 0 or amount > _MOST_MONEY:
        raise BadValue("金额超出范围")
    if amount != amount.quantize(Decimal("0.01")):
        raise BadValue("金额最多两位小数")
    return amount.quantize(Decimal("0.01"))


def number_of(text: str, least: int, most: int) -> int:
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or not least <= int(text) <= most:
        raise BadValue(f"应是 {least} 到 {most} 的整数")
    return int(text)


def choice_of(text: str, enum: type[E], also: Mapping[str, E] | None = None) -> E:
    """A member by its label or its wire value."""
    for member in enum:
        if text.lower() in (member.value.lower(), member.label):
            return member
    if also and text in also:
        return also[text]
    raise BadValue(f"应是：{'、'.join(member.label for member in enum)}")


def list_of(text: str) -> list[str]:
    """Parts between | ; 、 or line breaks, without repeats."""
    return list(dict.fromkeys(part for part in _LIST.split(text) if part))
