"""Numbers from one counter per kind and day: no gaps, no doubles, whoever asks at once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.engine import CaseCounter
from care.rules.numbers import NumberKind, case_number
from care.rules.times import shanghai_day


async def next_number(session: AsyncSession, kind: NumberKind, at: datetime) -> str:
    """The next number of the Shanghai day of `at` (aware), inside the caller's transaction.

    The counter's row stays locked until commit, so a rolled-back receipt gives its number back.
    """
    day = shanghai_day(at)
    insert = pg_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    statement = (
        insert(CaseCounter)
        .values(prefix=kind.value, day=day.strftime("%Y%m%d"), last=1)
        .on_conflict_do_update(
            index_elements=[CaseCounter.prefix, CaseCounter.day],
            set_={"last": CaseCounter.__table__.c.last + 1},
        )
        .returning(CaseCounter.last)
    )
    number = (await session.execute(statement)).scalar_one()
    return case_number(day, int(number), kind)
