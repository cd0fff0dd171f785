"""What every service call needs, wired once per process and closed in one place."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from care.adapters.bus import open_bus
from care.adapters.clock import ChinaCalendar, SystemClock
from care.adapters.orders import open_order_system
from care.adapters.sms import open_sms
from care.ports import Clock, EventBus, OrderSystem, SmsSender, WorkCalendar
from care.records import Sessions, make_engine
from care.records.encryption import KeyRing
from care.settings import Settings


@dataclass(frozen=True)
class Care:
    """The living parts of customer care; the first argument of every service function."""

    settings: Settings
    sessions: Sessions
    clock: Clock
    calendar: WorkCalendar
    orders: OrderSystem
    sms: SmsSender
    bus: EventBus


def data_keys(settings: Settings) -> KeyRing:
    """The keys of encrypted columns. The one derived from the secret key always opens what it once closed."""
    derived = hmac.new(settings.secret_key.encode(), b"data", hashlib.sha256).hexdigest()
    return KeyRing(settings.data_key or derived, (*settings.old_data_keys, derived))


def engine_of(settings: Settings) -> AsyncEngine:
    """The engine of the settings' database, with its data keys."""
    return make_engine(settings.database_url, keys=data_keys(settings))


@asynccontextmanager
async def open_care(
    settings: Settings, *, clock: Clock | None = None, calendar: WorkCalendar | None = None
) -> AsyncIterator[Care]:
    """Opens engine, bus and adapters for `settings`, and closes them at the end."""
    sessions = Sessions(engine_of(settings))
    clock = clock or SystemClock()
    try:
        async with (
            open_bus(settings) as bus,
            open_sms(settings) as sms,
            open_order_system(settings, sessions, clock) as orders,
        ):
            yield Care(
                settings=settings,
                sessions=sessions,
                clock=clock,
                calendar=calendar or ChinaCalendar(),
                orders=orders,
                sms=sms,
                bus=bus,
            )
    finally:
        await sessions.close()
