"""JSON in and out: bodies and queries checked against their types, each wrong field named in Chinese."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar

import msgspec
from aiohttp import web
from msgspec import Struct

from bot.web import texts
from care.rules.errors import CareError, InvalidInput

T = TypeVar("T", bound=Struct)

_encoder = msgspec.json.Encoder()
_AT_LEAST = re.compile(r"length >= \d")
_AT_MOST = re.compile(r"length <= (\d+)")


class NotJson(InvalidInput):
    code, status, default = "not_json", 415, texts.NOT_JSON_BODY


def json_response(answer: Struct, *, status: int = 200) -> web.Response:
    return web.Response(
        body=_encoder.encode(answer), status=status, content_type="application/json", charset="utf-8"
    )


def error_response(error: CareError, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(
        body=_encoder.encode(error.as_wire()),
        status=error.status,
        content_type="application/json",
        charset="utf-8",
        headers=headers,
    )


async def read_body(request: web.Request, kind: type[T]) -> T:
    """The request's JSON body as `kind`.

    Raises:
        NotJson: another content type: a form of a foreign page cannot send this one.
        InvalidInput: not JSON, or fields are missing or wrong; `fields` names each.
    """
    if request.content_type != "application/json":
        raise NotJson
    try:
        given = msgspec.json.decode(await request.read(), type=dict[str, Any])
    except (ValueError, RecursionError):
        raise InvalidInput(texts.BAD_BODY) from None
    return checked(given, kind, strict=True)


def read_query(request: web.Request, kind: type[T]) -> T:
    """The address's parameters as `kind`. Raises `InvalidInput`, `fields` names each wrong one."""
    return checked(dict(request.query), kind, strict=False)


def checked(given: dict[str, Any], kind: type[T], *, strict: bool) -> T:
    try:
        found = msgspec.convert(given, kind, strict=strict)
    except msgspec.ValidationError:
        problems = {}
        for field in msgspec.structs.fields(kind):
            name = field.encode_name
            if name not in given:
                if field.required:
                    problems[name] = texts.FIELD_MISSING
                continue
            try:
                msgspec.convert(given[name], field.type, strict=strict)
            except msgspec.ValidationError as problem:
                problems[name] = _in_chinese(str(problem))
        raise InvalidInput(fields=problems) from None
    endless = {
        field.encode_name: texts.FIELD_WRONG
        for field in msgspec.structs.fields(kind)
        if not _is_finite(getattr(found, field.name))
    }
    if endless:
        raise InvalidInput(fields=endless)
    return found


def _is_finite(value: Any) -> bool:
    """False for NaN and infinity anywhere in `value`: no amount and no figure, whatever a decimal may hold."""
    if isinstance(value, Decimal):
        return value.is_finite()
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Struct):
        return all(_is_finite(getattr(value, name)) for name in value.__struct_fields__)
    if isinstance(value, Mapping):
        return all(map(_is_finite, value.values()))
    if isinstance(value, (list, tuple, set, frozenset)):
        return all(map(_is_finite, value))
    return True


def _in_chinese(problem: str) -> str:
    if _AT_LEAST.search(problem):
        return texts.FIELD_MISSING
    if found := _AT_MOST.search(problem):
        return f"{texts.FIELD_TOO_LONG}，最多 {found[1]} 字"
    return texts.FIELD_WRONG
