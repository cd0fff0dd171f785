"""Wires the web service: parts are made and closed here, and nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from aiohttp import web
from sqlalchemy import text

from bot.web import clockwork, middlewares, openapi
from bot.web.clockwork import Clockwork
from bot.web.desk_hub import DeskHub
from bot.web.dispatcher import RETRY_PAUSES_S, Dispatcher
from bot.web.guards import guarded
from bot.web.hub import Hub
from bot.web.keys import OPENAPI, PARTS, Parts
from bot.web.limits import Limiter, Limits
from bot.web.metrics import Metrics
from bot.web.open_sockets import OpenSockets
from bot.web.ports import Bot, OutboxHandlers, Probes
from bot.web.readiness import ReadinessProbe
from bot.web.recovery import Recovery
from bot.web.routes import ROUTES
from bot.web.security import add_headers
from bot.web.tasks import end
from care.services.context import Care

MAX_BODY = 64 * 1024


def init_app(
    care: Care,
    bot: Bot,
    *,
    probes: Probes | None = None,
    outbox_handlers: OutboxHandlers | None = None,
    limits: Limits | None = None,
    retry_pauses_s: Sequence[float] = RETRY_PAUSES_S,
    with_clockwork: bool = True,
) -> web.Application:
    """The application around an open `care` and a way to the bot. Nothing runs before it starts.

    Args:
        probes: further parts that `/readyz` asks, beside the database; ``rasa`` and ``actions``
            tell whether the bot is away.
        outbox_handlers: what delivers announcements, by topic.
        with_clockwork: whether this process takes part in the jobs that nobody asks for.
    """
    metrics = Metrics()
    hub = Hub(care)
    readiness = ReadinessProbe({"database": lambda: _ask_database(care), **(probes or {})})
    dispatcher = Dispatcher(
        care, bot, hub, metrics, is_bot_away=readiness.is_bot_away, retry_pauses_s=retry_pauses_s
    )
    limiter = Limiter(limits or Limits())
    parts = Parts(
        care=care,
        hub=hub,
        desks=DeskHub(care),
        dispatcher=dispatcher,
        limiter=limiter,
        metrics=metrics,
        sockets=OpenSockets(metrics),
        readiness=readiness,
        uploads=asyncio.Semaphore(limiter.limits.uploads_at_once),
    )
    app = web.Application(
        middlewares=[middlewares.scope, middlewares.errors, middlewares.limits], client_max_size=MAX_BODY
    )
    app[PARTS] = parts
    app[OPENAPI] = openapi.build(ROUTES, title=f"{care.settings.shop_name} · 知客")
    asked_first: set[str] = set()
    for route in ROUTES:
        app.router.add_route(route.method, route.path, guarded(route))
        if route.is_for_widget and route.path not in asked_first:
            asked_first.add(route.path)
            app.router.add_route("OPTIONS", route.path, _allow)
        if route.method == "GET" and not route.path.startswith("/ws/"):
            app.router.add_route("HEAD", route.path, guarded(route))
    app.on_response_prepare.append(add_headers)
    app.on_shutdown.append(_close_sockets)

    async def background(_: web.Application) -> AsyncIterator[None]:
        recovery = Recovery(dispatcher, readiness)
        running = [asyncio.create_task(recovery.run()), asyncio.create_task(hub.run())]
        running.append(asyncio.create_task(parts.desks.run()))
        if with_clockwork:
            all_jobs = clockwork.jobs(care, recovery, outbox_handlers or {}, metrics)
            running.append(asyncio.create_task(Clockwork(care, all_jobs, metrics).run()))
        yield
        await asyncio.gather(end(running), dispatcher.stop())
        await hub.close()

    app.cleanup_ctx.append(background)
    return app


async def _allow(request: web.Request) -> web.Response:
    """A browser asks before the widget on another site may; `add_headers` says which sites may."""
    return web.Response(status=204)


async def _close_sockets(app: web.Application) -> None:
    app[PARTS].sockets.close_all()


async def _ask_database(care: Care) -> None:
    async with care.sessions.read() as session:
        await session.execute(text("SELECT 1"))
