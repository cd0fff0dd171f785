"""The desk as an agent works at it: what can be read on it and done with it."""

from __future__ import annotations

import re
from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.browser.chat_page import SHOTS

#: Several processes and a browser on a busy machine.
SOON_MS = 30_000


class Desk:
    """The page `/desk`."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.lists = page.get_by_role("navigation", name="会话")
        self.thread = page.get_by_role("main", name="会话内容")
        self.customer = page.get_by_role("complementary", name="客户")
        self.connection = page.locator(".connection")
        self.lock = self.thread.locator(".lock")
        self.reply = self.thread.get_by_label("回复客户")
        self.note = self.thread.get_by_label("内部笔记", exact=True)
        self.bubbles = self.thread.locator("li.line .bubble")
        self.dialog = page.get_by_role("dialog")
        self.told = page.locator(".el-message")

    async def open(self, base_url: str) -> None:
        await self.page.goto(f"{base_url}/desk")

    async def come_back(self, base_url: str, cookies: list[Any]) -> None:
        """With the session of an earlier visit."""
        await self.page.context.add_cookies(cookies)
        await self.open(base_url)
        await self.ready()

    async def call(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """The API in this agent's name: reads, or writes `body`."""
        base = re.match(r"https?://[^/]+", self.page.url)
        assert base is not None
        request = self.page.request
        if body is None:
            answer = await request.get(f"{base[0]}{path}")
        else:
            me = await (await request.get(f"{base[0]}/api/staff/me")).json()
            answer = await request.post(f"{base[0]}{path}", data=body, headers={"X-CSRF-Token": me["csrf"]})
        assert answer.ok, await answer.text()
        return await answer.json()

    async def sign_in(self, base_url: str, login: str, password: str) -> None:
        await self.open(base_url)
        await self.page.get_by_label("登录名").fill(login)
        await self.page.get_by_label("密码", exact=True).fill(password)
        await self.page.get_by_role("button", name="登录").click()
        await self.ready()

    async def ready(self) -> None:
        """The live connection stands: its state is shown only when it is bad."""
        await expect(self.lists).to_be_visible(timeout=SOON_MS)
        await expect(self.connection).to_be_empty(timeout=SOON_MS)

    async def be(self, presence: str) -> None:
        """在线、忙碌、离开、小休."""
        button = self.page.get_by_role("button", name=re.compile("我的状态"))
        if presence in await button.inner_text():
            return
        await button.click()
        await self.page.get_by_role("menuitem", name=re.compile(f"^{presence}")).click()
        await expect(button).to_contain_text(presence)

    async def see(self, name: str) -> None:
        """我的、等待、机器人接待中、全部."""
        await self.lists.get_by_role("tab", name=re.compile(f"^{name}")).click()

    def item(self, words: str) -> Locator:
        """The conversation in the list whose row holds `words`."""
        return self.lists.locator("button.item").filter(has_text=words)

    async def pick(self, words: str) -> None:
        await self.item(words).first.click(timeout=SOON_MS)
        await expect(self.thread.locator("h2")).to_be_visible()
        await expect(self.thread.locator("li.line").first).to_be_visible(timeout=SOON_MS)

    async def take(self) -> None:
        """From the thread's head: 接待 or 接管."""
        await self.thread.locator(".acts").get_by_role("button", name=re.compile("^接[待管]$")).click()

    async def is_mine(self) -> None:
        await expect(self.thread.locator(".head")).to_contain_text("我在接待", timeout=SOON_MS)
        await expect(self.reply).to_be_visible()

    async def serve(self, words: str) -> None:
        """Takes who waits with these words."""
        await self.see("等待")
        await self.pick(words)
        await self.take()
        await self.is_mine()

    async def say(self, text: str) -> None:
        await self.reply.fill(text)
        await self.reply.press("Enter")
        await expect(self.bubbles.filter(has_text=text)).to_be_visible(timeout=SOON_MS)

    async def choose(self, label: str, option: str) -> None:
        """In the open dialog, with the keyboard: the field lies under its own placeholder."""
        await self.dialog.get_by_label(label, exact=True).press("Enter")
        await self.page.get_by_role("option", name=option, exact=True).click()
        await expect(self.page.get_by_role("option", name=option, exact=True)).to_be_hidden()

    def line(self, speaker: str, text: str) -> Locator:
        return self.thread.locator(f'li.line[data-from="{speaker}"] .bubble').filter(has_text=text)

    async def texts(self) -> list[str]:
        return await self.bubbles.all_inner_texts()

    async def shoot(self, name: str) -> None:
        """A picture for the artefacts, once nothing moves any more."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        await self.page.wait_for_timeout(400)
        await self.page.screenshot(path=SHOTS / f"{name}.png")
