"""The reference ERP as a fourth process, when orders are to come over HTTP and nobody named a real system."""

from __future__ import annotations

import dataclasses
import secrets
from urllib.parse import urlsplit

from bot.up.ports import choose_port
from care.settings import Settings

PREFERRED_PORT = 5099


def wants_reference_erp(settings: Settings) -> bool:
    return settings.order_system == "http" and settings.order_system_url is None


def with_reference_erp(settings: Settings) -> Settings:
    """The settings with a free port on loopback and a token for the reference ERP, when it is wanted."""
    if not wants_reference_erp(settings):
        return settings
    return dataclasses.replace(
        settings,
        order_system_url=f"http://127.0.0.1:{choose_port(PREFERRED_PORT)}",
        order_system_token=settings.order_system_token or secrets.token_urlsafe(32),
    )


def order_system_environment(settings: Settings) -> dict[str, str]:
    """What the children must know of the order system, whatever the environment says."""
    return {
        "ZHIKE_ORDER_SYSTEM": settings.order_system,
        "ZHIKE_ORDER_SYSTEM_URL": settings.order_system_url or "",
        "ZHIKE_ORDER_SYSTEM_TOKEN": settings.order_system_token or "",
    }


def port_of(settings: Settings) -> int:
    port = urlsplit(settings.order_system_url or "").port
    assert port is not None, "the reference ERP's address has a port"
    return port
