"""Work on complaints: second persons' approvals, remedies in parts, money limits, links between cases."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from care.records.base import Base, Json, UtcDateTime, enum_column
from care.records.order import Money
from care.rules.approval_terms import ApprovalWhat, Decision
from care.rules.complaint_terms import Remedy
from care.rules.link_terms import LinkKind
from care.rules.vocabulary import Role


class CaseApproval(Base):
    """An act that waits for, or had, a second person's word. `payload` is what will be done on agreement.

    `asked_by` is a login, ``customer``, ``bot`` or ``clockwork``; `asked_by_id` only of a member of staff.
    """

    __tablename__ = "case_approval"
    __table_args__ = (
        UniqueConstraint("key"),
        Index("ix_case_approval_complaint_id_decision", "complaint_id", "decision"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    complaint_id: Mapped[int] = mapped_column(ForeignKey("complaint.id", ondelete="CASCADE"))
    what: Mapped[ApprovalWhat] = enum_column(ApprovalWhat)
    asked_by: Mapped[str] = mapped_column(String(40))
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))
    reason: Mapped[str] = mapped_column(String(200))
    payload: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    key: Mapped[str | None] = mapped_column(String(120))
    decided_by: Mapped[str | None] = mapped_column(String(40))
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))
    decision: Mapped[Decision | None] = enum_column(Decision, nullable=True)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    note: Mapped[str | None] = mapped_column(String(200))


class CaseRemedy(Base):
    """One part of what was promised as remedy. A part that a later proposal replaced has `dropped_at`."""

    __tablename__ = "case_remedy"

    id: Mapped[int] = mapped_column(primary_key=True)
    complaint_id: Mapped[int] = mapped_column(ForeignKey("complaint.id", ondelete="CASCADE"), index=True)
    kind: Mapped[Remedy] = enum_column(Remedy)
    amount: Mapped[Decimal] = mapped_column(Money)
    note: Mapped[str] = mapped_column(String(200))
    proposed_by: Mapped[str] = mapped_column(String(40))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    dropped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_by: Mapped[str | None] = mapped_column(String(40))
    basis: Mapped[str | None] = mapped_column(String(120))


class RemedyLimit(Base):
    """How much a role may promise on one case; the highest `version` of a role holds. No amount: no limit."""

    __tablename__ = "remedy_limit"
    __table_args__ = (UniqueConstraint("role", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    role: Mapped[Role] = enum_column(Role)
    version: Mapped[int] = mapped_column(Integer)
    amount: Mapped[Decimal | None] = mapped_column(Money)
    set_by: Mapped[str] = mapped_column(String(40))
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CaseLink(Base):
    """Two cases that belong together. `one_id` is the smaller id, so that each pair is there once."""

    __tablename__ = "case_link"
    __table_args__ = (UniqueConstraint("one_id", "other_id", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    one_id: Mapped[int] = mapped_column(ForeignKey("complaint.id", ondelete="CASCADE"), index=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("complaint.id", ondelete="CASCADE"), index=True)
    kind: Mapped[LinkKind] = enum_column(LinkKind)
    reason: Mapped[str] = mapped_column(String(200))
    made_by: Mapped[str] = mapped_column(String(40))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
