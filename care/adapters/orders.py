"""The shop's order system that the settings ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from care.adapters.embedded_orders import EmbeddedOrders
from care.ports import Clock, OrderSystem
from care.records import Sessions
from care.settings import Settings, SettingsError


@asynccontextmanager
async def open_order_system(
    settings: Settings, sessions: Sessions, clock: Clock
) -> AsyncIterator[OrderSystem]:
    """The order system that `settings` asks for.

    Raises:
        SettingsError: ``ZHIKE_ORDER_SYSTEM=http``, which has no adapter yet.
    """
    if settings.order_system != "embedded":
        raise SettingsError("ZHIKE_ORDER_SYSTEM: 目前只支持 embedded")
    yield EmbeddedOrders(sessions, clock)
