"""Announcements leave after commit, at least once, in order for a dialogue; a job has one holder."""

from __future__ import annotations

import asyncio

import pytest

from care.rules.errors import Unavailable
from care.services import leases, outbox
from care.services.context import open_care


async def put(care, *rows: dict, topic: str = "news") -> None:
    async with care.sessions.write() as session:
        for data in rows:
            outbox.add(session, care, topic, data)
            await session.flush()


class Receiver:
    def __init__(self, *failures: Exception) -> None:
        self.got: list[dict] = []
        self.failures = list(failures)

    async def __call__(self, data: dict) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.got.append(data)


async def test_what_was_committed_is_delivered_once_and_in_order(care):
    await put(care, {"n": 1}, {"n": 2}, {"n": 3})
    receiver = Receiver()
    assert await outbox.deliver_due(care, {"news": receiver}) == 3
    assert await outbox.deliver_due(care, {"news": receiver}) == 0
    assert receiver.got == [{"n": 1}, {"n": 2}, {"n": 3}]


async def test_what_was_rolled_back_is_never_told(care):
    async def fail_half_way() -> None:
        async with care.sessions.write() as session:
            outbox.add(session, care, "news", {"n": 1})
            await session.flush()
            raise RuntimeError("the act failed")

    with pytest.raises(RuntimeError):
        await fail_half_way()
    receiver = Receiver()
    assert await outbox.deliver_due(care, {"news": receiver}) == 0


async def test_a_failure_is_tried_again_later_and_holds_back_only_its_own_dialogue(care, clock):
    await put(care, {"sender_id": "a", "n": 1}, {"sender_id": "b", "n": 2}, {"sender_id": "a", "n": 3})
    receiver = Receiver(Unavailable())
    assert await outbox.deliver_due(care, {"news": receiver}) == 1
    assert [d["n"] for d in receiver.got] == [2]
    assert await outbox.deliver_due(care, {"news": receiver}) == 0
    clock.advance(seconds=3)
    assert await outbox.deliver_due(care, {"news": receiver}) == 2
    assert [d["n"] for d in receiver.got] == [2, 1, 3]


async def test_a_topic_without_a_handler_waits_for_one(care):
    await put(care, {"n": 1}, topic="later")
    assert await outbox.deliver_due(care, {"news": Receiver()}) == 0
    assert await outbox.deliver_due(care, {"later": Receiver()}) == 1


async def test_two_processes_that_deliver_at_once_do_not_deliver_twice(care):
    await put(care, *({"n": n} for n in range(10)))
    receiver = Receiver()
    async with open_care(care.settings, clock=care.clock) as other:
        await asyncio.gather(*(outbox.deliver_due(side, {"news": receiver}) for side in (care, other)))
    assert sorted(d["n"] for d in receiver.got) == list(range(10))


async def test_a_row_whose_process_died_in_the_middle_is_delivered_by_another(care, clock):
    await put(care, {"n": 1})

    async def dies(data: dict) -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await outbox.deliver_due(care, {"news": dies})
    receiver = Receiver()
    assert await outbox.deliver_due(care, {"news": receiver}) == 0
    clock.advance(seconds=61)
    assert await outbox.deliver_due(care, {"news": receiver}) == 1


async def test_a_row_that_always_fails_is_given_up_in_the_end_and_lets_its_dialogue_go_on(
    care, clock, monkeypatch
):
    monkeypatch.setattr(outbox, "MAX_TRIES", 3)
    await put(care, {"sender_id": "a", "n": 1}, {"sender_id": "a", "n": 2})
    receiver = Receiver(*(ValueError("poison") for _ in range(3)))
    for _ in range(4):
        await outbox.deliver_due(care, {"news": receiver})
        clock.advance(minutes=11)
    assert [d["n"] for d in receiver.got] == [2]


async def test_a_job_has_one_holder_until_its_time_is_over(care, clock):
    assert await leases.hold(care, "clockwork", "web-1", 30)
    assert not await leases.hold(care, "clockwork", "web-2", 30)
    clock.advance(seconds=20)
    assert await leases.hold(care, "clockwork", "web-1", 30)
    clock.advance(seconds=20)
    assert not await leases.hold(care, "clockwork", "web-2", 30)
    clock.advance(seconds=10)
    assert await leases.hold(care, "clockwork", "web-2", 30)
    assert not await leases.hold(care, "clockwork", "web-1", 30)
    assert await leases.hold(care, "another job", "web-1", 30)


async def test_a_lease_given_back_is_free_at_once_but_only_by_its_holder(care):
    await leases.hold(care, "clockwork", "web-1", 30)
    await leases.release(care, "clockwork", "web-2")
    assert not await leases.hold(care, "clockwork", "web-2", 30)
    await leases.release(care, "clockwork", "web-1")
    assert await leases.hold(care, "clockwork", "web-2", 30)


async def test_of_processes_that_start_at_once_one_gets_the_job(care):
    async with open_care(care.settings, clock=care.clock) as other:
        got = await asyncio.gather(
            *(leases.hold(side, "clockwork", f"web-{n}", 30) for n, side in enumerate((care, other) * 4))
        )
    assert got.count(True) == 1


async def test_many_rows_that_wait_for_their_next_try_do_not_hide_a_new_one(care):
    await put(care, *({"n": n} for n in range(200)))
    failing = Receiver(*(Unavailable() for _ in range(200)))
    assert await outbox.deliver_due(care, {"news": failing}) == 0
    await put(care, {"n": "new"})
    assert await outbox.deliver_due(care, {"news": failing}) == 1
    assert failing.got == [{"n": "new"}]
