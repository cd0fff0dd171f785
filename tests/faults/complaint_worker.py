"""A process that works on cases until it is done or killed: ``python -m tests.faults.complaint_worker PLAN NAME``.

Each act is written down before it is tried and after it was answered. A process that is started again first says
the last unanswered act once more, with the same key, as somebody does whose answer got lost.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from care.rules.errors import CareError, Unavailable
from care.services import complaints, escalations, promise_watch, reminders, staff
from care.services.context import Care, open_care
from care.services.staff import StaffView
from tests.conftest import settings_for
from tests.faults import complaint_acts


@dataclass(frozen=True)
class Plan:
    """What all processes of one storm know."""

    database_url: str
    folder: str
    cases: int
    passes: int
    started: float  # seconds of this machine's clock
    begins_at: str  # the moment in the shop that belongs to it
    speed: float  # seconds in the shop for one of ours

    def log_of(self, name: str) -> Path:
        return Path(self.folder) / f"worker-{name}.jsonl"


@dataclass(frozen=True)
class QuickClock:
    """The same quick time in every process."""

    plan: Plan

    def now(self) -> datetime:
        passed = (time.time() - self.plan.started) * self.plan.speed
        return datetime.fromisoformat(self.plan.begins_at) + timedelta(seconds=passed)


def entries(path: Path) -> Iterator[dict[str, Any]]:
    """The whole lines of a log; the last one of a killed process may be half."""
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                continue


async def work(plan: Plan, name: int) -> None:
    path = plan.log_of(str(name))
    before = list(entries(path))
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(log, b"\n")
    async with open_care(settings_for(plan.database_url, Path(plan.folder)), clock=QuickClock(plan)) as care:
        people = [one for one in await staff.list_staff(care) if one.active]
        start = 0
        if before:
            start = before[-1]["n"] + 1
            if "end" not in before[-1]:
                await _answered(care, people, {**before[-1], "again": True}, log)
        for n in range(start, plan.cases * plan.passes):
            case_id = n % plan.cases + 1
            seen = await complaint_acts.look(care, case_id)
            act = complaint_acts.choose(seen, Random(f"{name}:{n}"), len(people), plan.cases)
            tried = {"n": n, "key": f"w{name}-{n}", "message": (name + 1) * 10_000_000 + n, "tried": act}
            tried["db_key"] = complaint_acts.db_key(act, people, tried["key"], tried["message"])
            _write(log, tried)
            await _answered(care, people, tried, log)


async def _answered(care: Care, people: list[StaffView], tried: dict[str, Any], log: int) -> None:
    for _ in range(20):
        try:
            approval = await complaint_acts.do(
                care, tried["tried"], people, key=tried["key"], message=tried["message"]
            )
        except Unavailable:
            await asyncio.sleep(0.2)
            continue
        except CareError as refusal:
            _write(log, {**tried, "end": "refused", "why": refusal.code, "said": refusal.message})
        else:
            _write(log, {**tried, "end": "done", "approval": approval})
        return
    _write(log, {**tried, "end": "unavailable"})


def _write(log: int, entry: dict[str, Any]) -> None:
    os.write(log, (json.dumps(entry, ensure_ascii=False) + "\n").encode())


async def tick(care: Care) -> int:
    """What the clockwork does with complaints; how much it did."""
    return (
        len(await complaints.receive_silent_drafts(care))
        + await escalations.work_off(care)
        + await promise_watch.mark_broken(care)
        + await promise_watch.due_soon(care)
        + await reminders.remind_due(care)
    )


async def watch(plan: Plan) -> None:
    async with open_care(settings_for(plan.database_url, Path(plan.folder)), clock=QuickClock(plan)) as care:
        while True:
            try:
                await tick(care)
            except Unavailable:
                await asyncio.sleep(0.2)
            await asyncio.sleep(0.05)


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    told = Plan(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    asyncio.run(watch(told) if sys.argv[2].startswith("clock") else work(told, int(sys.argv[2])))
