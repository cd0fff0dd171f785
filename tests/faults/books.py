"""What must be true in the records after any fault, read from the database as an auditor would."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import select

from care.records.complaint import Complaint, ComplaintEvent
from care.records.conversation import Conversation, Message
from care.records.engine import TrackerEvent
from care.records.interaction import Promise
from care.rules.complaint import ComplaintState
from care.rules.vocabulary import Speaker
from care.services import complaint_log
from care.services.context import Care
from tests.live.customer import Customer


@dataclass(frozen=True)
class Books:
    """One conversation as the records have it."""

    conversation: Conversation
    messages: list[Message]
    complaints: list[Complaint]
    events: list[ComplaintEvent]
    promises: list[Promise]
    turns_in_tracker: Counter[str]

    @property
    def shown(self) -> list[Message]:
        return [m for m in self.messages if m.seq is not None]

    @property
    def waiting(self) -> list[Message]:
        return [m for m in self.messages if m.bot_state == "pending"]


async def books_of(care: Care, public_id: str) -> Books:
    async with care.sessions.read() as session:
        conversation = (
            await session.scalars(select(Conversation).where(Conversation.public_id == public_id))
        ).one()
        messages = await session.scalars(
            select(Message)
            .where(Message.conversation_id == conversation.id)
            .order_by(Message.seq, Message.id)
        )
        complaints = await session.scalars(
            select(Complaint).where(Complaint.conversation_id == conversation.id).order_by(Complaint.id)
        )
        cases = list(complaints)
        events = await session.scalars(
            select(ComplaintEvent)
            .where(ComplaintEvent.complaint_id.in_([case.id for case in cases]))
            .order_by(ComplaintEvent.complaint_id, ComplaintEvent.seq)
        )
        promises = await session.scalars(
            select(Promise).where(Promise.conversation_id == conversation.id).order_by(Promise.id)
        )
        tracker = await session.scalars(
            select(TrackerEvent.data)
            .where(TrackerEvent.sender_id == conversation.sender_id, TrackerEvent.type_name == "user")
            .order_by(TrackerEvent.seq)
        )
        turns = Counter(str(data.get("message_id")) for data in tracker)
        return Books(conversation, list(messages), cases, list(events), list(promises), turns)


async def settled(care: Care, public_id: str, seconds: float = 60.0) -> Books:
    """The books once no message waits for the bot any more."""
    for _ in range(int(seconds / 0.25)):
        books = await books_of(care, public_id)
        if not books.waiting:
            return books
        await asyncio.sleep(0.25)
    raise AssertionError(f"still waiting after {seconds} s: {[m.text for m in books.waiting]}")


async def check_books(care: Care, one: Customer, *other_tabs: Customer) -> Books:
    """Nothing lost, nothing doubled, nothing out of order: for the customer, the dialogue and the complaint log."""
    for tab in (one, *other_tabs):
        await tab.all_acked()
    books = await settled(care, one.conversation)
    for tab in (one, *other_tabs):
        await tab.caught_up(books.conversation.last_seq)
        assert tab.contradictions == []
        assert tab.transcript() == [(m.seq, m.speaker.value, m.text) for m in books.shown], (
            "what the customer saw is what the records have"
        )
    _check_order(books)
    acks = {key: seq for tab in (one, *other_tabs) for key, seq in tab.acks.items()}
    _check_messages(books, acks)
    _check_answers(books)
    _check_cases(books)
    assert await complaint_log.verify(care) == [], "the chain of every complaint is whole"
    return books


def _check_order(books: Books) -> None:
    seqs = [m.seq for m in books.shown]
    assert seqs == list(range(1, len(seqs) + 1)), "numbers have no gap"
    assert books.conversation.last_seq == len(seqs)


def _check_messages(books: Books, acks: dict[str, int]) -> None:
    own = [m for m in books.messages if m.speaker is Speaker.CUSTOMER]
    stored = {m.client_msg_id: m.seq for m in own}
    assert stored == acks, "every acknowledged message is stored at its number, and no other"
    assert len(own) == len(stored)
    doubled = {key: n for key, n in books.turns_in_tracker.items() if n > 1}
    assert not doubled, "the dialogue has each message once"


def _check_answers(books: Books) -> None:
    """Answers to a message were stored in one go; a second going would be a doubled answer."""
    replies: dict[int, list[Message]] = {}
    for message in books.messages:
        if (
            message.speaker is not Speaker.CUSTOMER
            and message.reply_to is not None
            and message.seq is not None
        ):
            replies.setdefault(message.reply_to, []).append(message)
    for answers in replies.values():
        assert len({m.at for m in answers}) == 1, [m.text for m in answers]
        seqs = [m.seq or 0 for m in answers]
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
        assert not doubled_texts([m.text for m in answers]), [m.text for m in answers]
    said = {m.reply_to for m in books.messages if m.speaker is not Speaker.CUSTOMER}
    for message in books.messages:
        if message.bot_state in ("done", "failed"):
            assert message.id in said, f"{message.text} is {message.bot_state} and no answer is recorded"


def doubled_texts(texts: Sequence[str]) -> list[str]:
    return [text for text, group in groupby(texts) if text and len(list(group)) > 1]


def _check_cases(books: Books) -> None:
    numbers = [case.case_number for case in books.complaints if case.case_number]
    assert len(numbers) == len(set(numbers))
    for case in books.complaints:
        own = [e for e in books.events if e.complaint_id == case.id]
        assert [e.seq for e in own] == list(range(1, len(own) + 1))
        for kind in (ComplaintState.RECEIVED, ComplaintState.ACKNOWLEDGED):
            assert sum(e.to_state == kind.value for e in own) <= 1, f"{kind} once"
    promised = Counter((p.complaint_id, p.what) for p in books.promises if p.complaint_id)
    assert all(n == 1 for n in promised.values()), promised
