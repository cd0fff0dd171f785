"""Whether the parts that the service depends on answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog
from async_timeout import timeout

from bot.web.ports import Probes

log = structlog.get_logger(__name__)

PROBE_TIMEOUT_S = 2.0
#: An answer is good for this long: asking often must not become a load on the parts.
KEEP_S = 1.0
#: Without these the bot cannot answer.
BOT_PARTS = ("rasa", "actions")


class ReadinessProbe:
    """Asks all parts at once and remembers the answer for a moment."""

    def __init__(self, probes: Probes) -> None:
        self._probes = probes
        self._found: dict[str, str] = {}
        self._until = 0.0
        self._lock = asyncio.Lock()

    async def look(self) -> dict[str, str]:
        """Part → ``ok`` or ``unavailable``."""
        async with self._lock:
            if time.monotonic() >= self._until:
                states = await asyncio.gather(*(_state(name, probe) for name, probe in self._probes.items()))
                self._found = dict(zip(self._probes, states, strict=True))
                self._until = time.monotonic() + KEEP_S
            return self._found

    async def is_bot_away(self) -> bool:
        """Whether the dialogue side is down, rather than failing at a single question."""
        states = await self.look()
        return any(states.get(part, "ok") != "ok" for part in BOT_PARTS)


async def _state(name: str, probe: Callable[[], Awaitable[None]]) -> str:
    try:
        async with timeout(PROBE_TIMEOUT_S):
            await probe()
    except Exception as why:
        log.warning("part.unavailable", part=name, why=type(why).__name__)
        return "unavailable"
    return "ok"
