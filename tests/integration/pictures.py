"""Pictures as customers send them, and what a PDF says."""

from __future__ import annotations

import base64
import io
import re
import zlib
from uuid import uuid4

from PIL import Image

from care.services import evidence
from care.services.context import Care
from care.services.evidence import Taken


def photo(colour: str = "red", size: tuple[int, int] = (64, 48)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG")
    return out.getvalue()


async def sent(care: Care, conversation_id: int, name: str = "破损.jpg", colour: str = "red") -> Taken:
    return await evidence.add(
        care, conversation_id, client_msg_id=str(uuid4()), name=name, data=photo(colour)
    )


_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.S)
_SHOWN = re.compile(rb"\(((?:[^()\\]|\\.)*)\)\s*Tj", re.S)
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.S)
_PLAIN = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def text_of_pdf(data: bytes) -> str:
    """Every word that the pages draw, in drawing order: our fonts are written as UCS-2."""
    found = []
    for stream in _STREAM.findall(data):
        try:
            drawn = zlib.decompress(
                base64.a85decode(stream.strip(), adobe=False)
                if b"~>" not in stream
                else base64.a85decode(b"<~" + stream.strip(), adobe=True)
            )
        except (ValueError, zlib.error):
            continue
        for shown in _SHOWN.findall(drawn):
            raw = _ESCAPE.sub(
                lambda m: bytes([int(m[1], 8)]) if len(m[1]) == 3 else _PLAIN.get(m[1], m[1]), shown
            )
            found.append(raw.decode("utf-16-be", "replace"))
    return "".join(found)
