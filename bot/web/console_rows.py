"""The console's list lines as a role may see them."""

from __future__ import annotations

from bot.web import console_lists as lists
from care.records.customer import Customer
from care.rules.field_access import seen
from care.rules.vocabulary import Role, Topic
from care.services import promises
from care.services.contact_list import ContactItem
from care.services.promise_list import PromiseItem


def contact_line(item: ContactItem, role: Role) -> lists.ContactLine:
    row = item.contact
    labels = Topic.labels()
    waited = None
    if row.handoff_requested_at is not None and row.handoff_at is not None:
        waited = int((row.handoff_at - row.handoff_requested_at).total_seconds())
    return lists.ContactLine(
        id=row.id,
        started_at=row.started_at,
        ended_at=row.ended_at,
        channel_label=row.channel.label,
        handled_by=row.handled_by,
        handled_by_label=row.handled_by.label,
        agent=item.agent,
        kind_label=None if row.kind is None else row.kind.label,
        topic_labels=list(
            dict.fromkeys(labels.get(str(one["topic"]), str(one["topic"])) for one in row.topics)
        ),
        care_part_label=None if row.care_part is None else row.care_part.label,
        emotion_label=row.emotion.label,
        outcome=row.outcome,
        outcome_label=None if row.outcome is None else row.outcome.label,
        basis_label=None if row.resolved_basis is None else row.resolved_basis.label,
        handoff_wait_s=waited,
        customer=_id(item.customer),
        customer_name=_name(item.customer, role),
        conversation=item.conversation,
        order_number=row.order_number,
    )


def promise_line(item: PromiseItem, role: Role) -> lists.PromiseLine:
    row = item.promise
    return lists.PromiseLine(
        id=row.id,
        what=promises.promise_labels().get(row.what, row.what),
        promised_by=row.promised_by,
        made_at=row.made_at,
        due_at=row.due_at,
        kept_at=row.kept_at,
        broken_at=row.broken_at,
        is_overdue=item.is_overdue,
        case_number=item.case_number,
        subject=row.subject,
        conversation=item.conversation,
        customer=_id(item.customer),
        customer_name=_name(item.customer, role),
        owner=item.owner,
    )


def _id(customer: Customer | None) -> str | None:
    return None if customer is None else customer.public_id


def _name(customer: Customer | None, role: Role) -> str | None:
    return None if customer is None else seen("customer.name", role, customer.name)
