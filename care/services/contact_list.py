"""The contacts behind a figure, page by page. Looking is logged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select

from care.records.conversation import Conversation, Handoff
from care.records.customer import Customer
from care.records.interaction import CareInteraction
from care.records.staff import Staff
from care.rules.desk_terms import HandoverReason
from care.rules.labelled import Labelled
from care.rules.period import Period
from care.rules.vocabulary import Channel, HandledBy, Kind, Outcome, ResolvedBasis
from care.services.access_log import Actor, note_look
from care.services.context import Care

LOOK = "查看来访列表"
_CHUNK = 500
#: A hand-over that no customer wished for: it is not offered anew.
PASSED_ON = (
    HandoverReason.TRANSFERRED.value,
    HandoverReason.AGENT_GONE.value,
    HandoverReason.TAKEN_BY_AGENT.value,
)


class Which(Labelled):
    """The contacts that a figure counts."""

    OFFERED = "offered", "要求人工"
    WAITING_ABANDONED = "waiting_abandoned", "排队中放弃"
    CONTAINED = "contained", "智能客服解决且客户确认"
    BOT_ONLY = "bot_only", "只有智能客服"
    HANDED_OVER = "handed_over", "接通了人工"
    LOW_CONFIDENCE = "low_confidence", "有没听准的话"


@dataclass(frozen=True)
class ContactFilters:
    kind: Kind | None = None
    topic: str = ""
    channel: Channel | None = None
    handled_by: HandledBy | None = None
    outcome: Outcome | None = None
    agent: str = ""
    reason: str = ""
    which: Which | None = None


@dataclass(frozen=True)
class ContactItem:
    """One contact; nothing is masked yet."""

    contact: CareInteraction
    agent: str | None
    customer: Customer | None
    conversation: str | None


def is_contained() -> ColumnElement[bool]:
    """Bot-only and the customer said that it was solved; abandoned never counts (care.md §4)."""
    return and_(
        CareInteraction.handled_by == HandledBy.BOT,
        CareInteraction.handoff_requested_at.is_(None),
        CareInteraction.outcome == Outcome.RESOLVED,
        CareInteraction.resolved_basis == ResolvedBasis.CUSTOMER_CONFIRMED,
    )


def wishes(*more: ColumnElement[bool]) -> ColumnElement[bool]:
    """Contacts during which a person was asked for, and `more` holds for that wish."""
    return exists().where(
        Handoff.conversation_id == CareInteraction.conversation_id,
        Handoff.requested_at >= CareInteraction.started_at,
        or_(CareInteraction.ended_at.is_(None), Handoff.requested_at <= CareInteraction.ended_at),
        Handoff.reason.not_in(PASSED_ON),
        *more,
    )


async def find(
    care: Care,
    reader: Actor,
    period: Period,
    asked: ContactFilters,
    *,
    low_confidence: float,
    after: int | None,
    limit: int,
) -> list[ContactItem]:
    """Newest first, `limit` rows after the id `after`."""
    found: list[ContactItem] = []
    last = after
    async with care.sessions.read() as session:
        while len(found) < limit:
            rows = list(await session.execute(_query(period, asked, last)))
            for row in rows:
                item = ContactItem(*row)
                # What was said is a list within the row: the database does not look into it.
                if _says(item.contact, asked, low_confidence):
                    found.append(item)
                if len(found) == limit:
                    break
            if len(rows) < _CHUNK or len(found) == limit:
                break
            last = rows[-1][0].id
    customers = [one.customer.id for one in found if one.customer is not None]
    await note_look(care, reader, customers, ("customer.name",), purpose=LOOK)
    return found


def _says(contact: CareInteraction, asked: ContactFilters, low_confidence: float) -> bool:
    if asked.topic and not any(one.get("topic") == asked.topic for one in contact.topics):
        return False
    if asked.which is Which.LOW_CONFIDENCE:
        return any(
            one.get("confidence") is not None and one["confidence"] < low_confidence for one in contact.topics
        )
    return True


def _query(period: Period, asked: ContactFilters, after: int | None) -> Any:
    conditions: list[ColumnElement[bool]] = [
        CareInteraction.started_at >= period.start,
        CareInteraction.started_at < period.end,
    ]
    for column, wanted in (
        (CareInteraction.kind, asked.kind),
        (CareInteraction.channel, asked.channel),
        (CareInteraction.handled_by, asked.handled_by),
        (CareInteraction.outcome, asked.outcome),
    ):
        if wanted is not None:
            conditions.append(column == wanted)
    if asked.agent:
        conditions.append(CareInteraction.agent_id == int(asked.agent))
    if asked.reason:
        conditions.append(wishes(Handoff.reason == asked.reason))
    if asked.which is not None and asked.which in _WHICH:
        conditions.append(_WHICH[asked.which]())
    if after is not None:
        conditions.append(CareInteraction.id < after)
    return (
        select(CareInteraction, Staff.name, Customer, Conversation.public_id)
        .outerjoin(Staff, Staff.id == CareInteraction.agent_id)
        .outerjoin(Customer, Customer.id == CareInteraction.customer_id)
        .outerjoin(Conversation, Conversation.id == CareInteraction.conversation_id)
        .where(*conditions)
        .order_by(CareInteraction.id.desc())
        .limit(_CHUNK)
    )


_WHICH: dict[Which, Any] = {
    Which.OFFERED: lambda: wishes(),
    Which.WAITING_ABANDONED: lambda: wishes(
        Handoff.taken_at.is_(None), Handoff.end.in_(("abandoned", "closed"))
    ),
    Which.HANDED_OVER: lambda: wishes(Handoff.taken_at.is_not(None)),
    Which.CONTAINED: is_contained,
    Which.BOT_ONLY: lambda: CareInteraction.handled_by == HandledBy.BOT,
}
