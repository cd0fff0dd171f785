"""Which process may do a job now, so that with several web processes exactly one does."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, or_, update
from sqlalchemy.exc import IntegrityError

from care.records.engine import Lease
from care.services.context import Care


async def hold(care: Care, job: str, holder: str, seconds: float) -> bool:
    """Takes or prolongs the lease on `job` for `seconds` from now; whether `holder` has it.

    Call it again before the time is over to keep it. A holder that dies loses it by itself.
    """
    now = care.clock.now()
    until = now + timedelta(seconds=seconds)
    async with care.sessions.write() as session:
        # One conditional update decides: two processes cannot both change the row.
        taken = await session.execute(
            update(Lease)
            .where(Lease.job == job, or_(Lease.holder == holder, Lease.until <= now))
            .values(holder=holder, until=until)
            .returning(Lease.job)
        )
        if taken.first() is not None:
            return True
        if await session.get(Lease, job) is not None:
            return False
    try:
        async with care.sessions.write() as session:
            session.add(Lease(job=job, holder=holder, until=until))
    except IntegrityError:
        return False  # another process was first
    return True


async def release(care: Care, job: str, holder: str) -> None:
    """Gives the lease back early, at an orderly stop. Nothing happens when `holder` has it not."""
    async with care.sessions.write() as session:
        await session.execute(delete(Lease).where(Lease.job == job, Lease.holder == holder))
