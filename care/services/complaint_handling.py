"""What staff do on a case beside moving it: notes, reminders, the remedy carried out, the grade, the owner."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.staff import Staff
from care.rules.approval_terms import ApprovalWhat
from care.rules.complaint import ComplaintState, Level, is_open
from care.rules.deadlines import promised
from care.rules.errors import Conflict, InvalidInput, NotFound
from care.rules.reminders import first_look
from care.rules.severity import Grade, check_regrade, is_lower
from care.services import case_approvals, case_clocks, case_remedies, complaint_log, outbox
from care.services.complaint_conflicts import check_version
from care.services.complaint_moves import case_view, locked
from care.services.complaint_owner import assign, first_level
from care.services.complaint_views import CaseView
from care.services.context import Care

_LEVELS = tuple(Level)


async def note(
    care: Care, complaint_id: int, actor: str, text: str, *, idempotency_key: str | None = None
) -> CaseView:
    """Adds a person's note to the trail. Raises `InvalidInput` when it is empty."""
    text = text.strip()
    if not text:
        raise InvalidInput(fields={"text": "备注不能为空。"})
    return await _add(care, complaint_id, "note", actor, {"text": text}, idempotency_key)


async def note_reminder(
    care: Care, complaint_id: int, actor: str, *, idempotency_key: str | None = None
) -> CaseView:
    """Notes that the customer was reminded to answer; three in seven days allow a silent close."""
    return await _add(care, complaint_id, "reminder", actor, {}, idempotency_key)


async def note_remedy_done(
    care: Care,
    complaint_id: int,
    actor: str,
    detail: str,
    *,
    part_id: int | None = None,
    idempotency_key: str | None = None,
) -> CaseView:
    """Notes that the agreed remedy, or one part of it, has been carried out; closing needs every part.

    Args:
        detail: on what basis: the order system's number of the refund or the parcel, or how it was done.
        part_id: of the one part; None takes all that are open.

    Raises:
        Conflict: the case is not being executed, or that part is done.
        NotFound: no such part.
    """
    async with care.sessions.write() as session:
        complaint = await locked(session, complaint_id)
        if idempotency_key and await complaint_log.event_of_key(session, idempotency_key):
            return await case_view(session, complaint)
        if complaint.state is not ComplaintState.EXECUTING:
            raise Conflict(f"投诉现在是“{complaint.state.label}”，执行中才能登记处理完成。")
        now = care.clock.now()
        done, is_all = await case_remedies.finish(
            session, complaint, part_id=part_id, basis=detail, actor=actor, at=now
        )
        if is_all:
            complaint.remedy_done_at = now
            complaint.remind_at = first_look(complaint.state, now, is_remedy_done=True)
            await case_clocks.end_when_done(session, complaint, now)
        event = await complaint_log.append(
            session,
            complaint,
            "remedy_done",
            actor=actor,
            at=now,
            data={
                "detail": detail,
                "remedy": None if complaint.remedy is None else complaint.remedy.value,
                "parts": [{"kind": part.kind.value, "amount": str(part.amount)} for part in done],
                "is_all": is_all,
            },
            idempotency_key=idempotency_key,
        )
        if is_all:
            changed = {"complaint": complaint.id, "case_number": complaint.case_number, "seq": event.seq}
            outbox.add(session, care, "complaint_changed", {**changed, "state": complaint.state.value})
        return await case_view(session, complaint)


async def regrade(
    care: Care,
    complaint_id: int,
    to: Grade,
    actor: str,
    *,
    reason: str = "",
    expected_version: int | None = None,
    idempotency_key: str | None = None,
) -> CaseView:
    """Raises the grade by hand. Lowering is `approvals.ask` with a second person's agreement.

    Raises:
        IllegalMove: a lowering.
        Conflict: someone else changed the case since.
    """
    async with care.sessions.write() as session:
        complaint = await locked(session, complaint_id)
        if idempotency_key and await complaint_log.event_of_key(session, idempotency_key):
            return await case_view(session, complaint)
        await check_version(session, complaint, expected_version)
        if to is not complaint.grade:
            await apply_grade(
                care, session, complaint, to, actor=actor, reason=reason, idempotency_key=idempotency_key
            )
        return await case_view(session, complaint)


async def apply_grade(
    care: Care,
    session: AsyncSession,
    complaint: Complaint,
    to: Grade,
    *,
    actor: str,
    reason: str = "",
    approval_id: int | None = None,
    idempotency_key: str | None = None,
) -> None:
    """`regrade` in the caller's transaction, who holds the complaint's lock; a lowering names its approval.

    Raises:
        IllegalMove: a lowering without a reason or without another person.
        InvalidInput: an approval of something else.
    """
    second = None
    if approval_id is not None:
        second = await case_approvals.agreed_by(session, complaint, ApprovalWhat.LOWER_GRADE, approval_id)
    before = complaint.grade
    check_regrade(before, to, actor=actor, second_person=second, reason=reason)
    complaint.grade = to
    await note_grade(
        care,
        session,
        complaint,
        before,
        actor=actor,
        reason=reason,
        second_person=second,
        idempotency_key=idempotency_key,
    )


async def note_grade(
    care: Care,
    session: AsyncSession,
    complaint: Complaint,
    before: Grade,
    *,
    actor: str,
    reason: str = "",
    second_person: str | None = None,
    idempotency_key: str | None = None,
) -> None:
    """Writes a changed grade into the trail; a raise tightens the clocks of a received case."""
    await complaint_log.append(
        session,
        complaint,
        "graded",
        actor=actor,
        at=care.clock.now(),
        data={
            "from": before.value,
            "to": complaint.grade.value,
            "reason": reason,
            "second_person": second_person,
            "cues": list(complaint.cues),
        },
        idempotency_key=idempotency_key,
    )
    if is_lower(complaint.grade, before) and complaint.received_at is not None and is_open(complaint.state):
        await _tighten_clocks(care, session, complaint, actor=actor)


async def hand_over(care: Care, complaint_id: int, staff_id: int, actor: str) -> CaseView:
    """Gives the case to a named colleague. Raises `NotFound` when that account is not active."""
    async with care.sessions.write() as session:
        complaint = await locked(session, complaint_id)
        staff = await session.get(Staff, staff_id)
        if staff is None or not staff.active:
            raise NotFound("没有找到这位同事。")
        await assign(care, session, complaint, actor=actor, level=complaint.level, staff=staff)
        return await case_view(session, complaint)


async def _tighten_clocks(care: Care, session: AsyncSession, complaint: Complaint, *, actor: str) -> None:
    """The internal clocks of the new grade from now, wherever they end earlier; promises stay as they were told."""
    due = promised(complaint.grade, care.clock.now(), is_workday=care.calendar.is_workday)
    if complaint.acknowledged_at is None:
        complaint.acknowledge_due_at = _earlier(complaint.acknowledge_due_at, due.acknowledge)
    if complaint.solve_due_at is None or due.solve < complaint.solve_due_at:
        await case_clocks.renew(session, complaint, solve_due_at=due.solve, at=care.clock.now())
    if _LEVELS.index(first_level(complaint.grade)) > _LEVELS.index(complaint.level):
        await assign(care, session, complaint, actor=actor)


async def _add(
    care: Care, complaint_id: int, kind: str, actor: str, data: dict[str, Any], key: str | None
) -> CaseView:
    async with care.sessions.write() as session:
        complaint = await locked(session, complaint_id)
        if not (key and await complaint_log.event_of_key(session, key)):
            await complaint_log.append(
                session, complaint, kind, actor=actor, at=care.clock.now(), data=data, idempotency_key=key
            )
        return await case_view(session, complaint)


def _earlier(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else min(one, other)
