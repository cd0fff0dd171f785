"""Talking with an OpenID Connect provider: its configuration, its keys, and a code for tokens."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from care.rules.errors import Unavailable, VerificationFailed

log = logging.getLogger(__name__)

TIMEOUT_S = 8
_MOST_BYTES = 1_000_000
AWAY = "身份提供方暂时连不上，请稍后再试，或用密码登录。"


@dataclass(frozen=True)
class Provider:
    """OpenID Connect Discovery 1.0 §3, as much of it as we use."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    takes_basic: bool


class OidcClient:
    """One client at one provider. Every call raises `Unavailable` when the provider cannot be asked now."""

    def __init__(self, issuer: str, client_id: str, client_secret: str | None) -> None:
        self._issuer, self._client_id, self._client_secret = issuer, client_id, client_secret
        self._opener = urllib.request.build_opener(_NoRedirect)

    async def discover(self) -> Provider:
        """The provider's configuration; it must name itself by the very issuer that was set (§4.3)."""
        found = await self._get(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
        try:
            methods = found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
            provider = Provider(
                str(found["issuer"]),
                str(found["authorization_endpoint"]),
                str(found["token_endpoint"]),
                str(found["jwks_uri"]),
                "client_secret_basic" in methods,
            )
        except (KeyError, TypeError, AttributeError) as missing:
            raise Unavailable(AWAY) from missing
        if provider.issuer != self._issuer:
            log.error("the provider calls itself %s, not %s", provider.issuer, self._issuer)
            raise Unavailable("身份提供方的配置与设置不符，请联系管理员。")
        for address in (provider.authorization_endpoint, provider.token_endpoint, provider.jwks_uri):
            if urlsplit(address).scheme != urlsplit(self._issuer).scheme:
                raise Unavailable("身份提供方的配置与设置不符，请联系管理员。")
        return provider

    async def keys(self, provider: Provider) -> dict[str, Any]:
        found = await self._get(provider.jwks_uri)
        return found if isinstance(found, dict) else {}

    async def tokens(self, provider: Provider, *, code: str, verifier: str, back_to: str) -> dict[str, Any]:
        """The tokens for a code (RFC 6749 §4.1.3, RFC 7636 §4.5).

        Raises:
            VerificationFailed: the provider does not take the code.
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back_to,
            "code_verifier": verifier,
            "client_id": self._client_id,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if self._client_secret is not None and provider.takes_basic:
            pair = f"{quote(self._client_id, safe='')}:{quote(self._client_secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        elif self._client_secret is not None:
            form["client_secret"] = self._client_secret
        asked = urllib.request.Request(  # noqa: S310  (the scheme is the issuer's)
            provider.token_endpoint, data=urlencode(form).encode(), headers=headers, method="POST"
        )
        found = await self._ask(asked)
        return found if isinstance(found, dict) else {}

    async def _get(self, address: str) -> Any:
        asked = urllib.request.Request(address, headers={"Accept": "application/json"})  # noqa: S310
        return await self._ask(asked)

    async def _ask(self, request: urllib.request.Request) -> Any:
        try:
            return json.loads(await asyncio.to_thread(self._read, request))
        except urllib.error.HTTPError as refusal:
            log.warning("the identity provider answered %s to %s", refusal.code, request.full_url)
            if refusal.code in (400, 401, 403):
                raise VerificationFailed("单点登录没有通过，请重新登录。") from refusal
            raise Unavailable(AWAY) from refusal
        except (OSError, ValueError) as trouble:
            raise Unavailable(AWAY) from trouble

    def _read(self, request: urllib.request.Request) -> bytes:
        with self._opener.open(request, timeout=TIMEOUT_S) as answer:
            body: bytes = answer.read(_MOST_BYTES)
            return body


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A secret goes where it was meant to go, or nowhere."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None
