"""Taking up what a process that ended left unanswered."""

from __future__ import annotations

import asyncio
import time

import structlog

from bot.web.dispatcher import Dispatcher
from bot.web.readiness import ReadinessProbe
from bot.web.tasks import whole

log = structlog.get_logger(__name__)

#: The dialogue server starts beside this process and takes longer: so long its absence is no failure.
BOT_STARTS_S = 60.0
PAUSE_S = 1.0


class Recovery:
    """Waits for the bot to be there, for a while, so that a restart of everything needs no apology."""

    def __init__(self, dispatcher: Dispatcher, readiness: ReadinessProbe) -> None:
        self._dispatcher = dispatcher
        self._readiness = readiness
        self._started = time.monotonic()

    async def run(self) -> None:
        """Returns when the left turns were taken up once."""
        while True:
            try:
                if await whole(self.take_up()):
                    return
            except Exception:
                log.exception("recovery.failed")
            await asyncio.sleep(PAUSE_S)

    async def take_up(self) -> bool:
        """Wakes every conversation with an unanswered message, unless the bot is still starting."""
        if time.monotonic() - self._started < BOT_STARTS_S and await self._readiness.is_bot_away():
            return False
        await self._dispatcher.recover()
        return True
