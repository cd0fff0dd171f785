"""What an agent says of a conversation when closing it, and what of it is known beforehand."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.conversation import Conversation
from care.records.desk import WrapUp
from care.records.interaction import CareInteraction
from care.rules.complaint import ComplaintState
from care.rules.errors import InvalidInput
from care.rules.text import normalise
from care.rules.vocabulary import CarePart, Kind, Outcome, ResolvedBasis, Topic, kind_of_topic
from care.services import interactions
from care.services.context import Care


@dataclass(frozen=True)
class WrapUpValues:
    topic: Topic
    outcome: Outcome
    care_part: CarePart
    root_cause_1: str | None = None
    root_cause_2: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class WrapUpKnown:
    """Everything may be changed by the agent; `None`: nothing is known."""

    topic: Topic | None
    outcome: Outcome
    care_part: CarePart | None
    is_complaint: bool
    root_cause_1: str | None
    root_cause_2: str | None


async def known(care: Care, conversation_id: int) -> WrapUpKnown:
    """What the contact and its case say already."""
    async with care.sessions.read() as session:
        contact = await session.scalar(
            select(CareInteraction)
            .where(CareInteraction.conversation_id == conversation_id)
            .order_by(CareInteraction.id.desc())
            .limit(1)
        )
        case = await _case(session, conversation_id)
        topic = _main_topic(contact)
        is_complaint = case is not None or (contact is not None and contact.kind is Kind.COMPLAINT)
        return WrapUpKnown(
            topic=Topic(case.topic) if case is not None and case.topic in Topic.labels() else topic,
            outcome=Outcome.TRANSFERRED if case is not None else Outcome.RESOLVED,
            care_part=case.care_part if case else contact.care_part if contact else None,
            is_complaint=is_complaint,
            root_cause_1=case.root_cause_1 if case else None,
            root_cause_2=case.root_cause_2 if case else None,
        )


async def add(
    session: AsyncSession, care: Care, conversation: Conversation, staff_id: int, values: WrapUpValues
) -> None:
    """Writes it down and tells the contact, within the caller's transaction; `conversation` is locked.

    Raises:
        InvalidInput: a complaint is closed without a case and without a root cause.
    """
    case = await _case(session, conversation.id)
    cause = normalise(values.root_cause_1 or "") or None
    if kind_of_topic(values.topic) is Kind.COMPLAINT and case is None and cause is None:
        raise InvalidInput(fields={"root_cause_1": "这是投诉，请选择原因。"})
    now = care.clock.now()
    contact = await interactions.open_contact(session, conversation, now)
    contact.outcome, contact.care_part = values.outcome, values.care_part
    contact.resolved_basis = ResolvedBasis.INFERRED if values.outcome is Outcome.RESOLVED else None
    await session.flush()
    session.add(
        WrapUp(
            conversation_id=conversation.id,
            interaction_id=contact.id,
            staff_id=staff_id,
            topic=values.topic,
            outcome=values.outcome,
            care_part=values.care_part,
            root_cause_1=cause,
            root_cause_2=normalise(values.root_cause_2 or "") or None,
            note=normalise(values.note or "") or None,
            at=now,
        )
    )


async def _case(session: AsyncSession, conversation_id: int) -> Complaint | None:
    return await session.scalar(
        select(Complaint)
        .where(Complaint.conversation_id == conversation_id, Complaint.state != ComplaintState.DRAFT)
        .order_by(Complaint.id.desc())
        .limit(1)
    )


def _main_topic(contact: CareInteraction | None) -> Topic | None:
    """The newest topic that says what it is about; 你好 and 转人工 do not."""
    if contact is None:
        return None
    for entry in reversed(contact.topics):
        name = entry.get("topic")
        if name in Topic.labels() and kind_of_topic(Topic(name)) not in (Kind.CONTROL, Kind.OTHER):
            return Topic(name)
    return None
