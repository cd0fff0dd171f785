"""Care interactions, feedback, promises, and questions nobody could answer."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Boolean, Date, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, mapped_column

from care.records.base import Base, Json, UtcDateTime, enum_column
from care.records.order import Money
from care.rules.vocabulary import (
    CarePart,
    CareStage,
    Channel,
    Emotion,
    HandledBy,
    Kind,
    Outcome,
    ResolvedBasis,
)
from care.rules.winback import ContactBasis, WinbackState


class CareInteraction(Base):
    """One row for every contact, bot-only and abandoned ones too (care.md §1)."""

    __tablename__ = "care_interaction"
    __table_args__ = (Index("ix_care_interaction_started_kind", "started_at", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[int | None] = mapped_column(
        ForeignKey("conversation.id", ondelete="SET NULL"), index=True
    )
    customer_id: Mapped[int | None] = mapped_column(
        ForeignKey("customer.id", ondelete="SET NULL"), index=True
    )
    channel: Mapped[Channel] = enum_column(Channel)
    direction: Mapped[str] = mapped_column(String(8), default="in")
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    handled_by: Mapped[HandledBy] = enum_column(HandledBy, default=HandledBy.BOT)
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    model_version: Mapped[str | None] = mapped_column(String(80))
    topics: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)  # {topic, confidence, message}
    care_stage: Mapped[CareStage | None] = enum_column(CareStage, nullable=True)
    care_part: Mapped[CarePart | None] = enum_column(CarePart, nullable=True)
    kind: Mapped[Kind | None] = enum_column(Kind, nullable=True)
    touchpoint: Mapped[str] = mapped_column(String(40), default="web_chat")
    order_number: Mapped[str | None] = mapped_column(String(32))
    emotion: Mapped[Emotion] = enum_column(Emotion, default=Emotion.CALM)
    handoff_requested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    handoff_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_human_reply_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[Outcome | None] = enum_column(Outcome, nullable=True)
    resolved_basis: Mapped[ResolvedBasis | None] = enum_column(ResolvedBasis, nullable=True)
    label_shown: Mapped[bool] = mapped_column(Boolean, default=True)
    data_read: Mapped[list[str]] = mapped_column(Json, default=list)
    data_written: Mapped[list[str]] = mapped_column(Json, default=list)
    is_demo: Mapped[bool] = mapped_column(Boolean, default=False)


class Feedback(Base):
    """Expectation asked at intake, perception at close. The system invites; the agent is fixed at invitation."""

    __tablename__ = "feedback"

    id: Mapped[int] = mapped_column(primary_key=True)
    interaction_id: Mapped[int | None] = mapped_column(
        ForeignKey("care_interaction.id", ondelete="CASCADE"), index=True
    )
    complaint_id: Mapped[int | None] = mapped_column(
        ForeignKey("complaint.id", ondelete="CASCADE"), index=True
    )
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    expectation_e: Mapped[int | None] = mapped_column(Integer)
    expectation_source: Mapped[str | None] = mapped_column(String(10))  # ad, promise, past, others
    perception_p: Mapped[int | None] = mapped_column(Integer)
    csat: Mapped[int | None] = mapped_column(Integer)
    ces: Mapped[int | None] = mapped_column(Integer)
    nps: Mapped[int | None] = mapped_column(Integer)
    reason_text: Mapped[str | None] = mapped_column(String(500))
    sample_rule: Mapped[str] = mapped_column(String(40))
    invited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Promise(Base):
    """Who promised what to whom by when, from which message. Exactly one of kept/broken is set in the end.

    `subject` names what it is about when that is no complaint: ``return:TH-…``, ``order:881…``.
    """

    __tablename__ = "promise"
    __table_args__ = (UniqueConstraint("complaint_id", "what", "source_message_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[int | None] = mapped_column(ForeignKey("conversation.id", ondelete="SET NULL"))
    complaint_id: Mapped[int | None] = mapped_column(
        ForeignKey("complaint.id", ondelete="CASCADE"), index=True
    )
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id", ondelete="SET NULL"))
    promised_by: Mapped[str] = mapped_column(String(40))  # "bot" or the agent's login
    what: Mapped[str] = mapped_column(String(200))
    subject: Mapped[str | None] = mapped_column(String(60), index=True)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    source_message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="SET NULL"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    kept_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    broken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    #: The case's clock was set anew: what was promised before stands beside what is promised now.
    clock_round: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    warned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class UnansweredQuestion(Base):
    """A question the bot could not answer, counted by its normalised text."""

    __tablename__ = "unanswered_question"

    id: Mapped[int] = mapped_column(primary_key=True)
    normalised: Mapped[str] = mapped_column(String(200), unique=True)
    example: Mapped[str] = mapped_column(LongText)
    topic: Mapped[str | None] = mapped_column(String(40))
    count: Mapped[int] = mapped_column(Integer, default=1)
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="SET NULL"))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class WinbackCase(Base):
    """The work to win one customer back; at most one open case each (`open_key`). Its steps are `WinbackStep` rows.

    `has_consent`: the customer agreed to marketing when the case was opened or an offer made.
    """

    __tablename__ = "winback_case"
    __table_args__ = (Index("ix_winback_case_state_due", "state", "next_due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), index=True)
    open_key: Mapped[str | None] = mapped_column(String(40), unique=True)
    trigger: Mapped[str] = mapped_column(String(40))  # of WinbackTrigger
    trigger_why: Mapped[str | None] = mapped_column(String(200))
    basis: Mapped[ContactBasis] = enum_column(ContactBasis)
    state: Mapped[WinbackState] = enum_column(WinbackState)
    reason: Mapped[str | None] = mapped_column(String(20))  # of WinbackReason, as found out
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    offer: Mapped[str | None] = mapped_column(String(200))
    offer_amount: Mapped[Decimal | None] = mapped_column(Money)
    has_consent: Mapped[bool] = mapped_column(Boolean, default=False)
    opened_on: Mapped[date] = mapped_column(Date)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    contacts: Mapped[int] = mapped_column(Integer, default=0)
    last_contact_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_step: Mapped[str | None] = mapped_column(String(80))
    next_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    result: Mapped[str | None] = mapped_column(String(40))  # of WinbackResult
    won_order_number: Mapped[str | None] = mapped_column(String(32))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
