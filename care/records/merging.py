"""Merged customers with all that undoing needs, and the keys by which duplicates are looked up."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from care.records.base import Base, UtcDateTime
from care.records.encryption import EncryptedJson


class MergeLog(Base):
    """One merge: `loser` became part of `survivor`. `undo` holds the changed columns before and after, and the rows moved.

    It goes with either record: when a person's data is deleted, none of it stays behind here.
    """

    __tablename__ = "merge_log"

    id: Mapped[int] = mapped_column(primary_key=True)
    survivor_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), index=True)
    loser_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), index=True)
    merged_at: Mapped[datetime] = mapped_column(UtcDateTime)
    merged_by: Mapped[str] = mapped_column(String(80))
    rule: Mapped[str] = mapped_column(String(200))
    is_persons_word: Mapped[bool] = mapped_column(Boolean, default=False)
    undo: Mapped[dict[str, Any]] = mapped_column(EncryptedJson("merge_log.undo"))
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_by: Mapped[str | None] = mapped_column(String(80))


class DuplicateKey(Base):
    """One of the keys of a customer (same phone, same address, …) as a keyed hash: nothing can be read from it."""

    __tablename__ = "duplicate_key"
    __table_args__ = (UniqueConstraint("customer_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(24), index=True)
