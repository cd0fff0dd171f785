"""The whole of one case as a member of staff may see it, with what they may do next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.case_work import CaseApproval, CaseRemedy
from care.records.complaint import Complaint
from care.records.conversation import Conversation
from care.rules.approval_terms import ApprovalWhat
from care.rules.case_needs import MoveField, Possible, possible_moves
from care.rules.complaint import SIDE_STATES, ComplaintState, MoveFacts, is_open, next_level
from care.rules.permissions import Permission, may
from care.services import (
    access_log,
    case_approvals,
    case_links,
    case_remedies,
    evidence,
    legal_clocks,
    promises,
)
from care.services.case_access import accessed, visible_to
from care.services.case_approvals import NEEDS, ApprovalView, may_role_decide
from care.services.case_links import Linked
from care.services.case_list import CaseItem, one
from care.services.complaint_conflicts import actor_name
from care.services.context import Care
from care.services.evidence import EvidenceView
from care.services.legal_clocks import LegalClockView
from care.services.promises import PromiseView
from care.services.remedy_limits import limit_of
from care.services.staff import StaffView

LOOK = "处理投诉"
_SHOWN = ("customer.name", "complaint.own_words", "complaint.complainant")

S = ComplaintState


@dataclass(frozen=True)
class ClockView:
    """`state`: running, paused, met, missed (late, or still open past its time)."""

    kind: str
    label: str
    due_at: datetime
    met_at: datetime | None
    state: str


@dataclass(frozen=True)
class NextMove:
    """`approval` is the second word it takes of this reader; a proposal takes one only above their limit."""

    possible: Possible
    approval: ApprovalWhat | None


@dataclass(frozen=True)
class ShownApproval:
    view: ApprovalView
    may_decide: bool


@dataclass(frozen=True)
class CaseSheet:
    item: CaseItem
    conversation: str | None
    received_by: str | None
    clocks: tuple[ClockView, ...]
    legal_clocks: tuple[LegalClockView, ...]
    promises: tuple[PromiseView, ...]
    remedies: tuple[tuple[CaseRemedy, str | None], ...]
    paid: Decimal
    limit: Decimal | None
    moves: tuple[NextMove, ...]
    approvals: tuple[ShownApproval, ...]
    links: tuple[Linked, ...]
    suggestions: tuple[Linked, ...]
    evidence: tuple[EvidenceView, ...]
    may: frozenset[str]


async def read(care: Care, reader: StaffView, ref: str, *, after_own_act: bool = False) -> CaseSheet:
    """Everything about the case of this number (or a draft's id); the look is logged.

    Args:
        after_own_act: shown to whoever has just acted on it, even when it has become somebody else's thereby.

    Raises:
        NotFound, Forbidden: as `case_access.accessed`.
    """
    now = care.clock.now()
    async with care.sessions.read() as session:
        case = await accessed(session, reader, ref, is_known=after_own_act)
        item = await one(session, case.id, now)
        limit = await limit_of(session, reader.role)
        approvals = [
            ShownApproval(view, await _may_decide(session, reader, view))
            for view in await case_approvals.of_case(session, case)
        ]
        sheet = CaseSheet(
            item=item,
            conversation=await session.scalar(
                select(Conversation.public_id).where(Conversation.id == case.conversation_id)
            ),
            received_by=None if case.received_by is None else await actor_name(session, case.received_by),
            clocks=tuple(_clocks(case, now)),
            legal_clocks=(),
            promises=(),
            remedies=tuple(
                [
                    (part, None if part.done_by is None else await actor_name(session, part.done_by))
                    for part in await case_remedies.of_case(session, case.id)
                ]
            ),
            paid=await case_remedies.already_paid(session, case.id),
            limit=limit,
            moves=tuple(_moves(case, reader, now)),
            approvals=tuple(approvals),
            links=tuple(await case_links.of_case(session, case)),
            suggestions=tuple(await case_links.suggestions(session, reader, case)),
            evidence=tuple(await evidence.of_complaint(session, case.id)),
            may=_may(case, reader),
        )
    await access_log.note_look(care, reader, [case.customer_id], _SHOWN, purpose=LOOK)
    return replace(
        sheet,
        legal_clocks=tuple(await legal_clocks.of_complaint(care, case.id)),
        promises=tuple(await promises.of_complaint(care, case.id)),
    )


async def approvals_for(
    care: Care, reader: StaffView, *, is_open_only: bool, limit: int
) -> list[ShownApproval]:
    """Approvals that this person asked for or may decide, those that wait first, then the newest."""
    query = (
        select(CaseApproval, Complaint.case_number)
        .join(Complaint, Complaint.id == CaseApproval.complaint_id)
        .order_by(CaseApproval.asked_at.desc(), CaseApproval.id.desc())
        .limit(limit)
    )
    if is_open_only:
        query = query.where(CaseApproval.decision.is_(None))
    if not may(reader.role, Permission.SECOND_PERSON):
        query = query.where((CaseApproval.asked_by == reader.login) | visible_to(reader))
    async with care.sessions.read() as session:
        views = [
            await case_approvals.view(session, approval, number or str(approval.complaint_id))
            for approval, number in await session.execute(query)
        ]
        return [ShownApproval(view, await _may_decide(session, reader, view)) for view in views]


async def _may_decide(session: AsyncSession, reader: StaffView, approval: ApprovalView) -> bool:
    if approval.decision is not None or approval.asked_by_id == reader.id:
        return False
    return await may_role_decide(session, reader.role, approval.what, approval.total)


def _clocks(case: Complaint, now: datetime) -> list[ClockView]:
    clocks = []
    if case.acknowledge_due_at is not None:
        met = case.acknowledged_at
        clocks.append(_clock("acknowledge", "告知受理", case.acknowledge_due_at, met, case, now))
    if case.solve_due_at is not None:
        met = case.remedy_done_at or case.closed_at
        clocks.append(_clock("solve", "解决", case.solve_due_at, met, case, now))
    return clocks


def _clock(
    kind: str, label: str, due_at: datetime, met_at: datetime | None, case: Complaint, now: datetime
) -> ClockView:
    if met_at is not None:
        state = "met" if met_at <= due_at else "missed"
    elif case.paused_at is not None:
        state = "paused"
    else:
        state = "missed" if due_at < now else "running"
    return ClockView(kind, label, due_at, met_at, state)


def _moves(case: Complaint, reader: StaffView, now: datetime) -> list[NextMove]:
    if case.locked_at is not None or not may(reader.role, Permission.HANDLE_COMPLAINT):
        return []
    is_refusal = case.state is S.PROPOSED
    facts = MoveFacts(
        now=now,
        actor=reader.login,
        refusals=case.refusals + int(is_refusal),
        level=case.level,
        level_to=next_level(case.level) if is_refusal else case.level,
        remedy_done=case.remedy_done_at is not None,
        ended_at=case.closed_at,
        case=str(case.id),
    )
    known = {
        field
        for field, value in (
            (MoveField.ROOT_CAUSE_1, case.root_cause_1),
            (MoveField.ROOT_CAUSE_2, case.root_cause_2),
            (MoveField.FINDINGS, case.findings),
            (MoveField.OUTSIDE_WAYS_TOLD, case.external_recourse_told_at),
        )
        if value
    }
    return [
        NextMove(
            possible,
            NEEDS[possible.to] if possible.to in SIDE_STATES and case.state is not S.DRAFT else None,
        )
        for possible in possible_moves(case.state, facts, frozenset(known))
    ]


def _may(case: Complaint, reader: StaffView) -> frozenset[str]:
    """The acts that have a button; a locked case has none."""
    if case.locked_at is not None or not may(reader.role, Permission.HANDLE_COMPLAINT):
        return frozenset()
    acts = {"act", "link"}
    if is_open(case.state):
        acts |= {"correct", "lower_grade"}
        if may(reader.role, Permission.RAISE_GRADE):
            acts.add("raise_grade")
        if case.state is not S.DRAFT:
            acts.add("merge")
        if may(reader.role, Permission.REASSIGN):
            acts.add("assign")
        if case.owner_id is None:
            acts.add("take")
    if may(reader.role, Permission.EXPORT) and case.case_number is not None:
        acts.add("export")
    return frozenset(acts)
