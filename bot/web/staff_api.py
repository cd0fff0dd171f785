"""`/api/staff/…`: signing in and out. The session is a cookie that scripts cannot read."""

from __future__ import annotations

from aiohttp import web

from bot.web import schemas
from bot.web.bodies import json_response, read_body
from bot.web.clients import is_https
from bot.web.keys import ADDRESS, PARTS, SESSION
from care.rules.errors import TooManyRequests
from care.services import staff

COOKIE = "zhike_staff"


async def sign_in(request: web.Request) -> web.Response:
    parts = request.app[PARTS]
    if not parts.limiter.sign_ins.take(request[ADDRESS]):
        raise TooManyRequests
    given = await read_body(request, schemas.SignIn)
    signed_in = await staff.sign_in(parts.care, given.login, given.password)
    response = json_response(
        schemas.SignedIn(staff=schemas.staff_member(signed_in.staff), csrf=signed_in.csrf)
    )
    response.set_cookie(
        COOKIE,
        signed_in.token,
        max_age=int(staff.SESSION_LIVES.total_seconds()),
        path="/",
        httponly=True,
        samesite="Strict",
        secure=is_https(request, parts.care.settings.trusted_proxies),
    )
    return response


async def sign_out(request: web.Request) -> web.Response:
    await staff.sign_out(request.app[PARTS].care, request.cookies.get(COOKIE))
    response = json_response(schemas.Nothing())
    response.del_cookie(COOKIE, path="/", httponly=True, samesite="Strict")
    return response


async def me(request: web.Request) -> web.Response:
    session = request[SESSION]
    return json_response(schemas.SignedIn(staff=schemas.staff_member(session.staff), csrf=session.csrf))
