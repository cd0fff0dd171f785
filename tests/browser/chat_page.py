"""The chat as a person sees it: what can be read on it and done with it."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.async_api import Locator, Page, expect

SHOTS = Path(__file__).parent.parent.parent / "test-artifacts" / "screenshots"
#: The bot answers in a fraction of a second; a busy machine gets more.
ANSWER_MS = 30_000


class Chat:
    """The page `/chat`, or the widget's panel: both are the same element."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.root = page.locator("zhike-chat")
        self.field = page.get_by_label("输入消息")
        self.human = self.root.locator(".human")
        self.answers = self.root.locator(".from-bot:not(.typing) .bubble")
        self.own = self.root.locator(".from-customer .bubble")
        self.choices = self.root.locator(".choices:not(.starters) .choice")
        self.waiting = self.root.locator(".waiting")
        self.connection = self.root.locator(".connection")

    async def open(self, base_url: str) -> None:
        await self.page.goto(f"{base_url}/chat")
        await self.ready()

    async def ready(self) -> None:
        """Connected: the state of the connection is shown only when it is bad."""
        await expect(self.field).to_be_visible()
        await expect(self.connection).to_be_empty(timeout=ANSWER_MS)

    async def say(self, text: str) -> None:
        await self.field.fill(text)
        await self.field.press("Enter")

    async def ask(self, text: str) -> Locator:
        """Says something and waits for the bot; the newest of its bubbles."""
        before = await self.root.locator(".from-bot[data-seq], .from-system[data-seq]").count()
        await self.say(text)
        await self.answered(before)
        return self.answers.last

    async def answered(self, before: int) -> None:
        rows = self.root.locator(".from-bot[data-seq], .from-system[data-seq]")
        await expect(rows.nth(before)).to_be_attached(timeout=ANSWER_MS)
        await expect(self.root.locator(".typing")).to_be_hidden(timeout=ANSWER_MS)

    async def own_texts(self) -> list[str]:
        return await self.own.all_inner_texts()

    async def wait_sent(self) -> None:
        """Everything written is acknowledged by the server."""
        await expect(self.root.locator(".delivery:not(:empty)")).to_have_count(0, timeout=ANSWER_MS)

    async def conversation(self) -> str:
        """Public id of the conversation, as the browser keeps it."""
        found = await self.page.evaluate(
            "() => Object.entries(localStorage).find(([key]) => key.endsWith(':read'))?.[1] ?? ''"
        )
        match = re.search(r'"conversation":"([^"]+)"', found)
        assert match, "no message was read in this browser yet"
        return match[1]

    async def shoot(self, name: str) -> None:
        """A picture for the artefacts, once nothing moves any more."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        await self.page.wait_for_timeout(350)
        await self.page.screenshot(path=SHOTS / f"{name}.png")
