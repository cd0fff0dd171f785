"""Desk frames from text: what is wrong with one is named by field, and the frame's id is kept for the answer."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from bot.web import texts
from bot.web.bodies import checked
from bot.web.desk_frames import CLIENT_FRAMES, DeskFrame, FrameId
from bot.web.frames import MAX_FRAME, FrameTooLarge, UnknownType, without_half_characters
from care.rules.errors import BadFrame

#: An agent's line of 4,000 characters fits.
DESK_MAX_FRAME = 2 * MAX_FRAME
_TYPES: dict[str, type[DeskFrame]] = {str(t.__struct_config__.tag): t for t in CLIENT_FRAMES}


class _Named(Struct):
    id: FrameId


_named = msgspec.json.Decoder(_Named)
_any = msgspec.json.Decoder(dict[str, Any])


def read_desk_frame(data: str) -> DeskFrame:
    """One client frame.

    Raises:
        FrameTooLarge: more than `DESK_MAX_FRAME` bytes.
        BadFrame: not a JSON object.
        UnknownType: of no known type.
        InvalidInput: fields are missing or wrong; `fields` names each.
    """
    try:
        raw = data.encode()
    except UnicodeEncodeError:
        raise BadFrame(texts.NOT_JSON) from None
    if len(raw) > DESK_MAX_FRAME:
        raise FrameTooLarge
    try:
        try:
            given = _any.decode(raw)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            given = _any.decode(without_half_characters(data))
    except (ValueError, RecursionError):
        raise BadFrame(texts.NOT_JSON) from None
    kind = _TYPES.get(str(given.pop("type", "")))
    if kind is None:
        raise UnknownType
    return checked(given, kind, strict=True)


def meant_frame(data: str) -> str | None:
    """The id of a frame that cannot be read, so that the page knows which of its acts was refused."""
    try:
        return _named.decode(data.encode()).id
    except (ValueError, RecursionError):
        return None
