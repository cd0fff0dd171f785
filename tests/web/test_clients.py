"""Whose address counts, and which origins may talk with us."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from bot.web.clients import (
    client_address,
    is_https,
    is_loopback,
    is_own_origin,
    may_open_chat,
    network_of,
)


def request(peer: Any = ("203.0.113.9", 5000), **headers: str) -> web.Request:
    transport = Mock()
    transport.get_extra_info = lambda name, default=None: {"peername": peer}.get(name, default)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return make_mocked_request(
        "GET", "/", headers={"Host": "shop.example:8080", **named}, transport=transport
    )


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "address"),
    [
        ("203.0.113.9", None, (), "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", (), "203.0.113.9"),  # anybody can write the header
        ("10.0.0.1", "198.51.100.1", ("10.0.0.0/8",), "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.1", ("10.0.0.0/8",), "198.51.100.1"),  # the client wrote the first
        ("10.0.0.1", "198.51.100.1, 10.0.0.2", ("10.0.0.0/8",), "198.51.100.1"),
        ("10.0.0.1", "nonsense", ("10.0.0.0/8",), "10.0.0.1"),
        ("10.0.0.1", "", ("10.0.0.0/8",), "10.0.0.1"),
        ("::1", "2001:db8::7", ("::1",), "2001:db8::7"),
    ],
)
def test_the_address_behind_proxies(
    peer: str, forwarded: str | None, trusted: tuple[str, ...], address: str
) -> None:
    headers = {} if forwarded is None else {"X_Forwarded_For": forwarded}
    assert client_address(request((peer, 1), **headers), trusted) == address


def test_loopback_is_this_machine_and_not_a_proxy_on_it() -> None:
    assert is_loopback(request(("127.0.0.1", 1)))
    assert is_loopback(request(("::1", 1, 0, 0)))
    assert not is_loopback(request(("127.0.0.1", 1), X_Forwarded_For="203.0.113.9"))
    assert not is_loopback(request(("203.0.113.9", 1)))
    assert not is_loopback(request(None))


def test_https_is_believed_from_trusted_proxies_only() -> None:
    assert is_https(request(("10.0.0.1", 1), X_Forwarded_Proto="https"), ("10.0.0.1",))
    assert not is_https(request(("203.0.113.9", 1), X_Forwarded_Proto="https"), ("10.0.0.1",))


@pytest.mark.parametrize(
    ("origin", "own", "chat"),
    [
        (None, True, True),
        ("http://shop.example:8080", True, True),
        ("https://SHOP.example:8080", True, True),
        ("http://shop.example", False, False),
        ("https://www.shop.example", False, True),
        ("https://www.shop.example/", False, True),
        ("http://www.shop.example", False, False),
        ("https://www.shop.example.evil.example", False, False),
        ("null", False, False),
        ("", False, False),
    ],
)
def test_origins(origin: str | None, own: bool, chat: bool) -> None:
    asked = request(**({} if origin is None else {"Origin": origin}))
    assert is_own_origin(asked) is own
    assert may_open_chat(asked, ("https://www.shop.example",)) is chat


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("unknown", "unknown"),
    ],
)
def test_limits_count_an_ipv6_line_as_one(address: str, counted: str) -> None:
    assert network_of(address) == counted
