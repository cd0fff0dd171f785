"""The widget in a page that is not ours."""

from __future__ import annotations

import re
from typing import Any

from playwright.async_api import Page, expect

from tests.browser.chat_page import ANSWER_MS, Chat
from tests.browser.conftest import LAPTOP, PHONE, OpenPage

GEOMETRY = """() => ['h1', '#price', '#buy'].map((name) => {
  const box = document.querySelector(name).getBoundingClientRect();
  return [box.x, box.y, box.width, box.height];
}).concat([[document.documentElement.scrollWidth, document.documentElement.scrollHeight]])"""
SHIFTS = """() => new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) sum += entry.value; })
    .observe({ type: 'layout-shift', buffered: true });
  setTimeout(() => done(sum), 300);
})"""


async def embedded(page: Page, url: str) -> Chat:
    await page.goto(url)
    await expect(page.locator("zhike-chat .launcher")).to_be_visible()
    return Chat(page)


async def test_it_moves_nothing_in_the_page_and_takes_nothing_of_its_styles(
    open_page: OpenPage, shop_url: str
) -> None:
    page = await open_page(LAPTOP)
    await page.route("**/widget.js", lambda route: route.abort())
    await page.goto(shop_url)
    without = await page.evaluate(GEOMETRY)
    await page.unroute("**/widget.js")
    chat = await embedded(page, shop_url)
    assert await page.evaluate(GEOMETRY) == without
    await page.get_by_role("button", name="在线客服").click()
    await chat.ready()
    assert await page.evaluate(GEOMETRY) == without
    assert await page.evaluate(SHIFTS) == 0
    style: dict[str, Any] = await chat.field.evaluate(
        "field => { const style = getComputedStyle(field);"
        " return { size: style.fontSize, spacing: style.letterSpacing, back: style.backgroundColor } }"
    )
    assert style == {"size": "16px", "spacing": "normal", "back": "rgba(0, 0, 0, 0)"}
    await chat.shoot("widget-open-1280x720")


async def test_a_customer_asks_from_the_shop_and_sees_the_unread_answer(
    open_page: OpenPage, shop_url: str
) -> None:
    page = await open_page(LAPTOP)
    chat = await embedded(page, shop_url)
    await page.evaluate(
        "() => { window.heard = []; zhike.on('unread', (count) => window.heard.push(count)); zhike.open() }"
    )
    await chat.ready()
    await chat.say("七天无理由退货怎么退")
    await chat.wait_sent()
    await page.evaluate("() => zhike.close()")
    badge = chat.root.locator(".badge")
    await expect(badge).to_have_text(re.compile(r"^\d+$"), timeout=ANSWER_MS)
    assert await page.evaluate("() => window.heard.at(-1)") == int(await badge.inner_text())
    await chat.shoot("widget-unread-1280x720")
    await page.reload()
    await expect(badge).to_have_text(re.compile(r"^\d+$"), timeout=ANSWER_MS)
    await page.get_by_role("button", name=re.compile(r"\d+ 条未读消息")).click()
    await expect(chat.root.locator(".source").last).to_be_visible()
    await expect(badge).to_be_empty()
    await page.get_by_role("button", name="收起").first.click()
    await expect(badge).to_be_empty()


async def test_the_page_steers_it(open_page: OpenPage, shop_url: str) -> None:
    page = await open_page(LAPTOP)
    chat = await embedded(
        page, f"{shop_url}?position=left&colour=%23ffd400&launcher=问一问&theme=dark&greeting=欢迎光临"
    )
    launcher = chat.root.locator(".launcher")
    await expect(launcher).to_have_text("问一问")
    box = await launcher.bounding_box()
    assert box is not None
    assert box["x"] < 100
    # Dark words on a light colour, whatever the site chose.
    assert await launcher.evaluate("button => getComputedStyle(button).color") == "rgb(32, 27, 23)"
    for act, is_open in (
        ("open", True),
        ("close", False),
        ("toggle", True),
        ("toggle", False),
        ("open", True),
    ):
        await page.evaluate(f"() => zhike.{act}()")
        await expect(chat.field).to_be_visible(visible=is_open)
    await expect(chat.answers.first).to_have_text("欢迎光临")
    await chat.shoot("widget-own-colour-1280x720")
    await page.evaluate("() => zhike.setLocale('en')")
    await expect(page.get_by_label("Message")).to_be_visible()


async def test_a_page_that_the_service_does_not_trust_gets_no_conversation(
    open_page: OpenPage, untrusted_shop_url: str
) -> None:
    chat = await embedded(await open_page(LAPTOP), untrusted_shop_url)
    await chat.page.evaluate("() => zhike.open()")
    await expect(chat.connection).to_have_text("已离线，消息会在恢复后发送", timeout=ANSWER_MS)


async def test_on_a_phone_it_fills_the_screen(open_page: OpenPage, shop_url: str) -> None:
    page = await open_page(PHONE, has_touch=True, is_mobile=True)
    chat = await embedded(page, shop_url)
    await page.get_by_role("button", name="在线客服").tap()
    await chat.ready()
    await page.wait_for_timeout(350)
    box = await chat.root.locator(".panel").bounding_box()
    assert box == {"x": 0, "y": 0, "width": PHONE[0], "height": PHONE[1]}
    await expect(chat.root.locator(".launcher")).to_be_hidden()
    await chat.ask("七天无理由退货怎么退")
    await chat.shoot("widget-phone-390x844")
    await page.get_by_role("button", name="收起").first.tap()
    await expect(chat.root.locator(".launcher")).to_be_visible()
