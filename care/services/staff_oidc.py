"""Staff sign in by an OpenID Connect provider: code flow with PKCE, state, nonce; the id token is checked here.

OpenID Connect Core 1.0 §3.1.3.7 for the token, RFC 7636 for PKCE, RFC 9207 for the issuer on the way back. An
account is joined to an identity by issuer and subject, never by a name or mailbox that somebody may choose.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from authlib.jose import JsonWebKey, JsonWebToken
from authlib.jose.errors import JoseError
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from care.adapters.oidc import OidcClient, Provider
from care.records.encryption import CannotDecrypt
from care.records.staff import Staff
from care.rules.account_terms import AccountChange, SignedBy
from care.rules.errors import Conflict, Forbidden, NotFound, VerificationFailed
from care.rules.text import normalise
from care.rules.vocabulary import Role
from care.services.context import Care, data_keys
from care.services.staff_accounts import locked, note
from care.services.staff_sessions import From, SignedIn, open_session

FLOW_LIVES = timedelta(minutes=10)
_PLACE = "staff.oidc_flow"
#: What may have signed the token: no shared secrets, and never nothing.
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
_CLOCK_SKEW_S = 60
_BY_PROVIDER = "oidc"
_NO_HASH = "!"  # verifies none
_NOT_LOGIN = re.compile(r"[^a-z0-9._-]+")
_FAILED = "单点登录没有通过，请重新登录。"


@dataclass(frozen=True)
class Begun:
    """`address`: where the browser goes; `sealed`: what its cookie carries until it comes back."""

    address: str
    sealed: str


async def begin(care: Care, back_to: str, *, link_to: int | None = None) -> Begun:
    """
    Args:
        back_to: our address that the provider sends the browser back to.
        link_to: the account that the identity shall be joined to; its owner is signed in.

    Raises:
        NotFound: there is no single sign-on here.
        Unavailable: the provider cannot be asked now.
    """
    provider = await _client(care).discover()
    flow = {
        "state": secrets.token_urlsafe(24),
        "nonce": secrets.token_urlsafe(24),
        "verifier": secrets.token_urlsafe(48),
        "back_to": back_to,
        "link_to": link_to,
        "at": care.clock.now().isoformat(),
    }
    asked = {
        "response_type": "code",
        "client_id": care.settings.oidc_client_id or "",
        "redirect_uri": back_to,
        "scope": "openid profile email",
        "state": flow["state"],
        "nonce": flow["nonce"],
        "code_challenge": create_s256_code_challenge(flow["verifier"]),
        "code_challenge_method": "S256",
    }
    glue = "&" if "?" in provider.authorization_endpoint else "?"
    sealed = data_keys(care.settings).encrypt(json.dumps(flow), _PLACE)
    return Begun(f"{provider.authorization_endpoint}{glue}{urlencode(asked)}", sealed)


async def finish(care: Care, sealed: str | None, given: Mapping[str, str], *, came: From) -> SignedIn:
    """The browser is back with `given` in its address.

    Raises:
        VerificationFailed: anything about state, code or token is not as it must be.
        Forbidden: no role is mapped to what the person is there, or the account is switched off.
        Conflict: the login belongs to an account that is not joined to this identity.
        NotFound, Unavailable: as `begin`.
    """
    client = _client(care)
    now = care.clock.now()
    flow = _opened(care, sealed, now)
    if not hmac.compare_digest(str(flow["state"]).encode(), given.get("state", "").encode()):
        raise VerificationFailed(_FAILED)
    if given.get("error") or not given.get("code"):
        raise VerificationFailed("身份提供方没有同意登录，请重新登录。")
    provider = await client.discover()
    if given.get("iss", provider.issuer) != provider.issuer:
        raise VerificationFailed(_FAILED)
    tokens = await client.tokens(
        provider, code=given["code"], verifier=str(flow["verifier"]), back_to=str(flow["back_to"])
    )
    claims = _checked(care, provider, tokens, await client.keys(provider), str(flow["nonce"]), now)
    role = _role(care, claims)
    if role is None:
        raise Forbidden("您的账号没有被授予客服系统的角色，请联系管理员。")
    identity = f"{provider.issuer} {claims['sub']}"
    try:
        async with care.sessions.write() as session:
            staff = await _account(session, identity, claims, role, flow["link_to"], now)
            if not staff.active:
                raise Forbidden("您的账号已停用，请联系管理员。")
            if staff.role is not role:
                note(
                    session,
                    staff,
                    AccountChange.ROLE,
                    who=_BY_PROVIDER,
                    at=now,
                    old=staff.role.label,
                    new=role.label,
                )
                staff.role = role
            return await open_session(session, staff, now, signed_by=SignedBy.OIDC, came=came)
    except IntegrityError as twice:
        raise Conflict("这个身份刚刚在另一处登录，请再试一次。") from twice


def _client(care: Care) -> OidcClient:
    settings = care.settings
    if settings.oidc_issuer is None or settings.oidc_client_id is None:
        raise NotFound("没有启用单点登录。")
    return OidcClient(settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret)


def _opened(care: Care, sealed: str | None, now: datetime) -> dict[str, Any]:
    expired = VerificationFailed("单点登录已超时，请重新登录。")
    if not sealed or not sealed.startswith("enc:"):
        raise expired
    try:
        flow: dict[str, Any] = json.loads(data_keys(care.settings).decrypt(sealed, _PLACE))
    except (CannotDecrypt, ValueError):
        raise expired from None
    age = now - datetime.fromisoformat(flow["at"])
    if not timedelta(0) <= age <= FLOW_LIVES:
        raise expired
    return flow


def _checked(
    care: Care, provider: Provider, tokens: dict[str, Any], keys: dict[str, Any], nonce: str, now: datetime
) -> CodeIDToken:
    client_id = care.settings.oidc_client_id
    try:
        claims: CodeIDToken = JsonWebToken(_ALGORITHMS).decode(
            str(tokens["id_token"]),
            JsonWebKey.import_key_set(keys),
            claims_cls=CodeIDToken,
            claims_options={
                "iss": {"essential": True, "value": provider.issuer},
                "aud": {"essential": True, "value": client_id},
                "sub": {"essential": True},
                "exp": {"essential": True},
                "iat": {"essential": True},
            },
            claims_params={
                "nonce": nonce,
                "client_id": client_id,
                "access_token": tokens.get("access_token"),
            },
        )
        claims.validate(now=int(now.timestamp()), leeway=_CLOCK_SKEW_S)
    except (JoseError, KeyError, ValueError, TypeError) as wrong:
        raise VerificationFailed(_FAILED) from wrong
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise VerificationFailed(_FAILED)
    return claims


def _role(care: Care, claims: Mapping[str, Any]) -> Role | None:
    """The highest role that one of the claim's words is mapped to."""
    value: Any = claims
    for part in care.settings.oidc_role_claim.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    words = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    mapped = {care.settings.oidc_role_map.get(str(word)) for word in words}
    return next((role for role in reversed(Role) if role in mapped), None)


async def _account(
    session: AsyncSession,
    identity: str,
    claims: Mapping[str, Any],
    role: Role,
    link_to: int | None,
    now: datetime,
) -> Staff:
    known = await session.scalar(select(Staff.id).where(Staff.oidc_identity == identity))
    if known is not None:
        if link_to is not None and known != link_to:
            raise Conflict("这个身份已关联另一个账号。")
        return await locked(session, Staff.id == known)
    if link_to is not None:
        own = await locked(session, Staff.id == link_to)
        if own.oidc_identity is not None:
            raise Conflict("您的账号已关联另一个身份。")
        own.oidc_identity = identity
        note(session, own, AccountChange.OIDC_LINKED, who=own.login, at=now)
        return own
    login = _login(claims)
    if await session.scalar(select(Staff.id).where(Staff.login == login)) is not None:
        raise Conflict(f"登录名 {login} 已有账号，请先用密码登录，再在账号设置里关联单点登录。")
    name = normalise(str(claims.get("name") or claims.get("given_name") or login))[:40]
    staff = Staff(
        login=login,
        name=name or login,
        role=role,
        password_hash=_NO_HASH,
        skills=[],
        capacity=5,
        presence="away",
        failed_logins=0,
        active=True,
        is_demo=False,
        must_change_password=False,
        oidc_identity=identity,
        created_at=now,
    )
    session.add(staff)
    await session.flush()
    note(session, staff, AccountChange.CREATED, who=_BY_PROVIDER, at=now, new=f"{login}，{role.label}")
    return staff


def _login(claims: Mapping[str, Any]) -> str:
    wanted = str(claims.get("preferred_username") or claims.get("email") or claims["sub"])
    login = _NOT_LOGIN.sub("-", wanted.partition("@")[0].lower()).strip("-._")[:40]
    return login if len(login) >= 2 else f"sso-{secrets.token_hex(4)}"
