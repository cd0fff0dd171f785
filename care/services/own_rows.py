"""Which lines and conversations are a customer's: those of their contacts, and of nobody else's in the same browser."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, union

from care.records.complaint import Complaint
from care.records.conversation import Conversation, Message
from care.records.interaction import CareInteraction


def own_lines(customer_ids: Sequence[int] | Select[Any]) -> ColumnElement[bool]:
    """A condition on `Message`: said within a contact of one of these customers.

    A conversation forgets its customer after half an hour, a contact never does.
    """
    said_within = exists(
        select(CareInteraction.id).where(
            CareInteraction.conversation_id == Message.conversation_id,
            CareInteraction.customer_id.in_(customer_ids),
            Message.at >= CareInteraction.started_at,
            or_(CareInteraction.ended_at.is_(None), Message.at <= CareInteraction.ended_at),
        )
    )
    # The first part is there for speed: it goes by an index.
    return and_(Message.conversation_id.in_(own_conversations(customer_ids)), said_within)


def own_conversations(customer_ids: Sequence[int] | Select[Any]) -> Select[Any]:
    """Ids of the conversations in which one of these customers was known."""
    contacts = select(CareInteraction.conversation_id).where(
        CareInteraction.customer_id.in_(customer_ids), CareInteraction.conversation_id.is_not(None)
    )
    now_known = select(Conversation.id).where(Conversation.customer_id.in_(customer_ids))
    both = union(contacts, now_known).subquery()
    return select(both.c[0])


def heard_here(conversation_id: int, customer_id: int | None) -> ColumnElement[bool]:
    """A condition on `Complaint`: this conversation may hear about it.

    They are the cases of its verified customer and the nameless ones told in this very conversation: a second
    customer of one browser hears nothing of the first.
    """
    nameless = and_(Complaint.conversation_id == conversation_id, Complaint.customer_id.is_(None))
    return nameless if customer_id is None else or_(nameless, Complaint.customer_id == customer_id)
