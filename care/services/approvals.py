"""Acts on a complaint that take a second person: asked for, agreed to and thereby done, or refused."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.case_work import CaseApproval
from care.records.complaint import Complaint
from care.records.staff import Staff
from care.rules.approval_terms import ApprovalWhat, Decision
from care.rules.complaint import ComplaintState
from care.rules.complaint_terms import Remedy
from care.rules.errors import Conflict, Forbidden, InvalidInput, NotFound
from care.rules.notice_terms import NoticeKind
from care.rules.remedies import RemedyPart
from care.rules.severity import Grade
from care.services import case_merging, complaint_log, notices
from care.services.case_approvals import ApprovalView, ask_in, may_role_decide, view
from care.services.complaint_conflicts import actor_name
from care.services.complaint_handling import apply_grade
from care.services.complaint_moves import Change, apply_move, locked
from care.services.context import Care

__all__ = ["ApprovalView", "agree", "ask", "ask_in", "refuse"]

_W = ApprovalWhat


async def ask(
    care: Care,
    complaint_id: int,
    what: ApprovalWhat,
    *,
    asked_by: str,
    reason: str,
    payload: Mapping[str, Any] | None = None,
    key: str | None = None,
) -> ApprovalView:
    """Asks for a second person's word in a transaction of its own; `ask_in` is the same inside the caller's.

    Raises:
        NotFound: no such complaint.
        Conflict: another wish of this kind waits already, or the case has ended.
    """
    async with care.sessions.write() as session:
        complaint = await locked(session, complaint_id)
        approval = await ask_in(
            care, session, complaint, what, asked_by=asked_by, reason=reason, payload=payload, key=key
        )
        return await view(session, approval, complaint.case_number)


async def agree(
    care: Care, complaint_id: int, approval_id: int, staff_id: int, *, note: str = ""
) -> ApprovalView:
    """Another person's yes: the act is carried out in the same transaction, exactly once.

    The same person's yes again gives the approval as it is.

    Raises:
        NotFound: the case has no such approval.
        Forbidden: the one who asked, somebody not active, or without the permission or the money limit.
        Conflict: it was decided otherwise, or the case has moved on and the act is not possible any more.
    """
    async with care.sessions.write() as session:
        complaint, survivor = await _locked_cases(session, complaint_id, approval_id)
        approval, decider = await _to_decide(session, complaint, approval_id, staff_id)
        if approval.decision is Decision.AGREED and approval.decided_by == decider.login:
            return await view(session, approval, complaint.case_number)
        _check_undecided(approval, await _decider_name(session, approval))
        await _decide(care, session, complaint, approval, decider, Decision.AGREED, note)
        await _carry_out(care, session, complaint, survivor, approval)
        return await view(session, approval, complaint.case_number)


async def refuse(
    care: Care, complaint_id: int, approval_id: int, staff_id: int, *, note: str
) -> ApprovalView:
    """Another person's no, with its reason; nothing is done.

    Raises:
        InvalidInput: no reason.
        Otherwise as `agree`.
    """
    if not note.strip():
        raise InvalidInput(fields={"note": "请写明不同意的理由。"})
    async with care.sessions.write() as session:
        complaint = await locked(session, complaint_id)
        approval, decider = await _to_decide(session, complaint, approval_id, staff_id)
        if approval.decision is Decision.REFUSED and approval.decided_by == decider.login:
            return await view(session, approval, complaint.case_number)
        _check_undecided(approval, await _decider_name(session, approval))
        await _decide(care, session, complaint, approval, decider, Decision.REFUSED, note)
        return await view(session, approval, complaint.case_number)


async def _locked_cases(
    session: AsyncSession, complaint_id: int, approval_id: int
) -> tuple[Complaint, Complaint | None]:
    """The case and, for a merge, the survivor; always in the order of their ids, so that no two wait for each other."""
    approval = await session.get(CaseApproval, approval_id)
    into = approval.payload.get("into") if approval is not None and approval.what is _W.MERGE else None
    cases = {
        case_id: await locked(session, case_id) for case_id in sorted({complaint_id, into or complaint_id})
    }
    return cases[complaint_id], cases[into] if into else None


async def _to_decide(
    session: AsyncSession, complaint: Complaint, approval_id: int, staff_id: int
) -> tuple[CaseApproval, Staff]:
    approval = await session.scalar(
        select(CaseApproval)
        .where(CaseApproval.id == approval_id, CaseApproval.complaint_id == complaint.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if approval is None:
        raise NotFound("没有找到这项审批。")
    decider = await session.get(Staff, staff_id)
    if decider is None or not decider.active:
        raise Forbidden
    if complaint.locked_at is not None:
        raise Conflict("客户已要求删除个人信息，这件投诉已封存，只供依法留存。")
    if decider.login == approval.asked_by or decider.id == approval.asked_by_id:
        raise Forbidden("申请人不能审批自己的申请，须由另一人复核。")
    total = Decimal(approval.payload["total"]) if "total" in approval.payload else None
    if not await may_role_decide(session, decider.role, approval.what, total):
        because = "超出您的额度" if approval.what is _W.REMEDY_OVER_LIMIT else "您没有复核的权限"
        raise Forbidden(f"{because}，不能审批“{approval.what.label}”。")
    return approval, decider


def _check_undecided(approval: CaseApproval, decided_by: str) -> None:
    if approval.decision is not None:
        raise Conflict(f"这项审批{decided_by}{approval.decision.label}，请刷新后再看。")


async def _decider_name(session: AsyncSession, approval: CaseApproval) -> str:
    return "" if approval.decided_by is None else f"已由{await actor_name(session, approval.decided_by)}"


async def _decide(
    care: Care,
    session: AsyncSession,
    complaint: Complaint,
    approval: CaseApproval,
    decider: Staff,
    decision: Decision,
    note: str,
) -> None:
    approval.decision, approval.decided_at = decision, care.clock.now()
    approval.decided_by, approval.decided_by_id = decider.login, decider.id
    approval.note = " ".join(note.split())[:200] or None
    await session.flush()
    await complaint_log.append(
        session,
        complaint,
        "approval_decided",
        actor=decider.login,
        at=approval.decided_at,
        data={
            "approval": approval.id,
            "what": approval.what.value,
            "decision": decision.value,
            "note": approval.note or "",
        },
    )
    if approval.asked_by_id is not None:
        await notices.tell(
            session,
            care,
            staff_ids=[approval.asked_by_id],
            kind=NoticeKind.OTHER,
            text=f"{decider.name}{decision.label}“{approval.what.label}”：{complaint.case_number or '待确认的投诉'}。",
            key=f"approval:{approval.id}:decided",
            complaint_id=complaint.id,
            conversation_id=complaint.conversation_id,
        )


async def _carry_out(
    care: Care,
    session: AsyncSession,
    complaint: Complaint,
    survivor: Complaint | None,
    approval: CaseApproval,
) -> None:
    """The act itself, in the name of the one who asked. Its event's key is the approval: no second time."""
    actor, reason, payload = approval.asked_by, approval.reason, approval.payload
    key = f"approval:{approval.id}"
    if approval.what is _W.LOWER_GRADE:
        if payload.get("from", complaint.grade.value) != complaint.grade.value:
            raise Conflict(f"投诉现在是{complaint.grade.value}，与申请时不同，请拒绝后重新申请。")
        await apply_grade(
            care, session, complaint, Grade(payload["to"]), actor=actor, reason=reason, approval_id=approval.id,
            idempotency_key=key,
        )  # fmt: skip
    elif approval.what is _W.MERGE:
        if survivor is None:
            raise NotFound("没有找到要并入的投诉。")
        await case_merging.absorb(
            care, session, complaint, survivor, approval_id=approval.id, actor=actor, reason=reason, key=key
        )
    else:
        to, change = _move_of(approval)
        await apply_move(care, session, complaint, to, actor=actor, change=change, idempotency_key=key)


def _move_of(approval: CaseApproval) -> tuple[ComplaintState, Change]:
    if approval.what is _W.WITHDRAW:
        return ComplaintState.WITHDRAWN, Change(reason=approval.reason, approval_id=approval.id)
    if approval.what is _W.RECLASSIFY:
        return ComplaintState.RECLASSIFIED, Change(reason=approval.reason, approval_id=approval.id)
    payload = approval.payload
    return ComplaintState.PROPOSED, Change(
        reason=approval.reason,
        approval_id=approval.id,
        proposal=payload["proposal"],
        findings=payload.get("findings"),
        root_cause_1=payload.get("root_cause_1"),
        root_cause_2=payload.get("root_cause_2"),
        remedies=tuple(
            RemedyPart(Remedy(part["kind"]), Decimal(part["amount"]), part["note"])
            for part in payload["remedies"]
        ),
    )
