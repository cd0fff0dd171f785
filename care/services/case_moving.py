"""A member of staff moves a case: by legal moves, within their money limit, else by asking a second person."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.case_work import CaseApproval
from care.records.complaint import Complaint
from care.records.staff import Staff
from care.rules.approval_terms import ApprovalWhat
from care.rules.complaint import SIDE_STATES, ComplaintState, MoveFacts, check_move
from care.rules.errors import IllegalMove, InvalidInput
from care.rules.remedies import check_parts, is_within, total
from care.rules.root_causes import check_root_cause
from care.services import case_merging, case_remedies, complaint_log
from care.services.case_access import accessed, id_of
from care.services.case_approvals import NEEDS, ApprovalView, ask_in, view
from care.services.complaint_conflicts import check_version
from care.services.complaint_moves import Change, apply_move, locked
from care.services.complaint_receipts import receive
from care.services.context import Care
from care.services.remedy_limits import limit_of
from care.services.staff import StaffView

S = ComplaintState


@dataclass(frozen=True)
class Done:
    """What became of an act: done, or `approval` waits for a second person."""

    complaint_id: int
    approval: ApprovalView | None = None


def act_key(complaint: Complaint, reader: StaffView, key: str) -> str:
    """The idempotency key of one click of one person on one case; at most 80 characters with a key of 40."""
    return f"desk:{complaint.id}:{reader.id}:{key}"


async def move(
    care: Care,
    reader: StaffView,
    ref: str,
    to: ComplaintState,
    *,
    change: Change,
    version: int,
    key: str,
    into: str | None = None,
) -> Done:
    """Moves the case, or asks for the second word that the move needs.

    Args:
        version: the state of the case that the person saw.
        key: the same one again has no second effect.
        into: number of the surviving case, for a merge.

    Raises:
        NotFound, Forbidden: as `case_access.accessed`.
        Conflict: someone else was faster; the text says who and what.
        IllegalMove: the life cycle does not allow it now.
        InvalidInput: something that the move needs is missing or wrong.
    """
    async with care.sessions.write() as session:
        complaint, survivor = await _cases(session, reader, ref, into if to is S.MERGED else None)
        click = act_key(complaint, reader, key)
        if (done := await _done_before(session, complaint, to, change, click)) is not None:
            return done
        await check_version(session, complaint, version)
        _check_yes(change)
        if to is S.MERGED:
            return await _ask_merge(care, session, reader, complaint, survivor, change.reason, click)
        if to in SIDE_STATES and not (complaint.state is S.DRAFT and change.customer_yes):
            check_move(complaint.state, to, _as_if_agreed(care, reader, change))
            return await ask(care, session, reader, complaint, NEEDS[to], change.reason, {}, click)
        if complaint.state is S.DRAFT and to is S.RECEIVED:
            await receive_told(care, session, complaint, reader, change=change, key=click)
            return Done(complaint.id)
        if to is S.PROPOSED:
            change = replace(change, remedies=check_parts(change.remedies or ()))
            over = await _over_limit(care, session, reader, complaint, change)
            if over is not None:
                reason = change.reason or f"方案合计 ¥{over['total']}，超出本人额度"
                what = ApprovalWhat.REMEDY_OVER_LIMIT
                return await ask(care, session, reader, complaint, what, reason, over, click)
        await apply_move(
            care, session, complaint, to, actor=reader.login, change=change, idempotency_key=click
        )
        return Done(complaint.id)


async def receive_told(
    care: Care,
    session: AsyncSession,
    draft: Complaint,
    reader: StaffView,
    *,
    change: Change,
    key: str,
) -> None:
    """Receives a draft whose content the customer confirmed to a person: number, clocks, owner; thereby acknowledged.

    Raises:
        IllegalMove: the customer has not confirmed.
    """
    await receive(
        care, session, draft, received_by=reader.login, change=change, idempotency_key=key,
        source_message_id=draft.source_message_id, owner=await session.get(Staff, reader.id),
    )  # fmt: skip
    await apply_move(care, session, draft, S.ACKNOWLEDGED, actor=reader.login)


async def ask(
    care: Care,
    session: AsyncSession,
    reader: StaffView,
    complaint: Complaint,
    what: ApprovalWhat,
    reason: str,
    payload: dict[str, Any],
    key: str,
) -> Done:
    """`case_approvals.ask_in` in a member of staff's name."""
    approval = await ask_in(
        care, session, complaint, what, asked_by=reader.login, reason=reason, payload=payload, key=key
    )
    return Done(complaint.id, await view(session, approval, complaint.case_number))


async def asked_before(session: AsyncSession, complaint: Complaint, key: str) -> Done | None:
    """What the same click led to: the approval that it asked for."""
    approval = await session.scalar(select(CaseApproval).where(CaseApproval.key == key))
    return (
        None if approval is None else Done(complaint.id, await view(session, approval, complaint.case_number))
    )


async def _cases(
    session: AsyncSession, reader: StaffView, ref: str, into: str | None
) -> tuple[Complaint, Complaint | None]:
    """The case under lock, and the survivor of a merge too, in the order of their ids."""
    if into is None:
        return await accessed(session, reader, ref, to_write=True), None
    own, other = await id_of(session, reader, ref), await id_of(session, reader, into)
    held = {case_id: await locked(session, case_id) for case_id in sorted({own, other})}
    return held[own], held[other]


async def _done_before(
    session: AsyncSession, complaint: Complaint, to: ComplaintState, change: Change, click: str
) -> Done | None:
    if await complaint_log.event_of_key(session, click) is not None:
        return Done(complaint.id)
    if (asked := await asked_before(session, complaint, click)) is not None:
        return asked
    # The agreement has carried the act out: naming it afterwards changes nothing.
    if change.approval_id is not None:
        used = await complaint_log.event_of_key(session, f"approval:{change.approval_id}")
        if used is not None and used.complaint_id == complaint.id and used.to_state == to.value:
            return Done(complaint.id)
        raise InvalidInput(fields={"approval": "没有对应的、已同意的审批。"})
    return None


def _check_yes(change: Change) -> None:
    if change.customer_yes and len(change.yes_said.strip()) < 2:
        raise InvalidInput(fields={"yes_said": "请写明客户如何表示同意（电话、会话原话等）。"})
    check_root_cause(change.root_cause_1, change.root_cause_2)


def _as_if_agreed(care: Care, reader: StaffView, change: Change) -> MoveFacts:
    """The guard's own words for what else is missing before a second person is bothered."""
    return MoveFacts(
        now=care.clock.now(), actor=reader.login, second_person="someone else", reason=change.reason
    )


async def _ask_merge(
    care: Care,
    session: AsyncSession,
    reader: StaffView,
    complaint: Complaint,
    survivor: Complaint | None,
    reason: str,
    key: str,
) -> Done:
    if survivor is None:
        raise InvalidInput(fields={"merged_into": "请指明并入哪一件投诉。"})
    if len(reason.strip()) < 2:
        raise InvalidInput(fields={"reason": "请写明为什么是同一件投诉。"})
    case_merging.check_duplicate(complaint, survivor)
    if complaint.state in SIDE_STATES or complaint.closed_at is not None:
        raise IllegalMove(f"投诉现在是“{complaint.state.label}”，不能合并。")
    payload = {"into": survivor.id, "into_number": survivor.case_number}
    return await ask(care, session, reader, complaint, ApprovalWhat.MERGE, reason, payload, key)


async def _over_limit(
    care: Care, session: AsyncSession, reader: StaffView, complaint: Complaint, change: Change
) -> dict[str, Any] | None:
    """What the approval has to carry, when the case would cost more than this role may promise on it."""
    parts = change.remedies or ()
    facts = MoveFacts(now=care.clock.now(), actor=reader.login, proposal=change.proposal or "")
    check_move(complaint.state, S.PROPOSED, facts)
    cost: Decimal = total(parts) + await case_remedies.already_paid(session, complaint.id)
    if is_within(cost, await limit_of(session, reader.role)):
        return None
    told = {
        name: str(value)
        for name in ("proposal", "findings", "root_cause_1", "root_cause_2")
        if (value := getattr(change, name)) is not None
    }
    remedies = [{"kind": p.kind.value, "amount": str(p.amount), "note": p.note} for p in parts]
    return {**told, "remedies": remedies, "total": str(cost)}
