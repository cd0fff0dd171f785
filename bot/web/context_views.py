"""From what the records know of a conversation to what the desk shows, masked for who looks."""

from __future__ import annotations

from typing import Any

from bot.web import context_schemas as shapes
from bot.web.customer_schemas import Case, PromiseMade
from care.ports import OrderView
from care.rules.desk_terms import reason_label
from care.rules.field_access import seen
from care.rules.handover_summary import Fact
from care.rules.times import format_amount
from care.rules.vocabulary import Role
from care.services import customer_record
from care.services.handover_context import HandoverContext, Scored, is_overdue

#: A fact that is personal → the datum whose access it has.
_PERSONAL = {"phone": "customer.phone", "address": "order.receiver_address", "name": "customer.name"}


def context(found: HandoverContext, role: Role) -> shapes.Context:
    return shapes.Context(
        conversation=found.conversation,
        summary=_summary(found, role),
        customer=_customer(found),
        orders=[_order(found, customer_record.order_for(role, one)) for one in found.orders],
        orders_note=found.orders_note,
        cases=[
            Case(
                one.case_number, one.state, one.state.label, one.grade, one.grade.label, one.level, one.category,
                one.order_number, one.received_at, one.solve_due_at, one.closed_at, one.owner,
            )
            for one in found.cases
        ],
        promises=[
            PromiseMade(one.what, one.promised_by, one.due_at, one.made_at, one.kept_at, one.broken_at)
            for one in found.promises
        ],
        contacts=[_contact(one, role) for one in found.contacts],
        suggestion=None
        if found.suggestion is None
        else shapes.Suggestion(
            found.suggestion.text, found.suggestion.source, found.suggestion.basis, found.suggestion.confidence
        ),
        next_question=None
        if found.question is None
        else shapes.NextQuestion(found.question.about, found.question.text),
        handover=None
        if found.wish is None
        else shapes.Handover(
            found.wish.reason, reason_label(found.wish.reason), found.wish.requested_at, found.wish.taken_at
        ),
    )  # fmt: skip


def _summary(found: HandoverContext, role: Role) -> shapes.Summary:
    summary = found.summary
    facts = [shapes.FactShown(one.kind, one.label, _fact(one, role)) for one in summary.facts]
    hidden = {one.value: _fact(one, role) for one in summary.facts if one.kind in _PERSONAL}

    def words(text: str) -> str:
        """The fact's own mask wherever its value is quoted, then every telephone number."""
        for value, shown in hidden.items():
            text = text.replace(value, shown)
        return _words(text, role)

    return shapes.Summary(
        lines=[words(line) for line in summary.lines()],
        wish=None if summary.wish is None else words(summary.wish),
        asked=[
            shapes.AskedShown(words(one.question), None if one.answer is None else words(one.answer))
            for one in summary.asked
        ],
        facts=facts,
        done=list(summary.done),
        failures=[words(one) for one in summary.failures],
        emotion=summary.emotion,
        emotion_label=summary.emotion.label,
        emotions=[shapes.EmotionPoint(one.seq, one.emotion, one.emotion.label) for one in summary.emotions],
        topics=[shapes.TopicShown(one, one.label) for one in summary.topics],
    )


def _customer(found: HandoverContext) -> shapes.CustomerCard | None:
    """The record is masked by role already."""
    record = found.record
    if record is None:
        return None
    return shapes.CustomerCard(
        public_id=record.public_id,
        name=record.name,
        phone=record.phone,
        type_label=record.type.label,
        tier=record.tier,
        tier_label=record.tier.label,
        tier_why=record.tier_reason,
        stage=record.lifecycle_stage,
        stage_label=record.lifecycle_stage.label,
        segment=record.segment,
        preferred_channel=record.preferred_channel,
        quiet_hours=record.quiet_hours,
        verified_by=found.verified_by,
        verified_by_label=found.verified_by.label if found.verified_by else None,
        verified_at=found.verified_at,
        verified_now=found.is_verified,
        to_confirm=[
            shapes.ToConfirm(one.name, one.label, one.problem.value, one.problem.label, one.value, one.detail)
            for one in found.to_confirm
        ],
    )


def _order(found: HandoverContext, order: OrderView) -> shapes.OrderShown:
    shipment = order.shipments[-1] if order.shipments else None
    return shapes.OrderShown(
        number=order.number,
        state=order.state.value,
        state_label=order.state.label,
        amount=format_amount(order.amount),
        placed_at=order.placed_at,
        promised_at=order.promised_at,
        delivered_at=order.delivered_at,
        overdue=is_overdue(order, found.now),
        mentioned=order.number in found.mentioned,
        items=[f"{line.name} × {line.quantity}" for line in order.lines],
        carrier=shipment.carrier if shipment else None,
        tracking_number=shipment.tracking_number if shipment else None,
        receiver_name=order.receiver_name,
        receiver_phone=order.receiver_phone,
        receiver_address=order.receiver_address,
        timeline=[
            shapes.OrderStep(event.at, event.title, event.detail)
            for event in sorted(order.events, key=lambda event: event.at)
        ],
    )


def _contact(one: Scored, role: Role) -> shapes.ContactShown:
    contact = one.contact
    return shapes.ContactShown(
        started_at=contact.started_at,
        channel=contact.channel,
        channel_label=contact.channel.label,
        handled_by=contact.handled_by,
        handled_by_label=contact.handled_by.label,
        agent=one.agent,
        topics=list(contact.topics),
        order_number=contact.order_number,
        emotion=one.emotion,
        emotion_label=one.emotion.label,
        outcome=contact.outcome,
        outcome_label=contact.outcome.label if contact.outcome else None,
        csat=one.csat,
        ces=one.ces,
        nps=one.nps,
        expected=one.expected,
        perceived=one.perceived,
        reason_text=None if one.reason_text is None else _words(one.reason_text, role),
    )


def _fact(fact: Fact, role: Role) -> str:
    datum = _PERSONAL.get(fact.kind)
    return _words(fact.value, role) if datum is None else seen(datum, role, fact.value) or "****"


def _words(text: str, role: Role) -> str:
    shown: Any = seen("message.text", role, text)
    return str(shown or "")
