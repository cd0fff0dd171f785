"""For everyone: keyboard, screen reader, contrast, motion."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.chat_page import ANSWER_MS, Chat
from tests.browser.conftest import LAPTOP, PHONE, OpenPage


async def violations(page: Page, axe: str) -> list[str]:
    """Serious and critical findings, as rule: element."""
    await page.wait_for_timeout(400)  # a bubble that is fading in has no contrast yet
    await page.evaluate(axe)
    found: list[dict[str, Any]] = await page.evaluate(
        "async () => (await axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})).violations"
    )
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
async def test_no_serious_violation_in_any_state(
    open_page: OpenPage, base_url: str, axe: str, customer_token: str, scheme: str, size: tuple[int, int]
) -> None:
    page = await open_page(size, color_scheme=scheme)
    chat = Chat(page)
    await chat.open(base_url)
    assert await violations(page, axe) == []
    await page.evaluate("token => document.querySelector('zhike-chat').setUser(token)", customer_token)
    await chat.ready()
    await chat.ask("我的订单到哪了")
    await chat.ask("七天无理由退货怎么退")
    assert await violations(page, axe) == []
    await chat.human.click()
    await expect(chat.waiting).to_be_visible(timeout=ANSWER_MS)
    assert await violations(page, axe) == []
    await page.get_by_role("button", name="结束会话").click()
    assert await violations(page, axe) == []
    await page.get_by_role("dialog").get_by_role("button", name="结束会话").click()
    await expect(page.get_by_role("button", name="开始新的会话")).to_be_visible(timeout=ANSWER_MS)
    assert await violations(page, axe) == []


async def test_the_widget_adds_no_serious_violation_to_a_page(
    open_page: OpenPage, shop_url: str, axe: str
) -> None:
    page = await open_page(LAPTOP)
    await page.goto(shop_url)
    for act in ("close", "open"):
        await page.evaluate(f"() => zhike.{act}()")
        # The shop's own button is red on grey; that is the shop's.
        assert [found for found in await violations(page, axe) if "zhike-chat" in found] == []


async def test_everything_can_be_done_with_the_keyboard(open_page: OpenPage, shop_url: str) -> None:
    page = await open_page(LAPTOP)
    chat = Chat(page)
    await page.goto(shop_url)
    focused = (
        "() => { const a = document.activeElement?.shadowRoot?.activeElement; return a?.className ?? '' }"
    )

    async def tab_to(name: str, key: str = "Tab") -> None:
        for _ in range(30):
            await page.keyboard.press(key)
            if name in await page.evaluate(focused):
                return
        pytest.fail(f"the focus never reached {name}")

    await tab_to("launcher")
    await page.keyboard.press("Enter")
    await chat.ready()
    await expect(chat.field).to_be_focused()
    await page.keyboard.type("我要投诉，昨天买的电饭煲坏了")
    await page.keyboard.press("Enter")
    await expect(chat.choices.first).to_be_visible(timeout=ANSWER_MS)
    await tab_to("choice", "Shift+Tab")
    ring = await page.evaluate(
        "() => getComputedStyle(document.activeElement.shadowRoot.activeElement).boxShadow"
    )
    assert ring != "none"
    await page.keyboard.press("Space")
    await expect(chat.own).to_have_count(2)
    assert "choice" in await page.evaluate(focused), "using a quick reply must not throw the focus away"
    await tab_to("human", "Shift+Tab")
    await page.keyboard.press("Enter")
    await expect(chat.waiting).to_be_visible(timeout=ANSWER_MS)
    await tab_to("solid")
    await page.keyboard.press("Enter")
    await expect(chat.field).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(chat.field).to_be_hidden()
    assert "launcher" in await page.evaluate(focused)


async def test_the_end_dialog_keeps_the_focus_and_gives_it_back(chat: Chat) -> None:
    await chat.ask("您好")
    end = chat.page.get_by_role("button", name="结束会话")
    await end.focus()
    await chat.page.keyboard.press("Enter")
    dialog = chat.page.get_by_role("dialog")
    await expect(dialog.get_by_role("button", name="继续咨询")).to_be_focused()
    for _ in range(4):
        await chat.page.keyboard.press("Tab")
        assert not await chat.field.evaluate("field => field.getRootNode().activeElement === field")
    await chat.page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(end).to_be_focused()


async def test_a_screen_reader_hears_new_messages_and_not_the_history(chat: Chat) -> None:
    log = chat.page.get_by_role("log")
    await expect(log).to_have_attribute("aria-live", "polite")
    await chat.ask("您好")
    await expect(log).to_contain_text("您好")


async def test_nothing_moves_for_those_who_do_not_want_it(open_page: OpenPage, base_url: str) -> None:
    chat = Chat(await open_page(LAPTOP, reduced_motion="reduce"))
    await chat.open(base_url)
    await chat.say("您好")
    duration = await chat.root.locator(".row").last.evaluate("row => getComputedStyle(row).animationDuration")
    assert float(duration.removesuffix("s")) < 0.001
