"""Care interactions, feedback, promises, and questions nobody could answer."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Boolean, Date, Float, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, mapped_column

from care.records.base import Base, Json, UtcDateTime, enum_column
from care.records.order import Money
from care.rules.survey import NotInvited, SurveyKind, SurveyState
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


def _kind(context: Any) -> SurveyKind:
    return SurveyKind.CASE if context.get_current_parameters().get("complaint_id") else SurveyKind.CONTACT


def _state(context: Any) -> SurveyState:
    given = context.get_current_parameters()
    if given.get("answered_at") is not None:
        return SurveyState.ANSWERED
    return SurveyState.NOT_INVITED if given.get("invited_at") is None else SurveyState.INVITED


class Feedback(Base):
    """Expectation asked at intake, perception at close. The system invites; the agent is fixed at invitation.

    A contact that was not invited has a row too, with the reason. `answered_at` is the first answer's time,
    `finished_at` that of the last one or of the customer's skipping what was left.
    """

    __tablename__ = "feedback"
    __table_args__ = (
        UniqueConstraint("interaction_id", "kind"),
        UniqueConstraint("complaint_id", "kind"),
        Index("ix_feedback_state_closes", "state", "closes_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str | None] = mapped_column(String(36), unique=True)
    kind: Mapped[SurveyKind] = enum_column(SurveyKind, default=_kind)
    state: Mapped[SurveyState] = enum_column(SurveyState, default=_state)
    interaction_id: Mapped[int | None] = mapped_column(
        ForeignKey("care_interaction.id", ondelete="CASCADE"), index=True
    )
    complaint_id: Mapped[int | None] = mapped_column(
        ForeignKey("complaint.id", ondelete="CASCADE"), index=True
    )
    #: The browser that may answer, anonymous or not.
    visitor_id: Mapped[int | None] = mapped_column(ForeignKey("visitor.id", ondelete="SET NULL"), index=True)
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    expectation_e: Mapped[int | None] = mapped_column(Integer)
    expectation_source: Mapped[str | None] = mapped_column(String(10))  # ad, promise, past, others
    perception_p: Mapped[int | None] = mapped_column(Integer)
    csat: Mapped[int | None] = mapped_column(Integer)
    ces: Mapped[int | None] = mapped_column(Integer)
    nps: Mapped[int | None] = mapped_column(Integer)
    #: Of ServiceDimension, and ``credence`` of what is asked later: 1–7.
    dimensions: Mapped[dict[str, int] | None] = mapped_column(Json)
    reason_text: Mapped[str | None] = mapped_column(String(500))
    reason_topic: Mapped[str | None] = mapped_column(String(40))
    reason_emotion: Mapped[Emotion | None] = enum_column(Emotion, nullable=True)
    reason_cues: Mapped[list[str] | None] = mapped_column(Json)
    questions: Mapped[list[str] | None] = mapped_column(Json)
    sample_rule: Mapped[str] = mapped_column(String(40))
    #: The chance of being invited that the contact had: answers are weighted by it.
    sample_share: Mapped[float | None] = mapped_column(Float)
    not_invited_why: Mapped[NotInvited | None] = enum_column(NotInvited, nullable=True)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    invited_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    closes_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


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
