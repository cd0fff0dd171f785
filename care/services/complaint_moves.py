"""`move`: the one writer of a complaint's state. Every change of state leaves an event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint, ComplaintEvent
from care.records.conversation import Conversation, Message
from care.records.interaction import CareInteraction
from care.records.staff import Staff
from care.rules.complaint import (
    ComplaintState,
    MoveFacts,
    Remedy,
    check_move,
    close_kind,
    next_level,
)
from care.rules.errors import Conflict, InvalidInput, NotFound
from care.rules.remedies import RemedyPart
from care.rules.reminders import first_look
from care.rules.root_causes import check_root_cause, is_detail_of
from care.rules.vocabulary import Speaker
from care.services import case_clocks, case_remedies, complaint_log, outbox, promises, surveys
from care.services.case_approvals import approved_by, lapse_approvals
from care.services.complaint_conflicts import check_version
from care.services.complaint_owner import assign
from care.services.complaint_views import CaseView
from care.services.context import Care
from care.services.promises import What

S = ComplaintState

#: Which promises a state keeps.
_KEEPS: dict[ComplaintState, tuple[What, ...]] = {
    S.ACKNOWLEDGED: (What.ACKNOWLEDGE,),
    S.ASSESSED: (What.PERSON,),
    S.PROPOSED: (What.FIRST_RESULT,),
    S.EXECUTING: (What.FIRST_RESULT,),
    S.CLOSED: (What.SOLVE,),
}


@dataclass(frozen=True)
class Change:
    """What a move writes beside the state; None leaves a field as it is.

    Attributes:
        approval_id: the agreed approval of a second person (`approvals`), where the move needs one.
        customer_yes: the customer's own yes to the restatement, the proposal or the remedy.
        yes_said: how the customer said so, when a member of staff heard it.
        remedies: what is promised, part by part; `remedy` alone is one part that costs no money.
        is_clear: a draft that says plainly what is complained of (silent receipt only).
    """

    reason: str = ""
    approval_id: int | None = None
    customer_yes: bool = False
    yes_said: str = ""
    is_clear: bool = False
    findings: str | None = None
    root_cause_1: str | None = None
    root_cause_2: str | None = None
    proposal: str | None = None
    remedy: Remedy | None = None
    remedies: tuple[RemedyPart, ...] | None = None
    outside_ways_told: bool = False
    merged_into_id: int | None = None


async def move(
    care: Care,
    complaint_id: int,
    to: ComplaintState,
    actor: str,
    *,
    change: Change | None = None,
    expected_version: int | None = None,
    idempotency_key: str | None = None,
) -> CaseView:
    """Moves a case to `to` and writes what comes with it.

    Args:
        actor: login of the person, or ``bot``, ``customer``, ``clockwork``.
        expected_version: the version the person saw; another one is a conflict.
        idempotency_key: the same key again changes nothing and answers with the case as it is.

    Raises:
        NotFound: no such complaint.
        IllegalMove: the life cycle does not allow it now.
        Conflict: someone else changed the case since.
        InvalidInput: merging into a case that cannot take it, an unknown root cause, an approval of something else.
    """
    async with care.sessions.write() as session:
        complaint = await locked(session, complaint_id)
        if idempotency_key and await complaint_log.event_of_key(session, idempotency_key):
            return await case_view(session, complaint)
        await check_version(session, complaint, expected_version)
        await apply_move(
            care, session, complaint, to, actor=actor, change=change, idempotency_key=idempotency_key
        )
        return await case_view(session, complaint)


async def apply_move(
    care: Care,
    session: AsyncSession,
    complaint: Complaint,
    to: ComplaintState,
    *,
    actor: str,
    change: Change | None = None,
    idempotency_key: str | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """`move` inside the caller's transaction; the caller holds the complaint's or its conversation's lock.

    Raises as `move`.
    """
    if complaint.locked_at is not None:
        raise Conflict("客户已要求删除个人信息，这件投诉已封存，只供依法留存。")
    change = change or Change()
    now, before = care.clock.now(), complaint.state
    if to is S.MERGED:
        await _check_survivor(session, complaint, change.merged_into_id)
    check_root_cause(change.root_cause_1, change.root_cause_2)
    second_person = await approved_by(session, complaint, to, change.approval_id)
    facts = await _facts(session, complaint, to, actor, change, second_person, now)
    check_move(before, to, facts)
    clock = await case_clocks.follow(care, session, complaint, before, to, at=now)
    written = {**_write(complaint, to, change, facts), **clock, **(data or {})}
    complaint.state = to
    complaint.remind_at = first_look(to, now, is_remedy_done=complaint.remedy_done_at is not None)
    event = await complaint_log.append(
        session,
        complaint,
        "state",
        actor=actor,
        at=now,
        from_state=before,
        to_state=to,
        data=written,
        idempotency_key=idempotency_key,
    )
    if to in _KEEPS:
        await promises.keep(session, complaint.id, _KEEPS[to], now)
    if to in (S.WITHDRAWN, S.RECLASSIFIED, S.MERGED):
        await promises.release(session, complaint.id, now)
    if to is S.PROPOSED:
        await case_remedies.propose(session, complaint, change.remedies, actor=actor, at=now)
    if to in (S.CLOSED, S.UNRESOLVED):
        await surveys.plan_case(session, care, complaint)
    await lapse_approvals(session, complaint, to, change.approval_id, now)
    if before is S.PROPOSED and to is S.INVESTIGATING:
        await assign(care, session, complaint, actor=actor, level=facts.level_to)
    outbox.add(
        session,
        care,
        "complaint_changed",
        {
            "complaint": complaint.id,
            "case_number": complaint.case_number,
            "state": to.value,
            "seq": event.seq,
        },
    )


async def locked(session: AsyncSession, complaint_id: int) -> Complaint:
    """The complaint, held until the transaction ends. Raises `NotFound`."""
    found: Complaint | None = await session.scalar(
        select(Complaint).where(Complaint.id == complaint_id).with_for_update()
    )
    if found is None:
        raise NotFound("没有找到这条投诉。")
    return found


async def case_view(session: AsyncSession, complaint: Complaint) -> CaseView:
    """The case as its customer may see it."""
    owner = await session.get(Staff, complaint.owner_id) if complaint.owner_id else None
    return CaseView(
        id=complaint.id,
        case_number=complaint.case_number or "",
        state=complaint.state,
        grade=complaint.grade,
        level=complaint.level,
        topic=complaint.topic,
        category_label=complaint.category.label,
        own_words=complaint.own_words,
        order_number=complaint.order_number,
        received_at=complaint.received_at or complaint.opened_at,
        solve_due_at=complaint.solve_due_at,
        first_result_at=await promises.due_of(session, complaint.id, What.FIRST_RESULT),
        closed_at=complaint.closed_at,
        owner_name=None if owner is None else owner.name,
        proposal=complaint.proposal,
        version=complaint.state_version,
    )


async def customers_last_word(session: AsyncSession, complaint: Complaint) -> datetime | None:
    """When the customer last wrote in the conversation of the case."""
    if complaint.conversation_id is None:
        return None
    at: datetime | None = await session.scalar(
        select(func.max(Message.at)).where(
            Message.conversation_id == complaint.conversation_id, Message.speaker == Speaker.CUSTOMER
        )
    )
    return at


async def heard_anywhere(session: AsyncSession, complaint: Complaint) -> datetime | None:
    """When the customer last wrote at all: in any visit of the same browser, or verified as the same customer."""
    told_in = select(Conversation.visitor_id).where(Conversation.id == complaint.conversation_id)
    places = [
        Message.conversation_id == complaint.conversation_id,
        Message.conversation_id.in_(
            select(Conversation.id).where(Conversation.visitor_id == told_in.scalar_subquery())
        ),
    ]
    if complaint.customer_id is not None:
        contacts = select(CareInteraction.conversation_id).where(
            CareInteraction.customer_id == complaint.customer_id,
            CareInteraction.conversation_id.is_not(None),
        )
        places.append(Message.conversation_id.in_(contacts))
    at: datetime | None = await session.scalar(
        select(func.max(Message.at)).where(or_(*places), Message.speaker == Speaker.CUSTOMER)
    )
    return at


async def said_content(session: AsyncSession, complaint: Complaint) -> bool:
    """Whether the customer's last word on the remedy was that all is well; it may come before the case can be closed."""
    last = await session.scalar(
        select(ComplaintEvent.kind)
        .where(
            ComplaintEvent.complaint_id == complaint.id,
            or_(
                ComplaintEvent.kind.in_(("customer_content", "remedy_disputed")),
                ComplaintEvent.to_state.in_((S.PROPOSED.value, S.REOPENED.value)),
            ),
        )
        .order_by(ComplaintEvent.seq.desc())
        .limit(1)
    )
    return last == "customer_content"


async def _facts(
    session: AsyncSession,
    complaint: Complaint,
    to: ComplaintState,
    actor: str,
    change: Change,
    second_person: str | None,
    now: datetime,
) -> MoveFacts:
    reminders = await session.scalars(
        select(ComplaintEvent.at).where(
            ComplaintEvent.complaint_id == complaint.id, ComplaintEvent.kind == "reminder"
        )
    )
    # A draft waits for its own conversation; before a case is closed as silent, any word counts.
    last_word = (
        await heard_anywhere(session, complaint)
        if to is S.CLOSED
        else await customers_last_word(session, complaint)
    )
    is_refusal = complaint.state is S.PROPOSED and to in (S.INVESTIGATING, S.UNRESOLVED)
    return MoveFacts(
        now=now,
        actor=actor,
        second_person=second_person,
        reason=change.reason,
        customer_yes=change.customer_yes or (to is S.CLOSED and await said_content(session, complaint)),
        is_clear=change.is_clear,
        silent_since=last_word or complaint.opened_at,
        proposal=change.proposal or "",
        refusals=complaint.refusals + int(is_refusal),
        level=complaint.level,
        level_to=next_level(complaint.level) if is_refusal else complaint.level,
        outside_ways_told=change.outside_ways_told or complaint.external_recourse_told_at is not None,
        remedy_done=complaint.remedy_done_at is not None,
        root_cause_known=bool(
            (change.root_cause_1 or complaint.root_cause_1)
            and (change.root_cause_2 or _kept_detail(complaint, change))
        ),
        reminders=tuple(reminders),
        ended_at=complaint.closed_at,
        case=str(complaint.id),
        merged_into=None if change.merged_into_id is None else str(change.merged_into_id),
    )


def _write(complaint: Complaint, to: ComplaintState, change: Change, facts: MoveFacts) -> dict[str, Any]:
    """Sets the columns that come with a move; returns them for the event."""
    written: dict[str, Any] = {}
    for name in ("findings", "root_cause_1", "root_cause_2", "proposal", "remedy"):
        value = getattr(change, name)
        if value is not None:
            setattr(complaint, name, value)
            written[name] = str(value)
    if change.root_cause_1 is not None and change.root_cause_2 is None:
        complaint.root_cause_2 = _kept_detail(complaint, change)
    for name in ("reason", "yes_said", "approval_id"):
        if getattr(change, name):
            written[name] = getattr(change, name)
    if facts.second_person:
        written["second_person"] = facts.second_person
    if change.remedies:
        complaint.remedy = change.remedies[0].kind
        written["remedies"] = [
            {"kind": part.kind.value, "amount": str(part.amount), "note": part.note}
            for part in change.remedies
        ]
    if facts.refusals > complaint.refusals:
        complaint.refusals = written["refusals"] = facts.refusals
    if change.outside_ways_told and complaint.external_recourse_told_at is None:
        complaint.external_recourse_told_at = facts.now
        written["outside_ways_told"] = True
    if to is S.ACKNOWLEDGED:
        complaint.acknowledged_at = facts.now
    elif to is S.CLOSED:
        complaint.closed_at, complaint.close_kind = facts.now, close_kind(facts)
        written["close_kind"] = complaint.close_kind.value
    elif to is S.UNRESOLVED:
        complaint.closed_at = facts.now
    elif to is S.REOPENED:
        complaint.reopen_count += 1
        complaint.closed_at = complaint.close_kind = complaint.remedy_done_at = None
        complaint.refusals = 0
        written["reopen_count"] = complaint.reopen_count
    elif to is S.MERGED:
        complaint.merged_into_id = written["merged_into"] = change.merged_into_id
    return written


def _kept_detail(complaint: Complaint, change: Change) -> str | None:
    """The second level stands under its first one; of another first one it says nothing."""
    fits = change.root_cause_1 is None or is_detail_of(complaint.root_cause_2, change.root_cause_1)
    return complaint.root_cause_2 if fits else None


async def _check_survivor(session: AsyncSession, complaint: Complaint, survivor_id: int | None) -> None:
    survivor = await session.get(Complaint, survivor_id) if survivor_id else None
    if survivor is None or survivor.id == complaint.id or survivor.state in (S.DRAFT, S.MERGED):
        raise InvalidInput("合并需要指定另一条有效的投诉。")
