"""What leaves over one desk connection: in order, and a slow one holds up nobody else."""

from __future__ import annotations

import asyncio

import msgspec
from aiohttp import WSCloseCode, web
from async_timeout import timeout

from bot.web.desk_frames import ServerFrame
from bot.web.metrics import Metrics
from bot.web.sending import CLOSE_TIMEOUT_S, SEND_TIMEOUT_S

#: Frames that may wait for one client. A desk with all its lists is a few hundred.
QUEUE_LIMIT = 2000

_encoder = msgspec.json.Encoder()


def encoded(frame: ServerFrame) -> str:
    return _encoder.encode(frame).decode()


class DeskSender:
    """A bounded queue and its writer. Whoever does not read is closed, and comes back for what it missed."""

    def __init__(
        self, ws: web.WebSocketResponse, transport: asyncio.Transport | None, metrics: Metrics
    ) -> None:
        self._ws = ws
        self._transport = transport
        self._metrics = metrics
        self._queue: asyncio.Queue[str] = asyncio.Queue(QUEUE_LIMIT)
        self._closing: asyncio.Task[None] | None = None

    def offer(self, frame: ServerFrame) -> None:
        self.offer_text(encoded(frame))

    def offer_text(self, text: str) -> None:
        """Queues without waiting; a connection that is too far behind is closed instead."""
        if self._closing is not None:
            return
        try:
            self._queue.put_nowait(text)
        except asyncio.QueueFull:
            self._too_slow()

    async def run(self) -> None:
        """Sends until the connection ends or this is cancelled."""
        while True:
            text = await self._queue.get()
            try:
                async with timeout(SEND_TIMEOUT_S):
                    await self._ws.send_str(text)
            except asyncio.TimeoutError:
                self._too_slow()
                return
            except (ConnectionError, RuntimeError):
                return

    def _too_slow(self) -> None:
        if self._closing is None:
            self._metrics.slow_sockets.inc()
            self.close_soon(WSCloseCode.TRY_AGAIN_LATER, "too slow")

    def close_soon(self, code: int, reason: str) -> None:
        """Closes without waiting; a client that does not even answer the closing is cut off."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(code, reason))

    async def finish(self) -> None:
        """Returns when a closing under way is over."""
        if self._closing is not None:
            await asyncio.wait({self._closing})  # cancelling who waits must not cancel the closing

    async def _close(self, code: int, reason: str) -> None:
        try:
            async with timeout(CLOSE_TIMEOUT_S):
                await self._ws.close(code=code, message=reason.encode())
        except Exception:
            if self._transport is not None:
                self._transport.abort()
