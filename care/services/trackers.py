"""Rasa's dialogue histories: appended in order, never rewritten; and what people did, said in Rasa's events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.engine import TrackerEvent
from care.rules.errors import Conflict
from care.services import outbox
from care.services.context import Care

OUTBOX_TOPIC = "tracker_events"

#: Said when a person takes over: leave any form, then be silent (a second belt beside the owner's fence).
PAUSE_EVENTS: tuple[dict[str, Any], ...] = (
    {"event": "active_loop", "name": None},
    {"event": "slot", "name": "requested_slot", "value": None},
    {"event": "pause"},
)
#: Said when the bot speaks again; without the `action_listen` no rule matches after a resume.
RESUME_EVENTS: tuple[dict[str, Any], ...] = (
    {"event": "resume"},
    {"event": "action", "name": "action_listen", "policy": None, "confidence": None},
)


async def load_events(care: Care, sender_id: str, *, from_seq: int = 0) -> list[dict[str, Any]]:
    """The events of a dialogue from `from_seq` (counted from 0) on, oldest first.

    Raises:
        Unavailable: the database cannot be had; an empty history must never stand for that.
    """
    async with care.sessions.read() as session:
        rows = await session.scalars(
            select(TrackerEvent.data)
            .where(TrackerEvent.sender_id == sender_id, TrackerEvent.seq >= from_seq)
            .order_by(TrackerEvent.seq)
        )
        return list(rows)


async def append_events(care: Care, sender_id: str, from_seq: int, events: Sequence[dict[str, Any]]) -> int:
    """Appends `events`, the first of which gets number `from_seq`; returns the next free number.

    Raises:
        Conflict: `from_seq` is not the next number: someone else has appended meanwhile.
        Unavailable: the database cannot be had; nothing was written.
    """
    if not events:
        return from_seq
    try:
        async with care.sessions.write() as session:
            count = await _next_seq(session, sender_id)
            if count != from_seq:
                raise Conflict(f"对话记录已有 {count} 条，不能从第 {from_seq} 条写起。")
            await session.execute(
                insert(TrackerEvent),
                [
                    {
                        "sender_id": sender_id,
                        "seq": from_seq + offset,
                        "type_name": str(event.get("event", ""))[:40],
                        "data": event,
                    }
                    for offset, event in enumerate(events)
                ],
            )
    except IntegrityError as error:
        raise Conflict("对话记录同时被写了两次。") from error
    return from_seq + len(events)


async def _next_seq(session: AsyncSession, sender_id: str) -> int:
    last = await session.scalar(select(func.max(TrackerEvent.seq)).where(TrackerEvent.sender_id == sender_id))
    return 0 if last is None else last + 1


def tell_tracker(session: AsyncSession, care: Care, sender_id: str, events: Sequence[dict[str, Any]]) -> None:
    """Puts `events` into the outbox for the tracker of `sender_id`, within the caller's transaction.

    The key tells a row that is delivered twice from two rows that say the same (pausing a second time).
    """
    outbox.add(
        session, care, OUTBOX_TOPIC, {"sender_id": sender_id, "key": str(uuid4()), "events": list(events)}
    )


def user_event(text: str, message_public_id: str) -> dict[str, Any]:
    """A customer's words that a person read, as Rasa's `user` event. No timestamp: Rasa gives its own."""
    return {
        "event": "user",
        "text": text,
        "message_id": message_public_id,
        "parse_data": {"text": text, "intent": {"name": None, "confidence": 0.0}, "entities": []},
        "metadata": {"read_by": "human"},
    }


def agent_event(text: str, staff_id: int) -> dict[str, Any]:
    """An agent's words as Rasa's `bot` event."""
    return {"event": "bot", "text": text, "data": {}, "metadata": {"agent": staff_id}}
