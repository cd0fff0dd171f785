"""`/healthz`, `/readyz`, `/metrics`."""

from __future__ import annotations

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bot.web import texts
from bot.web.bodies import json_response
from bot.web.clients import is_loopback
from bot.web.gate import ready_session
from bot.web.keys import PARTS
from bot.web.schemas import Health, Readiness
from care.rules.errors import Forbidden, NotSignedIn
from care.rules.permissions import Permission, may


async def healthz(request: web.Request) -> web.Response:
    """The process answers."""
    return json_response(Health("ok"))


async def readyz(request: web.Request) -> web.Response:
    """200 when every part answers, else 503 with the part that does not."""
    found = await request.app[PARTS].readiness.look()
    is_ready = all(state == "ok" for state in found.values())
    return json_response(
        Readiness("ok" if is_ready else "unavailable", found), status=200 if is_ready else 503
    )


async def metrics(request: web.Request) -> web.Response:
    """For Prometheus on this machine, and for staff who may see the console."""
    parts = request.app[PARTS]
    if not is_loopback(request):
        try:
            session = await ready_session(request)
        except NotSignedIn:
            raise Forbidden(texts.LOOPBACK_ONLY) from None
        if not may(session.staff.role, Permission.VIEW_CONSOLE):
            raise Forbidden(texts.LOOPBACK_ONLY)
    return web.Response(
        body=generate_latest(parts.metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
    )
