"""What only the desk sees: internal notes, drafts and read marks, wrap-ups, and when staff was there."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, mapped_column

from care.records.base import Base, UtcDateTime, enum_column
from care.rules.vocabulary import CarePart, Outcome, Topic


class DeskNote(Base):
    """A remark among staff. A table of its own: no reader of the transcript can show it by mistake."""

    __tablename__ = "desk_note"
    __table_args__ = (UniqueConstraint("conversation_id", "client_msg_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(36), unique=True)
    conversation_id: Mapped[int] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), index=True
    )
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    client_msg_id: Mapped[str | None] = mapped_column(String(36))
    #: note, or the act that it goes with: transfer, returned, ask_lead, join, step_in, requeued.
    kind: Mapped[str] = mapped_column(String(20), default="note")
    text: Mapped[str] = mapped_column(LongText)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class DeskMark(Base):
    """One member of staff in one conversation: what they began to write, and how far they have read."""

    __tablename__ = "desk_mark"
    __table_args__ = (UniqueConstraint("staff_id", "conversation_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    conversation_id: Mapped[int] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), index=True
    )
    draft: Mapped[str] = mapped_column(LongText, default="")
    read_seq: Mapped[int] = mapped_column(Integer, default=0)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class WrapUp(Base):
    """What an agent says of a conversation when it is closed."""

    __tablename__ = "wrap_up"

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[int] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), index=True
    )
    interaction_id: Mapped[int | None] = mapped_column(
        ForeignKey("care_interaction.id", ondelete="SET NULL"), index=True
    )
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    topic: Mapped[Topic] = enum_column(Topic)
    outcome: Mapped[Outcome] = enum_column(Outcome)
    care_part: Mapped[CarePart] = enum_column(CarePart)
    root_cause_1: Mapped[str | None] = mapped_column(String(40))
    root_cause_2: Mapped[str | None] = mapped_column(String(40))
    note: Mapped[str | None] = mapped_column(String(500))
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class StaffEvent(Base):
    """Append-only: each change of presence, from which occupancy and after-work are counted."""

    __tablename__ = "staff_event"
    __table_args__ = (Index("ix_staff_event_staff_at", "staff_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))  # presence
    before: Mapped[str | None] = mapped_column(String(20))
    after: Mapped[str | None] = mapped_column(String(20))
    why: Mapped[str] = mapped_column(String(20))  # chosen, lost, signed_out, took
    at: Mapped[datetime] = mapped_column(UtcDateTime)
