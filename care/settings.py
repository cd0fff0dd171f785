"""The environment → one frozen `Settings`. Nothing else in the project reads the environment.

``docs/settings.md`` lists every setting; a test keeps that page and this file equal.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import ip_network
from pathlib import Path
from typing import Literal

from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parent.parent


class SettingsError(ValueError):
    """A setting has a value that cannot be used; the text names it and says what may stand there."""


@dataclass(frozen=True)
class Settings:
    """What an installation may choose. URLs carry credentials: never log a `Settings`."""

    database_url: str
    redis_url: str | None
    host: str
    port: int
    secret_key: str
    rasa_url: str
    actions_url: str
    demo: bool
    sms: Literal["console", "http"]
    sms_http_url: str | None
    order_system: Literal["embedded", "http"]
    order_system_url: str | None
    log: Literal["text", "json"]
    trusted_origins: tuple[str, ...]
    shop_name: str
    order_number_pattern: str
    host_page_secret: str
    var_dir: Path
    root: Path = ROOT
    trusted_proxies: tuple[str, ...] = ()
    order_system_token: str | None = None
    sms_http_token: str | None = None
    data_key: str | None = None
    old_data_keys: tuple[str, ...] = ()

    @property
    def is_embedded_database(self) -> bool:
        return self.database_url.startswith("sqlite")


def load_settings(environ: Mapping[str, str] | None = None, *, root: Path = ROOT) -> Settings:
    """Reads ``ZHIKE_*`` from the environment, then ``.env`` in `root`, then the defaults.

    The secret key is made on first use and kept in ``var/secret_key`` (mode 600).

    Raises:
        SettingsError: a value is not one of those allowed.
    """
    values: dict[str, str] = {k: v for k, v in dotenv_values(root / ".env").items() if v is not None}
    values.update(os.environ if environ is None else environ)

    def text(name: str, default: str) -> str:
        return values.get(f"ZHIKE_{name}", "").strip() or default

    def maybe(name: str) -> str | None:
        return values.get(f"ZHIKE_{name}", "").strip() or None

    var_dir = Path(text("VAR_DIR", str(root / "var")))
    database_url = _async_url(text("DATABASE_URL", f"sqlite:///{var_dir / 'zhike.db'}"))
    embedded = database_url.startswith("sqlite")
    secret_key = maybe("SECRET_KEY") or _kept_secret(var_dir / "secret_key")
    return Settings(
        database_url=database_url,
        redis_url=maybe("REDIS_URL"),
        host=text("HOST", "127.0.0.1"),
        port=_port(text("PORT", "8080")),
        secret_key=secret_key,
        rasa_url=text("RASA_URL", "http://127.0.0.1:5005"),
        actions_url=text("ACTIONS_URL", "http://127.0.0.1:5055"),
        demo=_flag("DEMO", text("DEMO", "1" if embedded else "0")),
        sms=_one_of("SMS", text("SMS", "console"), "console", "http"),  # type: ignore[arg-type]
        sms_http_url=maybe("SMS_HTTP_URL"),
        order_system=_one_of(  # type: ignore[arg-type]
            "ORDER_SYSTEM", text("ORDER_SYSTEM", "embedded"), "embedded", "http"
        ),
        order_system_url=maybe("ORDER_SYSTEM_URL"),
        log=_one_of("LOG", text("LOG", "text"), "text", "json"),  # type: ignore[arg-type]
        trusted_origins=tuple(o.strip() for o in text("TRUSTED_ORIGINS", "").split(",") if o.strip()),
        shop_name=text("SHOP_NAME", "知客优选"),
        order_number_pattern=text("ORDER_NUMBER_PATTERN", r"881\d{8}"),
        # Host pages must not hold our own key: without a chosen one a separate key is derived from it.
        host_page_secret=maybe("HOST_PAGE_SECRET")
        or hmac.new(secret_key.encode(), b"host-page", sha256).hexdigest(),
        var_dir=var_dir,
        root=root,
        trusted_proxies=_networks(text("TRUSTED_PROXIES", "")),
        order_system_token=maybe("ORDER_SYSTEM_TOKEN"),
        sms_http_token=maybe("SMS_HTTP_TOKEN"),
        data_key=_data_key("DATA_KEY", maybe("DATA_KEY")),
        old_data_keys=tuple(key.strip() for key in text("OLD_DATA_KEYS", "").split(",") if key.strip()),
    )


def _async_url(url: str) -> str:
    """Accepts the plain spellings people know and names our asynchronous drivers."""
    for plain, driver in (
        ("sqlite:///", "sqlite+aiosqlite:///"),
        ("postgresql://", "postgresql+asyncpg://"),
        ("postgres://", "postgresql+asyncpg://"),
    ):
        if url.startswith(plain):
            return driver + url[len(plain) :]
    if url.startswith(("sqlite+aiosqlite:", "postgresql+asyncpg:")):
        return url
    raise SettingsError(
        f"ZHIKE_DATABASE_URL: {url.split(':', 1)[0]!r} 不受支持，可用 sqlite:/// 或 postgresql://"
    )


def _networks(text: str) -> tuple[str, ...]:
    networks = tuple(part.strip() for part in text.split(",") if part.strip())
    for network in networks:
        try:
            ip_network(network, strict=False)
        except ValueError:
            raise SettingsError(
                f"ZHIKE_TRUSTED_PROXIES: {network!r} 不是地址或网段，如 127.0.0.1 或 10.0.0.0/8"
            ) from None
    return networks


def _port(text: str) -> int:
    if text.isdigit() and 0 < int(text) < 65536:
        return int(text)
    raise SettingsError(f"ZHIKE_PORT: {text!r} 不是 1 到 65535 之间的端口号")


def _data_key(name: str, text: str | None) -> str | None:
    if text is None or len(text) >= 32:
        return text
    raise SettingsError(f"ZHIKE_{name}: 至少要 32 个字符，例如 openssl rand -hex 32 的输出")


def _flag(name: str, text: str) -> bool:
    if text.lower() in {"1", "true", "yes", "on"}:
        return True
    if text.lower() in {"0", "false", "no", "off"}:
        return False
    raise SettingsError(f"ZHIKE_{name}: {text!r} 应为 0 或 1")


def _one_of(name: str, text: str, *allowed: str) -> str:
    if text in allowed:
        return text
    raise SettingsError(f"ZHIKE_{name}: {text!r} 应为 {' 或 '.join(allowed)}")


def _kept_secret(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        key = secrets.token_urlsafe(48)
        file.write(key)
    return key
