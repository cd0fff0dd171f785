"""`/api/staff/oidc/…`: to the identity provider and back. What was sent along waits in a sealed, short-lived cookie."""

from __future__ import annotations

from aiohttp import web

from bot.web.clients import is_https
from bot.web.keys import ADDRESS, PARTS
from bot.web.staff_api import COOKIE, came_from, set_cookie
from care.rules.errors import TooManyRequests
from care.services import staff, staff_oidc

FLOW_COOKIE = "zhike_oidc"
_FLOW_PATH = "/api/staff/oidc"


async def start(request: web.Request) -> web.StreamResponse:
    """`?link=1` while signed in: joins the own account to the identity, instead of signing in."""
    parts = request.app[PARTS]
    if not parts.limiter.sign_ins.take(request[ADDRESS]):
        raise TooManyRequests
    link_to = None
    if request.query.get("link") == "1":
        link_to = (await staff.staff_of_session(parts.care, request.cookies.get(COOKIE))).staff.id
    begun = await staff_oidc.begin(parts.care, _back_to(request), link_to=link_to)
    answer = web.Response(status=302, headers={"Location": begun.address})
    answer.set_cookie(
        FLOW_COOKIE,
        begun.sealed,
        max_age=int(staff_oidc.FLOW_LIVES.total_seconds()),
        path=_FLOW_PATH,
        httponly=True,
        samesite="Lax",  # the way back begins on the provider's page
        secure=is_https(request, parts.care.settings.trusted_proxies),
    )
    return answer


async def callback(request: web.Request) -> web.StreamResponse:
    parts = request.app[PARTS]
    if not parts.limiter.sign_ins.take(request[ADDRESS]):
        raise TooManyRequests
    done = await staff_oidc.finish(
        parts.care, request.cookies.get(FLOW_COOKIE), request.query, came=came_from(request)
    )
    answer = web.Response(status=302, headers={"Location": "/desk"})
    answer.del_cookie(FLOW_COOKIE, path=_FLOW_PATH, httponly=True, samesite="Lax")
    set_cookie(request, answer, done.token)
    return answer


def _back_to(request: web.Request) -> str:
    scheme = "https" if is_https(request, request.app[PARTS].care.settings.trusted_proxies) else "http"
    return f"{scheme}://{request.host}{_FLOW_PATH}/callback"
