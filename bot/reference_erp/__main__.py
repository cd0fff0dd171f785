"""``python -m bot.reference_erp [--port N]``: serves the order tables of the settings' database on loopback."""

from __future__ import annotations

import argparse
import logging
import sys
from urllib.parse import urlsplit

from aiohttp import web

from bot.reference_erp.app import make_app
from care.adapters.clock import SystemClock
from care.adapters.embedded_orders import EmbeddedOrders
from care.adapters.http_orders import RecordedIds
from care.records import Sessions
from care.services.context import engine_of
from care.settings import Settings, SettingsError, load_settings

DEFAULT_PORT = 5099


async def application(settings: Settings) -> web.Application:
    """The server over the settings' database, closed when it ends.

    Raises:
        SettingsError: no token was chosen.
    """
    if not settings.order_system_token:
        raise SettingsError("ZHIKE_ORDER_SYSTEM_TOKEN：参考订单服务需要一个令牌，调用方要出示同一个")
    sessions = Sessions(engine_of(settings))
    app = make_app(
        EmbeddedOrders(sessions, SystemClock()), settings.order_system_token, RecordedIds(sessions)
    )

    async def close(_: web.Application) -> None:
        await sessions.close()

    app.on_cleanup.append(close)
    return app


def main() -> None:
    words = argparse.ArgumentParser(prog="python -m bot.reference_erp", description="参考订单服务")
    words.add_argument("--port", type=int, help="监听的端口(仅本机)")
    settings = load_settings()
    given = words.parse_args().port
    port = given or urlsplit(settings.order_system_url or "").port or DEFAULT_PORT
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        # No access log: addresses name customers and orders.
        web.run_app(application(settings), host="127.0.0.1", port=port, access_log=None, print=None)
    except SettingsError as problem:
        print(problem, file=sys.stderr)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
