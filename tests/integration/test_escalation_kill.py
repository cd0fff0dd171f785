"""Real processes work off 200 escalations and are killed in the middle: none is missed, none told twice."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import Counter
from datetime import datetime, timezone

import async_timeout
import pytest
from sqlalchemy import func, select, update

from care.records.clocks import ComplaintEscalation
from care.records.complaint import ComplaintEvent
from care.records.engine import Outbox
from care.records.notice import StaffNotice
from care.rules.notice_terms import NoticeKind
from care.services import complaint_log, notices
from care.services.context import Care
from tests.integration.clock_shop import many_cases, team
from tests.integration.conftest import Shop

CASES = 50
LONG_AGO = datetime(2026, 1, 5, tzinfo=timezone.utc)
KINDS = (NoticeKind.ESCALATION, NoticeKind.OVERDUE)


async def worker(care: Care, database_url: str) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.escalation_worker", database_url,
        str(care.settings.var_dir.parent), stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert (await asyncio.wait_for(process.stdout.readline(), 60)).strip() == b"ready"
    return process


async def told(care: Care) -> int:
    async with care.sessions.read() as session:
        query = select(func.count(ComplaintEscalation.id)).where(ComplaintEscalation.done_at.is_not(None))
        return int(await session.scalar(query) or 0)


async def wait_until(care: Care, number: int) -> None:
    async with async_timeout.timeout(60):
        while await told(care) < number:  # noqa: ASYNC110 - another process writes
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("nodes", [1, 2])
async def test_a_worker_that_is_killed_leaves_nothing_half_told(care: Care, shop: Shop, nodes: int) -> None:
    people = await team(care)
    cases = await many_cases(care, shop, CASES)
    url = care.settings.database_url
    workers = [await worker(care, url) for _ in range(nodes)]
    try:
        async with care.sessions.write() as session:  # all at once, while every worker looks
            await session.execute(update(ComplaintEscalation).values(due_at=LONG_AGO))
        await wait_until(care, 20)
        before_kill = await told(care)
        workers[0].send_signal(signal.SIGKILL)
        await workers[0].wait()
        assert 20 <= before_kill < 4 * CASES, "it was killed in the middle"
        workers.append(await worker(care, url))
        await wait_until(care, 4 * CASES)
    finally:
        for process in workers:
            if process.returncode is None:
                process.kill()
                await process.wait()

    async with care.sessions.read() as session:
        trail = Counter(
            (event.complaint_id, event.data["percent"])
            for event in await session.scalars(
                select(ComplaintEvent).where(ComplaintEvent.kind == "escalated")
            )
        )
        heard = Counter(
            (notice.staff_id, notice.complaint_id)
            for notice in await session.scalars(select(StaffNotice).where(StaffNotice.kind.in_(KINDS)))
        )
        rows = (await session.scalars(select(Outbox.data).where(Outbox.topic == notices.OUTBOX_TOPIC))).all()
        all_notices = set(await session.scalars(select(StaffNotice.id)))
    assert trail == Counter({(case, percent): 1 for case in cases for percent in (50, 80, 100, 150)})
    for case in cases:
        assert heard[people.agent, case] == 4
        assert heard[people.lead, case] == 1
        assert heard[people.manager, case] == 2
    assert Counter(row["notice"] for row in rows) == Counter(all_notices)  # each is announced once
    assert await complaint_log.verify(care) == []
