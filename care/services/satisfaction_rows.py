"""Invitations and answers of a period with what they were about, read from the rows.

An answer belongs to the day of its invitation: the figures of a past period change only while answers to its
invitations still come in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.interaction import CareInteraction, Feedback, Promise
from care.rules.callback_terms import CallbackPromise
from care.rules.order_terms import OrderPromise
from care.rules.period import Period
from care.rules.survey import SurveyKind
from care.rules.times import shanghai_day
from care.rules.vocabulary import CarePart, Channel, Kind, Topic, kind_of_topic

_NOT_TOPICS = (Kind.CONTROL, Kind.OTHER)
#: What a promise about an order belongs to; every other row follows its complaint.
_PART_OF_PROMISE: dict[str, CarePart] = {
    OrderPromise.REFUND.value: CarePart.AFTER_SALES,
    OrderPromise.PICK_UP.value: CarePart.AFTER_SALES,
    OrderPromise.REVIEW.value: CarePart.AFTER_SALES,
    OrderPromise.VISIT.value: CarePart.AFTER_SALES,
    OrderPromise.INTERCEPT.value: CarePart.SERVICE_QUALITY,
    OrderPromise.HURRY.value: CarePart.SERVICE_QUALITY,
    OrderPromise.INVOICE.value: CarePart.CUSTOMER_SERVICE,
    CallbackPromise.CALL_BACK.value: CarePart.CUSTOMER_SERVICE,
}


@dataclass(frozen=True)
class AnswerRow:
    """One invitation; without `answered` nothing was answered. Scores as `care.md` §1 has them."""

    id: int
    day: date
    answered: bool
    expectation: int | None
    perception: int | None
    csat: int | None
    ces: int | None
    nps: int | None
    agent_id: int | None
    channel: Channel | None
    topic: str | None
    product_id: int | None
    care_part: CarePart | None


@dataclass(frozen=True)
class PromiseRow:
    """A promise that fell due in the period; `kept` is None while it is open and not late."""

    id: int
    care_part: CarePart
    kept: bool | None


#: The day that an invitation counts for.
invited = func.coalesce(Feedback.invited_at, Feedback.answered_at, type_=Feedback.invited_at.type)
channel = func.coalesce(Complaint.channel, CareInteraction.channel, type_=CareInteraction.channel.type)
care_part = func.coalesce(
    Complaint.care_part, CareInteraction.care_part, type_=CareInteraction.care_part.type
)


def is_about_the_service() -> ColumnElement[bool]:
    """What is asked later, on trust, is no second judgement of the same contact."""
    return Feedback.kind != SurveyKind.LATER


def joined(wanted: Select[Any]) -> Select[Any]:
    """Feedback beside the contact and the complaint that it is about."""
    return (
        wanted.select_from(Feedback)
        .outerjoin(CareInteraction, CareInteraction.id == Feedback.interaction_id)
        .outerjoin(Complaint, Complaint.id == Feedback.complaint_id)
    )


def within(period: Period, column: Any = invited) -> list[ColumnElement[bool]]:
    return [column >= period.start, column < period.end]


def main_topic(complaint_topic: str | None, topics: Sequence[dict[str, Any]] | None) -> str | None:
    """The complaint's topic, else the first thing the contact was about; None when it was about nothing."""
    if complaint_topic is not None:
        return complaint_topic
    known = Topic.labels()
    for one in topics or ():
        name = str(one.get("topic"))
        if name in known and kind_of_topic(Topic(name)) not in _NOT_TOPICS:
            return name
    return None


async def answers(session: AsyncSession, period: Period) -> list[AnswerRow]:
    """Every invitation of the period, answered or not."""
    rows = await session.execute(
        joined(
            select(
                Feedback,
                invited.label("day"),
                channel,
                care_part,
                Complaint.topic,
                CareInteraction.topics,
                Complaint.product_id,
            )
        ).where(*within(period), is_about_the_service())
    )
    return [
        AnswerRow(
            id=row.id,
            day=shanghai_day(at),
            answered=row.answered_at is not None,
            expectation=row.expectation_e,
            perception=row.perception_p,
            csat=row.csat,
            ces=row.ces,
            nps=row.nps,
            agent_id=row.agent_id,
            channel=of_channel,
            topic=main_topic(topic, topics),
            product_id=product_id,
            care_part=part,
        )
        for row, at, of_channel, part, topic, topics, product_id in rows
    ]


async def promises(session: AsyncSession, period: Period, now: datetime) -> list[PromiseRow]:
    """Every promise that fell due in the period, with the part of care it belongs to."""
    rows = await session.execute(
        select(
            Promise.id, Promise.what, Promise.kept_at, Promise.broken_at, Promise.due_at, Complaint.care_part
        )
        .outerjoin(Complaint, Complaint.id == Promise.complaint_id)
        .where(*within(period, Promise.due_at))
    )
    return [
        PromiseRow(
            id_,
            part or _PART_OF_PROMISE.get(what, CarePart.CUSTOMER_SERVICE),
            True if kept is not None else False if broken is not None or due < now else None,
        )
        for id_, what, kept, broken, due, part in rows
    ]


async def contacts_by_channel(session: AsyncSession, period: Period) -> dict[str, int]:
    """How many contacts came over each channel: what answers are weighted to."""
    rows = await session.execute(
        select(CareInteraction.channel, func.count())
        .where(*within(period, CareInteraction.started_at))
        .group_by(CareInteraction.channel)
    )
    return {of.value: int(number) for of, number in rows}
