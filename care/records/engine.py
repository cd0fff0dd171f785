"""What keeps the machine honest: Rasa's tracker events, the outbox, leases, settings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from care.records.base import Base, Json, UtcDateTime


class TrackerEvent(Base):
    """One Rasa event of one dialogue, in order; append-only."""

    __tablename__ = "tracker_event"
    __table_args__ = (UniqueConstraint("sender_id", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    sender_id: Mapped[str] = mapped_column(String(36))
    seq: Mapped[int] = mapped_column(Integer)
    type_name: Mapped[str] = mapped_column(String(40))
    data: Mapped[dict[str, Any]] = mapped_column(Json)


class Outbox(Base):
    """Something to tell after commit, written in the transaction that made it true; delivered at least once."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_delivered_due", "delivered_at", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(String(40))  # tracker_events, sms, complaint_changed
    data: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Lease(Base):
    """Which process may run a clockwork job until when."""

    __tablename__ = "lease"

    job: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(String(60))
    until: Mapped[datetime] = mapped_column(UtcDateTime)


class CaseCounter(Base):
    """The last case number given on a day, per kind: ``TS`` complaints and so on."""

    __tablename__ = "case_counter"

    prefix: Mapped[str] = mapped_column(String(4), primary_key=True)
    day: Mapped[str] = mapped_column(String(8), primary_key=True)
    last: Mapped[int] = mapped_column(Integer)
