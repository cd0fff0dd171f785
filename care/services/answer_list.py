"""The invitations and answers behind a satisfaction figure, page by page. Looking is logged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select

from care.records.complaint import Complaint
from care.records.conversation import Conversation
from care.records.customer import Customer
from care.records.interaction import CareInteraction, Feedback
from care.records.order import Product
from care.records.staff import Staff
from care.rules.period import Period
from care.rules.vocabulary import CarePart, Channel
from care.services.access_log import Actor, note_look
from care.services.context import Care
from care.services.satisfaction_figures import HIGHLY, SATISFIED
from care.services.satisfaction_rows import (
    care_part,
    channel,
    is_about_the_service,
    joined,
    main_topic,
    within,
)

LOOK = "查看满意度回答"
_SHOWN = ("customer.name", "feedback.reason_text")
_CHUNK = 500


@dataclass(frozen=True)
class AnswerFilters:
    """Everything together. A key of "" filters nothing; ``none`` is what has no agent."""

    topic: str = ""
    product: str = ""
    channel: Channel | None = None
    agent: str = ""
    care_part: CarePart | None = None
    verdict: str = ""
    is_answered: bool = True


@dataclass(frozen=True)
class AnswerItem:
    """One row as the records have it; nothing is masked yet."""

    feedback: Feedback
    channel: Channel | None
    care_part: CarePart | None
    topic: str | None
    product: str | None
    agent: str | None
    customer: Customer | None
    conversation: str | None
    case_number: str | None


async def find(
    care: Care, reader: Actor, period: Period, asked: AnswerFilters, *, after: int | None, limit: int
) -> list[AnswerItem]:
    """Newest first, `limit` rows after the id `after`."""
    found: list[AnswerItem] = []
    last = after
    async with care.sessions.read() as session:
        while len(found) < limit:
            rows = list(await session.execute(_query(period, asked, last)))
            for row in rows:
                item = _item(row)
                # The topic of a contact is in a list of what was said: the database does not know it.
                if not asked.topic or (item.topic or "none") == asked.topic:
                    found.append(item)
                if len(found) == limit:
                    break
            if len(rows) < _CHUNK or len(found) == limit:
                break
            last = rows[-1][0].id
    customers = [one.customer.id for one in found if one.customer is not None]
    await note_look(care, reader, customers, _SHOWN, purpose=LOOK)
    return found


def _query(period: Period, asked: AnswerFilters, after: int | None) -> Any:
    customer_id = func.coalesce(Complaint.customer_id, CareInteraction.customer_id)
    conversation_id = func.coalesce(Complaint.conversation_id, CareInteraction.conversation_id)
    wanted = (
        joined(
            select(
                Feedback,
                channel,
                care_part,
                Complaint.topic,
                CareInteraction.topics,
                Product.name,
                Staff.name,
                Customer,
                Conversation.public_id,
                Complaint.case_number,
            )
        )
        .outerjoin(Product, Product.id == Complaint.product_id)
        .outerjoin(Staff, Staff.id == Feedback.agent_id)
        .outerjoin(Customer, Customer.id == customer_id)
        .outerjoin(Conversation, Conversation.id == conversation_id)
    )
    conditions = [*within(period), is_about_the_service(), *_conditions(asked)]
    if after is not None:
        conditions.append(Feedback.id < after)
    return wanted.where(*conditions).order_by(Feedback.id.desc()).limit(_CHUNK)


def _conditions(asked: AnswerFilters) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if asked.is_answered:
        wanted.append(Feedback.answered_at.is_not(None))
    if asked.channel is not None:
        wanted.append(channel == asked.channel)
    if asked.care_part is not None:
        wanted.append(care_part == asked.care_part)
    if asked.agent == "none":
        wanted.append(Feedback.agent_id.is_(None))
    elif asked.agent:
        wanted.append(Feedback.agent_id == int(asked.agent))
    if asked.product == "none":
        wanted.append(Complaint.product_id.is_(None))
    elif asked.product:
        wanted.append(Complaint.product_id == int(asked.product))
    if asked.verdict == "satisfied":
        wanted.append(Feedback.csat >= SATISFIED)
    elif asked.verdict == "highly":
        wanted.append(Feedback.csat >= HIGHLY)
    elif asked.verdict == "neutral":
        wanted.append(Feedback.csat == SATISFIED - 1)
    elif asked.verdict == "unsatisfied":
        wanted.append(Feedback.csat < SATISFIED - 1)
    return wanted


def _item(row: Any) -> AnswerItem:
    feedback, of_channel, part, topic, topics, product, agent, customer, conversation, number = row
    return AnswerItem(
        feedback=feedback,
        channel=of_channel,
        care_part=part,
        topic=main_topic(topic, topics),
        product=product,
        agent=agent,
        customer=customer,
        conversation=conversation,
        case_number=number,
    )
