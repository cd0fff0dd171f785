"""Many complaints moved by several processes at once, some of them killed: ``python -m tests.faults.complaint_storm``.

The customers' drafts are written into the tables at once; everything after that is done by the services. At the end
the books have to agree: states, trails, hashes, promises, escalations, approvals and outbox, and every act that a
worker was told was done is there exactly once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from sqlalchemy import insert

from care.records.case_work import CaseApproval
from care.records.complaint import Complaint, ComplaintEvent
from care.records.conversation import Conversation
from care.records.staff import Staff
from care.rules.complaint_terms import ComplaintCategory, ComplaintState, Level
from care.rules.severity import Grade
from care.rules.vocabulary import CarePart, CareStage, Channel, Emotion, Role
from care.services import complaint_log
from care.services.context import Care, open_care
from tests.complaint_books import faults_of, read_books
from tests.conftest import create_tables, running_postgres, settings_for
from tests.faults.complaint_worker import Plan, QuickClock, entries, tick

BEGINS = datetime(2026, 11, 24, 2, 0, tzinfo=timezone.utc)
_DAYS = 14  # so long the storm lasts in the shop
_TEAM = (*("agent",) * 2, *("lead",) * 3, *("manager",) * 2, "admin")
_WORDS = (
    "用了两天就坏了，开不了机，要求换货",
    "太差了",
)  # the second is not clear enough to be received by silence


@dataclass
class Outcome:
    """What the storm was and what it left; `faults` is empty when the books agree."""

    cases: int = 0
    tried: int = 0
    done: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    kills: int = 0
    events: int = 0
    states: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)


async def storm(
    database_url: str, folder: Path, *, cases: int, passes: int, workers: int, clocks: int, kills: int, seconds: float
) -> Outcome:  # fmt: skip
    """Runs one.

    Args:
        database_url: of empty tables.
        passes: how often each of `workers` goes through all cases.
        clocks: nodes that run the clockwork meanwhile.
        kills: processes killed with SIGKILL and started again, spread over the run.
        seconds: about how long it takes; only the speed of the shop's clock follows from it.
    """
    async with open_care(settings_for(database_url, folder)) as care:
        await _open_cases(care, cases)
    began = time.monotonic()
    plan = Plan(
        database_url, str(folder), cases, passes, time.time(), BEGINS.isoformat(), _DAYS * 86_400 / seconds
    )
    (folder / "plan.json").write_text(json.dumps(asdict(plan)), encoding="utf-8")
    await _run(plan, [str(n) for n in range(workers)], [f"clock{n}" for n in range(clocks)], kills)
    outcome = Outcome(cases=cases, kills=kills, seconds=time.monotonic() - began)
    async with open_care(settings_for(database_url, folder), clock=QuickClock(plan)) as care:
        await _audit(care, plan, workers, outcome)
    return outcome


async def _open_cases(care: Care, cases: int) -> None:
    async with care.sessions.write() as session:
        for n, role in enumerate(_TEAM):
            session.add(
                Staff(
                    login=f"{role}{n}", name=f"{role}{n}", role=Role(role), password_hash="-", created_at=BEGINS,
                )
            )  # fmt: skip
        await session.flush()
        for first in range(1, cases + 1, 500):
            numbers = range(first, min(first + 500, cases + 1))
            await session.execute(insert(Conversation), [_conversation(n) for n in numbers])
            await session.execute(insert(Complaint), [_draft(n) for n in numbers])
            await session.execute(insert(ComplaintEvent), [_opened(n) for n in numbers])


def _conversation(n: int) -> dict[str, Any]:
    return {
        "public_id": str(UUID(int=n)), "sender_id": str(UUID(int=n)), "channel": Channel.WEB, "opened_at": BEGINS,
    }  # fmt: skip


def _draft(n: int) -> dict[str, Any]:
    return {
        "conversation_id": n, "channel": Channel.WEB, "state": ComplaintState.DRAFT, "state_version": 1,
        "opened_at": BEGINS, "own_words": _WORDS[n % 2], "topic": "complaint_quality",
        "category": ComplaintCategory.DEFECT, "care_parts": ["quality"], "care_part": next(iter(CarePart)),
        "care_stage": next(iter(CareStage)), "emotion": Emotion.CALM, "grade": Grade.P4, "level": Level.L1,
    }  # fmt: skip


def _opened(n: int) -> dict[str, Any]:
    return complaint_log.sealed_event(
        complaint_id=n, seq=1, kind="opened", actor="customer", at=BEGINS, to_state=ComplaintState.DRAFT,
        data={"own_words": _WORDS[n % 2], "grade": "P4"},
    )  # fmt: skip


async def _start(plan: Plan, name: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.complaint_worker", str(Path(plan.folder) / "plan.json"), name
    )


async def _run(plan: Plan, workers: list[str], clocks: list[str], kills: int) -> None:
    running = {name: await _start(plan, name) for name in (*workers, *clocks)}
    chance, total = Random("kills"), len(workers) * plan.passes * plan.cases
    due = [total * (n + 1) // (kills + 1) for n in range(kills)]
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    console = Console(stderr=True)
    try:
        with Progress(
            *columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console, disable=not console.is_terminal
        ) as bar:  # fmt: skip
            task = bar.add_task("投诉并发演练", total=total)
            while any(running[name].returncode is None for name in workers):
                await asyncio.sleep(0.2)
                tried = sum(_lines(plan.log_of(name)) for name in workers) // 2
                bar.update(task, completed=min(tried, total))
                if due and tried >= due[0]:
                    due.pop(0)
                    alive = [name for name, one in running.items() if one.returncode is None]
                    name = chance.choice(alive)
                    await _kill(running[name])
                    running[name] = await _start(plan, name)
        failed = [name for name in workers if running[name].returncode != 0]
        if failed or due:
            raise AssertionError(f"workers {failed} ended by themselves, {len(due)} kills were not made")
    finally:
        for process in running.values():
            await _kill(process)


async def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGKILL)
        await process.wait()


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


async def _audit(care: Care, plan: Plan, workers: int, outcome: Outcome) -> None:
    """Lets the clockwork finish, then reads the books and holds every worker's own record against them."""
    stands = Care(**{**vars(care), "clock": _Standing(care.clock.now())})
    for _ in range(50):
        if await tick(stands) == 0:
            break
    books = await read_books(stands)
    outcome.faults += await faults_of(stands, books, watched_at=stands.clock.now())
    events = Counter(row["idempotency_key"] for row in books.rows(ComplaintEvent).values())
    approvals = books.rows(CaseApproval)
    asked = Counter(row["key"] for row in approvals.values())
    outcome.events = sum(events.values())
    outcome.states = Counter(row["state"].value for row in books.rows(Complaint).values())
    for name in range(workers):
        log = [entry for entry in entries(plan.log_of(str(name))) if "n" in entry]
        tries = Counter(entry["n"] for entry in log if "end" not in entry)
        ends = {entry["n"]: entry for entry in log if "end" in entry}
        outcome.tried += len(tries)
        if set(tries) != set(range(plan.passes * plan.cases)) or set(ends) != set(tries):
            outcome.faults.append(f"worker {name} left {len(set(tries) - set(ends))} acts open")
        for entry in ends.values():
            key, act = entry["db_key"], entry["tried"]["act"]
            found = events[key] + asked[key] if key else 0
            if entry["end"] == "done":
                outcome.done += 1
                is_there = (
                    approvals[entry["tried"]["approval"]]["decision"].value == "refused" if act == "refuse"
                    else entry["approval"] in approvals if entry["approval"] is not None
                    else found == 1
                )  # fmt: skip
                # A wish in the chat is an event and an approval of one key.
                # Nor does giving a case to who has it already leave an event.
                is_nothing = act == "assign" and found == 0
                if not is_there and not is_nothing and not (act == "wish" and events[key] == 1):
                    outcome.faults.append(f"done and not there once ({found}): {entry}")
            elif entry["end"] == "refused":
                outcome.refused[entry["why"]] += 1
                if found and act != "agree" and not entry.get("again"):
                    outcome.faults.append(f"refused and there: {entry}")
            else:
                outcome.faults.append(f"never answered: {entry}")
        outcome.repeated += sum("again" in entry for entry in ends.values())


@dataclass(frozen=True)
class _Standing:
    at: datetime

    def now(self) -> datetime:
        return self.at


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--passes", type=int, default=2)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=1_200, help="about how long it takes")
    parser.add_argument("--sqlite", action="store_true", help="SQLite instead of PostgreSQL")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="zhike-storm-"))

    def run(url: str) -> Outcome:
        return asyncio.run(
            storm(
                url, folder, cases=chosen.cases, passes=chosen.passes, workers=chosen.workers, clocks=2,
                kills=chosen.kills, seconds=chosen.seconds,
            )
        )  # fmt: skip

    try:
        if chosen.sqlite:
            url = f"sqlite:///{folder / 'zhike.db'}"
            asyncio.run(create_tables(url.replace("sqlite:", "sqlite+aiosqlite:")))
            outcome = run(url)
        else:
            with running_postgres() as server:
                outcome = run(server.url("zhike"))
        print(json.dumps({**vars(outcome), "faults": outcome.faults[:20]}, ensure_ascii=False, indent=1))
        sys.exit(bool(outcome.faults))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
