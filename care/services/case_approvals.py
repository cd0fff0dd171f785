"""A second person's word on a complaint: asked for, looked up by the guard of a move, lapsed when it is too late.

What an agreement does is in `approvals`; this is what moves themselves need of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.case_work import CaseApproval
from care.records.complaint import Complaint
from care.records.staff import Staff
from care.rules.approval_terms import ApprovalWhat, Decision
from care.rules.complaint import FINAL_STATES, ComplaintState
from care.rules.errors import Conflict, InvalidInput
from care.rules.notice_terms import NoticeKind
from care.rules.permissions import Permission, may
from care.rules.remedies import is_within
from care.rules.vocabulary import Role
from care.services import complaint_log, notices
from care.services.complaint_conflicts import actor_name
from care.services.context import Care
from care.services.remedy_limits import limit_of

S = ComplaintState

#: Move → the approval that its guard asks for.
NEEDS: Mapping[ComplaintState, ApprovalWhat] = MappingProxyType(
    {
        S.WITHDRAWN: ApprovalWhat.WITHDRAW,
        S.RECLASSIFIED: ApprovalWhat.RECLASSIFY,
        S.MERGED: ApprovalWhat.MERGE,
        S.PROPOSED: ApprovalWhat.REMEDY_OVER_LIMIT,
    }
)


@dataclass(frozen=True)
class ApprovalView:
    """An approval as it stands; `asked_by` and `decided_by` are names."""

    id: int
    complaint_id: int
    case_number: str | None
    what: ApprovalWhat
    asked_by: str
    asked_by_id: int | None
    reason: str
    payload: dict[str, Any]
    asked_at: datetime
    decision: Decision | None
    decided_by: str | None
    decided_at: datetime | None
    note: str | None

    @property
    def total(self) -> Decimal | None:
        """Yuan, of a remedy over somebody's limit."""
        return Decimal(self.payload["total"]) if "total" in self.payload else None


async def ask_in(
    care: Care,
    session: AsyncSession,
    complaint: Complaint,
    what: ApprovalWhat,
    *,
    asked_by: str,
    reason: str,
    payload: Mapping[str, Any] | None = None,
    key: str | None = None,
) -> CaseApproval:
    """Writes the wish for a second person's word in the caller's transaction, who holds the complaint's lock.

    The same wish again, while it waits or by the same key, is the one that is there.

    Args:
        asked_by: a login, or ``customer`` and the like.
        key: of the click or message that asked, at most 120 characters.

    Raises:
        Conflict: another one of this kind waits already, or the case takes no more changes.
    """
    if complaint.locked_at is not None or complaint.state in FINAL_STATES:
        raise Conflict(f"投诉已是“{complaint.state.label}”，不能再申请“{what.label}”。")
    wanted = dict(payload or {})
    same_click = await session.scalar(select(CaseApproval).where(CaseApproval.key == key)) if key else None
    if same_click is not None:
        return same_click
    waiting = await open_one(session, complaint.id, what)
    if waiting is not None:
        if waiting.payload == wanted:
            return waiting
        raise Conflict(f"已有一项“{what.label}”在等待审批。")
    now = care.clock.now()
    asker_id = await session.scalar(select(Staff.id).where(Staff.login == asked_by))
    approval = CaseApproval(
        complaint_id=complaint.id,
        what=what,
        asked_by=asked_by,
        asked_by_id=asker_id,
        reason=" ".join(reason.split())[:200],
        payload=wanted,
        asked_at=now,
        key=key,
    )
    session.add(approval)
    await session.flush()
    await complaint_log.append(
        session,
        complaint,
        "approval_asked",
        actor=asked_by,
        at=now,
        data={"approval": approval.id, "what": what.value, "reason": approval.reason, **wanted},
    )
    name = await actor_name(session, asked_by)
    await notices.tell(
        session,
        care,
        staff_ids=await deciders(session, approval, is_demo=complaint.is_demo),
        kind=NoticeKind.APPROVAL_WANTED,
        text=f"{name}申请“{what.label}”：{complaint.case_number or '待确认的投诉'}。",
        key=f"approval:{approval.id}:asked",
        complaint_id=complaint.id,
        conversation_id=complaint.conversation_id,
    )
    return approval


async def deciders(session: AsyncSession, approval: CaseApproval, *, is_demo: bool) -> list[int]:
    """Who is told that a word is wanted: the lowest role that may give it and has somebody besides the asker."""
    for role in (Role.LEAD, Role.MANAGER, Role.ADMIN):
        if not await may_role_decide(session, role, approval.what, _total(approval)):
            continue
        people = await notices.people_of(session, (role,), is_demo=is_demo)
        others = [person for person in people if person != approval.asked_by_id]
        if others:
            return others
    return []


async def may_role_decide(
    session: AsyncSession, role: Role, what: ApprovalWhat, total: Decimal | None
) -> bool:
    """Whether the role may agree: money within its own limit, anything else with the permission."""
    if what is ApprovalWhat.REMEDY_OVER_LIMIT:
        return is_within(total or Decimal(0), await limit_of(session, role))
    return may(role, Permission.SECOND_PERSON)


async def open_one(session: AsyncSession, complaint_id: int, what: ApprovalWhat) -> CaseApproval | None:
    found: CaseApproval | None = await session.scalar(
        select(CaseApproval)
        .where(
            CaseApproval.complaint_id == complaint_id,
            CaseApproval.what == what,
            CaseApproval.decision.is_(None),
        )
        .limit(1)
    )
    return found


async def approved_by(
    session: AsyncSession,
    complaint: Complaint,
    to: ComplaintState,
    approval_id: int | None,
) -> str | None:
    """The login of the one who agreed to this very move; None where no approval is named.

    Raises:
        InvalidInput: it is another case's, of something else, or nobody agreed.
    """
    if approval_id is None:
        return None
    return await agreed_by(session, complaint, NEEDS.get(to), approval_id)


async def agreed_by(
    session: AsyncSession, complaint: Complaint, what: ApprovalWhat | None, approval_id: int
) -> str:
    """As `approved_by`, for acts that are no move."""
    approval = await session.get(CaseApproval, approval_id)
    if (
        approval is None
        or approval.complaint_id != complaint.id
        or approval.what is not what
        or approval.decision is not Decision.AGREED
        or approval.decided_by is None
    ):
        raise InvalidInput(fields={"approval": "没有对应的、已同意的审批。"})
    return approval.decided_by


async def lapse_approvals(
    session: AsyncSession, complaint: Complaint, to: ComplaintState, used: int | None, now: datetime
) -> None:
    """What still waits on a case that has ended, or on a proposal that another one overtook, needs nobody's word."""
    query = select(CaseApproval).where(
        CaseApproval.complaint_id == complaint.id, CaseApproval.decision.is_(None)
    )
    if to is S.PROPOSED:
        query = query.where(CaseApproval.what == ApprovalWhat.REMEDY_OVER_LIMIT)
    elif to not in FINAL_STATES:
        return
    for approval in await session.scalars(query):
        if approval.id != used:
            approval.decision, approval.decided_at = Decision.LAPSED, now


async def of_case(session: AsyncSession, complaint: Complaint) -> list[ApprovalView]:
    """All of one case, the newest first."""
    rows = await session.scalars(
        select(CaseApproval)
        .where(CaseApproval.complaint_id == complaint.id)
        .order_by(CaseApproval.asked_at.desc(), CaseApproval.id.desc())
    )
    return [await view(session, row, complaint.case_number) for row in rows]


async def view(session: AsyncSession, approval: CaseApproval, case_number: str | None) -> ApprovalView:
    return ApprovalView(
        id=approval.id,
        complaint_id=approval.complaint_id,
        case_number=case_number,
        what=approval.what,
        asked_by=await actor_name(session, approval.asked_by),
        asked_by_id=approval.asked_by_id,
        reason=approval.reason,
        payload=dict(approval.payload),
        asked_at=approval.asked_at,
        decision=approval.decision,
        decided_by=None if approval.decided_by is None else await actor_name(session, approval.decided_by),
        decided_at=approval.decided_at,
        note=approval.note,
    )


def _total(approval: CaseApproval) -> Decimal | None:
    return Decimal(approval.payload["total"]) if "total" in approval.payload else None
