"""Everything that whoever takes a conversation should know, in one answer; what cannot be had now is said, not waited for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import async_timeout
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.ports import OrderView
from care.records.complaint import Complaint
from care.records.conversation import Conversation, Message
from care.records.customer import Customer
from care.records.interaction import CareInteraction, Feedback, Promise
from care.records.staff import Staff
from care.rules.errors import NotFound, Unavailable
from care.rules.handover_summary import Said, Summary, summarise, topic_of
from care.rules.next_question import Question, next_question
from care.rules.profile import STALE_ORDER, ProfileField
from care.rules.survey import SurveyKind
from care.rules.vocabulary import COMPLAINT_TOPICS, DataIssue, Emotion, Speaker, Topic, VerifiedBy
from care.services import access_log, customer_record, customer_sheet, suggested_reply
from care.services.access_log import Actor
from care.services.context import Care
from care.services.conversation_rows import open_handoff, verified_customer_id
from care.services.customer_record import CustomerRecordView
from care.services.customer_sheet import CaseLine, ContactLine, IssueLine, PromiseLine
from care.services.suggested_reply import Suggestion

log = logging.getLogger(__name__)

PURPOSE = "接待会话：客户概况"
#: The desk shows what there is; a slow order system must not hold it up.
ORDERS_WAIT_S = 2.0
SUGGESTION_WAIT_S = 1.5
_ORDERS, _CONTACTS, _LINES = 5, 5, 400
_AWAY = "订单系统暂时没有回应，订单没有显示，请稍后刷新。"
_PARTLY = "客户提到的订单有的没有查到：订单系统没有及时回应，或不是这位客户的订单。"
_UNKNOWN = "客户还没有核实身份，订单没有显示。"


@dataclass(frozen=True)
class Confirm:
    """A field to ask about when it fits."""

    name: str
    label: str
    problem: DataIssue
    value: str | None
    detail: str


@dataclass(frozen=True)
class Scored:
    """An earlier contact with what the customer answered afterwards."""

    contact: ContactLine
    agent: str | None
    emotion: Emotion
    csat: int | None
    ces: int | None
    nps: int | None
    expected: int | None
    perceived: int | None
    reason_text: str | None


@dataclass(frozen=True)
class Wish:
    reason: str
    requested_at: datetime
    taken_at: datetime | None


@dataclass(frozen=True)
class HandoverContext:
    """`record` is as `customer_record` shows it to the role; `summary` and `orders` are not masked yet."""

    conversation: str
    summary: Summary
    record: CustomerRecordView | None
    verified_by: VerifiedBy | None
    verified_at: datetime | None
    is_verified: bool
    to_confirm: tuple[Confirm, ...]
    orders: tuple[OrderView, ...]
    orders_note: str | None
    mentioned: frozenset[str]
    cases: tuple[CaseLine, ...]
    promises: tuple[PromiseLine, ...]
    contacts: tuple[Scored, ...]
    suggestion: Suggestion | None
    question: Question | None
    wish: Wish | None
    now: datetime


async def of(care: Care, actor: Actor, conversation_id: int) -> HandoverContext:
    """The look stands in the access log, once for as long as it lasts.

    Raises:
        NotFound: no such conversation.
    """
    now = care.clock.now()
    async with care.sessions.read() as session:
        conversation = await session.get(Conversation, conversation_id)
        if conversation is None:
            raise NotFound("没有找到这个会话。")
        said = await _said(session, conversation_id)
        written = [
            one
            for row in await session.scalars(
                select(CareInteraction.data_written)
                .where(CareInteraction.conversation_id == conversation_id)
                .order_by(CareInteraction.id)
            )
            for one in row
        ]
        is_verified = await verified_customer_id(session, conversation, now) is not None
        customer = (
            None
            if conversation.customer_id is None
            else await session.get(Customer, conversation.customer_id)
        )
        record = None
        issues: tuple[IssueLine, ...] = ()
        contacts: tuple[Scored, ...] = ()
        if customer is not None and customer.erased_at is None:
            record = await customer_record.view_of(session, actor.role, customer, now)
            issues = await customer_sheet.issues_of(session, customer)
            contacts = await _contacts(session, customer.id, conversation_id)
        which = (
            (Complaint.conversation_id == conversation_id, Promise.conversation_id == conversation_id)
            if record is None or customer is None
            else (Complaint.customer_id == customer.id, Promise.customer_id == customer.id)
        )
        cases = await customer_sheet.cases_of(session, which[0])
        promises = await customer_sheet.promises_of(session, which[1])
        handoff = await open_handoff(session, conversation_id)
    summary = summarise(said, written, conversation.bot_failures)
    mentioned = frozenset(
        "".join(fact.value.split()) for fact in summary.facts if fact.kind == "order_number"
    )
    orders: tuple[OrderView, ...] = ()
    note: str | None = _UNKNOWN
    if record is not None and customer is not None:
        shown = [*customer_record.shown(record), "order", "message.text"]
        await access_log.note_look(care, actor, [customer.id], shown, purpose=PURPOSE)
        orders, note = await _orders(care, record.public_id, mentioned)
    topic = _main_topic(summary)
    known = {fact.kind for fact in summary.facts}
    if len(orders) == 1:
        known.add("order_number")
    confirm = _to_confirm(record, issues)
    return HandoverContext(
        conversation=conversation.public_id,
        summary=summary,
        record=record,
        verified_by=conversation.verified_by,
        verified_at=conversation.verified_at,
        is_verified=is_verified,
        to_confirm=confirm,
        orders=orders,
        orders_note=note,
        mentioned=mentioned,
        cases=cases,
        promises=promises,
        contacts=contacts,
        suggestion=await _suggestion(care, said),
        question=next_question(topic, known, is_verified=is_verified) or _confirming(confirm, is_verified),
        wish=None if handoff is None else Wish(handoff.reason, handoff.requested_at, handoff.taken_at),
        now=now,
    )


async def _said(session: AsyncSession, conversation_id: int) -> list[Said]:
    rows = await session.execute(
        select(Message.seq, Message.speaker, Message.text, Message.understood)
        .where(Message.conversation_id == conversation_id, Message.seq.is_not(None))
        .order_by(Message.seq.desc())
        .limit(_LINES)
    )
    return [Said(*row) for row in reversed(rows.all())]


async def _contacts(session: AsyncSession, customer_id: int, conversation_id: int) -> tuple[Scored, ...]:
    rows = await session.execute(
        select(CareInteraction, Staff.name, Feedback)
        .outerjoin(Staff, Staff.id == CareInteraction.agent_id)
        .outerjoin(
            Feedback, (Feedback.interaction_id == CareInteraction.id) & (Feedback.kind == SurveyKind.CONTACT)
        )
        .where(
            CareInteraction.customer_id == customer_id,
            (CareInteraction.conversation_id != conversation_id)
            | CareInteraction.conversation_id.is_(None)
            | CareInteraction.ended_at.is_not(None),
        )
        .order_by(CareInteraction.started_at.desc(), CareInteraction.id.desc())
        .limit(2 * _CONTACTS)
    )
    found: dict[int, Scored] = {}
    for row, agent, given in rows:
        found.setdefault(
            row.id,
            Scored(
                contact=customer_sheet.contact_line(row),
                agent=agent,
                emotion=row.emotion,
                csat=given.csat if given else None,
                ces=given.ces if given else None,
                nps=given.nps if given else None,
                expected=given.expectation_e if given else None,
                perceived=given.perception_p if given else None,
                reason_text=given.reason_text if given else None,
            ),
        )
    return tuple(found.values())[:_CONTACTS]


async def _orders(
    care: Care, ref: str, mentioned: frozenset[str]
) -> tuple[tuple[OrderView, ...], str | None]:
    """The mentioned ones first, then the newest; and what is missing, in words."""
    found: dict[str, OrderView] = {}
    note: str | None = _PARTLY
    try:
        async with async_timeout.timeout(ORDERS_WAIT_S):
            for order in await care.orders.recent_orders(ref, limit=_ORDERS):
                found[order.number] = order
            for number in sorted(mentioned - found.keys())[:_ORDERS]:
                named = await care.orders.find_order(number, customer_ref=ref)
                if named is not None:
                    found[named.number] = named
    except (Unavailable, asyncio.TimeoutError) as trouble:
        log.warning("orders for the desk did not come in time: %r", trouble)
        if not found:
            return (), _AWAY
    else:
        note = _PARTLY if mentioned - found.keys() else None
    ranked = sorted(found.values(), key=lambda order: order.placed_at, reverse=True)
    ranked.sort(key=lambda order: order.number not in mentioned)
    return tuple(ranked), note


async def _suggestion(care: Care, said: Sequence[Said]) -> Suggestion | None:
    """For the last thing the customer asked, unless a person has answered since."""
    for line in reversed(said):
        if line.speaker is Speaker.AGENT:
            return None
        topic = topic_of(line) if line.speaker is Speaker.CUSTOMER else None
        if topic is None:
            continue
        if topic in COMPLAINT_TOPICS:
            return None  # what a complaint needs is no paragraph of the rules
        try:
            async with async_timeout.timeout(SUGGESTION_WAIT_S):
                return await suggested_reply.suggest(care, line.text, topic)
        except asyncio.TimeoutError:
            return None
    return None


def _main_topic(summary: Summary) -> Topic | None:
    complaints = [topic for topic in summary.topics if topic in COMPLAINT_TOPICS]
    return complaints[-1] if complaints else summary.topics[-1] if summary.topics else None


def _to_confirm(record: CustomerRecordView | None, issues: Sequence[IssueLine]) -> tuple[Confirm, ...]:
    """Stale values and what the quality scan found, each field once; the most harmful first."""
    if record is None:
        return ()
    found: dict[str, Confirm] = {}
    values = {one.name: one.value for one in record.fields}
    for issue in issues:
        if issue.issue is not DataIssue.DUPLICATE:
            label = ProfileField.labels().get(issue.field, issue.field)
            found.setdefault(
                issue.field,
                Confirm(issue.field, label, issue.issue, values.get(issue.field), issue.detail),
            )
    for one in record.fields:
        if one.is_stale and one.value is not None:
            found.setdefault(
                one.name,
                Confirm(one.name, one.label, DataIssue.OUTDATED, one.value, "很久没有确认过"),
            )
    order = [field.value for field in STALE_ORDER]
    return tuple(
        sorted(found.values(), key=lambda one: order.index(one.name) if one.name in order else len(order))
    )


def _confirming(confirm: Sequence[Confirm], is_verified: bool) -> Question | None:
    """When the matter needs nothing more: one old value, asked in passing."""
    for one in confirm:
        if not is_verified or one.name not in ProfileField.labels():
            continue
        if one.problem is DataIssue.OUTDATED and one.value is not None:
            return Question(one.name, f"顺便跟您确认一下，您的{one.label}还是 {one.value} 吗？")
        if one.problem is DataIssue.MISSING:
            return Question(one.name, f"顺便请您补充一下{one.label}，方便吗？")
    return None


def is_overdue(order: OrderView, now: datetime) -> bool:
    """Promised for before now, and not there."""
    return order.promised_at is not None and order.delivered_at is None and order.promised_at < now
