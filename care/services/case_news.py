"""Telling a customer what changed with their complaint: in the open chat, else by text message at a decent hour.

Receiver of the outbox topics ``complaint_changed`` and ``complaint_reminder``. What was told is an event of the
trail (`customer_told`) keyed by the event that it tells of, so a row that is delivered twice tells once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint, ComplaintEvent
from care.records.conversation import Conversation, Message
from care.records.customer import Customer
from care.records.interaction import CareInteraction
from care.rules import case_news_words as words
from care.rules.case_news_words import News
from care.rules.complaint import ComplaintCategory
from care.rules.complaint import ComplaintState as S
from care.rules.quiet_hours import send_at
from care.rules.severity import Grade
from care.rules.vocabulary import Channel, HandledBy, Kind, Owner, Speaker
from care.services import complaint_log, conversation_rows, outbox, promises, trackers, transcript
from care.services.case_talk import wanted_of
from care.services.complaint_moves import locked
from care.services.context import Care
from care.services.conversation_rows import IDLE, verified_customer_id
from care.services.promises import What

CHANGED_TOPIC, REMINDER_TOPIC, SMS_TOPIC = "complaint_changed", "complaint_reminder", "case_sms"
TOLD = "customer_told"
#: What could not be delivered for so long is no news any more.
_NEWS_FOR = timedelta(hours=24)
#: Who speaks with the customer while it happens: what they did was said there and then.
_SAID_AT_ONCE = frozenset({"customer", "bot"})


@dataclass(frozen=True)
class _Place:
    """Where a line goes: `is_known` when the one who reads it is proven to be the customer of the case."""

    conversation: Conversation
    is_live: bool
    is_known: bool


def handler(care: Care) -> Callable[[dict[str, Any]], Awaitable[None]]:
    """The outbox handler of ``complaint_changed``: ``{"complaint", "state", "seq"}``, `seq` of the event told of."""

    async def tell(data: dict[str, Any]) -> None:
        await _tell(care, data["complaint"], seq=data.get("seq"), state=data.get("state"))

    return tell


def reminder_handler(care: Care) -> Callable[[dict[str, Any]], Awaitable[None]]:
    """The outbox handler of ``complaint_reminder``: ``{"complaint", "case_number", "nth"}``, and the reminder's seq."""

    async def remind(data: dict[str, Any]) -> None:
        await _tell(care, data["complaint"], nth=int(data.get("nth") or 1), reminder=data.get("seq"))

    return remind


def sms_handler(care: Care) -> Callable[[dict[str, Any]], Awaitable[None]]:
    """The outbox handler of ``case_sms``: sends what is still news, to the phone that the customer has now."""

    async def send(data: dict[str, Any]) -> None:
        async with care.sessions.read() as session:
            told = await session.get(ComplaintEvent, data["event"])
            complaint = None if told is None else await session.get(Complaint, told.complaint_id)
            if told is None or complaint is None or await _is_overtaken(session, complaint, told):
                return
            phone = await _phone(session, complaint)
            about = await session.get(ComplaintEvent, told.data["about"])
            if phone is None or about is None:
                return
            news = await _news(care, session, complaint, about, told.data["kind"])
            text = words.by_sms(news, care.settings.shop_name)
        await care.sms.send(phone, text, key=f"case-{complaint.id}-{told.seq}")

    return send


async def _tell(
    care: Care,
    complaint_id: int,
    *,
    seq: int | None = None,
    state: str | None = None,
    nth: int | None = None,
    reminder: int | None = None,
) -> None:
    async with care.sessions.read() as session:
        complaint = await session.get(Complaint, complaint_id)
        conversation_id = None if complaint is None else await _where(session, complaint)
    if complaint is None:
        return
    place = None
    async with care.sessions.write() as session:
        # The conversation's lock comes first everywhere, so that nobody waits for the other in a ring.
        conversation = (
            None if conversation_id is None else await conversation_rows.locked(session, conversation_id)
        )
        complaint = await locked(session, complaint_id)
        about = await _event(session, complaint, seq, state)
        if about is None or complaint.locked_at is not None or complaint.case_number is None:
            return
        kind = words.REMINDER if nth is not None else about.kind
        key = f"told:{complaint.id}:{about.seq}" + (f":{reminder or nth}" if nth is not None else "")
        is_told = await complaint_log.event_of_key(session, key) is not None
        is_old = care.clock.now() - about.at > _NEWS_FOR and kind != words.REMINDER
        if is_told or is_old or not _is_worth_telling(complaint, about, kind):
            return
        news = await _news(care, session, complaint, about, kind)
        if conversation is not None and conversation.owner is not Owner.CLOSED:
            place = await _place(care, session, conversation, complaint)
        await _write(care, session, complaint, about, news, place, key)
    if place is not None:
        await conversation_rows.announce(care, place.conversation)


def _is_worth_telling(complaint: Complaint, about: ComplaintEvent, kind: str) -> bool:
    if kind == words.REMINDER:
        return complaint.state in (S.PROPOSED, S.WAITING_CUSTOMER, S.EXECUTING)
    if about.actor in _SAID_AT_ONCE and not (about.data or {}).get("second_person"):
        return False  # what waited for a colleague's word is news all the same
    # The silent receipt acknowledges in one go; one message says both.
    return not (about.actor == "clockwork" and about.to_state == S.ACKNOWLEDGED.value)


async def _write(
    care: Care, session: AsyncSession, complaint: Complaint, about: ComplaintEvent, news: News, place: _Place | None,
    key: str,
) -> None:  # fmt: skip
    now, ways = care.clock.now(), []
    is_silent_receipt = about.actor == "clockwork" and about.to_state == S.RECEIVED.value
    if place is not None and not is_silent_receipt:
        _say(session, care, place, news)
        ways.append("chat")
    phone = None if place is not None and place.is_live else await _phone(session, complaint)
    if phone is not None:
        ways.append("sms")
    if not ways:
        return
    quiet = await session.scalar(select(Customer.quiet_hours).where(Customer.id == complaint.customer_id))
    is_urgent = complaint.grade is Grade.P1 or complaint.category is ComplaintCategory.SAFETY
    due = send_at(now, quiet, is_urgent=is_urgent)
    told = await complaint_log.append(
        session, complaint, TOLD, actor="clockwork", at=now, idempotency_key=key,
        data={"about": about.id, "kind": news.kind, "state": news.state.value, "by": ways,
              **({"sms_at": due.isoformat()} if phone is not None else {})},
    )  # fmt: skip
    if phone is not None:
        outbox.add(session, care, SMS_TOPIC, {"event": told.id}, due_at=due)
    _note_contact(session, complaint, place, now, by_sms=phone is not None and "chat" not in ways)


def _say(session: AsyncSession, care: Care, place: _Place, news: News) -> None:
    text = words.in_chat(news) if place.is_known else words.in_chat_for_nobody_known()
    offered = words.buttons(news) if place.is_known else []
    conversation = place.conversation
    transcript.append(
        session, conversation, at=care.clock.now(), speaker=Speaker.SYSTEM, text=text, buttons=offered or None
    )
    ask = words.asked(news)
    if place.is_known:
        asked = None if ask is None else {"number": news.number, "ask": ask.value}
        events: list[dict[str, Any]] = [
            {"event": "bot", "text": text, "data": {}, "metadata": {"case": news.number}},
            {"event": "slot", "name": "case_asked", "value": asked},
        ]
        trackers.tell_tracker(session, care, conversation.sender_id, events)


def _note_contact(
    session: AsyncSession, complaint: Complaint, place: _Place | None, now: datetime, *, by_sms: bool
) -> None:
    conversation = None if place is None or by_sms else place.conversation
    session.add(
        CareInteraction(
            conversation_id=None if conversation is None else conversation.id,
            customer_id=complaint.customer_id,
            channel=Channel.PHONE if conversation is None else conversation.channel,
            direction="out",
            started_at=now,
            ended_at=now,
            handled_by=HandledBy.BOT,
            topics=[],
            care_stage=complaint.care_stage,
            care_part=complaint.care_part,
            kind=Kind.PROACTIVE_CARE,
            touchpoint="sms" if conversation is None else "web_chat",
            order_number=complaint.order_number,
            data_read=[f"complaint:{complaint.case_number}"],
            data_written=[],
            is_demo=complaint.is_demo,
        )
    )


async def _where(session: AsyncSession, complaint: Complaint) -> int | None:
    """The customer's newest conversation that is not closed; for a nameless case that of the same browser."""
    query = select(Conversation.id).where(Conversation.owner != Owner.CLOSED)
    newest = func.coalesce(Conversation.last_message_at, Conversation.opened_at).desc()
    if complaint.customer_id is not None:
        own: int | None = await session.scalar(
            query.where(Conversation.customer_id == complaint.customer_id)
            .order_by(newest, Conversation.id.desc())
            .limit(1)
        )
        if own is not None:
            return own
    if complaint.conversation_id is None:
        return None
    told_in = await session.get(Conversation, complaint.conversation_id)
    if told_in is not None and told_in.owner is not Owner.CLOSED:
        return told_in.id
    if told_in is None or told_in.visitor_id is None:
        return None
    same: int | None = await session.scalar(
        query.where(Conversation.visitor_id == told_in.visitor_id)
        .order_by(newest, Conversation.id.desc())
        .limit(1)
    )
    return same


async def _place(
    care: Care, session: AsyncSession, conversation: Conversation, complaint: Complaint
) -> _Place | None:
    """None where somebody else sits: another customer is known in that browser by now."""
    now = care.clock.now()
    known = await verified_customer_id(session, conversation, now)
    if known is not None and known != complaint.customer_id:
        return None
    last_word = await session.scalar(
        select(func.max(Message.at)).where(
            Message.conversation_id == conversation.id, Message.speaker == Speaker.CUSTOMER
        )
    )
    is_nameless_here = complaint.customer_id is None and conversation.id == complaint.conversation_id
    return _Place(
        conversation,
        is_live=last_word is not None and now - last_word <= IDLE,
        is_known=known is not None or is_nameless_here,
    )


async def _phone(session: AsyncSession, complaint: Complaint) -> str | None:
    """The phone of the customer whose case it is. Never one that was only said, and none of a demonstration."""
    if complaint.customer_id is None or complaint.is_demo:
        return None
    customer = await session.get(Customer, complaint.customer_id)
    while customer is not None and customer.merged_into_id is not None:
        customer = await session.get(Customer, customer.merged_into_id)
    if customer is None or customer.erased_at is not None or customer.is_demo:
        return None
    return customer.phone


async def _event(
    session: AsyncSession, complaint: Complaint, seq: int | None, state: str | None
) -> ComplaintEvent | None:
    """The event told of: by its number, else the last one that led to `state` or to where the case is now."""
    query = select(ComplaintEvent).where(ComplaintEvent.complaint_id == complaint.id)
    if seq is not None:
        query = query.where(ComplaintEvent.seq == seq)
    else:
        query = query.where(ComplaintEvent.to_state == (state or complaint.state.value))
    found: ComplaintEvent | None = await session.scalar(query.order_by(ComplaintEvent.seq.desc()).limit(1))
    return found


async def _is_overtaken(session: AsyncSession, complaint: Complaint, told: ComplaintEvent) -> bool:
    """Whether a newer message says more than this one, which waited for the morning."""
    if complaint.locked_at is not None:
        return True
    newer = await session.scalars(
        select(ComplaintEvent.data).where(
            ComplaintEvent.complaint_id == complaint.id,
            ComplaintEvent.kind == TOLD,
            ComplaintEvent.seq > told.seq,
        )
    )
    return any("sms" in (data.get("by") or ()) for data in newer) and bool(
        told.data.get("sms_at", "") > told.at.isoformat()
    )


async def _news(
    care: Care, session: AsyncSession, complaint: Complaint, about: ComplaintEvent, kind: str
) -> News:
    now = care.clock.now()
    first = await promises.due_of(session, complaint.id, What.FIRST_RESULT)
    merged_into = (
        await session.scalar(select(Complaint.case_number).where(Complaint.id == complaint.merged_into_id))
        if complaint.merged_into_id is not None
        else None
    )
    is_of_now = kind == words.REMINDER or about.to_state is None
    data = about.data or {}
    return News(
        number=complaint.case_number or "",
        state=complaint.state if is_of_now else S(str(about.to_state)),
        kind=kind,
        now=now,
        before=S(about.from_state) if about.from_state else None,
        first_result_at=first if first is not None and first > now else None,
        solve_due_at=complaint.solve_due_at
        if complaint.solve_due_at is not None and complaint.solve_due_at > now
        else None,
        wanted=await wanted_of(session, complaint),
        proposal=data.get("proposal") or complaint.proposal,
        remedy=complaint.remedy.label if complaint.remedy is not None else None,
        detail=data.get("detail"),
        merged_into=merged_into,
    )
