"""One turn at a time per conversation, first come first served, without polling.

Rasa's in-memory store looks once a second whether a lock has become free, and its Redis store
reads and then writes. Here a waiter is woken at once. Across several Rasa servers the order is kept by
the web service (one open turn per conversation) and by the tracker store, which refuses a
second writer of the same place in the history.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from rasa.core.lock import TicketLock
from rasa.core.lock_store import LOCK_LIFETIME, LockError, LockStore
from rasa.utils.endpoints import EndpointConfig


class ConversationLocks(LockStore):
    """Asyncio locks, forgotten as soon as nobody holds or wants them."""

    def __init__(self, endpoint_config: EndpointConfig | None = None) -> None:
        self._locks: dict[str, tuple[asyncio.Lock, list[int]]] = {}

    @asynccontextmanager
    async def lock(
        self,
        conversation_id: str,
        lock_lifetime: float = LOCK_LIFETIME,
        wait_time_in_seconds: float = 1,
    ) -> AsyncGenerator[TicketLock, None]:
        """Waits at most `lock_lifetime` seconds for the conversation's turn.

        Raises:
            LockError: the turn before did not end in that time.
        """
        lock, users = self._locks.setdefault(conversation_id, (asyncio.Lock(), [0]))
        users[0] += 1
        try:
            try:
                await asyncio.wait_for(lock.acquire(), lock_lifetime)
            except asyncio.TimeoutError as error:
                raise LockError(f"conversation {conversation_id!r} is still busy") from error
            try:
                yield TicketLock(conversation_id)
            finally:
                lock.release()
        finally:
            users[0] -= 1
            if not users[0]:
                self._locks.pop(conversation_id, None)

    def get_lock(self, conversation_id: str) -> TicketLock | None:
        return TicketLock(conversation_id) if conversation_id in self._locks else None

    def delete_lock(self, conversation_id: str) -> None:
        """Nothing to do: a lock goes with its last user."""

    def save_lock(self, lock: TicketLock) -> None:
        """Nothing to do: locks live in this process only."""
