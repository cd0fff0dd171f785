"""Fan-out: which sockets show which conversation, and waking them when it changes.

News carries numbers only; a woken socket reads the transcript from its own place on. So
nothing can come twice, out of order, or from a half-written transaction, whichever process
stored it. News may get lost (the bus is best effort, and actions run in another process):
a poll of last numbers is the belt.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Protocol

import structlog
from async_timeout import timeout

from bot.web.tasks import end, whole
from care.adapters.bus import DESK_CHANNEL, QUEUE_CHANNEL, conversation_channel
from care.rules.errors import CareError
from care.rules.vocabulary import Speaker
from care.services import watching
from care.services.context import Care

log = structlog.get_logger(__name__)

POLL_S = 1.0
#: Places in the queue are told at most this often, and at least every `QUEUE_BELT_S`.
QUEUE_PAUSE_S = 1.0
QUEUE_BELT_S = 15.0


class Listener(Protocol):
    """A socket as the hub sees it."""

    def wake(self, seq: int | None = None, owner_version: int | None = None) -> None:
        """Something changed; the numbers, when known, tell whether it is news to this socket."""

    def show_typing(self, speaker: str) -> None: ...

    @property
    def is_queued(self) -> bool: ...


class Hub:
    def __init__(self, care: Care) -> None:
        self._care = care
        self._rooms: dict[int, set[Listener]] = {}
        self._ears: dict[int, asyncio.Task[None]] = {}
        self._queue_moved = asyncio.Event()

    def join(self, conversation_id: int, listener: Listener) -> None:
        room = self._rooms.setdefault(conversation_id, set())
        room.add(listener)
        if conversation_id not in self._ears:
            self._ears[conversation_id] = asyncio.create_task(
                self._listen(conversation_id), name=f"ear-{conversation_id}"
            )

    def leave(self, conversation_id: int, listener: Listener) -> None:
        room = self._rooms.get(conversation_id)
        if room is None:
            return
        room.discard(listener)
        if not room:
            del self._rooms[conversation_id]
            self._ears.pop(conversation_id).cancel()

    def listeners(self, conversation_id: int) -> list[Listener]:
        return list(self._rooms.get(conversation_id, ()))

    async def tell_typing(
        self, conversation_id: int, speaker: str, *, staff_id: int | None = None, name: str | None = None
    ) -> None:
        """Shows to everyone in the conversation that `speaker` is writing; it may get lost without harm.

        The desks hear who of the staff it is. Nobody shows a customer's typing to the customer's own pages.
        """
        news = {"conversation": conversation_id, "typing": speaker}
        with suppress(Exception):
            if speaker != Speaker.CUSTOMER.value:
                await self._care.bus.publish(conversation_channel(conversation_id), news)
            await self._care.bus.publish(DESK_CHANNEL, {**news, "staff": staff_id, "name": name})

    async def run(self) -> None:
        """The poll and the queue's places, until cancelled."""
        await asyncio.gather(self._poll(), self._hear_queue(), self._refresh_places())

    async def close(self) -> None:
        ears = list(self._ears.values())
        self._rooms.clear()
        self._ears.clear()
        await end(ears)

    async def _listen(self, conversation_id: int) -> None:
        async with self._care.bus.subscribe(conversation_channel(conversation_id)) as news:
            # What was told between reading the welcome and this moment was not heard.
            self._pass_on(conversation_id, {})
            async for item in news:
                self._pass_on(conversation_id, item)

    def _pass_on(self, conversation_id: int, news: dict[str, Any]) -> None:
        for listener in self.listeners(conversation_id):
            if "typing" in news:
                listener.show_typing(news["typing"])
            else:
                listener.wake(news.get("seq"), news.get("owner_version"))

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(POLL_S)
            if not self._rooms:
                continue
            try:
                stands = await whole(watching.stands(self._care, list(self._rooms)))
            except CareError:
                log.warning("poll failed", exc_info=True)
                continue
            for conversation_id, stand in stands.items():
                for listener in self.listeners(conversation_id):
                    listener.wake(stand.seq, stand.owner_version)

    async def _hear_queue(self) -> None:
        async with self._care.bus.subscribe(QUEUE_CHANNEL) as news:
            async for _ in news:
                self._queue_moved.set()

    async def _refresh_places(self) -> None:
        while True:
            with suppress(asyncio.TimeoutError):
                async with timeout(QUEUE_BELT_S):
                    await self._queue_moved.wait()
            self._queue_moved.clear()
            for room in list(self._rooms.values()):
                for listener in list(room):
                    if listener.is_queued:
                        listener.wake()
            await asyncio.sleep(QUEUE_PAUSE_S)
