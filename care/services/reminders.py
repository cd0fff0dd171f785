"""Reminding customers whose answer a case waits for, and what follows when they stay silent.

The clockwork calls `remind_due`. `complaint.remind_at` only says when to look: what is due follows each time
from the trail and the customer's own words, so an answer that came meanwhile puts the next reminder off.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint, ComplaintEvent
from care.records.customer import Customer
from care.rules.complaint import REMINDER_WINDOW, REMINDERS_TO_CLOSE, ComplaintState
from care.rules.errors import IllegalMove
from care.rules.notice_terms import NoticeKind
from care.rules.reminders import next_reminder, waits_for_customer
from care.services import complaint_log, notices, outbox
from care.services.complaint_moves import Change, apply_move, heard_anywhere
from care.services.context import Care

log = logging.getLogger(__name__)

OUTBOX_TOPIC = "complaint_reminder"
CLOCKWORK = "clockwork"
#: A proposal that nobody answers stays open: its owner is told, and told again after a week.
_LOOK_AGAIN = timedelta(days=7)
#: A case that lacks something for its end is tried again after this.
_TRY_AGAIN = timedelta(hours=1)

S = ComplaintState


async def remind_due(care: Care) -> int:
    """Reminds, closes or gives back every case whose time has come; returns how many. Run by the clockwork.

    Each case is a transaction of its own, and one that fails does not keep the others. Demo cases are left as they show: nobody reads their messages.
    """
    async with care.sessions.read() as session:
        ids = (
            await session.scalars(
                select(Complaint.id)
                .where(
                    Complaint.remind_at <= care.clock.now(),
                    Complaint.locked_at.is_(None),
                    Complaint.is_demo.is_(False),
                )
                .order_by(Complaint.remind_at, Complaint.id)
            )
        ).all()
    done = 0
    for complaint_id in ids:
        try:
            done += int(await _look_at(care, complaint_id))
        except Exception:
            log.exception("complaint %s could not be reminded", complaint_id)
    return done


async def _look_at(care: Care, complaint_id: int) -> bool:
    async with care.sessions.write() as session:
        complaint = await session.scalar(
            select(Complaint)
            .where(Complaint.id == complaint_id, Complaint.remind_at <= care.clock.now())
            .with_for_update(skip_locked=True)
        )
        return complaint is not None and await _look(care, session, complaint)


async def _look(care: Care, session: AsyncSession, complaint: Complaint) -> bool:
    """Whether something was said or moved; sets when to look again."""
    now = care.clock.now()
    asked_at = await _asked_at(session, complaint)
    if asked_at is None:
        complaint.remind_at = None
        return False
    last_word = await heard_anywhere(session, complaint)
    since = asked_at if last_word is None else max(asked_at, last_word)
    sent = await _reminders(session, complaint, since)
    quiet = None
    if complaint.customer_id is not None:
        quiet = await session.scalar(select(Customer.quiet_hours).where(Customer.id == complaint.customer_id))
    due_at = next_reminder(since, sent, is_workday=care.calendar.is_workday, quiet=quiet)
    if due_at is None:
        silent_at = sent[-REMINDERS_TO_CLOSE] + REMINDER_WINDOW
        if now < silent_at:
            complaint.remind_at = silent_at
            return False
        await _give_up(care, session, complaint, len(sent))
        return True
    if now < due_at:
        complaint.remind_at = due_at
        return False
    await _remind(care, session, complaint, [*sent, now])
    following = next_reminder(since, [*sent, now], is_workday=care.calendar.is_workday, quiet=quiet)
    complaint.remind_at = following or [*sent, now][-REMINDERS_TO_CLOSE] + REMINDER_WINDOW
    return True


async def _remind(care: Care, session: AsyncSession, complaint: Complaint, sent: Sequence[datetime]) -> None:
    event = await complaint_log.append(
        session,
        complaint,
        "reminder",
        actor=CLOCKWORK,
        at=sent[-1],
        data={"nth": len(sent), "state": complaint.state.value},
    )
    outbox.add(
        session,
        care,
        OUTBOX_TOPIC,
        {
            "complaint": complaint.id,
            "case_number": complaint.case_number,
            "nth": len(sent),
            "state": complaint.state.value,
            "seq": event.seq,
        },
    )


async def _give_up(care: Care, session: AsyncSession, complaint: Complaint, reminders: int) -> None:
    """Closed when everything is done; otherwise somebody has to decide."""
    text = f"投诉 {complaint.case_number} 的客户经 {reminders} 次提醒没有回复，"
    if complaint.state is S.EXECUTING:
        try:
            await apply_move(care, session, complaint, S.CLOSED, actor=CLOCKWORK)
            return
        except IllegalMove as missing:  # nothing has been written yet: a move is checked first
            complaint.remind_at = care.clock.now() + _TRY_AGAIN
            text += f"但还不能终止：{missing}"
    elif complaint.state is S.WAITING_CUSTOMER:
        await apply_move(
            care, session, complaint, S.INVESTIGATING, actor=CLOCKWORK,
            change=Change(reason="客户经提醒未补充，按现有材料处理"),
        )  # fmt: skip
        text += "已转回调查，请按现有材料处理。"
    else:
        complaint.remind_at = care.clock.now() + _LOOK_AGAIN
        text += "方案仍待确认，请电话联系或决定下一步。"
    if complaint.owner_id is not None:
        await notices.tell(
            session,
            care,
            staff_ids=[complaint.owner_id],
            kind=NoticeKind.OTHER,
            text=text,
            key=f"silent:{complaint.id}:{complaint.clock_round}:{complaint.state.value}:{reminders}",
            complaint_id=complaint.id,
        )


async def _asked_at(session: AsyncSession, complaint: Complaint) -> datetime | None:
    """When the customer's answer was first waited for in the present state; None when it is not."""
    if not waits_for_customer(complaint.state, is_remedy_done=complaint.remedy_done_at is not None):
        return None
    if complaint.state is S.EXECUTING:
        return complaint.remedy_done_at
    entered: datetime | None = await session.scalar(
        select(ComplaintEvent.at)
        .where(ComplaintEvent.complaint_id == complaint.id, ComplaintEvent.to_state == complaint.state.value)
        .order_by(ComplaintEvent.seq.desc())
        .limit(1)
    )
    return entered


async def _reminders(session: AsyncSession, complaint: Complaint, since: datetime) -> list[datetime]:
    """Reminders since then, a colleague's own included: the customer hears them alike."""
    rows = await session.scalars(
        select(ComplaintEvent.at)
        .where(
            ComplaintEvent.complaint_id == complaint.id,
            ComplaintEvent.kind == "reminder",
            ComplaintEvent.at > since,
        )
        .order_by(ComplaintEvent.at, ComplaintEvent.seq)
    )
    return list(rows)
