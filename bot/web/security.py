"""Headers that every answer carries: what a page of ours may load, and who may put it into a frame."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aiohttp import web

from bot.web.clients import is_https, may_open_chat
from bot.web.keys import PARTS, REQUEST_ID

_HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
_NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
#: Other sites load these into their pages.
_SHARED = ("/widget.js", "/assets/")
#: The widget on a trusted site asks for these with its visitor's token: no cookie goes along.
FROM_TRUSTED_SITES = ("/api/chat/", "/api/evidence/")
_CROSS_ORIGIN = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Content-Type, X-Zhike-Visitor, X-Zhike-Message, X-Zhike-Name",
    "Access-Control-Max-Age": "7200",
}
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": _NOTHING,
    "Cache-Control": "no-store",
}


def chat_policy(host: str, trusted_origins: Sequence[str]) -> str:
    """For `/chat`: own files only; framed by itself and trusted hosts."""
    trusted = "".join(f" {origin}" for origin in trusted_origins)
    return f"{_own_files(host, trusted)}; frame-ancestors 'self'{trusted}"


def workplace_policy(host: str) -> str:
    """For the staff's pages: own files only, in nobody's frame."""
    return f"{_own_files(host, '')}; frame-ancestors 'none'"


def _own_files(host: str, trusted: str) -> str:
    # Older Safari does not count the socket of the same host as 'self'.
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
        f"img-src 'self' data: blob:{trusted}; connect-src 'self'{sockets}; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    )


PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Runs before any answer leaves, errors and files included; a handler's own header wins."""
    for name, value in _ALWAYS.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = "zhike"  # versions are nobody's business
    if request_id := request.get(REQUEST_ID):
        response.headers.setdefault("X-Request-Id", request_id)
    if request.path.startswith(FROM_TRUSTED_SITES):
        response.headers["Vary"] = "Origin"
        origin = request.headers.get("Origin")
        if origin and may_open_chat(request, request.app[PARTS].care.settings.trusted_origins):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers.update(_CROSS_ORIGIN)
    shared = request.path.startswith(_SHARED)
    response.headers.setdefault("Cross-Origin-Resource-Policy", "cross-origin" if shared else "same-origin")
    if "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]:
        response.headers.setdefault("X-Frame-Options", "DENY")
    if is_https(request, request.app[PARTS].care.settings.trusted_proxies):
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
