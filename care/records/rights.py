"""What customers asked about their own data, legal holds, and how long each kind of row is kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from care.records.base import Base, Json, UtcDateTime, enum_column
from care.rules.rights import RightsKind, RightsState


class RightsRequest(Base):
    """One request with its number. `result` says what was done and what is kept, without personal values.

    An export is made when it is fetched: nothing of it lies on a disk. Only a hash of its token is kept.
    """

    __tablename__ = "rights_request"
    __table_args__ = (
        UniqueConstraint("kind", "source_message_id"),
        Index("ix_rights_request_kind_state", "kind", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(24), unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), index=True)
    conversation_id: Mapped[int | None] = mapped_column(ForeignKey("conversation.id", ondelete="SET NULL"))
    source_message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="SET NULL"))
    kind: Mapped[RightsKind] = enum_column(RightsKind)
    state: Mapped[RightsState] = enum_column(RightsState)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    waits_for: Mapped[list[str]] = mapped_column(Json, default=list)
    result: Mapped[dict[str, Any] | None] = mapped_column(Json)
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    token_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LegalHold(Base):
    """While it stands nothing of the customer is deleted: a dispute, an authority's order."""

    __tablename__ = "legal_hold"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str] = mapped_column(String(200))
    set_by: Mapped[str] = mapped_column(String(80))
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lifted_by: Mapped[str | None] = mapped_column(String(80))
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class KeepingTime(Base):
    """A keeping time that the shop chose; without a row the default of `care.rules.retention` holds."""

    __tablename__ = "keeping_time"

    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    days: Mapped[int] = mapped_column(Integer)
    set_by: Mapped[str] = mapped_column(String(80))
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)
