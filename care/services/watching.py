"""Where conversations stand, many at once: what open screens compare with what they show."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import select

from care.records.conversation import Conversation
from care.services.context import Care

_CHUNK = 500  # SQLite binds at most 999 values


@dataclass(frozen=True)
class Stand:
    seq: int
    owner_version: int


async def stands(care: Care, conversation_ids: Collection[int]) -> dict[int, Stand]:
    """Conversation id → its last sequence number and owner version, for those that exist."""
    result: dict[int, Stand] = {}
    ids = iter(conversation_ids)
    async with care.sessions.read() as session:
        while chunk := list(islice(ids, _CHUNK)):
            rows = await session.execute(
                select(Conversation.id, Conversation.last_seq, Conversation.owner_version).where(
                    Conversation.id.in_(chunk)
                )
            )
            result.update({row_id: Stand(seq, version) for row_id, seq, version in rows})
    return result
