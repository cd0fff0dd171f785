"""A small OpenID Connect provider on loopback: real HTTP, real keys, the code flow with PKCE. What it says can be bent."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from aiohttp import BasicAuth, web
from aiohttp.test_utils import TestServer
from authlib.jose import JsonWebKey, JsonWebToken

CLIENT, SECRET = "zhike", "the-provider's-secret"


@dataclass
class Provider:
    """`claims` go into the id token; `bend` changes the whole token's claims at the last moment."""

    claims: dict[str, Any] = field(
        default_factory=lambda: {
            "sub": "u-1",
            "preferred_username": "wang.xm",
            "name": "王小美",
            "roles": ["cs-lead"],
        }
    )
    bend: dict[str, Any] = field(default_factory=dict)
    algorithm: str = "RS256"
    signs_with_other_key: bool = False
    issuer: str = ""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._key = JsonWebKey.generate_key("RSA", 2048, {"kid": "k1", "use": "sig"}, is_private=True)
        self._other = JsonWebKey.generate_key("RSA", 2048, {"kid": "k1", "use": "sig"}, is_private=True)

    async def start(self) -> TestServer:
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self._configuration)
        app.router.add_get("/authorize", self._authorize)
        app.router.add_post("/token", self._token)
        app.router.add_get("/keys", self._keys)
        server = TestServer(app)
        await server.start_server()
        self.issuer = str(server.make_url("")).rstrip("/")
        return server

    def consent(self, address: str) -> dict[str, str]:
        """The person agrees: what the browser brings back. Checks what a provider checks."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert (asked["response_type"], asked["client_id"]) == ("code", CLIENT)
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": self.issuer}

    async def _configuration(self, _: web.Request) -> web.Response:
        return web.json_response(
            {
                "issuer": self.bend.get("configured_issuer", self.issuer),
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            }
        )

    async def _authorize(self, request: web.Request) -> web.Response:
        back = self.consent(str(request.url))
        raise web.HTTPFound(f"{request.query['redirect_uri']}?{urlencode(back)}")

    async def _keys(self, _: web.Request) -> web.Response:
        return web.json_response({"keys": [self._key.as_dict(is_private=False)]})

    async def _token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.asked.append(form)
        shown = BasicAuth.decode(request.headers.get("Authorization", ""))
        began = self.codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        is_right = (
            began is not None
            and (shown.login, shown.password) == (CLIENT, "the-provider%27s-secret")
            and challenge == began["code_challenge"]
            and form["redirect_uri"] == began["redirect_uri"]
        )
        if not is_right or began is None:
            return web.json_response({"error": "invalid_grant"}, status=400)
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": began["nonce"],
            **self.claims,
            **{name: value for name, value in self.bend.items() if name != "configured_issuer"},
        }
        if self.algorithm == "HS256":
            key: Any = SECRET.encode()
        else:
            key = self._other if self.signs_with_other_key else self._key
        header = {"alg": self.algorithm, "kid": "k1"}
        if self.algorithm == "none":
            body = [
                base64.urlsafe_b64encode(str(part).replace("'", '"').encode()).decode().rstrip("=")
                for part in (header, claims)
            ]
            token = f"{body[0]}.{body[1]}."
        else:
            token = JsonWebToken(["RS256", "HS256"]).encode(header, claims, key).decode()
        return web.json_response({"access_token": "a", "token_type": "Bearer", "id_token": token})
