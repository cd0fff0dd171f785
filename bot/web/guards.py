"""What stands before a handler: who may use the route, and that a write comes from our own page."""

from __future__ import annotations

from aiohttp import web

from bot.web import texts
from bot.web.clients import is_own_origin, may_open_chat
from bot.web.gate import check_ready
from bot.web.keys import PARTS, SESSION
from bot.web.routes import Access, Handler, Route
from bot.web.staff_api import COOKIE
from care.rules.errors import Forbidden
from care.rules.permissions import Permission, check_permission
from care.services import staff

CSRF_HEADER = "X-CSRF-Token"
_READS = frozenset({"GET", "HEAD"})


class WrongPage(Forbidden):
    code, default = "wrong_page", texts.BAD_CSRF


def guarded(route: Route) -> Handler:
    """The route's handler behind its permission."""

    async def handle(request: web.Request) -> web.StreamResponse:
        is_write = request.method not in _READS
        if is_write and not _is_of_allowed_page(request, route):
            raise WrongPage
        if route.access is not Access.PUBLIC:
            session = await staff.staff_of_session(request.app[PARTS].care, request.cookies.get(COOKIE))
            if is_write and not staff.is_csrf(session, request.headers.get(CSRF_HEADER)):
                raise WrongPage
            if isinstance(route.access, Permission):
                check_ready(session)
                check_permission(session.staff.role, route.access)
            request[SESSION] = session
        return await route.handler(request)

    return handle


def _is_of_allowed_page(request: web.Request, route: Route) -> bool:
    if route.is_for_widget:
        return may_open_chat(request, request.app[PARTS].care.settings.trusted_origins)
    return is_own_origin(request)
