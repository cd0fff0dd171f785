"""Visitors, conversations, the authoritative transcript, hand-overs and one-time codes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, mapped_column

from care.records.base import Base, Json, UtcDateTime, enum_column
from care.rules.severity import Grade
from care.rules.vocabulary import Channel, Owner, Speaker, VerifiedBy


class Visitor(Base):
    """A browser that came. Only a hash of its token is kept: a stolen database opens no conversation."""

    __tablename__ = "visitor"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Conversation(Base):
    """One conversation. `owner` says who speaks; `owner_version` grows at each change (compare-and-set).

    `public_id` is the unguessable id that people's addresses carry; `sender_id` is the
    opaque id that Rasa knows, new for each visit.
    """

    __tablename__ = "conversation"
    __table_args__ = (Index("ix_conversation_owner_queued", "owner", "queued_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(36), unique=True)
    sender_id: Mapped[str] = mapped_column(String(36), unique=True)
    visitor_id: Mapped[int | None] = mapped_column(ForeignKey("visitor.id"), index=True)
    channel: Mapped[Channel] = enum_column(Channel, default=Channel.WEB)
    customer_id: Mapped[int | None] = mapped_column(
        ForeignKey("customer.id", ondelete="SET NULL"), index=True
    )
    verified_by: Mapped[VerifiedBy | None] = enum_column(VerifiedBy, nullable=True)
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    #: The order whose number and phone tail proved it: such a proof allows writing to this order only.
    proven_order: Mapped[str | None] = mapped_column(String(32))
    owner: Mapped[Owner] = enum_column(Owner, default=Owner.BOT)
    owner_version: Mapped[int] = mapped_column(Integer, default=0)
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    queued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    #: Only staff with this skill may get it from the queue; none: everybody.
    skill: Mapped[str | None] = mapped_column(String(40))
    #: How serious it was when a person was asked for; decides the place in the queue.
    priority: Mapped[Grade | None] = enum_column(Grade, nullable=True)
    #: Its agent set it aside until then, or until the customer writes.
    snoozed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_seq: Mapped[int] = mapped_column(Integer, default=0)
    page: Mapped[dict[str, Any] | None] = mapped_column(Json)
    bot_failures: Mapped[int] = mapped_column(Integer, default=0)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_message_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_demo: Mapped[bool] = mapped_column(Boolean, default=False)


class Message(Base):
    """One line of the transcript. `seq` grows by one within the conversation, in the order everyone sees.

    `bot_state` of a customer's message: ``pending`` → ``done`` once the bot's answers are
    stored, ``skipped`` when a person holds the conversation. `state` of a bot's message:
    ``shown``, or ``dropped`` when it came after a person had taken over (kept for the record,
    never sent; a dropped message has no seq).
    """

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("conversation_id", "client_msg_id"),
        UniqueConstraint("conversation_id", "seq"),
        Index("ix_message_bot_state", "bot_state", "conversation_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(36), unique=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    seq: Mapped[int | None] = mapped_column(Integer)
    speaker: Mapped[Speaker] = enum_column(Speaker)
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    client_msg_id: Mapped[str | None] = mapped_column(String(36))
    text: Mapped[str] = mapped_column(LongText)
    payload: Mapped[str | None] = mapped_column(String(400))
    buttons: Mapped[list[dict[str, str]] | None] = mapped_column(Json)
    card: Mapped[dict[str, Any] | None] = mapped_column(Json)
    understood: Mapped[dict[str, Any] | None] = mapped_column(Json)
    reply_to: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), index=True)
    bot_state: Mapped[str | None] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10), default="shown")
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class Handoff(Base):
    """One wish for a person, from asking to the end. `source_message_id` makes asking idempotent."""

    __tablename__ = "handoff"

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[int] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), index=True
    )
    reason: Mapped[str] = mapped_column(String(40))
    source_message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"))
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_reply_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    end: Mapped[str | None] = mapped_column(
        String(20)
    )  # returned, closed, cancelled, abandoned, transferred, requeued, stepped_in
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    #: Since when the customer waits, as the queue counts it: a transfer keeps the time of the first wish.
    waits_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    #: Who passed it on, when it was not the customer who asked.
    from_agent_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    to_skill: Mapped[str | None] = mapped_column(String(40))


class OneTimeCode(Base):
    """A code sent to a phone. Only its keyed hash is kept; `tries` counts wrong entries."""

    __tablename__ = "one_time_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[int] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), index=True
    )
    phone: Mapped[str] = mapped_column(String(20), index=True)
    purpose: Mapped[str] = mapped_column(String(16), default="verify")  # verify, new_phone
    code_hash: Mapped[str] = mapped_column(String(64))
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class VerificationAttempt(Base):
    """A failed or refused try to prove who one is; the limits count these rows."""

    __tablename__ = "verification_attempt"
    __table_args__ = (Index("ix_verification_attempt_key_at", "key", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(80))  # "conversation:12", "order:88120231105", "phone:138…"
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class HostTokenUse(Base):
    """Which browser a host page's token with an id of its own was shown by first. Only a hash of it is kept."""

    __tablename__ = "host_token_use"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    visitor_id: Mapped[int] = mapped_column(ForeignKey("visitor.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
