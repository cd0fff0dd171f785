"""The console as a manager reads it: its pages, what can be clicked through, and what can be filtered."""

from __future__ import annotations

import re

from playwright.async_api import Locator, Page, expect

from tests.browser.chat_page import SHOTS

#: Several processes and a browser on a busy machine.
SOON_MS = 30_000


class Console:
    """The page `/console`."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.nav = page.get_by_role("navigation", name="页面", exact=True)
        self.main = page.locator("main")
        self.title = self.main.locator("h1")
        self.rows = self.main.locator("table.rows tbody tr")
        self.states = self.main.get_by_role("group", name="状态")

    async def sign_in(self, base_url: str, login: str, password: str) -> None:
        await self.page.goto(f"{base_url}/console")
        await self.page.get_by_label("登录名").fill(login)
        await self.page.get_by_label("密码", exact=True).fill(password)
        await self.page.get_by_role("button", name="登录").click()

    async def go(self, name: str) -> None:
        await self.nav.get_by_role("link", name=name, exact=True).click()
        await self.is_at(name)

    async def is_at(self, title: str) -> None:
        await expect(self.title).to_have_text(title, timeout=SOON_MS)

    async def has_loaded(self) -> None:
        """Nothing is on its way any more, and nothing failed."""
        await expect(self.main.locator(".el-skeleton")).to_have_count(0, timeout=SOON_MS)
        await expect(self.main.get_by_role("alert")).to_have_count(0)

    def figure(self, label: str) -> Locator:
        return self.main.locator(".figure").filter(has_text=label)

    async def total(self) -> int:
        """What the ledger says under its title."""
        told = self.main.get_by_role("status")
        await expect(told).to_have_text(re.compile(r"共 [\d,]+ 件"), timeout=SOON_MS)
        found = re.search(r"[\d,]+", await told.inner_text())
        assert found is not None
        return int(found[0].replace(",", ""))

    async def shoot(self, name: str) -> None:
        """A picture for the artefacts, once nothing moves any more."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        await self.page.wait_for_timeout(500)
        await self.page.screenshot(path=SHOTS / f"{name}.png")
