"""Two registrations of one complaint become one: the survivor takes over evidence, cues and the stricter clock."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.evidence import Evidence
from care.rules.complaint import ComplaintState, is_open
from care.rules.errors import InvalidInput
from care.rules.severity import is_lower
from care.services import case_clocks, complaint_log
from care.services.complaint_handling import apply_grade
from care.services.complaint_moves import Change, apply_move
from care.services.context import Care


def check_duplicate(loser: Complaint, survivor: Complaint) -> None:
    """Lets a pair pass that can be one complaint.

    Raises:
        InvalidInput: the same case, one that has ended or was never received, or two customers' cases: those are
            linked, not merged.
    """
    if survivor.id == loser.id:
        raise InvalidInput(fields={"into": "不能并入自己。"})
    if survivor.state is ComplaintState.DRAFT or not is_open(survivor.state):
        raise InvalidInput(fields={"into": f"目标投诉是“{survivor.state.label}”，请并入处理中的投诉。"})
    if None not in (loser.customer_id, survivor.customer_id) and loser.customer_id != survivor.customer_id:
        raise InvalidInput(fields={"into": "两件投诉不是同一位客户的，请用“同一原因”关联。"})


async def absorb(
    care: Care, session: AsyncSession, loser: Complaint, survivor: Complaint, *, approval_id: int, actor: str, reason: str, key: str,
) -> None:  # fmt: skip
    """Moves `loser` to merged and what belongs to it to `survivor`; the caller holds both locks.

    The trail of each stays its own. Nothing gets milder by it: cues and the more serious grade come along, and the
    earlier end of the two clocks holds. That the customer hears of it follows from the move.
    """
    check_duplicate(loser, survivor)
    now = care.clock.now()
    change = Change(reason=reason, merged_into_id=survivor.id, approval_id=approval_id)
    await apply_move(
        care,
        session,
        loser,
        ComplaintState.MERGED,
        actor=actor,
        change=change,
        idempotency_key=key,
        data={"merged_into_number": survivor.case_number},
    )
    moved = await session.scalars(
        update(Evidence)
        .where(Evidence.complaint_id == loser.id)
        .values(complaint_id=survivor.id)
        .returning(Evidence.id)
        .execution_options(synchronize_session=False)
    )
    survivor.cues = sorted({*survivor.cues, *loser.cues})
    survivor.customer_id = survivor.customer_id or loser.customer_id
    if loser.solve_due_at is not None and survivor.paused_at is None:
        await case_clocks.tighten(session, survivor, loser.solve_due_at)
    await complaint_log.append(
        session,
        survivor,
        "absorbed",
        actor=actor,
        at=now,
        data={
            "case": loser.case_number,
            "complaint": loser.id,
            "evidence": len(moved.all()),
            "own_words": loser.own_words,
            "reason": reason,
        },
    )
    if is_lower(loser.grade, survivor.grade):
        await apply_grade(
            care, session, survivor, loser.grade, actor=actor, reason=f"并入{loser.case_number or '投诉'}"
        )
