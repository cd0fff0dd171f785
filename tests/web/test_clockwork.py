"""Jobs that nobody asks for: one process does each, and a failing one does not stop the others."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

from bot.web import clockwork
from bot.web.clockwork import Clockwork, Job
from bot.web.metrics import Metrics
from care.records.customer import Customer
from care.rules.vocabulary import Tier
from care.services import conversations, handoff, identity, leases, trackers
from care.services.context import Care
from care.services.conversations import Reply
from tests.web.people import Start


def clock_of(care: Care, *jobs: Job) -> Clockwork:
    return Clockwork(care, jobs, Metrics())


async def test_of_two_processes_one_does_the_job(care_sqlite: Care) -> None:
    done: list[str] = []

    async def work(name: str) -> None:
        done.append(name)

    here, there = (Job("sweep", 60.0, lambda name=name: work(name)) for name in ("here", "there"))  # type: ignore[misc]
    first, second = clock_of(care_sqlite, here), clock_of(care_sqlite, there)
    assert [await first.run_once(here), await second.run_once(there), await first.run_once(here)] == [
        "done", "elsewhere", "done",
    ]  # fmt: skip
    assert done == ["here", "here"]


async def test_when_a_process_dies_another_takes_over(care_sqlite: Care, clock: Any) -> None:
    async def work() -> None:
        """Nothing to do."""

    job = Job("sweep", 60.0, work)
    assert await clock_of(care_sqlite, job).run_once(job) == "done"
    heir = clock_of(care_sqlite, job)
    assert await heir.run_once(job) == "elsewhere"
    clock.advance(seconds=job.lease_s + 1)
    assert await heir.run_once(job) == "done"


async def test_a_failing_job_is_tried_again_and_stops_no_other(care_sqlite: Care) -> None:
    runs: list[str] = []

    async def fail() -> None:
        runs.append("fail")
        raise RuntimeError("a fault")

    async def work() -> None:
        runs.append("work")

    clockwork_ = clock_of(care_sqlite, Job("bad", 0.02, fail), Job("good", 0.02, work))
    running = asyncio.create_task(clockwork_.run())
    await asyncio.sleep(0.5)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert runs.count("fail") > 1
    assert runs.count("work") > 1


async def test_a_job_that_hangs_ends_before_its_lease(care_sqlite: Care, monkeypatch: Any) -> None:
    monkeypatch.setattr(clockwork, "MIN_LEASE_S", 0.1)

    async def hang() -> None:
        await asyncio.sleep(60)

    job = Job("hang", 0.0, hang)
    object.__setattr__(job, "pause_s", 0.0)
    monkeypatch.setattr(Job, "lease_s", property(lambda _: 0.1))
    assert await clock_of(care_sqlite, job).run_once(job) == "failed"


async def test_an_orderly_stop_gives_the_leases_back(care_sqlite: Care, start: Start) -> None:
    client = await start(with_clockwork=True)
    for _ in range(100):
        if not await leases.hold(care_sqlite, "outbox", "somebody-else", 30):
            break
        await leases.release(care_sqlite, "outbox", "somebody-else")
        await asyncio.sleep(0.02)
    assert not await leases.hold(care_sqlite, "outbox", "somebody-else", 30)
    await client.close()
    assert await leases.hold(care_sqlite, "outbox", "somebody-else", 30)


async def test_codes_and_what_agents_said_are_delivered(
    care_sqlite: Care, start: Start, clock: Any, capsys: Any
) -> None:
    told: list[dict[str, Any]] = []

    async def tell(data: dict[str, Any]) -> None:
        told.append(data)

    async with care_sqlite.sessions.write() as session:
        session.add(
            Customer(
                public_id=str(uuid.uuid4()),
                name="张三",
                phone="13800000001",
                tier=Tier.GENERAL,
                created_at=clock.now(),
            )
        )
    view = (await conversations.open_visit(care_sqlite, None)).conversation
    await identity.request_code(care_sqlite, view.id, "13800000001")
    await handoff.request_human(care_sqlite, view.id, reason="asked")
    await conversations.accept_message(care_sqlite, view.id, client_msg_id=str(uuid.uuid4()), text="留言")
    await start(
        with_clockwork=True,
        outbox_handlers={"sms": identity.sms_handler(care_sqlite), trackers.OUTBOX_TOPIC: tell},
    )
    for _ in range(100):
        if len(told) == 2:
            break
        await asyncio.sleep(0.05)
    assert [event["event"] for data in told for event in data["events"]] == [
        "active_loop",
        "slot",
        "pause",
        "user",
    ]
    assert all(data["sender_id"] == view.sender_id for data in told)
    assert len({data["key"] for data in told}) == 2
    assert "验证码" in capsys.readouterr().out


async def test_a_contact_that_went_quiet_ends(care_sqlite: Care, clock: Any, start: Start) -> None:
    from sqlalchemy import select

    from care.records.interaction import CareInteraction

    view = (await conversations.open_visit(care_sqlite, None)).conversation
    await conversations.accept_message(care_sqlite, view.id, client_msg_id=str(uuid.uuid4()), text="营业时间")
    turn = await conversations.next_turn(care_sqlite, view.id)
    assert turn is not None
    await conversations.finish_turn(care_sqlite, turn, [Reply("九点")], {"topic": "store"})
    clock.advance(minutes=31)
    await start(with_clockwork=True)
    for _ in range(100):
        async with care_sqlite.sessions.read() as session:
            contact = (await session.scalars(select(CareInteraction))).one()
        if contact.ended_at is not None:
            break
        await asyncio.sleep(0.05)
    assert (contact.ended_at is not None, contact.outcome) == (True, "resolved")
