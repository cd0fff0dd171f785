"""Planning who is asked how it was: at the end of a contact or a complaint.

Nobody chooses: `care.rules.survey` decides by the contact's own id. The agent is fixed on the row when it is
written, so a later transfer changes nothing. May run again and on two nodes at once: one row per contact and kind.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import exists, func, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.conversation import Conversation, Message
from care.records.customer import Customer
from care.records.interaction import CareInteraction, Feedback
from care.rules.complaint import ComplaintState, Remedy
from care.rules.survey import (
    LATER_AFTER,
    LATER_QUESTIONS,
    OPEN_FOR,
    RULE_VERSION,
    Asked,
    AskFacts,
    ContactFacts,
    Decision,
    SurveyKind,
    SurveyState,
    decide,
    decide_case,
    is_asked_later,
    questions_for,
)
from care.rules.vocabulary import HandledBy, Outcome, Speaker, Topic
from care.services.context import Care

_LATER_REMEDIES = (Remedy.REFUND, Remedy.REPAIR, Remedy.EXCHANGE, Remedy.REPLACE)


def secret_of(care: Care) -> bytes:
    """The key of the draw: of this installation, and of nothing else."""
    return hmac.new(care.settings.secret_key.encode(), b"survey", hashlib.sha256).digest()


async def plan_ended(session: AsyncSession, care: Care, conversation: Conversation) -> None:
    """Decides about the contact of `conversation` that has just ended, within the caller's transaction."""
    contact = await session.scalar(
        select(CareInteraction)
        .where(
            CareInteraction.conversation_id == conversation.id,
            CareInteraction.ended_at.is_not(None),
            ~has_row(),
        )
        .order_by(CareInteraction.id.desc())
        .limit(1)
    )
    if contact is not None:
        await plan_contact(session, care, contact)


async def plan_contact(session: AsyncSession, care: Care, contact: CareInteraction) -> bool:
    """Writes the one row of an ended contact, invited or not; whether it is new."""
    now, key = care.clock.now(), f"contact:{contact.id}"
    conversation = await _conversation(session, contact.conversation_id)
    visitor_id = await _asked_visitor(session, conversation, contact.customer_id)
    decision = decide(
        ContactFacts(
            key=key,
            now=now,
            channel=contact.channel,
            handled_by=contact.handled_by,
            outcome=contact.outcome,
            reachable=visitor_id is not None,
            last_invited_at=await _last_invited(session, visitor_id, contact.customer_id),
        ),
        secret_of(care),
    )
    topics = frozenset(
        Topic(entry["topic"]) for entry in contact.topics if entry.get("topic") in Topic.labels()
    )
    asked: tuple[Asked, ...] = ()
    if decision.is_invited:
        facts = AskFacts(
            key=key,
            handled_by=contact.handled_by,
            outcome=contact.outcome,
            customer_lines=await _customer_lines(session, contact),
            was_handed_over=contact.handoff_requested_at is not None,
            bot_failures=conversation.bot_failures if conversation is not None else 0,
            care_part=contact.care_part,
        )
        asked = questions_for(facts, secret_of(care))
    is_new = await _write(
        session,
        _row(decision, asked, now, kind=SurveyKind.CONTACT, visitor_id=visitor_id, agent_id=contact.agent_id),
        interaction_id=contact.id,
    )
    if is_new and visitor_id and contact.customer_id and is_asked_later(contact.kind, topics):
        await _plan_later(session, contact.agent_id, visitor_id, now, interaction_id=contact.id)
    return is_new


async def plan_case(session: AsyncSession, care: Care, complaint: Complaint) -> None:
    """Asks about a complaint that has ended, once however often it is reopened; within the caller's transaction."""
    now = care.clock.now()
    conversation = await _conversation(session, complaint.conversation_id)
    visitor_id = await _asked_visitor(session, conversation, complaint.customer_id)
    decision = decide_case(reachable=visitor_id is not None)
    is_closed = complaint.state is ComplaintState.CLOSED
    facts = AskFacts(
        key=f"case:{complaint.id}",
        handled_by=HandledBy.AGENT,
        outcome=Outcome.RESOLVED if is_closed else Outcome.UNRESOLVED,
        was_handed_over=True,
        has_expectation=complaint.expectation_e is not None or bool(complaint.expectation_said),
        care_part=complaint.care_part,
    )
    asked = questions_for(facts, secret_of(care)) if decision.is_invited else ()
    row = _row(decision, asked, now, kind=SurveyKind.CASE, visitor_id=visitor_id, agent_id=complaint.owner_id)
    row["expectation_e"] = complaint.expectation_e
    is_new = await _write(session, row, complaint_id=complaint.id)
    if is_new and is_closed and visitor_id and complaint.customer_id and complaint.remedy in _LATER_REMEDIES:
        await _plan_later(session, complaint.owner_id, visitor_id, now, complaint_id=complaint.id)


def has_row() -> Any:
    """Whether the contact has been decided about, for a query over contacts."""
    return exists().where(Feedback.interaction_id == CareInteraction.id, Feedback.kind == SurveyKind.CONTACT)


def _row(
    decision: Decision,
    asked: tuple[Asked, ...],
    now: datetime,
    *,
    kind: SurveyKind,
    visitor_id: int | None,
    agent_id: int | None,
) -> dict[str, Any]:
    is_invited = decision.is_invited
    return {
        "public_id": str(uuid4()),
        "kind": kind,
        "state": SurveyState.INVITED if is_invited else SurveyState.NOT_INVITED,
        "visitor_id": visitor_id,
        "agent_id": agent_id,
        "questions": [str(one) for one in asked],
        "sample_rule": decision.rule[:40],
        "sample_share": decision.share,
        "not_invited_why": decision.why_not,
        "invited_at": now if is_invited else None,
        "closes_at": now + OPEN_FOR if is_invited else None,
    }


async def _plan_later(
    session: AsyncSession, agent_id: int | None, visitor_id: int, now: datetime, **of: int
) -> None:
    row = {
        "public_id": str(uuid4()),
        "kind": SurveyKind.LATER,
        "state": SurveyState.PLANNED,
        "visitor_id": visitor_id,
        "agent_id": agent_id,
        "questions": [str(one) for one in LATER_QUESTIONS],
        "sample_rule": f"{RULE_VERSION}/later",
        "sample_share": 1.0,
        "due_at": now + LATER_AFTER,
    }
    await _write(session, row, **of)


async def _write(session: AsyncSession, row: dict[str, Any], **of: int) -> bool:
    insert = pg_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    await session.flush()  # the contact may be as new as its row
    (column,) = of
    written = await session.scalar(
        insert(Feedback)
        .values(**row, **of)
        .on_conflict_do_nothing(index_elements=[getattr(Feedback, column), Feedback.kind])
        .returning(Feedback.id)
    )
    return written is not None


async def _conversation(session: AsyncSession, conversation_id: int | None) -> Conversation | None:
    return None if conversation_id is None else await session.get(Conversation, conversation_id)


async def _asked_visitor(
    session: AsyncSession, conversation: Conversation | None, customer_id: int | None
) -> int | None:
    """The browser that can be asked. Who had their data deleted is left alone."""
    if conversation is None or conversation.visitor_id is None:
        return None
    if customer_id is not None:
        gone = await session.scalar(select(Customer.erased_at).where(Customer.id == customer_id))
        if gone is not None:
            return None
    return conversation.visitor_id


async def _last_invited(
    session: AsyncSession, visitor_id: int | None, customer_id: int | None
) -> datetime | None:
    found: list[datetime | None] = []
    if visitor_id is not None:
        found.append(
            await session.scalar(
                select(func.max(Feedback.invited_at)).where(Feedback.visitor_id == visitor_id)
            )
        )
    if customer_id is not None:
        for table, column in (
            (CareInteraction, Feedback.interaction_id),
            (Complaint, Feedback.complaint_id),
        ):
            found.append(
                await session.scalar(
                    select(func.max(Feedback.invited_at))
                    .join(table, table.id == column)
                    .where(table.customer_id == customer_id)
                )
            )
    return max((at for at in found if at is not None), default=None)


async def _customer_lines(session: AsyncSession, contact: CareInteraction) -> int:
    count = await session.scalar(
        select(func.count(Message.id)).where(
            Message.conversation_id == contact.conversation_id,
            Message.speaker == Speaker.CUSTOMER,
            Message.at >= contact.started_at,
        )
    )
    return int(count or 0)
