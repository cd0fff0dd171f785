"""The clocks beside a case: who hears of it when, and what the law sets."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from care.records.base import Base, UtcDateTime, enum_column
from care.rules.complaint import Level
from care.rules.legal_clocks import LegalKind, LegalTerm


class ComplaintEscalation(Base):
    """At `due_at` so many percent of the time are used up. `round` grows when the case gets a new deadline.

    `done_at`: the level was told. `ended_at`: the clock stopped before, or another round replaced this one.
    """

    __tablename__ = "complaint_escalation"
    __table_args__ = (
        UniqueConstraint("complaint_id", "round", "percent"),
        Index("ix_complaint_escalation_open", "done_at", "ended_at", "due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    complaint_id: Mapped[int] = mapped_column(ForeignKey("complaint.id", ondelete="CASCADE"))
    round: Mapped[int] = mapped_column(Integer)
    percent: Mapped[int] = mapped_column(Integer)
    level: Mapped[Level] = enum_column(Level)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LegalClock(Base):
    """A term that the law sets, from a fact on record. It never pauses.

    `subject` names what it runs for: ``complaint:12`` or ``return:TH-…``. Without `starts_at` it has not
    begun: the goods are not back yet. At most one of met, missed and ended is set.
    """

    __tablename__ = "legal_clock"
    __table_args__ = (
        UniqueConstraint("subject", "kind"),
        Index("ix_legal_clock_open", "met_at", "missed_at", "due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(60))
    kind: Mapped[LegalKind] = enum_column(LegalKind)
    complaint_id: Mapped[int | None] = mapped_column(
        ForeignKey("complaint.id", ondelete="CASCADE"), index=True
    )
    customer_id: Mapped[int | None] = mapped_column(
        ForeignKey("customer.id", ondelete="SET NULL"), index=True
    )
    basis: Mapped[str] = mapped_column(String(40))
    starts_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    met_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    missed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    warned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LegalTermSetting(Base):
    """A day count that somebody read in the official text; a term without a row is not applied."""

    __tablename__ = "legal_term"

    term: Mapped[LegalTerm] = enum_column(LegalTerm, primary_key=True)
    days: Mapped[int] = mapped_column(Integer)
    in_workdays: Mapped[bool] = mapped_column(Boolean)
    source: Mapped[str] = mapped_column(String(120))
    filled_by: Mapped[str] = mapped_column(String(40))
    filled_at: Mapped[datetime] = mapped_column(UtcDateTime)
