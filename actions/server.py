"""The action server: rasa-sdk's executor behind a signature, with customer care opened once.

The server that comes with rasa-sdk has no authentication, listens everywhere and echoes a request in its
errors; this one answers only signed requests and says nothing of what was in them.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from aiohttp import web
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException

from actions import desk
from care.rules import signing
from care.services.context import open_care
from care.settings import Settings, load_settings

log = logging.getLogger(__name__)

_MAX_BODY = 8 * 1024 * 1024  # a tracker grows with the conversation


def make_app(settings: Settings) -> web.Application:
    """The wired application; ``/health`` is open, ``/webhook`` wants Rasa's signature."""
    executor = ActionExecutor()
    executor.register_package("actions")

    async def health(_request: web.Request) -> web.Response:
        return web.json_response({"status": "ok", "actions": len(executor.actions)})

    async def webhook(request: web.Request) -> web.Response:
        body = await request.read()
        header = request.headers.get(signing.SIGNATURE_HEADER)
        if not signing.check(settings.secret_key, header, body, int(time.time())):
            return _error(401, "bad_signature")
        try:
            call = json.loads(body)
            return web.json_response(await executor.run(call))
        except ActionExecutionRejection as rejection:
            # Rasa reads this body to go on with another action.
            return web.json_response(
                {"error": rejection.message, "action_name": rejection.action_name}, status=400
            )
        except ActionNotFoundException as error:
            log.error("unknown action: %s", error)
            return _error(404, "unknown_action")
        except Exception:
            log.exception("an action failed")
            return _error(500, "action_failed")

    async def care_context(_app: web.Application) -> AsyncIterator[None]:
        async with open_care(settings) as care:
            desk.open_desk(care)
            yield

    app = web.Application(client_max_size=_MAX_BODY)
    app.cleanup_ctx.append(care_context)
    app.router.add_get("/health", health)
    app.router.add_post("/webhook", webhook)
    return app


def main() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    settings = load_settings()
    address = urlsplit(settings.actions_url)
    web.run_app(
        make_app(settings),
        host=address.hostname or "127.0.0.1",
        port=address.port or 5055,
        print=None,
        access_log=None,
    )


def _error(status: int, code: str) -> web.Response:
    return web.json_response({"error": code}, status=status)
