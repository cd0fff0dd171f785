"""Complaints after GB/T 19012 / ISO 10002 §7 and their append-only, hash-chained events."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, mapped_column

from care.records.base import Base, Json, UtcDateTime, enum_column
from care.records.order import Money
from care.rules.complaint import CloseKind, ComplaintCategory, ComplaintState, Level, Remedy
from care.rules.severity import Grade
from care.rules.vocabulary import CarePart, CareStage, Channel, Emotion


class Complaint(Base):
    """`case_number` is given when the case is received; a draft has none yet."""

    __tablename__ = "complaint"
    __table_args__ = (Index("ix_complaint_state_grade", "state", "grade"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_number: Mapped[str | None] = mapped_column(String(24), unique=True)
    conversation_id: Mapped[int | None] = mapped_column(
        ForeignKey("conversation.id", ondelete="SET NULL"), index=True
    )
    interaction_id: Mapped[int | None] = mapped_column(ForeignKey("care_interaction.id", ondelete="SET NULL"))
    source_message_id: Mapped[int | None] = mapped_column(
        ForeignKey("message.id", ondelete="SET NULL"), unique=True
    )
    customer_id: Mapped[int | None] = mapped_column(
        ForeignKey("customer.id", ondelete="SET NULL"), index=True
    )
    complainant: Mapped[str | None] = mapped_column(String(80))
    on_behalf_of: Mapped[str | None] = mapped_column(String(80))
    channel: Mapped[Channel] = enum_column(Channel)
    state: Mapped[ComplaintState] = enum_column(ComplaintState)
    state_version: Mapped[int] = mapped_column(Integer, default=0)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    received_by: Mapped[str | None] = mapped_column(String(40))
    occurred_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    own_words: Mapped[str] = mapped_column(LongText)
    topic: Mapped[str] = mapped_column(String(40), index=True)
    category: Mapped[ComplaintCategory] = enum_column(ComplaintCategory, index=True)
    care_parts: Mapped[list[str]] = mapped_column(Json, default=list)
    care_part: Mapped[CarePart] = enum_column(CarePart)
    care_stage: Mapped[CareStage] = enum_column(CareStage)
    order_number: Mapped[str | None] = mapped_column(String(32), index=True)
    order_is_own: Mapped[bool] = mapped_column(Boolean, default=False)
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id", ondelete="SET NULL"), index=True)
    product_said: Mapped[str | None] = mapped_column(String(120))
    batch: Mapped[str | None] = mapped_column(String(40))
    place: Mapped[str | None] = mapped_column(String(40))
    recurrent: Mapped[bool] = mapped_column(Boolean, default=False)
    requested_remedies: Mapped[list[str]] = mapped_column(Json, default=list)
    remedy_said: Mapped[str | None] = mapped_column(String(200))
    expectation_said: Mapped[str | None] = mapped_column(String(200))
    expectation_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expectation_e: Mapped[int | None] = mapped_column(Integer)
    amount: Mapped[Decimal | None] = mapped_column(Money)
    legal_flags: Mapped[list[str]] = mapped_column(Json, default=list)
    cues: Mapped[list[str]] = mapped_column(Json, default=list)
    emotion: Mapped[Emotion] = enum_column(Emotion, default=Emotion.CALM)
    severity_parts: Mapped[dict[str, int]] = mapped_column(Json, default=dict)
    grade: Mapped[Grade] = enum_column(Grade)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    level: Mapped[Level] = enum_column(Level, default=Level.L1)
    acknowledge_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    solve_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    #: The internal clock: how often it was set anew, since when it runs, since when it stands still.
    clock_round: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    clock_started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    #: When to look next whether the customer must be reminded.
    remind_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    findings: Mapped[str | None] = mapped_column(LongText)
    root_cause_1: Mapped[str | None] = mapped_column(String(20))
    root_cause_2: Mapped[str | None] = mapped_column(String(40))
    proposal: Mapped[str | None] = mapped_column(LongText)
    remedy: Mapped[Remedy | None] = enum_column(Remedy, nullable=True)
    remedy_done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    refusals: Mapped[int] = mapped_column(Integer, default=0)
    external_recourse_told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    close_kind: Mapped[CloseKind | None] = enum_column(CloseKind, nullable=True)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reopen_count: Mapped[int] = mapped_column(Integer, default=0)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("complaint.id"))
    #: Its customer was deleted: kept as the law asks, changed by nobody.
    locked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_demo: Mapped[bool] = mapped_column(Boolean, default=False)


class ComplaintEvent(Base):
    """Append-only. `hash` covers this row and the hash of the one before (care.rules.hashchain)."""

    __tablename__ = "complaint_event"
    __table_args__ = (UniqueConstraint("complaint_id", "seq"), UniqueConstraint("idempotency_key"))

    id: Mapped[int] = mapped_column(primary_key=True)
    complaint_id: Mapped[int] = mapped_column(ForeignKey("complaint.id"), index=True)
    seq: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(40))
    from_state: Mapped[str | None] = mapped_column(String(20))
    to_state: Mapped[str | None] = mapped_column(String(20))
    actor: Mapped[str] = mapped_column(String(80))
    data: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    idempotency_key: Mapped[str | None] = mapped_column(String(80))
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
