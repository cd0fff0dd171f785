"""Questions that nothing answered: counted for the managers, most frequent first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from care.records.interaction import UnansweredQuestion
from care.rules.masking import mask_cards, mask_phones
from care.rules.text import normalise
from care.rules.vocabulary import Topic
from care.services.context import Care

_LONGEST_KEY = 200


@dataclass(frozen=True)
class Unanswered:
    """One question, as it was put first; numbers of people and cards in it are masked."""

    question: str
    topic: Topic | None
    count: int
    first_at: datetime
    last_at: datetime


async def note_unanswered(
    care: Care, text: str, topic: Topic | str | None, message_id: int | None, *, plain: Callable[[str], str]
) -> None:
    """Counts a question that nothing answered, for the managers; the same message counts once.

    Args:
        plain: what makes two ways of writing the same question one.
    """
    masked = mask_phones(mask_cards(normalise(text), order_number_pattern=care.settings.order_number_pattern))
    key = plain(masked)[:_LONGEST_KEY]
    if not key:
        return
    now = care.clock.now()
    async with care.sessions.write() as session:
        if message_id is not None:
            seen = await session.scalar(
                select(UnansweredQuestion.id).where(UnansweredQuestion.last_message_id == message_id)
            )
            if seen is not None:
                return
        is_postgres = session.get_bind().dialect.name == "postgresql"
        statement = (pg_insert if is_postgres else sqlite_insert)(UnansweredQuestion).values(
            normalised=key,
            example=masked,
            topic=None if topic is None else Topic(topic).value,
            count=1,
            first_at=now,
            last_at=now,
            last_message_id=message_id,
        )
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=[UnansweredQuestion.normalised],
                set_={
                    "count": UnansweredQuestion.__table__.c.count + 1,
                    "last_at": now,
                    "last_message_id": message_id,
                    "closed_at": None,
                },
            )
        )


async def unanswered(care: Care) -> list[Unanswered]:
    """Every question that is still open, most frequent first, of equals the latest first."""
    table = UnansweredQuestion
    async with care.sessions.read() as session:
        rows = await session.scalars(
            select(table)
            .where(table.closed_at.is_(None))
            .order_by(table.count.desc(), table.last_at.desc(), table.id)
        )
        return [
            Unanswered(
                question=row.example,
                topic=None if row.topic is None else Topic(row.topic),
                count=row.count,
                first_at=row.first_at,
                last_at=row.last_at,
            )
            for row in rows
        ]
