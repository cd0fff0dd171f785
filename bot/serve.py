"""``python -m bot.serve``: the web process. The one place where the web service meets the dialogue's client."""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack

import aiohttp
import structlog
from aiohttp import web

from bot.dialogue.client import BotFenced, BotUnavailable, DialogueClient
from bot.web.app import init_app
from bot.web.logs import configure_logs
from bot.web.ports import BotAnswer, BotSilent, NotBotsTurn, OutboxHandlers, Probes
from care.services import case_news, notices
from care.services.context import Care, open_care
from care.services.identity import sms_handler
from care.services.trackers import OUTBOX_TOPIC
from care.services.turns import Turn
from care.settings import Settings, SettingsError, load_settings

log = structlog.get_logger(__name__)

SHUTDOWN_S = 4.0
_PROBE_TIMEOUT = aiohttp.ClientTimeout(total=2)


class RasaBot:
    """`bot.web.ports.Bot` by the dialogue's client."""

    def __init__(self, client: DialogueClient) -> None:
        self._client = client

    async def ask(self, turn: Turn) -> BotAnswer:
        try:
            answer = await self._client.ask(turn)
        except BotFenced:
            raise NotBotsTurn from None
        except BotUnavailable as trouble:
            raise BotSilent(str(trouble)) from trouble
        return BotAnswer(answer.replies, answer.understood, answer.model)


async def make_app(settings: Settings) -> web.Application:
    """The web service of `settings` with everything real behind it, closed when the application ends."""
    stack = AsyncExitStack()
    care = await stack.enter_async_context(open_care(settings))
    client = await stack.enter_async_context(DialogueClient(settings))
    http = await stack.enter_async_context(aiohttp.ClientSession(timeout=_PROBE_TIMEOUT))
    app = init_app(
        care, RasaBot(client), probes=_probes(settings, client, http), outbox_handlers=_handlers(care, client)
    )

    async def close(_: web.Application) -> None:
        await stack.aclose()

    app.on_cleanup.append(close)
    return app


def _probes(settings: Settings, client: DialogueClient, http: aiohttp.ClientSession) -> Probes:
    async def ask_actions() -> None:
        async with http.get(f"{settings.actions_url.rstrip('/')}/health") as answer:
            answer.raise_for_status()

    return {"rasa": client.check_health, "actions": ask_actions}


def _handlers(care: Care, client: DialogueClient) -> OutboxHandlers:
    return {
        "sms": sms_handler(care),
        OUTBOX_TOPIC: client.tell,
        notices.OUTBOX_TOPIC: notices.bus_handler(care),
        case_news.CHANGED_TOPIC: case_news.handler(care),
        case_news.REMINDER_TOPIC: case_news.reminder_handler(care),
        case_news.SMS_TOPIC: case_news.sms_handler(care),
    }


def main() -> None:
    """Serves until SIGINT or SIGTERM; exit status 1 with one line when it cannot start."""
    try:
        settings = load_settings()
    except SettingsError as problem:
        sys.exit(str(problem))
    configure_logs(settings.log)
    log.info("web.start", host=settings.host, port=settings.port)
    try:
        web.run_app(
            make_app(settings),
            host=settings.host,
            port=settings.port,
            access_log=None,
            print=None,
            shutdown_timeout=SHUTDOWN_S,
        )
    except OSError as problem:
        sys.exit(f"网页服务无法在 {settings.host}:{settings.port} 启动:{problem.strerror or problem}")
    log.info("web.stopped")


if __name__ == "__main__":
    main()
