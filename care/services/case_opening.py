"""A complaint told to a person in a conversation: opened by the agent, received once the customer has confirmed it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.conversation import Conversation
from care.rules.complaint import ComplaintState
from care.rules.cues import find_cues
from care.rules.errors import ConversationClosed, Forbidden, InvalidInput
from care.rules.money import checked_amount
from care.rules.permissions import Permission, may
from care.rules.vocabulary import Emotion, Owner, Topic
from care.services import complaint_log, conversation_rows, conversations, interactions
from care.services.case_moving import Done, receive_told
from care.services.complaint_draft_fields import apply_fields, read_fields
from care.services.complaint_drafts import clean_words, new_draft, open_draft_row
from care.services.complaint_grading import regrade_by_facts
from care.services.complaint_moves import Change
from care.services.complaint_orders import OrderFacts, link_order, order_facts
from care.services.context import Care
from care.services.staff import StaffView


async def open_case(
    care: Care,
    reader: StaffView,
    conversation: str,
    *,
    topic: Topic,
    words: str,
    order_number: str | None,
    fields: Mapping[str, Any],
    change: Change,
    key: str,
) -> Done:
    """Opens the conversation's complaint, or adds to the draft that is open in it.

    Args:
        conversation: its public id.
        fields: further ones of `complaint_draft_fields.FIELDS`; None leaves one as it is.
        change: with the customer's yes and how it was said the case is received at once, else it stays a draft.

    Raises:
        NotFound: no such conversation.
        Forbidden: somebody else holds it.
        ConversationClosed: it has ended.
        InvalidInput: no complaint's topic, or a yes without how it was said.
    """
    if not topic.value.startswith("complaint_"):
        raise InvalidInput(fields={"topic": "请选择投诉类的主题。"})
    if change.customer_yes and len(change.yes_said.strip()) < 2:
        raise InvalidInput(fields={"yes_said": "请写明客户如何确认了投诉内容。"})
    seen = await conversations.get_conversation(care, conversation)
    holds = seen.owner is Owner.HUMAN and seen.agent_id == reader.id
    if not holds and not may(reader.role, Permission.VIEW_ALL_CONVERSATIONS):
        raise Forbidden("请先接管会话，再登记投诉。")
    given = {name: value for name, value in fields.items() if value is not None}
    if "amount" in given:
        given["amount"] = checked_amount(given["amount"])
    values = read_fields(given)
    facts = await order_facts(care, seen.id, order_number)
    click = f"desk-open:{seen.id}:{reader.id}:{key}"
    async with care.sessions.write() as session:
        row = await conversation_rows.locked(session, seen.id)
        before = await complaint_log.event_of_key(session, click)
        if before is not None:
            return Done(before.complaint_id)
        if row.owner is Owner.CLOSED:
            raise ConversationClosed
        draft = await _draft(care, session, row, reader, topic, words, facts, values, click)
        if change.customer_yes:
            draft.customer_id = draft.customer_id or await conversation_rows.verified_customer_id(
                session, row, care.clock.now()
            )
            await receive_told(care, session, draft, reader, change=change, key=f"receive:{draft.id}:{key}")
        complaint_id = draft.id
    await interactions.note_data(care, seen.id, written=("complaint",))
    return Done(complaint_id)


async def _draft(
    care: Care,
    session: AsyncSession,
    conversation: Conversation,
    reader: StaffView,
    topic: Topic,
    words: str,
    facts: OrderFacts,
    values: Mapping[str, Any],
    click: str,
) -> Complaint:
    """The open draft with what the agent heard, or a new one; its event carries the click's key."""
    now = care.clock.now()
    heard = clean_words(care, words)
    draft = await open_draft_row(session, conversation.id, to_write=True)
    is_new = draft is None
    if draft is None:
        draft = await new_draft(
            care, session, conversation, None, topic, heard, find_cues(heard), Emotion.CALM, facts
        )
        changed = apply_fields(draft, values)
    else:
        more = {**values, "own_words": heard, "topic": topic, "cues": list(find_cues(heard))}
        changed = apply_fields(draft, more)
        if facts.number is not None:
            changed |= await link_order(session, draft, facts)
    await regrade_by_facts(session, draft, now)
    await complaint_log.append(
        session,
        draft,
        "opened" if is_new else "draft_updated",
        actor=reader.login,
        at=now,
        to_state=ComplaintState.DRAFT if is_new else None,
        data={
            **changed,
            "own_words": heard,
            "topic": topic.value,
            "category": draft.category.value,
            "cues": list(draft.cues),
            "order_number": draft.order_number,
            "grade": draft.grade.value,
        },
        idempotency_key=click,
    )
    return draft
