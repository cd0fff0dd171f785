"""Case numbers that people see: ``TS-`` complaints, ``QL-`` rights requests; the order system gives the others."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from care.records.counters import next_number
from care.rules.numbers import NumberKind


async def next_case_number(
    session: AsyncSession, received_at: datetime, kind: NumberKind = NumberKind.COMPLAINT
) -> str:
    """The next number of the kind on the Shanghai day, inside the caller's transaction."""
    return await next_number(session, kind, received_at)
