"""Customer care inside the Rasa process: opened on first use, closed with the server."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from functools import lru_cache

from care.services.context import Care, open_care
from care.settings import Settings, load_settings


class Runtime:
    """Rasa makes the tracker store and the channel apart from each other; both find the same `Care` here."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._stack = AsyncExitStack()
        self._care: Care | None = None
        self._opening: asyncio.Lock | None = None

    async def care(self) -> Care:
        if self._care is None:
            self._opening = self._opening or asyncio.Lock()
            async with self._opening:
                if self._care is None:
                    self._care = await self._stack.enter_async_context(open_care(self.settings))
        return self._care

    async def close(self) -> None:
        self._care = None
        await self._stack.aclose()


@lru_cache(maxsize=1)
def runtime() -> Runtime:
    """The process's one runtime, made when it is first asked for."""
    return Runtime(load_settings())
