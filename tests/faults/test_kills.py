"""kill -9 in the middle of complaints: every message once, one case with one number, promises once."""

from __future__ import annotations

import asyncio
import os
import random

import pytest

from care.rules.complaint import ComplaintState
from care.services.context import Care
from tests.faults.books import check_books
from tests.faults.complaining import complain
from tests.faults.conftest import OpenTab
from tests.live.system import LiveSystem

#: Another number moves the moments of the kills; the failed test says which one it was.
SEED = int(os.environ.get("ZHIKE_TEST_SEED", "7"))
CUSTOMERS = 3
#: A Rasa server takes long to start, the others a few seconds.
KILLS = {"web": 4, "actions": 3, "rasa": 1}


@pytest.mark.parametrize("name", ["web", "actions", "rasa"])
async def test_complaints_survive_kills_at_random_moments(
    system: LiveSystem, records: Care, tab: OpenTab, name: str
) -> None:
    chance = random.Random(f"{SEED}-{name}")
    customers = [await tab() for _ in range(CUSTOMERS)]

    async def killing() -> None:
        for _ in range(KILLS[name]):
            await asyncio.sleep(chance.uniform(0.0, 2.5))
            await system.kill_and_wait(name)

    killer = asyncio.create_task(killing())
    numbers = await asyncio.gather(*(complain(system, one) for one in customers))
    await killer
    assert len(set(numbers)) == CUSTOMERS, f"seed {SEED}: every case has a number of its own"
    for one, number in zip(customers, numbers, strict=True):
        books = await check_books(records, one)
        received = [case for case in books.complaints if case.case_number]
        assert [case.case_number for case in received] == [number], f"seed {SEED}: {one.texts()}"
        assert received[0].state is ComplaintState.ACKNOWLEDGED
        assert books.promises, "promised"
        told = [text for text in one.texts("bot") if number in text]
        assert len(told) == 1, "the number is told once"
