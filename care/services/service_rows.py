"""Wishes for a person, contacts and first answers of a period, read from the rows for the service figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import ComplaintEvent
from care.records.conversation import Handoff, Message
from care.records.interaction import CareInteraction
from care.rules.complaint import ComplaintState
from care.rules.period import Period
from care.rules.service_terms import ANSWER_WITHIN_S
from care.rules.vocabulary import HandledBy, Kind, Outcome, ResolvedBasis, Speaker
from care.services.contact_list import PASSED_ON
from care.services.satisfaction_rows import main_topic, within


@dataclass(frozen=True)
class Wish:
    """One wish for a person. `taken_at` is when a person came."""

    reason: str
    requested_at: datetime
    taken_at: datetime | None
    first_reply_at: datetime | None
    ended_at: datetime | None
    end: str | None

    @property
    def waited_s(self) -> float | None:
        """Until a person came; None when nobody did."""
        return None if self.taken_at is None else (self.taken_at - self.requested_at).total_seconds()

    @property
    def is_abandoned(self) -> bool:
        """The customer left before a person came. Who went back to the assistant cancelled, and is not one."""
        return self.taken_at is None and self.end in ("abandoned", "closed")

    @property
    def is_decided(self) -> bool:
        """A person came, or the customer left; a wish that was cancelled or still waits says nothing."""
        return self.taken_at is not None or self.is_abandoned

    @property
    def is_in_time(self) -> bool:
        return self.waited_s is not None and self.waited_s <= ANSWER_WITHIN_S

    def is_judged(self, now: datetime) -> bool:
        """Whether it can be said if a person came in time."""
        still_waits = self.taken_at is None and self.ended_at is None
        return self.is_decided or (
            still_waits and (now - self.requested_at).total_seconds() > ANSWER_WITHIN_S
        )


@dataclass(frozen=True)
class Held:
    """The time that one agent had a conversation, by wish, transfer or stepping in."""

    agent_id: int
    taken_at: datetime
    first_reply_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True)
class Contact:
    """One contact; `topic` is what it was about, None when about nothing."""

    id: int
    customer_id: int | None
    started_at: datetime
    ended_at: datetime | None
    handled_by: HandledBy
    kind: Kind | None
    topic: str | None
    asked_person: bool
    outcome: Outcome | None
    basis: ResolvedBasis | None

    @property
    def is_alone_solved(self) -> bool:
        """The bot alone, and solved, by whomever's word."""
        return self.handled_by is HandledBy.BOT and not self.asked_person and self.outcome is Outcome.RESOLVED

    @property
    def is_contained(self) -> bool:
        """As `contact_list.is_contained` finds it: the customer said that it was solved."""
        return self.is_alone_solved and self.basis is ResolvedBasis.CUSTOMER_CONFIRMED


async def wishes(session: AsyncSession, period: Period) -> list[Wish]:
    """Wishes of the period. What was passed on or re-queued is the same wish and not counted again."""
    rows = await session.execute(
        select(
            Handoff.reason,
            Handoff.requested_at,
            Handoff.taken_at,
            Handoff.first_reply_at,
            Handoff.ended_at,
            Handoff.end,
        ).where(*within(period, Handoff.requested_at), Handoff.reason.not_in(PASSED_ON))
    )
    return [Wish(*row) for row in rows]


async def held(session: AsyncSession, period: Period) -> list[Held]:
    """What agents took in the period."""
    rows = await session.execute(
        select(Handoff.agent_id, Handoff.taken_at, Handoff.first_reply_at, Handoff.ended_at).where(
            *within(period, Handoff.taken_at), Handoff.agent_id.is_not(None)
        )
    )
    return [Held(*row) for row in rows]


async def contacts(session: AsyncSession, start: datetime, end: datetime) -> list[Contact]:
    """Contacts that began in the span."""
    row = CareInteraction
    rows = await session.execute(
        select(
            row.id,
            row.customer_id,
            row.started_at,
            row.ended_at,
            row.handled_by,
            row.kind,
            row.topics,
            row.handoff_requested_at,
            row.outcome,
            row.resolved_basis,
        ).where(row.started_at >= start, row.started_at < end)
    )
    return [
        Contact(
            id_,
            customer_id,
            started_at,
            ended_at,
            handled_by,
            kind,
            main_topic(None, topics),
            asked_at is not None,
            outcome,
            basis,
        )
        for (
            id_,
            customer_id,
            started_at,
            ended_at,
            handled_by,
            kind,
            topics,
            asked_at,
            outcome,
            basis,
        ) in rows
    ]


async def bot_first_answers(session: AsyncSession, period: Period) -> list[float]:
    """Seconds from a contact's first line of the customer to the bot's first line after it."""
    said = _first(CareInteraction, Speaker.CUSTOMER, CareInteraction.started_at, period).subquery()
    answered = (
        select(said.c.id, said.c.at, func.min(Message.at, type_=Message.at.type))
        .join(
            Message,
            and_(
                Message.conversation_id == said.c.conversation_id,
                Message.speaker == Speaker.BOT,
                Message.seq.is_not(None),
                Message.at >= said.c.at,
                or_(said.c.ended_at.is_(None), Message.at <= said.c.ended_at),
            ),
        )
        .group_by(said.c.id, said.c.at)
    )
    return [(bot - customer).total_seconds() for _, customer, bot in await session.execute(answered)]


def _first(contact: Any, speaker: Speaker, since: Any, period: Period) -> Any:
    return (
        select(
            contact.id,
            contact.conversation_id,
            contact.ended_at,
            func.min(Message.at, type_=Message.at.type).label("at"),
        )
        .join(
            Message,
            and_(
                Message.conversation_id == contact.conversation_id,
                Message.speaker == speaker,
                Message.at >= since,
            ),
        )
        .where(*within(period, contact.started_at), contact.handled_by != HandledBy.AGENT)
        .group_by(contact.id, contact.conversation_id, contact.ended_at)
    )


async def closings(session: AsyncSession, period: Period) -> list[tuple[int, datetime]]:
    """Complaint and moment of every closing in the period, from the log of events."""
    rows = await session.execute(
        select(ComplaintEvent.complaint_id, ComplaintEvent.at).where(
            ComplaintEvent.to_state == ComplaintState.CLOSED.value, *within(period, ComplaintEvent.at)
        )
    )
    return [(id_, at) for id_, at in rows]


async def reopenings(session: AsyncSession, start: datetime, end: datetime) -> list[tuple[int, datetime]]:
    rows = await session.execute(
        select(ComplaintEvent.complaint_id, ComplaintEvent.at).where(
            ComplaintEvent.to_state == ComplaintState.REOPENED.value,
            ComplaintEvent.at >= start,
            ComplaintEvent.at < end,
        )
    )
    return [(id_, at) for id_, at in rows]
