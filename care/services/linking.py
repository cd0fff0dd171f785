"""What a browser's visitor said before they proved who they are becomes that customer's; never anybody else's."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.conversation import Conversation
from care.records.customer import Customer
from care.records.interaction import CareInteraction, Promise
from care.rules.complaint import ComplaintState
from care.services import complaint_log

#: Further back a browser may have had another owner.
LOOK_BACK = timedelta(days=30)


async def link_draft(session: AsyncSession, conversation: Conversation, customer: Customer) -> None:
    """A complaint being told is this customer's, also when it is received by silence. `conversation` is locked."""
    await session.execute(
        update(Complaint)
        .where(
            Complaint.conversation_id == conversation.id,
            Complaint.state == ComplaintState.DRAFT,
            Complaint.customer_id.is_(None),
        )
        .values(customer_id=customer.id)
        .execution_options(synchronize_session=False)
    )


async def link_earlier(
    session: AsyncSession, conversation: Conversation, customer: Customer, now: datetime
) -> int:
    """Gives nameless contacts, drafts, cases and promises of the same browser to its customer; how many contacts.

    Only when no other customer was ever known in this browser: on a shared machine nobody can tell whose the
    nameless ones were. `conversation` is locked. Ask after a proof that is strong (a code or the host page's
    token), not after an order's number.
    """
    if conversation.visitor_id is None:
        return 0
    own = select(Conversation.id).where(Conversation.visitor_id == conversation.visitor_id)
    if await _has_other_customer(session, conversation.visitor_id, customer.id):
        return 0
    contacts = await session.scalars(
        select(CareInteraction.id).where(
            CareInteraction.conversation_id.in_(own),
            CareInteraction.customer_id.is_(None),
            CareInteraction.started_at > now - LOOK_BACK,
        )
    )
    found = list(contacts)
    await session.execute(
        update(CareInteraction)
        .where(CareInteraction.id.in_(found))
        .values(customer_id=customer.id)
        .execution_options(synchronize_session=False)
    )
    cases = await session.scalars(
        select(Complaint)
        .where(
            Complaint.conversation_id.in_(own),
            Complaint.customer_id.is_(None),
            Complaint.locked_at.is_(None),
            Complaint.opened_at > now - LOOK_BACK,
        )
        .order_by(Complaint.id)
        .with_for_update()
    )
    ids = []
    for case in cases.all():
        case.customer_id = customer.id
        ids.append(case.id)
        await complaint_log.append(session, case, "customer_known", actor="customer", at=now, data={})
    await session.execute(
        update(Promise)
        .where(
            Promise.customer_id.is_(None),
            Promise.made_at > now - LOOK_BACK,
            or_(Promise.complaint_id.in_(ids), Promise.conversation_id.in_(own)),
        )
        .values(customer_id=customer.id)
        .execution_options(synchronize_session=False)
    )
    return len(found)


async def _has_other_customer(session: AsyncSession, visitor_id: int, customer_id: int) -> bool:
    own = select(Conversation.id).where(Conversation.visitor_id == visitor_id)
    in_contacts = await session.scalar(
        select(CareInteraction.id)
        .where(
            CareInteraction.conversation_id.in_(own),
            CareInteraction.customer_id.is_not(None),
            CareInteraction.customer_id != customer_id,
        )
        .limit(1)
    )
    now_known = await session.scalar(
        select(Conversation.id)
        .where(
            Conversation.visitor_id == visitor_id,
            Conversation.customer_id.is_not(None),
            Conversation.customer_id != customer_id,
        )
        .limit(1)
    )
    return in_contacts is not None or now_known is not None
