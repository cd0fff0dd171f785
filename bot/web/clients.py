"""Who calls: the client's address behind trusted proxies, and whether a page's origin may talk with us."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

from aiohttp import web

_FORWARDED = ("X-Forwarded-For", "X-Forwarded-Proto", "Forwarded")


def client_address(request: web.BaseRequest, trusted_proxies: Sequence[str]) -> str:
    """The address to hold limits against.

    `X-Forwarded-For` is believed only as far as trusted proxies wrote it: anybody can send one.
    """
    address = _peer(request)
    hops = [
        hop.strip()
        for hop in ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")
        if hop.strip()
    ]
    while hops and _is_among(address, trusted_proxies):
        hop = hops.pop()
        if _parse(hop) is None:
            break
        address = hop
    return address


def network_of(address: str) -> str:
    """Whom limits count: an IPv6 line has 2^64 addresses, so its /64; IPv4 written as IPv6 is the IPv4."""
    parsed = _parse(address)
    if not isinstance(parsed, ipaddress.IPv6Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), 64), strict=False))


def is_loopback(request: web.BaseRequest) -> bool:
    """Whether this very machine asks, and not somebody through a proxy on it."""
    peer = _parse(_peer(request))
    return peer is not None and peer.is_loopback and not any(name in request.headers for name in _FORWARDED)


def is_https(request: web.BaseRequest, trusted_proxies: Sequence[str]) -> bool:
    if _is_among(_peer(request), trusted_proxies):
        return request.headers.get("X-Forwarded-Proto", request.scheme) == "https"
    return request.scheme == "https"


def is_own_origin(request: web.BaseRequest) -> bool:
    """No `Origin` means no browser page of somebody else: tools and same-origin navigation."""
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc.lower() == request.host.lower()


def may_open_chat(request: web.BaseRequest, trusted_origins: Sequence[str]) -> bool:
    """Own pages, and the host pages that the shop trusts."""
    origin = (request.headers.get("Origin") or "").rstrip("/").lower()
    return is_own_origin(request) or origin in {o.rstrip("/").lower() for o in trusted_origins}


def _peer(request: web.BaseRequest) -> str:
    name = request.transport.get_extra_info("peername") if request.transport else None
    return str(name[0]) if isinstance(name, tuple) and name else "unknown"


def _parse(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return None


def _is_among(address: str, networks: Sequence[str]) -> bool:
    parsed = _parse(address)
    return parsed is not None and any(parsed in ipaddress.ip_network(n, strict=False) for n in networks)
