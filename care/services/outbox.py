"""Announcements: written with what made them true, delivered at least once after commit."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.engine import Outbox
from care.services.context import Care

log = logging.getLogger(__name__)

Handler = Callable[[dict[str, Any]], Awaitable[None]]

#: After so many failures a row is left alone and said so in the log: about a day of trying.
MAX_TRIES = 150
#: A claimed row that was not marked delivered is tried again after this: its process died.
CLAIM = timedelta(seconds=60)
_BATCH = 200
_LONGEST_PAUSE_S = 600


def add(
    session: AsyncSession, care: Care, topic: str, data: dict[str, Any], *, due_at: datetime | None = None
) -> None:
    """Writes an announcement within the caller's transaction. `data` holds ids rather than content."""
    now = care.clock.now()
    session.add(Outbox(topic=topic, data=data, created_at=now, due_at=due_at or now, tries=0))


async def deliver_due(care: Care, handlers: Mapping[str, Handler]) -> int:
    """Delivers what is due on the topics of `handlers`, oldest first; returns how many were delivered.

    A handler gets the row's data and may be called again with the same data after a crash, so
    it must be idempotent. When it raises, the row is tried again later, and no later row of
    the same dialogue (``sender_id`` in the data) goes before it.
    """
    delivered = 0
    for topic, handler in handlers.items():
        waiting_senders: set[str] = set()
        async for row_id, data, due_at, tries in _undelivered(care, topic):
            sender = data.get("sender_id")
            if sender in waiting_senders:
                continue
            if due_at > care.clock.now() or not await _claim(care, row_id, due_at):
                if sender is not None:
                    waiting_senders.add(sender)
                continue
            try:
                await handler(data)
            except Exception:
                log.warning(
                    "outbox row %s (%s) was not delivered, try %s", row_id, topic, tries + 1, exc_info=True
                )
                await _try_later(care, row_id, tries + 1)
                if sender is not None:
                    waiting_senders.add(sender)
            else:
                await _mark_delivered(care, row_id)
                delivered += 1
    return delivered


async def _undelivered(care: Care, topic: str) -> AsyncIterator[tuple[int, dict[str, Any], datetime, int]]:
    """Every waiting row: the ones that failed and wait for their next try must not hide those behind them."""
    after, is_more = 0, True
    while is_more:
        async with care.sessions.read() as session:
            rows = await session.execute(
                select(Outbox.id, Outbox.data, Outbox.due_at, Outbox.tries)
                .where(
                    Outbox.delivered_at.is_(None),
                    Outbox.topic == topic,
                    Outbox.tries < MAX_TRIES,
                    Outbox.id > after,
                )
                .order_by(Outbox.id)
                .limit(_BATCH)
            )
            batch = [(row_id, data, due_at, tries) for row_id, data, due_at, tries in rows]
        for row in batch:
            yield row
            after = row[0]
        is_more = len(batch) == _BATCH


async def _claim(care: Care, row_id: int, seen_due_at: datetime) -> bool:
    """Compare-and-set on `due_at`: of two processes only one gets the row."""
    async with care.sessions.write() as session:
        claimed = await session.execute(
            update(Outbox)
            .where(Outbox.id == row_id, Outbox.due_at == seen_due_at, Outbox.delivered_at.is_(None))
            .values(due_at=care.clock.now() + CLAIM)
            .returning(Outbox.id)
        )
        return claimed.first() is not None


async def _try_later(care: Care, row_id: int, tries: int) -> None:
    pause = timedelta(seconds=min(2.0 ** min(tries, 16), _LONGEST_PAUSE_S))
    if tries >= MAX_TRIES:
        log.error("outbox row %s is given up after %s tries", row_id, tries)
    async with care.sessions.write() as session:
        await session.execute(
            update(Outbox).where(Outbox.id == row_id).values(tries=tries, due_at=care.clock.now() + pause)
        )


async def _mark_delivered(care: Care, row_id: int) -> None:
    async with care.sessions.write() as session:
        await session.execute(update(Outbox).where(Outbox.id == row_id).values(delivered_at=care.clock.now()))
