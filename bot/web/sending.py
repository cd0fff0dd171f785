"""What leaves over one chat connection: in order, each message once, and never an endless backlog.

Messages are pulled from the transcript by number as fast as the client reads them. Short-lived
frames (acks, typing, errors) wait in a bounded queue. A client that does not read is closed; it
comes back and gets what it missed by its last number.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from uuid import UUID

import structlog
from aiohttp import WSCloseCode, web
from async_timeout import timeout
from msgspec import UNSET

from bot.web.frames import (
    MessageFrame,
    OwnerFrame,
    ServerFrame,
    TypingFrame,
    Welcome,
    message_frame,
    survey_frame,
    write_frame,
)
from bot.web.metrics import Metrics
from bot.web.tasks import end, whole
from care.rules.errors import CareError
from care.rules.vocabulary import Owner
from care.services import conversations, survey_answers, transcript
from care.services.context import Care
from care.services.conversations import ConversationView

log = structlog.get_logger(__name__)

QUEUE_LIMIT = 200
SEND_TIMEOUT_S = 15.0
CLOSE_TIMEOUT_S = 2.0
PAGE = 200
RETRY_S = 1.0


class Sender:
    """The sending half of a chat connection, bound to one conversation at a time."""

    def __init__(
        self, ws: web.WebSocketResponse, transport: asyncio.Transport | None, care: Care, metrics: Metrics
    ) -> None:
        self._ws = ws
        self._transport = transport
        self._care = care
        self._metrics = metrics
        self._queue: asyncio.Queue[ServerFrame] = asyncio.Queue(QUEUE_LIMIT)
        self._wake = asyncio.Event()
        self._view: ConversationView | None = None
        self._binding = 0
        self._cursor = 0
        self._told_owner: OwnerFrame | None = None
        self._owner_is_news = False
        self._survey_is_news = False
        #: Messages sent over this very connection: they are acknowledged, not echoed.
        self._own: set[str] = set()
        self._closing: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Sends until the connection ends or this is cancelled."""
        tasks = [asyncio.create_task(self._write()), asyncio.create_task(self._pump())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end(tasks)

    def bind(self, view: ConversationView, visitor: str, after: int) -> None:
        """Shows `view` from number `after` on, and says so with a welcome.

        Binding again, to the conversation that followed a closed one, is fine at any moment: a
        reading under way for the old one notices and stops. (It cannot be in the middle of
        queueing a line, for it waits there only while the queue is full, and then the
        connection is closed.)
        """
        self._view = view
        self._binding += 1
        self._cursor = after
        self._told_owner = OwnerFrame(view.owner.value)
        # The place in the queue is not in the welcome.
        self._owner_is_news = view.owner is not Owner.BOT
        self._survey_is_news = True
        self._own.clear()
        self.offer(Welcome(visitor, view.public_id, view.seq, view.owner.value))
        self._wake.set()

    def tell_owner_again(self) -> None:
        """Says who speaks, and the place in the queue, even when nothing changed."""
        self._told_owner = None
        self._owner_is_news = True
        self._wake.set()

    async def answer(self, frame: ServerFrame) -> None:
        """Queues what answers a frame of this client; who does not fetch the answers is not read either."""
        try:
            await self._put(frame)
        except asyncio.TimeoutError:
            self._too_slow()

    def offer(self, frame: ServerFrame) -> None:
        """Queues what happens elsewhere; a connection that is too far behind is closed instead."""
        try:
            self._queue.put_nowait(frame)
        except asyncio.QueueFull:
            self._too_slow()

    def expect_own(self, client_msg_id: str) -> None:
        self._own.add(_canonical(client_msg_id))

    def not_own(self, client_msg_id: str) -> None:
        self._own.discard(_canonical(client_msg_id))

    def acked_own(self, conversation_id: int, seq: int) -> None:
        """The client knows this message; when it is the next one, there is nothing to read for it."""
        if self._view is not None and self._view.id == conversation_id and self._cursor == seq - 1:
            self._cursor = seq

    # What the hub calls.

    def wake(self, seq: int | None = None, owner_version: int | None = None) -> None:
        if self._view is None:
            return
        if owner_version != self._view.owner_version:
            self._owner_is_news = True
        elif seq is not None and seq <= self._cursor:
            return
        self._wake.set()

    def show_typing(self, speaker: str) -> None:
        self.offer(TypingFrame(speaker))

    @property
    def is_queued(self) -> bool:
        return self._told_owner is not None and self._told_owner.owner == Owner.QUEUED.value

    # The two loops.

    async def _write(self) -> None:
        while True:
            frame = await self._queue.get()
            try:
                async with timeout(SEND_TIMEOUT_S):
                    await self._ws.send_str(write_frame(frame))
            except asyncio.TimeoutError:
                self._too_slow()
                return
            except (ConnectionError, RuntimeError):
                return

    async def _pump(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._catch_up()
            except CareError:
                log.warning("transcript could not be read for a connection; trying again", exc_info=True)
                await asyncio.sleep(RETRY_S)
                self._owner_is_news = True
                self._wake.set()
            except asyncio.TimeoutError:
                self._too_slow()
                return

    async def _catch_up(self) -> None:
        view, binding = self._view, self._binding
        if view is None:
            return
        page_size = PAGE
        while page_size == PAGE:
            page = await whole(transcript.history(self._care, view.id, after=self._cursor, limit=PAGE))
            page_size = len(page)
            for line in page:
                if binding != self._binding:
                    return
                await self._show(message_frame(line))
        if self._owner_is_news:
            await self._catch_up_owner(view, binding)
        if self._survey_is_news and binding == self._binding:
            asked = await whole(survey_answers.pending(self._care, view.id))
            if binding != self._binding:
                return
            self._survey_is_news = False
            if asked is not None:
                await self._put(survey_frame(asked))

    async def _catch_up_owner(self, view: ConversationView, binding: int) -> None:
        self._owner_is_news = False
        fresh = await whole(conversations.get_conversation(self._care, view.public_id))
        if binding != self._binding:
            return
        self._view = fresh
        owner = _owner_frame(fresh)
        if owner != self._told_owner:
            self._told_owner = owner
            await self._put(owner)
            self._survey_is_news = self._survey_is_news or fresh.owner is Owner.CLOSED

    async def _show(self, frame: MessageFrame) -> None:
        if frame.seq <= self._cursor:
            return
        self._cursor = frame.seq
        if frame.client_msg_id is not UNSET and frame.client_msg_id in self._own:
            return
        await self._put(frame)

    async def _put(self, frame: ServerFrame) -> None:
        async with timeout(SEND_TIMEOUT_S):
            await self._queue.put(frame)

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
            await self._closing

    async def _close(self, code: int, reason: str) -> None:
        with suppress(Exception):
            async with timeout(CLOSE_TIMEOUT_S):
                await self._ws.close(code=code, message=reason.encode())
        if self._transport is not None:
            self._transport.abort()


def _canonical(client_msg_id: str) -> str:
    """As the records spell it."""
    try:
        return str(UUID(client_msg_id))
    except ValueError:
        return client_msg_id


def _owner_frame(view: ConversationView) -> OwnerFrame:
    return OwnerFrame(
        view.owner.value,
        UNSET if view.position is None else view.position,
        UNSET if view.wait_s is None else view.wait_s,
    )
