"""Two people on one case: the one who comes second is told who was first and what they did."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint, ComplaintEvent
from care.records.staff import Staff
from care.rules.complaint import ComplaintState
from care.rules.errors import Conflict
from care.rules.event_terms import event_label

#: Told to the customer or to colleagues: nothing that anybody's decision rests on.
_SILENT = ("customer_told", "escalated", "reminder")
ACTORS = {"customer": "客户", "bot": "智能客服", "clockwork": "系统", "system": "系统"}


async def check_version(session: AsyncSession, complaint: Complaint, seen: int | None) -> None:
    """Lets a person pass who saw the case as it stands. `None`: they did not say what they saw.

    The caller holds the complaint's lock, so of many who saw the same version exactly one passes.

    Raises:
        Conflict: someone changed the case since; `fields` has `moved_by`, `moved_to` and the new `version`.
    """
    if seen is None or seen == complaint.state_version:
        return
    newer = await session.scalars(
        select(ComplaintEvent)
        .where(
            ComplaintEvent.complaint_id == complaint.id,
            ComplaintEvent.seq > seen,
            ComplaintEvent.kind.not_in(_SILENT),
        )
        .order_by(ComplaintEvent.seq)
    )
    events = newer.all()
    if not events and seen < complaint.state_version:
        return
    moves = [event for event in events if event.to_state is not None]
    last = (moves or list(events))[-1] if events else None
    if last is None:
        raise Conflict
    name = await actor_name(session, last.actor)
    state = ComplaintState(last.to_state).label if last.to_state else complaint.state.label
    did = f"将投诉改为“{state}”" if last.to_state else f"做了“{event_label(last.kind)}”"
    raise Conflict(
        f"{name}已{did}，请刷新后再试。",
        fields={"moved_by": name, "moved_to": state, "version": str(complaint.state_version)},
    )


async def actor_name(session: AsyncSession, actor: str) -> str:
    """The name behind an event's actor: a colleague's, or what the word stands for."""
    if actor in ACTORS:
        return ACTORS[actor]
    name: str | None = await session.scalar(select(Staff.name).where(Staff.login == actor))
    return name or actor
