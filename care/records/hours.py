"""When people of the shop are there, and the calls that were promised for when they are."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Boolean, Date, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from care.records.base import Base, UtcDateTime, enum_column
from care.records.encryption import Encrypted
from care.rules.callback_terms import CallbackResult, CallbackState


class BusinessHours(Base):
    """One span of a weekday (Monday is 0), in minutes from midnight in Shanghai. No row at all: the default hours."""

    __tablename__ = "business_hours"
    __table_args__ = (UniqueConstraint("weekday", "opens"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    weekday: Mapped[int] = mapped_column(Integer)
    opens: Mapped[int] = mapped_column(Integer)
    closes: Mapped[int] = mapped_column(Integer)  # 1440 is the end of the day
    set_by: Mapped[str] = mapped_column(String(40))
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)
    is_demo: Mapped[bool] = mapped_column(Boolean, default=False)


class HoursException(Base):
    """One day that differs: closed (no times), or open at other times."""

    __tablename__ = "hours_exception"

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date, unique=True)
    name: Mapped[str] = mapped_column(String(40))
    opens: Mapped[int | None] = mapped_column(Integer)
    closes: Mapped[int | None] = mapped_column(Integer)
    set_by: Mapped[str] = mapped_column(String(40))
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Callback(Base):
    """A call that was promised. `window_*` is what the customer wished; None: as soon as somebody is there."""

    __tablename__ = "callback"
    __table_args__ = (Index("ix_callback_state_due", "state", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[int | None] = mapped_column(
        ForeignKey("conversation.id", ondelete="SET NULL"), index=True
    )
    customer_id: Mapped[int | None] = mapped_column(
        ForeignKey("customer.id", ondelete="SET NULL"), index=True
    )
    source_message_id: Mapped[int | None] = mapped_column(
        ForeignKey("message.id", ondelete="SET NULL"), unique=True
    )
    promise_id: Mapped[int | None] = mapped_column(ForeignKey("promise.id", ondelete="SET NULL"))
    phone: Mapped[str | None] = mapped_column(Encrypted("callback.phone"))
    is_phone_verified: Mapped[bool] = mapped_column(Boolean, default=False)
    note: Mapped[str] = mapped_column(String(500), default="")
    skill: Mapped[str | None] = mapped_column(String(40))
    window_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    window_to: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[CallbackState] = enum_column(CallbackState, default=CallbackState.WAITING)
    taken_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    last_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    result: Mapped[CallbackResult | None] = enum_column(CallbackResult, nullable=True)
    result_note: Mapped[str] = mapped_column(String(500), default="")
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
