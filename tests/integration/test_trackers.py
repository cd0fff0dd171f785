"""Rasa's histories are appended in order and fail closed."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from care.rules.errors import Conflict
from care.services import trackers
from care.services.context import open_care


def events(*texts: str) -> list[dict]:
    return [{"event": "user", "text": t, "timestamp": 1790000000.25 + n} for n, t in enumerate(texts)]


async def test_events_come_back_as_they_went_in(care):
    said = [*events("你好", "👍"), {"event": "slot", "name": "order", "value": None}]
    assert await trackers.append_events(care, "sender-a", 0, said) == 3
    assert await trackers.append_events(care, "sender-a", 3, events("再见")) == 4
    assert await trackers.load_events(care, "sender-a") == [*said, *events("再见")]
    assert await trackers.load_events(care, "sender-a", from_seq=2) == [said[2], *events("再见")]
    assert await trackers.load_events(care, "sender-b") == []


async def test_nothing_can_be_written_over_or_with_a_gap(care):
    await trackers.append_events(care, "sender-a", 0, events("一", "二"))
    for from_seq in (0, 1, 3):
        with pytest.raises(Conflict):
            await trackers.append_events(care, "sender-a", from_seq, events("三"))
    assert await trackers.load_events(care, "sender-a") == events("一", "二")


async def test_of_two_processes_that_write_at_once_one_wins_whole(care):
    async with open_care(care.settings, clock=care.clock) as other:
        results = await asyncio.gather(
            *(
                trackers.append_events(side, "sender-a", 0, events(*(f"{n}-{m}" for m in range(20))))
                for n, side in enumerate((care, other, care, other))
            ),
            return_exceptions=True,
        )
    assert sorted(str(type(r).__name__) for r in results) == ["Conflict"] * 3 + ["int"]
    kept = await trackers.load_events(care, "sender-a")
    assert len(kept) == 20
    assert len({e["text"].split("-")[0] for e in kept}) == 1


async def test_no_events_write_nothing(care):
    assert await trackers.append_events(care, "sender-a", 7, []) == 7


async def test_chinese_is_kept_readable_in_the_table(care):
    await trackers.append_events(care, "sender-a", 0, events("你好"))
    async with care.sessions.read() as session:
        raw = await session.scalar(text("SELECT CAST(data AS TEXT) FROM tracker_event"))
    assert "你好" in raw
