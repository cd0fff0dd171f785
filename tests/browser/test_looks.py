"""Pictures of every state at the three sizes, kept as artefacts; and that nothing is cut off or runs over."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, expect

from tests.browser.chat_page import ANSWER_MS, Chat
from tests.browser.conftest import DESKTOP, LAPTOP, PHONE, OpenPage

SIZES = [DESKTOP, LAPTOP, PHONE]


async def fits(chat: Chat) -> None:
    """Nothing scrolls sideways, and header and composer are whole within the window."""
    page = chat.page
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    scroller = chat.root.locator(".scroller")
    assert await scroller.evaluate("box => box.scrollWidth <= box.clientWidth")
    size = page.viewport_size
    assert size is not None
    for part in (chat.root.locator(".header"), chat.root.locator(".foot"), chat.human):
        await within(part, size["width"], size["height"])


async def within(part: Locator, width: int, height: int) -> None:
    box = await part.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["y"] >= 0
    assert box["x"] + box["width"] <= width
    assert box["y"] + box["height"] <= height


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES, ids=["1440x900", "1280x720", "390x844"])
async def test_every_state_fits(
    open_page: OpenPage, base_url: str, customer_token: str, size: tuple[int, int], scheme: str
) -> None:
    is_phone = size == PHONE
    page = await open_page(size, color_scheme=scheme, has_touch=is_phone, is_mobile=is_phone)
    chat = Chat(page)
    tail = f"{size[0]}x{size[1]}{'-dark' if scheme == 'dark' else ''}"

    async def look(state: str) -> None:
        await chat.shoot(f"chat-{state}-{tail}")
        await fits(chat)

    await chat.open(base_url)
    await look("1-welcome")
    await page.evaluate("token => document.querySelector('zhike-chat').setUser(token)", customer_token)
    await chat.ready()
    await chat.ask("我的订单到哪了")
    await look("2-order")
    await chat.ask("七天无理由退货怎么退")
    await look("3-knowledge")
    await chat.ask("我要投诉，电饭煲用了两天就不加热了，找你们客服没人理")
    await look("4-complaint")
    await chat.field.fill("很长的一段话，" * 140)
    await look("5-long-draft")
    await chat.say("a" * 200)
    await chat.wait_sent()
    await chat.human.click()
    await expect(chat.waiting).to_be_visible(timeout=ANSWER_MS)
    await look("6-queue")
    await page.get_by_role("button", name="结束会话").click()
    await page.get_by_role("dialog").get_by_role("button", name="结束会话").click()
    await expect(page.get_by_role("button", name="开始新的会话")).to_be_visible(timeout=ANSWER_MS)
    await look("7-ended")
