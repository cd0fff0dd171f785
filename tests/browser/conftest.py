"""A real Chromium against the running system, and a shop's page on another origin."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, Page, async_playwright
from sqlalchemy import select

from care.records.customer import Customer
from care.services.context import Care, open_care
from care.settings import Settings, load_settings
from tests.browser.chat_page import Chat
from tests.browser.chromium import ARGUMENTS, axe_source, find_chromium

DESKTOP, LAPTOP, PHONE = (1440, 900), (1280, 720), (390, 844)
DEMO_PHONE = "13800000001"

OpenPage = Callable[..., Awaitable[Page]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in item.nodeid:
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def settings(request: pytest.FixtureRequest) -> Settings:
    """Of the running system; with `ZHIKE_TEST_URL` it is one that was started by hand with this environment."""
    if "ZHIKE_TEST_URL" in os.environ:
        return load_settings()
    found: Settings = request.getfixturevalue("live_system").settings
    return found


@pytest.fixture
def base_url(request: pytest.FixtureRequest) -> str:
    if url := os.environ.get("ZHIKE_TEST_URL"):
        return url
    return str(request.getfixturevalue("live_system").base_url)


@pytest_asyncio.fixture
async def care(settings: Settings) -> AsyncIterator[Care]:
    """The records behind the running system."""
    async with open_care(settings) as opened:
        yield opened


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    path = find_chromium()
    if path is None:
        pytest.skip("没有 Chromium:装一个,或在 tests/browser 中运行 npm ci")
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield opened
        await opened.close()


@pytest_asyncio.fixture
async def open_page(browser: Browser) -> AsyncIterator[OpenPage]:
    """Makes pages of fresh visitors. Whatever a page throws, or its content policy forbids, fails the test."""
    complaints: list[str] = []

    async def open_one(size: tuple[int, int] = LAPTOP, **context: Any) -> Page:
        opened = await browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale="zh-CN",
            timezone_id="Asia/Tokyo",
            **context,
        )
        page = await opened.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                complaints.append(message.text) if "Content Security Policy" in message.text else None
            ),
        )
        return page

    yield open_one
    assert complaints == []


@pytest_asyncio.fixture
async def chat(open_page: OpenPage, base_url: str) -> Chat:
    """The chat page of a new visitor."""
    opened = Chat(await open_page())
    await opened.open(base_url)
    return opened


@pytest_asyncio.fixture
async def customer_token(care: Care, settings: Settings) -> str:
    """What the shop's own server would sign for the demo customer who is signed in there."""
    async with care.sessions.read() as session:
        customer = await session.scalar(select(Customer).where(Customer.phone == DEMO_PHONE))
    assert customer is not None, "the running system has no demo data"
    expires = datetime.now(timezone.utc) + timedelta(minutes=30)
    claims = {"sub": customer.external_id or customer.public_id, "aud": "zhike", "exp": expires}
    return jwt.encode(claims, settings.host_page_secret, algorithm="HS256")


HOSTILE_CSS = """
* { letter-spacing: 4px; }
div, p, section { background: pink !important; border: 3px solid red; }
button, textarea { font-size: 30px !important; color: red; text-transform: uppercase; }
zhike-chat { display: none !important; position: static !important; opacity: .1; margin: 90px; }
body { margin: 0; font: 16px/1.6 sans-serif; }
main { padding: 40px; }
"""


@pytest_asyncio.fixture
async def shop_url(settings: Settings, base_url: str) -> AsyncIterator[str]:
    """A shop's page on the origin that the service trusts, with styles that would break any unsealed widget."""
    origin = next(iter(settings.trusted_origins), None)
    assert origin, "the running system must trust one origin on the loopback (ZHIKE_TRUSTED_ORIGINS)"
    async for url in _serve_shop(base_url, urlsplit(origin).port or 80):
        yield url


@pytest_asyncio.fixture
async def untrusted_shop_url(base_url: str) -> AsyncIterator[str]:
    """The same page on an origin of nobody's choice."""
    async for url in _serve_shop(base_url, 0):
        yield url


async def _serve_shop(base_url: str, port: int) -> AsyncIterator[str]:
    service = urlsplit(base_url).netloc
    policy = f"default-src 'none'; style-src 'self'; script-src {service}; connect-src ws://{service} http://{service}; img-src {service} blob:"

    async def page(request: web.Request) -> web.Response:
        settings = " ".join(f'data-{name}="{value}"' for name, value in request.query.items())
        return web.Response(
            text=(
                '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>小店</title>'
                '<meta name="viewport" content="width=device-width, initial-scale=1">'
                '<link rel="stylesheet" href="/shop.css"></head><body><main><h1>静音破壁机</h1>'
                '<p id="price">¥1,099.00</p><button id="buy">加入购物车</button></main>'
                f'<script src="{base_url}/widget.js" data-site="shop" {settings}></script></body></html>'
            ),
            content_type="text/html",
            headers={"Content-Security-Policy": policy},
        )

    async def style(_: web.Request) -> web.Response:
        return web.Response(text=HOSTILE_CSS, content_type="text/css")

    app = web.Application()
    app.add_routes([web.get("/", page), web.get("/shop.css", style)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, reuse_address=True)
    await site.start()
    try:
        host, bound = runner.addresses[0][:2]
        yield f"http://{host}:{bound}/"
    finally:
        await runner.cleanup()


@pytest.fixture
def axe() -> str:
    source = axe_source()
    if source is None:
        pytest.skip("没有 axe-core:在 tests/browser 中运行 npm ci")
    return source
