"""Case numbers from one counter per day: no gaps, no doubles, whoever asks at once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.engine import CaseCounter
from care.rules.numbers import case_number
from care.rules.times import SHANGHAI
from care.services.complaint_log import CASE_PREFIX


async def next_case_number(session: AsyncSession, received_at: datetime) -> str:
    """The next number of the Shanghai day, inside the caller's transaction.

    The counter's row stays locked until commit, so a rolled-back receipt gives its number back.
    """
    day = received_at.astimezone(SHANGHAI).date()
    insert = pg_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    statement = (
        insert(CaseCounter)
        .values(prefix=CASE_PREFIX, day=day.strftime("%Y%m%d"), last=1)
        .on_conflict_do_update(
            index_elements=[CaseCounter.prefix, CaseCounter.day],
            set_={"last": CaseCounter.__table__.c.last + 1},
        )
        .returning(CaseCounter.last)
    )
    number = (await session.execute(statement)).scalar_one()
    return case_number(day, int(number))
