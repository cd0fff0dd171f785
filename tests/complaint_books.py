"""The books of complaints, audited from the rows alone: each case's trail is replayed and everything else held against it.

The table of moves stands here a second time, written from the specification (care.md §3), so that a mistake in the
services' own table shows. Faults are sentences; intact books have none.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from care.records.case_work import CaseApproval, CaseLink, CaseRemedy
from care.records.clocks import ComplaintEscalation
from care.records.complaint import Complaint, ComplaintEvent
from care.records.engine import Outbox
from care.records.evidence import Evidence
from care.records.interaction import Promise
from care.records.notice import StaffNotice
from care.records.staff import Staff
from care.services import complaint_log
from care.services.context import Care
from tests.complaint_replay import Replay, replay

TABLES = (
    Complaint, ComplaintEvent, Promise, ComplaintEscalation, CaseApproval, CaseRemedy, CaseLink, Evidence, Outbox,
    StaffNotice, Staff,
)  # fmt: skip
Rows = Mapping[int, Mapping[str, Any]]
RULED = ("acknowledge", "person", "first_result", "solve")
SIDE = ("withdrawn", "reclassified", "merged")
ENDED = (*SIDE, "closed", "unresolved")
PAUSED_WITH_THE_CASE = ("person", "first_result", "solve")


@dataclass(frozen=True)
class Books:
    """Every row that a complaint can leave, by table and id."""

    tables: Mapping[str, Rows]

    def rows(self, table: type[Any]) -> Rows:
        return self.tables[table.__tablename__]


async def read_books(care: Care) -> Books:
    async with care.sessions.read() as session:
        tables = {}
        for table in TABLES:
            found = (await session.execute(select(table.__table__))).mappings()
            tables[table.__tablename__] = {row["id"]: dict(row) for row in found}
        return Books(tables)


async def faults_of(care: Care, books: Books, *, watched_at: datetime | None = None) -> list[str]:
    """Everything that is wrong; `watched_at`: the clockwork ran at that moment and nothing was due when it ended."""
    broken = [f"chain of {b.complaint_id} at {b.seq}: {b.detail}" for b in await complaint_log.verify(care)]
    return broken + list(_faults(books, watched_at))


def _faults(books: Books, watched_at: datetime | None) -> Iterator[str]:
    by_case: dict[type[Any], dict[int, list[Mapping[str, Any]]]] = {}
    for table in (ComplaintEvent, Promise, ComplaintEscalation, CaseApproval, CaseRemedy):
        groups: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
        for row in books.rows(table).values():
            if row["complaint_id"] is not None:
                groups[row["complaint_id"]].append(row)
        by_case[table] = groups
    staff = {row["login"]: row for row in books.rows(Staff).values()}
    for case in books.rows(Complaint).values():
        events = sorted(by_case[ComplaintEvent][case["id"]], key=lambda event: event["seq"])
        approvals = {row["id"]: row for row in by_case[CaseApproval][case["id"]]}
        told = replay(events, approvals, staff)
        promises = by_case[Promise][case["id"]]
        steps = by_case[ComplaintEscalation][case["id"]]
        remedies = by_case[CaseRemedy][case["id"]]
        found = [
            *told.faults,
            *_case_faults(case, told, books, staff),
            *_promise_faults(case, promises, told, watched_at),
            *_step_faults(case, steps, events, watched_at),
            *_approval_faults(case, approvals, events, staff),
            *_remedy_faults(case, remedies, told),
        ]
        yield from (f"case {case['id']} ({case['state'].value}): {fault}" for fault in found)
    yield from _outbox_faults(books)
    yield from _link_faults(books)


def _case_faults(
    case: Mapping[str, Any], told: Replay, books: Books, staff: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    state = case["state"].value
    owner = None if told.owner is None else staff[told.owner]["id"]
    for name, by_row, by_trail in (
        ("state", state, told.state),
        ("grade", case["grade"].value, told.grade),
        ("level", case["level"].value, told.level),
        ("owner", case["owner_id"], owner),
        ("version", case["state_version"], told.length),
        ("refusals", case["refusals"], told.refusals),
        ("reopenings", case["reopen_count"], told.reopenings),
        ("remedy done", case["remedy_done_at"] is not None, told.is_remedy_done),
        ("received", case["received_at"] is not None and case["case_number"] is not None, told.is_received),
        ("ended at", case["closed_at"], told.ended_at if state in ("closed", "unresolved") else None),
        ("clock stands still", case["paused_at"] is not None, state == "waiting_customer"),
        ("way of closing", None if case["close_kind"] is None else case["close_kind"].value, told.close_kind),
        ("outside ways told", case["external_recourse_told_at"] is not None, told.were_outside_ways_told),
        ("survivor", case["merged_into_id"], told.merged_into),
    ):
        if by_row != by_trail:
            yield f"{name} is {by_row}, by its trail {by_trail}"
    if state == "closed" and not (case["root_cause_1"] and case["root_cause_2"]):
        yield "closed without both levels of the root cause"
    if state == "merged":
        survivor = books.rows(Complaint).get(case["merged_into_id"])
        if survivor is None or survivor["id"] == case["id"] or survivor["state"].value == "draft":
            yield "merged into nothing"
        elif any(row["complaint_id"] == case["id"] for row in books.rows(Evidence).values()):
            yield "its evidence did not go along"


def _promise_faults(
    case: Mapping[str, Any], promises: list[Mapping[str, Any]], told: Replay, watched_at: datetime | None
) -> Iterator[str]:
    state = case["state"].value
    for one in promises:
        what, due, kept, broken = one["what"], one["due_at"], one["kept_at"], one["broken_at"]
        if kept is not None and broken is not None:
            yield f"promise {what} is kept and broken"
        if kept is not None and kept > due:
            yield f"promise {what} was kept too late and counts as kept"
        if broken is not None and broken != due:
            yield f"promise {what} was broken at another moment than it was due"
        if what not in RULED and one["id"] not in told.promised:
            yield f"promise {what} is not in the trail"
        if kept is not None or broken is not None:
            continue
        if state in SIDE:
            yield f"promise {what} still binds"
        if state == "closed" and what in RULED:
            yield f"promise {what} is open on a closed case"
        stops = what in PAUSED_WITH_THE_CASE and case["paused_at"] is not None and case["paused_at"] <= due
        if watched_at is not None and due < watched_at and not stops:
            yield f"promise {what} was due {due} and is not marked at {watched_at}"
    if told.is_received and state not in SIDE:
        for what in ("acknowledge", "solve"):
            if not any(one["what"] == what for one in promises):
                yield f"received without the promise {what}"


def _step_faults(
    case: Mapping[str, Any],
    steps: list[Mapping[str, Any]],
    events: list[Mapping[str, Any]],
    watched_at: datetime | None,
) -> Iterator[str]:
    said = Counter((e["data"]["round"], e["data"]["percent"]) for e in events if e["kind"] == "escalated")
    marked = Counter((s["round"], s["percent"]) for s in steps if s["done_at"] is not None)
    if said != marked or any(times != 1 for times in said.values()):
        yield f"steps told {dict(said)}, marked as told {dict(marked)}"
    rounds = Counter(s["round"] for s in steps)
    if case["received_at"] is not None and rounds != Counter(
        dict.fromkeys(range(case["clock_round"] + 1), 4)
    ):
        yield f"steps by round {dict(rounds)} in round {case['clock_round']}"
    for step in steps:
        name = f"step {step['round']}/{step['percent']}"
        is_open = step["done_at"] is None and step["ended_at"] is None
        if step["done_at"] is not None and step["ended_at"] is not None:
            yield f"{name} is told and ended"
        if is_open and (case["state"].value in ENDED or step["round"] != case["clock_round"]):
            yield f"{name} is still to come"
        if is_open and step["percent"] == 100 and step["due_at"] != case["solve_due_at"]:
            yield f"{name} comes {step['due_at']}, the case is due {case['solve_due_at']}"
        stops = case["paused_at"] is not None and case["paused_at"] <= step["due_at"]
        if is_open and watched_at is not None and step["due_at"] <= watched_at and not stops:
            yield f"{name} was due {step['due_at']} and is not told at {watched_at}"


def _approval_faults(
    case: Mapping[str, Any],
    approvals: Mapping[int, Mapping[str, Any]],
    events: list[Mapping[str, Any]],
    staff: Mapping[str, Mapping[str, Any]],
) -> Iterator[str]:
    carried_out = Counter(e["idempotency_key"] for e in events if e["idempotency_key"])
    asked = Counter(e["data"]["approval"] for e in events if e["kind"] == "approval_asked")
    decided = Counter(e["data"]["approval"] for e in events if e["kind"] == "approval_decided")
    waiting: Counter[str] = Counter()
    if asked != Counter(list(approvals)):
        yield f"approvals {sorted(approvals)}, asked for in the trail {sorted(asked)}"
    for number, one in approvals.items():
        decision = None if one["decision"] is None else one["decision"].value
        if carried_out[f"approval:{number}"] != int(decision == "agreed"):
            yield f"approval {number} ({decision}) was carried out {carried_out[f'approval:{number}']} times"
        if decided[number] != int(decision in ("agreed", "refused")):
            yield f"approval {number} ({decision}) was decided {decided[number]} times"
        if decision is None:
            waiting[one["what"].value] += 1
        elif decision != "lapsed":
            decider = staff[one["decided_by"]]
            if one["decided_by"] == one["asked_by"] or not decider["active"]:
                yield f"approval {number} was decided by {one['decided_by']}"
            if one["what"].value != "remedy_over_limit" and decider["role"].value == "agent":
                yield f"approval {number} was decided by an agent"
    if case["state"].value in ENDED and waiting:
        yield f"approvals wait on an ended case: {dict(waiting)}"
    if any(number > 1 for number in waiting.values()):
        yield f"several approvals of one kind wait: {dict(waiting)}"


def _remedy_faults(case: Mapping[str, Any], remedies: list[Mapping[str, Any]], told: Replay) -> Iterator[str]:
    paid = sum((row["amount"] for row in remedies if row["done_at"] is not None), Decimal(0))
    if paid != told.paid:
        yield f"paid {paid}, by the trail {told.paid}"
    for row in remedies:
        is_open = row["done_at"] is None and row["dropped_at"] is None
        if row["done_at"] is not None and row["dropped_at"] is not None:
            yield f"part {row['id']} is done and dropped"
        if is_open and case["remedy_done_at"] is not None:
            yield f"the remedy is done and part {row['id']} is open"


def _outbox_faults(books: Books) -> Iterator[str]:
    """What is to be told after commit is there once for every fact, and for nothing else."""
    events = books.rows(ComplaintEvent).values()
    rows = books.rows(Outbox).values()
    changed = Counter((e["complaint_id"], e["seq"]) for e in events if e["kind"] == "state")
    changed.update(
        (e["complaint_id"], e["seq"]) for e in events if e["kind"] == "remedy_done" and e["data"]["is_all"]
    )
    for topic, facts, in_box in (
        ("complaint_changed", changed, Counter((r["data"]["complaint"], r["data"]["seq"]) for r in rows if r["topic"] == "complaint_changed")),
        ("complaint_reminder", Counter(e["complaint_id"] for e in events if e["kind"] == "reminder"), Counter(r["data"]["complaint"] for r in rows if r["topic"] == "complaint_reminder")),
        ("staff_notice", Counter(list(books.rows(StaffNotice))), Counter(r["data"]["notice"] for r in rows if r["topic"] == "staff_notice")),
    ):  # fmt: skip
        if facts != in_box:
            yield f"outbox {topic}: missing {list((facts - in_box).items())[:5]}, too many {list((in_box - facts).items())[:5]}"


def _link_faults(books: Books) -> Iterator[str]:
    there = Counter((r["one_id"], r["other_id"], r["kind"].value) for r in books.rows(CaseLink).values())
    told: Counter[tuple[int, int, str]] = Counter()
    for event in books.rows(ComplaintEvent).values():
        if event["kind"] in ("linked", "unlinked"):
            one, other = sorted((event["complaint_id"], event["data"]["complaint"]))
            told[one, other, event["data"]["link"]] += 1 if event["kind"] == "linked" else -1
    if {pair: 2 * n for pair, n in there.items()} != {pair: n for pair, n in told.items() if n}:
        yield f"links {dict(there)}, by the trails {dict(told)}"


def moved_deadlines(before: Books, after: Books) -> Iterator[str]:
    """Deadlines of one step to the next: moved by the end of a pause, a more serious grade, a reopening, a merge."""
    fresh: dict[int, set[str]] = defaultdict(set)
    for key, event in after.rows(ComplaintEvent).items():
        if key not in before.rows(ComplaintEvent):
            fresh[event["complaint_id"]].add(
                f"{event['from_state']}→" if event["kind"] == "state" else event["kind"]
            )
            fresh[event["complaint_id"]].add(f"→{event['to_state']}")
    for table, column, causes in (
        (Complaint, "solve_due_at", {"waiting_customer→", "graded", "→reopened", "→received", "absorbed"}),
        (Promise, "due_at", {"waiting_customer→"}),
        (ComplaintEscalation, "due_at", {"waiting_customer→", "absorbed"}),
    ):
        for key, row in after.rows(table).items():
            old = before.rows(table).get(key)
            case = row["id"] if table is Complaint else row["complaint_id"]
            if old is not None and old[column] != row[column] and not fresh[case] & causes:
                yield f"{table.__tablename__} {key}: {column} {old[column]} → {row[column]} by {sorted(fresh[case])}"


def is_same(one: Books, other: Books) -> bool:
    return one.tables == other.tables
