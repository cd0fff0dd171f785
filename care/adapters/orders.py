"""The shop's order system that the settings ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from care.adapters.embedded_orders import EmbeddedOrders
from care.adapters.http_orders import HttpOrders, RecordedIds, open_erp
from care.ports import Clock, OrderSystem
from care.records import Sessions
from care.settings import Settings, SettingsError


@asynccontextmanager
async def open_order_system(
    settings: Settings, sessions: Sessions, clock: Clock
) -> AsyncIterator[OrderSystem]:
    """The order system that `settings` asks for.

    Raises:
        SettingsError: ``ZHIKE_ORDER_SYSTEM=http`` without a usable address or without a token.
    """
    if settings.order_system == "embedded":
        yield EmbeddedOrders(sessions, clock)
        return
    url, token = settings.order_system_url, settings.order_system_token
    if not url or urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        raise SettingsError(
            "ZHIKE_ORDER_SYSTEM=http 需要 ZHIKE_ORDER_SYSTEM_URL，以 http:// 或 https:// 开头"
        )
    if not token:
        raise SettingsError("ZHIKE_ORDER_SYSTEM=http 需要 ZHIKE_ORDER_SYSTEM_TOKEN，即订单系统发给知客的令牌")
    async with open_erp(url, token) as erp:
        yield HttpOrders(erp, RecordedIds(sessions))
