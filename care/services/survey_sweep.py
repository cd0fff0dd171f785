"""What becomes of surveys without anybody asking: contacts left over, later asks that are due, silence.

Run by the clockwork; may run again and on two nodes at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.interaction import CareInteraction, Feedback
from care.rules.survey import LATER_OPEN_FOR, PERIOD, NotInvited, SurveyKind, SurveyState
from care.rules.vocabulary import ConsentPurpose
from care.services import consents
from care.services.context import Care
from care.services.surveys import has_row, plan_contact

#: Contacts that ended longer ago than this are not asked about any more.
LATE = timedelta(hours=72)
_BATCH = 200


@dataclass
class SweepReport:
    """What one run of the clockwork did."""

    planned: int = 0
    invited_later: int = 0
    unanswered: int = 0


async def sweep(care: Care) -> SweepReport:
    """Plans contacts that ended by themselves, invites later asks that are due, and closes what nobody answered."""
    report = SweepReport()
    now = care.clock.now()
    async with care.sessions.read() as session:
        left = list(
            await session.scalars(
                select(CareInteraction.id)
                .where(CareInteraction.ended_at > now - LATE, CareInteraction.ended_at <= now, ~has_row())
                .order_by(CareInteraction.id)
                .limit(_BATCH)
            )
        )
        due = list(
            await session.scalars(
                select(Feedback.id)
                .where(Feedback.state == SurveyState.PLANNED, Feedback.due_at <= now)
                .order_by(Feedback.id)
                .limit(_BATCH)
            )
        )
    for contact_id in left:
        async with care.sessions.write() as session:
            contact = await session.get(CareInteraction, contact_id)
            if contact is not None:
                report.planned += await plan_contact(session, care, contact)
    for row_id in due:
        async with care.sessions.write() as session:
            report.invited_later += await _invite_later(session, care, row_id, now)
    async with care.sessions.write() as session:
        silent = await session.scalars(
            update(Feedback)
            .where(Feedback.state == SurveyState.INVITED, Feedback.closes_at <= now)
            .values(state=SurveyState.UNANSWERED)
            .returning(Feedback.id)
        )
        report.unanswered = len(silent.all())
        await session.execute(
            update(Feedback)
            .where(
                Feedback.state == SurveyState.ANSWERED,
                Feedback.finished_at.is_(None),
                Feedback.closes_at <= now,
            )
            .values(finished_at=Feedback.closes_at)
        )
    return report


async def _invite_later(session: AsyncSession, care: Care, row_id: int, now: datetime) -> bool:
    """Only who agreed to be asked afterwards is, and not twice within the period."""
    row = await session.get(Feedback, row_id, with_for_update=True, populate_existing=True)
    if row is None or row.state is not SurveyState.PLANNED:
        return False
    customer_id = await customer_of(session, row)
    why_not = None
    if customer_id is None or not await consents.is_given(session, customer_id, ConsentPurpose.SURVEY):
        why_not = NotInvited.NO_CONSENT
    elif row.visitor_id is None:
        why_not = NotInvited.UNREACHABLE
    else:
        last = await session.scalar(
            select(func.max(Feedback.invited_at)).where(
                Feedback.visitor_id == row.visitor_id, Feedback.kind == SurveyKind.LATER
            )
        )
        if last is not None and now - last < PERIOD:
            why_not = NotInvited.ASKED_RECENTLY
    if why_not is not None:
        row.state, row.not_invited_why = SurveyState.NOT_INVITED, why_not
        return False
    row.state, row.invited_at, row.closes_at = SurveyState.INVITED, now, now + LATER_OPEN_FOR
    return True


async def customer_of(session: AsyncSession, row: Feedback) -> int | None:
    """Whose contact or case it is, when it is known."""
    if row.complaint_id is not None:
        asked = select(Complaint.customer_id).where(Complaint.id == row.complaint_id)
    else:
        asked = select(CareInteraction.customer_id).where(CareInteraction.id == row.interaction_id)
    found: int | None = await session.scalar(asked)
    return found
