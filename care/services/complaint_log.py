"""The trail of a complaint: append-only events, each sealed with the hash of the one before.

`append` is the only writer of `complaint_event`. `verify` reads the whole log and names every
row that was changed, every row that is missing (inside, at the head or at the tail), every row
that was moved, and every case number that was given and has no case any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint, ComplaintEvent
from care.records.engine import CaseCounter
from care.rules.complaint import ComplaintState
from care.rules.hashchain import GENESIS, event_hash
from care.rules.labelled import Labelled
from care.rules.numbers import case_number
from care.services.context import Care

CASE_PREFIX = "TS"
_BATCH = 500


class Fault(Labelled):
    """What is wrong with a link of the chain."""

    CHANGED = "changed", "记录被改动"
    MISSING = "missing", "记录缺失"
    MISSING_TAIL = "missing_tail", "末尾记录缺失"
    REORDERED = "reordered", "记录顺序被调换"
    STATE_DIFFERS = "state_differs", "投诉状态与记录不符"
    CASE_GONE = "case_gone", "编号对应的投诉缺失"


@dataclass(frozen=True)
class BrokenLink:
    """One finding of `verify`. `complaint_id` is None when the whole case is gone."""

    fault: Fault
    complaint_id: int | None
    case_number: str | None
    seq: int | None
    detail: str


def sealed_event(
    *,
    complaint_id: int,
    seq: int,
    kind: str,
    actor: str,
    at: datetime,
    previous_hash: str = GENESIS,
    from_state: ComplaintState | None = None,
    to_state: ComplaintState | None = None,
    data: Mapping[str, Any] | None = None,
    idempotency_key: str | None = None,
) -> dict[str, Any]:
    """The column values of one event, its hash included. `at` is aware."""
    row: dict[str, Any] = {
        "complaint_id": complaint_id,
        "seq": seq,
        "kind": kind,
        "from_state": None if from_state is None else from_state.value,
        "to_state": None if to_state is None else to_state.value,
        "actor": actor,
        "data": dict(data or {}),
        "at": at.astimezone(timezone.utc),
        "idempotency_key": idempotency_key,
        "previous_hash": previous_hash,
    }
    row["hash"] = _hash_of(row)
    return row


async def append(
    session: AsyncSession,
    complaint: Complaint,
    kind: str,
    *,
    actor: str,
    at: datetime,
    from_state: ComplaintState | None = None,
    to_state: ComplaintState | None = None,
    data: Mapping[str, Any] | None = None,
    idempotency_key: str | None = None,
) -> ComplaintEvent:
    """Adds the next event inside the caller's transaction; the caller holds the complaint's lock.

    The complaint's `state_version` is the seq of its last event, so a cut tail shows.
    """
    last = await session.scalar(
        select(ComplaintEvent)
        .where(ComplaintEvent.complaint_id == complaint.id)
        .order_by(ComplaintEvent.seq.desc())
        .limit(1)
    )
    event = ComplaintEvent(
        **sealed_event(
            complaint_id=complaint.id,
            seq=1 if last is None else last.seq + 1,
            kind=kind,
            actor=actor,
            at=at,
            previous_hash=GENESIS if last is None else last.hash,
            from_state=from_state,
            to_state=to_state,
            data=data,
            idempotency_key=idempotency_key,
        )
    )
    session.add(event)
    complaint.state_version = event.seq
    await session.flush()
    return event


async def event_of_key(session: AsyncSession, key: str) -> ComplaintEvent | None:
    """The event that a source message already caused, if any."""
    found: ComplaintEvent | None = await session.scalar(
        select(ComplaintEvent).where(ComplaintEvent.idempotency_key == key)
    )
    return found


async def verify(care: Care) -> list[BrokenLink]:
    """Every fault of the whole log, by complaint and seq; an intact log gives an empty list."""
    broken: list[BrokenLink] = []
    # A case that moves meanwhile is no fault.
    async with care.sessions.one_picture() as session:
        after = 0
        while True:
            complaints = (
                await session.scalars(
                    select(Complaint).where(Complaint.id > after).order_by(Complaint.id).limit(_BATCH)
                )
            ).all()
            if not complaints:
                break
            after = complaints[-1].id
            trails: dict[int, list[ComplaintEvent]] = {c.id: [] for c in complaints}
            events = await session.scalars(
                select(ComplaintEvent)
                .where(ComplaintEvent.complaint_id.in_(trails))
                .order_by(ComplaintEvent.complaint_id, ComplaintEvent.seq, ComplaintEvent.id)
            )
            for event in events:
                trails[event.complaint_id].append(event)
            for complaint in complaints:
                broken.extend(faults_of(complaint, trails[complaint.id]))
            session.expunge_all()
        broken.extend(await _cases_gone(session))
    return broken


def faults_of(complaint: Complaint, trail: Sequence[ComplaintEvent]) -> Iterator[BrokenLink]:
    """What is wrong with one complaint's trail, given in order of seq."""

    def link(fault: Fault, seq: int | None, detail: str) -> BrokenLink:
        return BrokenLink(fault, complaint.id, complaint.case_number, seq, detail)

    previous_hash, expected, last_id = GENESIS, 1, 0
    for event in trail:
        if event.seq != expected:
            missing = (
                f"第 {expected} 条" if event.seq == expected + 1 else f"第 {expected}–{event.seq - 1} 条"
            )
            yield link(Fault.MISSING, expected, f"{missing}不在记录中")
        is_sealed = event.hash == _hash_of(_values_of(event))
        if not is_sealed:
            yield link(Fault.CHANGED, event.seq, "内容与校验值不符")
        elif event.seq == expected and event.previous_hash != previous_hash:
            yield link(Fault.CHANGED, event.seq, "与上一条的校验值接不上")
        if event.id < last_id:
            yield link(Fault.REORDERED, event.seq, "写入顺序与序号不一致")
        previous_hash, expected, last_id = event.hash, event.seq + 1, event.id

    if complaint.state_version >= expected:
        yield link(
            Fault.MISSING_TAIL, expected, f"应有 {complaint.state_version} 条记录，只有到第 {expected - 1} 条"
        )
    elif complaint.state_version < expected - 1 or not trail:
        yield link(
            Fault.STATE_DIFFERS, None, f"投诉记为 {complaint.state_version} 条，记录有 {expected - 1} 条"
        )
    else:
        recorded = next((e.to_state for e in reversed(trail) if e.to_state is not None), None)
        if recorded != complaint.state.value:
            yield link(
                Fault.STATE_DIFFERS, trail[-1].seq, f"记录为 {recorded}，投诉为 {complaint.state.value}"
            )


async def _cases_gone(session: AsyncSession) -> list[BrokenLink]:
    """Numbers that the counter gave and no complaint bears."""
    counters = (await session.scalars(select(CaseCounter).where(CaseCounter.prefix == CASE_PREFIX))).all()
    if not counters:
        return []
    known = set(
        await session.scalars(select(Complaint.case_number).where(Complaint.case_number.is_not(None)))
    )
    gone = []
    for counter in counters:
        day = date(int(counter.day[:4]), int(counter.day[4:6]), int(counter.day[6:]))
        for n in range(1, counter.last + 1):
            number = case_number(day, n)
            if number not in known:
                gone.append(BrokenLink(Fault.CASE_GONE, None, number, None, "该编号已发出，但投诉不在库中"))
    return gone


def _values_of(event: ComplaintEvent) -> dict[str, Any]:
    return {
        "complaint_id": event.complaint_id,
        "seq": event.seq,
        "kind": event.kind,
        "from_state": event.from_state,
        "to_state": event.to_state,
        "actor": event.actor,
        "data": event.data,
        "at": event.at,
        "idempotency_key": event.idempotency_key,
        "previous_hash": event.previous_hash,
    }


def _hash_of(row: Mapping[str, Any]) -> str:
    payload = {**row, "at": row["at"].isoformat(timespec="microseconds")}
    payload.pop("hash", None)
    payload.pop("id", None)
    return event_hash(row["previous_hash"], payload)
