"""`/api/chat/evidence`, `/api/evidence/…`: pictures that a visitor sends, and who may look at them.

A visitor's token comes in a header of our own (as in `me_api`), so that neither another site's page nor a picture's
address alone opens anything; staff come with their session.
"""

from __future__ import annotations

import asyncio
from urllib.parse import quote, unquote

from aiohttp import web
from async_timeout import timeout
from msgspec import Struct

from bot.web import texts
from bot.web.bodies import json_response
from bot.web.gate import ready_session
from bot.web.keys import ADDRESS, PARTS
from bot.web.me_api import VISITOR_HEADER
from care.rules.errors import InvalidInput, NotVerified, TooManyRequests
from care.rules.pictures import MAX_BYTES, PictureTooLarge
from care.services import evidence, visits
from care.services.evidence import Picture

MESSAGE_HEADER = "X-Zhike-Message"
NAME_HEADER = "X-Zhike-Name"
#: Eight megabytes over a poor mobile line.
UPLOAD_TIMEOUT_S = 120.0


class NoVisit(NotVerified):
    code, default = "no_visit", texts.NO_VISIT


class SlowUpload(InvalidInput):
    code, status, default = "upload_timeout", 408, texts.SLOW_UPLOAD


class Uploaded(Struct, frozen=True):
    """`seq` is the picture's line in the conversation, which comes over the socket too."""

    id: str
    name: str
    seq: int


async def upload(request: web.Request) -> web.Response:
    """The body is the picture itself; its name comes percent-encoded in a header, its message's id in another."""
    parts = request.app[PARTS]
    token = request.headers.get(VISITOR_HEADER) or None
    if not parts.limiter.address_uploads.take(request[ADDRESS]):
        raise TooManyRequests(texts.TOO_MANY_PICTURES)
    view = await visits.conversation_of_token(parts.care, token)
    if view is None:
        raise NoVisit
    if not parts.limiter.visitor_uploads.take(token):
        raise TooManyRequests(texts.TOO_MANY_PICTURES)
    if (request.content_length or 0) > MAX_BYTES:
        raise PictureTooLarge
    async with parts.uploads:
        data = await _body(request)
        taken = await evidence.add(
            parts.care,
            view.id,
            client_msg_id=request.headers.get(MESSAGE_HEADER, ""),
            name=unquote(request.headers.get(NAME_HEADER, ""), errors="replace"),
            data=data,
        )
    parts.dispatcher.wake(view.id)
    return json_response(Uploaded(taken.public_id, taken.name, taken.seq))


async def picture(request: web.Request) -> web.Response:
    return await _shown(request, is_preview=False)


async def preview(request: web.Request) -> web.Response:
    return await _shown(request, is_preview=True)


async def _shown(request: web.Request, *, is_preview: bool) -> web.Response:
    care, public_id = request.app[PARTS].care, request.match_info["evidence"]
    token = request.headers.get(VISITOR_HEADER)
    if token is not None:
        found = await evidence.for_visitor(care, public_id, token, is_preview=is_preview)
    else:
        session = await ready_session(request)
        found = await evidence.for_staff(care, public_id, session.staff, is_preview=is_preview)
    return _response(found)


def _response(found: Picture) -> web.Response:
    return web.Response(
        body=found.data,
        content_type=found.content_type,
        headers={
            "Content-Disposition": f"inline; filename*=UTF-8''{quote(found.name)}",
            # Whatever a browser makes of it, it runs nothing and belongs to no origin.
            "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
            "Cache-Control": "private, no-store",
        },
    )


async def _body(request: web.Request) -> bytes:
    """
    Raises:
        PictureTooLarge: as soon as it is, whatever its length was said to be.
        SlowUpload: it did not come to its end in time.
    """
    received = bytearray()
    try:
        async with timeout(UPLOAD_TIMEOUT_S):
            async for piece in request.content.iter_any():
                received += piece
                if len(received) > MAX_BYTES:
                    raise PictureTooLarge
    except asyncio.TimeoutError:
        raise SlowUpload from None
    return bytes(received)
