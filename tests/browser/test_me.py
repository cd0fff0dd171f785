"""我的信息 in a real browser: what is kept, consents, the export and the deletion, for the proven visitor only.

The page asks the web service alone, so no dialogue model runs here.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from bot.web.app import init_app
from care.records.customer import Customer
from care.records.order import Order
from care.rules.vocabulary import OrderState
from care.services import conversations, identity, profile
from care.services.context import Care
from care.settings import ROOT
from tests.browser.chat_page import SHOTS
from tests.browser.conftest import LAPTOP, PHONE, OpenPage
from tests.web.people import ScriptedBot

SHOP_ID = "shop-1"


@pytest_asyncio.fixture
async def care(care_sqlite: Care) -> Care:
    """With the built front end of the project."""
    if not (ROOT / "ui" / "dist" / "me.html").is_file():
        pytest.skip("没有构建前端:make ui")
    return replace(care_sqlite, settings=replace(care_sqlite.settings, root=ROOT))


@pytest_asyncio.fixture
async def site(care: Care, aiohttp_server: Any) -> str:
    server = await aiohttp_server(init_app(care, ScriptedBot(), with_clockwork=False))
    return f"http://127.0.0.1:{server.port}"


@pytest_asyncio.fixture
async def customer(care: Care) -> Customer:
    customer = Customer(
        public_id=str(uuid4()),
        name="李想",
        phone="13800000001",
        external_id=SHOP_ID,
        created_at=care.clock.now(),
    )
    async with care.sessions.write() as session:
        session.add(customer)
        await session.flush()
        session.add(
            Order(
                number="88120260001",
                customer_id=customer.id,
                state=OrderState.COMPLETED,
                amount=1299,
                placed_at=care.clock.now(),
                receiver_name="李想",
                receiver_phone="13800000001",
                receiver_address="浙江省杭州市西湖区文三路12号",
            )
        )
    return customer


Arrive = Callable[..., Awaitable[Page]]


@pytest.fixture
def arrive(care: Care, customer: Customer, site: str, open_page: OpenPage) -> Arrive:
    """Opens /me as the visitor of a conversation that was proven, or not."""

    async def open_me(*, proven: bool = True, **more: Any) -> Page:
        visit = await conversations.open_visit(care, None)
        if proven:
            claims = {"sub": SHOP_ID, "aud": "zhike", "exp": care.clock.now() + timedelta(minutes=5)}
            token = jwt.encode(claims, care.settings.host_page_secret, algorithm="HS256")
            await identity.verify_token(care, visit.conversation.id, token)
            for name, value in (
                ("address", "浙江省杭州市西湖区文三路12号3单元501室"),
                ("email", "lixiang@example.com"),
            ):
                await profile.correct(care, visit.conversation.id, name, value, source_message_id=None)
        page = await open_page(**more)
        await page.add_init_script(
            f"localStorage.setItem('zhike:chat:visitor', {json.dumps(json.dumps(visit.visitor_token))})"
        )
        await page.goto(f"{site}/me")
        return page

    return open_me


async def test_a_visitor_who_proved_nothing_is_told_how_to(arrive: Arrive) -> None:
    page = await arrive(proven=False)
    await expect(page.get_by_role("heading", name="请先核实身份")).to_be_visible()
    assert "13800000001" not in await page.content()


async def test_the_chat_page_leads_there(site: str, open_page: OpenPage) -> None:
    page = await open_page()
    await page.goto(f"{site}/chat")
    await page.get_by_role("link", name="我的信息").click()
    await expect(page.get_by_role("heading", name="我的信息", exact=True)).to_be_visible()


@pytest.mark.parametrize(("size", "scheme"), [(LAPTOP, "light"), (PHONE, "light"), (PHONE, "dark")])
async def test_everything_is_there_and_fits(
    arrive: Arrive, size: tuple[int, int], scheme: str, axe: str
) -> None:
    page = await arrive(size=size, color_scheme=scheme)
    await expect(page.get_by_text("李想，您好")).to_be_visible()
    for words in (
        "lixiang@example.com",
        "订单、物流、售后与发票",
        "电子商务法第三十一条",
        "申请导出",
        "申请删除",
    ):
        await expect(page.get_by_text(words).first).to_be_visible()
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    SHOTS.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=SHOTS / f"me-{size[0]}x{size[1]}-{scheme}.png", full_page=True)
    # Over the debugging protocol: the page's own policy allows no foreign script.
    await page.evaluate(axe)
    found = await page.evaluate("() => axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa']})")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []


async def test_consent_is_one_click_both_ways(arrive: Arrive) -> None:
    page = await arrive()
    row = page.locator("li[data-purpose=marketing]")
    await row.get_by_role("button", name=re.compile("^同意")).click()
    await expect(row.get_by_role("button", name=re.compile("^撤回"))).to_be_visible()
    await row.get_by_role("button", name=re.compile("^撤回")).click()
    await expect(row).to_contain_text("2026年11月24日 撤回")


async def test_the_export_is_downloaded_and_the_link_is_gone(arrive: Arrive, tmp_path: Path) -> None:
    page = await arrive()
    await page.get_by_role("button", name="申请导出").click()
    link = page.get_by_role("link", name="下载")
    await expect(link).to_be_visible()
    async with page.expect_download() as waiting:
        await link.click()
    download = await waiting.value
    await download.save_as(tmp_path / "mine.zip")
    with zipfile.ZipFile(io.BytesIO((tmp_path / "mine.zip").read_bytes())) as archive:
        assert "lixiang@example.com" in archive.read("我的信息.json").decode()
    await expect(page.get_by_role("button", name="申请导出")).to_be_visible(timeout=5000)
    await expect(page.get_by_role("cell", name="查阅与复制")).to_be_visible()


async def test_a_deletion_asks_twice_and_can_be_taken_back(arrive: Arrive) -> None:
    page = await arrive()
    await page.get_by_role("button", name="申请删除").click()
    await page.get_by_role("button", name="不删除").click()
    await page.get_by_role("button", name="申请删除").click()
    await page.get_by_role("button", name="确定删除").click()
    await expect(page.get_by_text(re.compile(r"已受理，编号 QL-20261124-\d{4}"))).to_be_visible()
    await page.screenshot(path=SHOTS / "me-deletion.png", full_page=True)
    await page.get_by_role("button", name="撤回申请").click()
    await expect(page.get_by_role("button", name="申请删除")).to_be_visible()
    await expect(page.get_by_role("cell", name="已撤回")).to_be_visible()
