"""The parts of the running web service, wired once in `bot.web.app` and reached through the application."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aiohttp import web

from bot.web.desk_hub import DeskHub
from bot.web.dispatcher import Dispatcher
from bot.web.hub import Hub
from bot.web.limits import Limiter
from bot.web.metrics import Metrics
from bot.web.open_sockets import OpenSockets
from bot.web.readiness import ReadinessProbe
from care.services.context import Care
from care.services.staff import StaffOfSession


@dataclass(frozen=True)
class Parts:
    care: Care
    hub: Hub
    desks: DeskHub
    dispatcher: Dispatcher
    limiter: Limiter
    metrics: Metrics
    sockets: OpenSockets
    readiness: ReadinessProbe
    #: Held while a picture is received and made anew.
    uploads: asyncio.Semaphore


PARTS: web.AppKey[Parts] = web.AppKey("parts", Parts)
OPENAPI: web.AppKey[bytes] = web.AppKey("openapi", bytes)

#: On a request: its id, the client's address as limits count it, and the staff's session that it carries.
REQUEST_ID: web.RequestKey[str] = web.RequestKey("request_id", str)
ADDRESS: web.RequestKey[str] = web.RequestKey("address", str)
SESSION: web.RequestKey[StaffOfSession] = web.RequestKey("session", StaffOfSession)
