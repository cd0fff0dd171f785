"""The trail of a case for the screen: every event in words and as written, with the check of its hashes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint, ComplaintEvent
from care.records.staff import Staff
from care.rules.complaint import ComplaintState
from care.rules.event_terms import event_label
from care.rules.field_access import seen
from care.rules.vocabulary import Role
from care.services import access_log, case_links, complaint_log
from care.services.case_access import accessed
from care.services.case_trail import told
from care.services.case_wording import NOTHING
from care.services.complaint_conflicts import ACTORS
from care.services.context import Care
from care.services.staff import StaffView

LOOK = "查看投诉记录"


@dataclass(frozen=True)
class EventView:
    """`is_sound`: neither this row nor its tie to the one before was touched."""

    seq: int
    kind: str
    label: str
    actor: str
    actor_name: str
    at: datetime
    from_state: ComplaintState | None
    to_state: ComplaintState | None
    lines: tuple[str, ...]
    data: dict[str, Any]
    hash: str
    is_sound: bool


@dataclass(frozen=True)
class Trail:
    case: str
    events: tuple[EventView, ...]
    faults: tuple[str, ...]


async def read(care: Care, reader: StaffView, ref: str) -> tuple[Trail, tuple[Trail, ...]]:
    """The trail of one case, and those of the cases that were merged into it; the look is logged.

    Raises:
        NotFound, Forbidden: as `case_access.accessed`.
    """
    async with care.sessions.read() as session:
        complaint = await accessed(session, reader, ref)
        names = await _names(session)
        own = await _trail(session, complaint, reader.role, names)
        merged = tuple(
            [
                await _trail(session, one, reader.role, names)
                for one in await case_links.merged_into(session, complaint.id)
            ]
        )
    await access_log.note_look(
        care, reader, [complaint.customer_id], ["complaint.own_words", "message.text"], purpose=LOOK
    )
    return own, merged


async def _trail(session: AsyncSession, complaint: Complaint, role: Role, names: Mapping[str, str]) -> Trail:
    rows = await session.scalars(
        select(ComplaintEvent)
        .where(ComplaintEvent.complaint_id == complaint.id)
        .order_by(ComplaintEvent.seq, ComplaintEvent.id)
    )
    events = list(rows)
    faults = list(complaint_log.faults_of(complaint, events))
    broken = {fault.seq for fault in faults}
    is_locked = complaint.locked_at is not None
    return Trail(
        complaint.case_number or str(complaint.id),
        tuple(_view(event, role, names, event.seq not in broken, is_locked) for event in events),
        tuple(f"第 {fault.seq or '?'} 条：{fault.fault.label}（{fault.detail}）" for fault in faults),
    )


def _view(
    event: ComplaintEvent, role: Role, names: Mapping[str, str], is_sound: bool, is_locked: bool
) -> EventView:
    # A deleted customer's words stay in the sealed row, for the authorities alone.
    words = NOTHING if is_locked else told(event, role)
    return EventView(
        seq=event.seq,
        kind=event.kind,
        label=event_label(event.kind),
        actor=event.actor,
        actor_name=ACTORS.get(event.actor) or names.get(event.actor, event.actor),
        at=event.at,
        from_state=ComplaintState(event.from_state) if event.from_state else None,
        to_state=ComplaintState(event.to_state) if event.to_state else None,
        lines=() if words == NOTHING else tuple(words.split("；")),
        data={} if is_locked else masked(event.data, role),
        hash=event.hash,
        is_sound=is_sound,
    )


def masked(value: Any, role: Role) -> Any:
    """What was written with an event, every word of it masked as a message is."""
    if isinstance(value, str):
        return seen("message.text", role, value)
    if isinstance(value, Mapping):
        return {key: masked(one, role) for key, one in value.items()}
    return [masked(one, role) for one in value] if isinstance(value, list) else value


async def _names(session: AsyncSession) -> dict[str, str]:
    rows = await session.execute(select(Staff.login, Staff.name))
    return dict(rows.tuples().all())
