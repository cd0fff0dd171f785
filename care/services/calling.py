"""Calling a person for a conversation: the queue while people are there, the hours and a call outside them.

What calls without being asked (the bot's failures, topic, tier, emotion, severe cues) comes here; an asked-for
person goes by the same `callbacks.offer_in`.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.conversation import Conversation, Message
from care.rules.desk_terms import HandoverReason
from care.rules.hours import in_words, words_of_week
from care.rules.notice_terms import NoticeKind
from care.rules.severity import Grade
from care.rules.times import format_wait
from care.rules.vocabulary import Role, Speaker
from care.services import callbacks, handoff, notices
from care.services.context import Care
from care.services.conversation_rows import QueuePlace, locked

#: What the button of the offer sends; the assistant asks for a number where none is known.
CALL_BUTTON = {"title": "登记回电", "payload": '/request_human{"answer": "call"}'}
_LEADS = (Role.LEAD, Role.MANAGER)
_CLOSED = "现在不在人工服务时间（{hours}），智能客服会继续回答您。"
_OFFER = "需要的话可以登记回电，{due} 前给您打电话。"
_THERE = "您登记的回电会在 {due} 前打给您。"


@dataclass(frozen=True)
class Called:
    """`place` is None where nobody is there; `text` says either, for the customer, and `buttons` go with it."""

    place: QueuePlace | None
    text: str
    buttons: list[dict[str, str]] | None = None


async def call_person(
    session: AsyncSession,
    care: Care,
    conversation: Conversation,
    *,
    reason: HandoverReason,
    source_message_id: int,
) -> Called | None:
    """In the caller's transaction; `conversation` is locked and the bot's. None: said already in this conversation.

    What is urgent is told to leads at once when nobody is there; the conversation stays with the bot then.
    """
    offer = await callbacks.offer_in(session, care, conversation)
    if offer is None:
        place = await handoff.queue_for_person(
            session, care, conversation, reason=reason.value, source_message_id=source_message_id
        )
        wait = "" if place.wait_s is None else f"，预计等待{format_wait(place.wait_s)}"
        return Called(place, f"您排在第 {place.position} 位{wait}")
    await _tell_leads(session, care, conversation, reason)
    closed = _CLOSED.format(hours=words_of_week(offer.hours))
    if reason is not HandoverReason.BOT_FAILURE and await _was_said(session, conversation.id, closed):
        return None
    now = care.clock.now()
    if offer.waiting is not None:
        return Called(None, closed + _THERE.format(due=in_words(offer.waiting.due_at, now)))
    return Called(None, closed + _OFFER.format(due=in_words(offer.due_at, now)), [CALL_BUTTON])


async def tell_if_urgent(care: Care, conversation_id: int) -> None:
    """A person was asked for and nobody is there: leads hear of it when it is urgent."""
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        await _tell_leads(session, care, conversation, HandoverReason.ASKED)


async def _tell_leads(
    session: AsyncSession, care: Care, conversation: Conversation, reason: HandoverReason
) -> None:
    """Once a conversation: what is urgent waits for no opening hours."""
    if await handoff.priority_now(session, conversation) is not Grade.P1:
        return
    await notices.tell(
        session,
        care,
        staff_ids=await notices.people_of(session, _LEADS, is_demo=conversation.is_demo),
        kind=NoticeKind.SAFETY,
        text=f"下班时间有紧急会话需要人工（{reason.label}），请马上查看。",
        key=f"called:{conversation.id}",
        conversation_id=conversation.id,
    )


async def _was_said(session: AsyncSession, conversation_id: int, closed: str) -> bool:
    found = await session.scalar(
        select(Message.id)
        .where(
            Message.conversation_id == conversation_id,
            Message.speaker == Speaker.SYSTEM,
            Message.text.startswith(closed, autoescape=True),
        )
        .limit(1)
    )
    return found is not None
