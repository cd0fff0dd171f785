"""Event buses: within the process, and over Redis for several processes.

Messages carry ids, never content, and delivery is best effort: who hears
``{"resync": true}``, or nothing, reads the records by sequence number.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from care.ports import EventBus
from care.settings import Settings

log = logging.getLogger(__name__)

#: Changes of the queue and of who holds what, for the desk.
QUEUE_CHANNEL = "queue"
#: Every change of every conversation, for the desk's lists.
DESK_CHANNEL = "desk"
RESYNC: dict[str, Any] = {"resync": True}

_PREFIX = "zhike:"
_BACKLOG = 1000


def conversation_channel(conversation_id: int) -> str:
    """The channel on which ``{"conversation", "seq", "owner", "owner_version"}`` is told after each change."""
    return f"conversation:{conversation_id}"


def staff_channel(staff_id: int) -> str:
    """The channel on which ``{"notice"}`` is told for each new notice to this person."""
    return f"staff:{staff_id}"


class InProcessBus:
    """Fans out within this process. A subscriber that does not keep up loses its oldest messages."""

    def __init__(self) -> None:
        self._queues: dict[str, set[asyncio.Queue[dict[str, Any]]]] = defaultdict(set)

    async def publish(self, channel: str, data: dict[str, Any]) -> None:
        self.deliver(channel, data)

    def deliver(self, channel: str, data: dict[str, Any]) -> None:
        for queue in self._queues.get(channel, ()):
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(data)

    def deliver_to_all(self, data: dict[str, Any]) -> None:
        for channel in list(self._queues):
            self.deliver(channel, data)

    @asynccontextmanager
    async def subscribe(self, channel: str) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(_BACKLOG)
        self._queues[channel].add(queue)
        try:
            yield _drain(queue)
        finally:
            self._queues[channel].discard(queue)
            if not self._queues[channel]:
                del self._queues[channel]


async def _drain(queue: asyncio.Queue[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
    while True:
        yield await queue.get()


class RedisBus:
    """One Redis subscription per process, fanned out within it.

    While Redis is away, this process still hears itself; when Redis is back, every subscriber
    is told to resync, since others may have spoken meanwhile.
    """

    def __init__(self, client: Redis[str]) -> None:
        self._client = client
        self._local = InProcessBus()
        self._connected = asyncio.Event()

    async def publish(self, channel: str, data: dict[str, Any]) -> None:
        if self._connected.is_set():
            try:
                # A Redis that hangs must not hold up what is already committed.
                await asyncio.wait_for(self._client.publish(_PREFIX + channel, json.dumps(data)), 2)
                return
            except (RedisError, OSError, asyncio.TimeoutError):
                log.warning("redis is away; telling this process only", exc_info=True)
        self._local.deliver(channel, data)

    def subscribe(self, channel: str) -> Any:
        return self._local.subscribe(channel)

    async def connected(self, timeout_s: float) -> bool:
        """Waits until the subscription stands; whether it does."""
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._connected.wait(), timeout_s)
        return self._connected.is_set()

    async def listen(self) -> None:
        """Runs until cancelled."""
        pause = 0.1
        while True:
            try:
                async with self._client.pubsub() as pubsub:
                    await pubsub.psubscribe(_PREFIX + "*")
                    async for message in pubsub.listen():
                        if message["type"] == "psubscribe":
                            pause = 0.1
                            self._connected.set()
                            self._local.deliver_to_all(RESYNC)
                        elif message["type"] == "pmessage":
                            self._local.deliver(
                                message["channel"][len(_PREFIX) :], json.loads(message["data"])
                            )
            except (RedisError, OSError, asyncio.TimeoutError):
                log.warning("redis subscription lost; trying again in %.1f s", pause, exc_info=True)
            self._connected.clear()
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)


@asynccontextmanager
async def open_bus(settings: Settings) -> AsyncIterator[EventBus]:
    """The bus that `settings` asks for; Redis being away delays nothing but says so in the log."""
    if settings.redis_url is None:
        yield InProcessBus()
        return
    client: Redis[str] = Redis.from_url(settings.redis_url, decode_responses=True, socket_connect_timeout=3)
    bus = RedisBus(client)
    listener = asyncio.create_task(bus.listen(), name="redis-bus")
    try:
        if not await bus.connected(timeout_s=3):
            log.error("redis does not answer; running on without news from other processes")
        yield bus
    finally:
        listener.cancel()
        with suppress(asyncio.CancelledError):
            await listener
        await client.close()
