"""The environment → one frozen `Settings`. Nothing else in the project reads the environment.

``docs/settings.md`` lists every setting; a test keeps that page and this file equal.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from ipaddress import ip_network
from pathlib import Path
from typing import Literal, TypeVar

from dotenv import dotenv_values

from care.rules.account_terms import TotpPolicy
from care.rules.handover import HandoverRules
from care.rules.labelled import Labelled
from care.rules.vocabulary import Cue, Emotion, Role, Tier, Topic

_L = TypeVar("_L", bound=Labelled)

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_HANDOVER = HandoverRules()


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
    handover: HandoverRules = DEFAULT_HANDOVER
    auto_assign: bool = True
    agent_grace_s: int = 60
    staff_totp: TotpPolicy = "off"
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: str | None = None
    oidc_role_claim: str = "roles"
    #: The provider's word for a role → ours.
    oidc_role_map: Mapping[str, Role] = field(default_factory=dict)
    oidc_label: str = "单点登录"
    closed_on_holidays: bool = False

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
        handover=HandoverRules(
            failures=_count("HANDOVER_FAILURES", text("HANDOVER_FAILURES", "2"), 0, 10),
            topics=_members("HANDOVER_TOPICS", text("HANDOVER_TOPICS", ""), Topic),
            tiers=_members("HANDOVER_TIERS", text("HANDOVER_TIERS", ""), Tier),
            emotions=_members("HANDOVER_EMOTIONS", text("HANDOVER_EMOTIONS", ""), Emotion),
            cues=_members("HANDOVER_CUES", text("HANDOVER_CUES", "self_harm"), Cue),
            skills=_skills(text("SKILL_TOPICS", "")),
        ),
        auto_assign=_flag("AUTO_ASSIGN", text("AUTO_ASSIGN", "1")),
        agent_grace_s=_count("AGENT_GRACE_S", text("AGENT_GRACE_S", "60"), 5, 3600),
        staff_totp=_one_of("STAFF_TOTP", text("STAFF_TOTP", "off"), "off", "managers", "all"),  # type: ignore[arg-type]
        oidc_issuer=_issuer(maybe("OIDC_ISSUER"), maybe("OIDC_CLIENT_ID")),
        oidc_client_id=maybe("OIDC_CLIENT_ID"),
        oidc_client_secret=maybe("OIDC_CLIENT_SECRET"),
        oidc_role_claim=text("OIDC_ROLE_CLAIM", "roles"),
        oidc_role_map=_role_map(text("OIDC_ROLE_MAP", "")),
        oidc_label=text("OIDC_LABEL", "单点登录"),
        closed_on_holidays=_flag("CLOSED_ON_HOLIDAYS", text("CLOSED_ON_HOLIDAYS", "0")),
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


def _members(name: str, text: str, kind: type[_L]) -> frozenset[_L]:
    found = set()
    for part in filter(None, (one.strip() for one in text.split(","))):
        try:
            found.add(kind(part))
        except ValueError:
            raise SettingsError(f"ZHIKE_{name}: {part!r} 不在 {'、'.join(kind.labels())} 之中") from None
    return frozenset(found)


def _skills(text: str) -> tuple[tuple[Topic, str], ...]:
    """``invoice=支付发票,installation=安装维修``."""
    found = []
    for part in filter(None, (one.strip() for one in text.split(","))):
        topic, _, skill = (piece.strip() for piece in part.partition("="))
        if topic not in Topic.labels() or not 0 < len(skill) <= 40:
            raise SettingsError(f"ZHIKE_SKILL_TOPICS: {part!r} 应为 话题=技能组，如 invoice=支付发票")
        found.append((Topic(topic), skill))
    return tuple(found)


def _count(name: str, text: str, least: int, most: int) -> int:
    if text.isascii() and text.isdigit() and least <= int(text) <= most:
        return int(text)
    raise SettingsError(f"ZHIKE_{name}: {text!r} 应为 {least} 到 {most} 之间的整数")


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


def _issuer(issuer: str | None, client_id: str | None) -> str | None:
    if issuer is None:
        return None
    is_safe = issuer.startswith(("https://", "http://127.0.0.1", "http://localhost"))
    if not is_safe or "?" in issuer or "#" in issuer:
        raise SettingsError(f"ZHIKE_OIDC_ISSUER: {issuer!r} 应为 https:// 开头的签发者地址")
    if client_id is None:
        raise SettingsError("ZHIKE_OIDC_CLIENT_ID: 设置了 ZHIKE_OIDC_ISSUER 时必须填写")
    return issuer


def _role_map(text: str) -> dict[str, Role]:
    roles = [role.value for role in Role]
    pairs = [part.strip().rpartition("=") for part in text.split(",") if part.strip()]
    for word, _, role in pairs:
        if not word.strip() or role.strip() not in roles:
            raise SettingsError(
                f"ZHIKE_OIDC_ROLE_MAP: {word}={role!s} 应写成 对方的角色={'|'.join(roles)}，多个用逗号分开"
            )
    return {word.strip(): Role(role.strip()) for word, _, role in pairs}


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
