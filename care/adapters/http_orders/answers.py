"""What an ERP answers, taken apart with suspicion: wrong types, foreign customers and absurd values are nonsense.

The wire carries the views and wishes of `care.ports` under their own field names, in an envelope that
names whose data it holds.
"""

from __future__ import annotations

import dataclasses
import re
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")

LONGEST_TEXT = 2000
LONGEST_LIST = 200
_LARGEST = Decimal(10) ** 10
_WHERE = re.compile(r"at `[^`]*`")
_SHOWN = 120


class Envelope(msgspec.Struct, Generic[T]):
    """Every answer but an error. `next_cursor` is given on lists that go on."""

    customer_ref: str
    data: T
    next_cursor: str | None = None


class Outcome(msgspec.Struct):
    outcome: str


class ErrorBody(msgspec.Struct):
    code: str
    message: str = ""
    reason: str = ""
    fields: dict[str, str] = {}


class ErrorAnswer(msgspec.Struct):
    error: ErrorBody


class Nonsense(ValueError):
    """The answer breaks the contract. The text says where and never what stood there."""


def decode(body: bytes, wanted: type[T]) -> T:
    """The answer as `wanted`, every time in UTC. Raises `Nonsense`."""
    try:
        found = msgspec.json.decode(body, type=wanted)
    except msgspec.ValidationError as error:
        where = _WHERE.search(str(error))
        raise Nonsense(where[0] if where else "at the top") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Nonsense("not JSON") from None
    return sound(found)


def sound(value: T, where: str = "$") -> T:
    """`value` with its times in UTC, when nothing in it is too long, endless or without time zone."""
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            raise Nonsense(f"text too long at {where}")
    elif isinstance(value, Decimal):
        if not value.is_finite() or abs(value) > _LARGEST:
            raise Nonsense(f"no amount at {where}")
    elif isinstance(value, datetime):
        if value.tzinfo is None:
            raise Nonsense(f"no time zone at {where}")
        return value.astimezone(timezone.utc)
    elif isinstance(value, (list, tuple)):
        if len(value) > LONGEST_LIST:
            raise Nonsense(f"too many at {where}")
        return type(value)(sound(part, f"{where}[]") for part in value)
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            setattr(value, name, sound(getattr(value, name), f"{where}.{name}"))
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        checked: dict[str, Any] = {
            field.name: sound(getattr(value, field.name), f"{where}.{field.name}")
            for field in dataclasses.fields(value)
        }
        return dataclasses.replace(value, **checked)
    return value


def error_of(body: bytes) -> ErrorBody | None:
    """The error that an answer of 4xx carries, or None when it is no error of this contract."""
    try:
        return decode(body, ErrorAnswer).error
    except Nonsense:
        return None


def shown(text: str) -> str | None:
    """A text of the ERP that people may read: one short line of Chinese, else None."""
    line = " ".join(text.split())
    return line if line and len(line) <= _SHOWN and re.search(r"[\u4e00-\u9fff]", line) else None
