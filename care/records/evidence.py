"""Pictures that show what a complaint or a chat is about. The files lie in the evidence store, only their facts here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from care.records.base import Base, UtcDateTime, enum_column
from care.rules.pictures import GivenBy, PictureKind


class Evidence(Base):
    """One picture as it is kept: made anew from what was sent, so that nothing hidden came along.

    `path` names the encrypted file within the evidence store, without its preview's ending; it is None once the
    files are gone, which follows soon after `removed_at`. `bytes` and `sha256` are those of the kept picture.
    """

    __tablename__ = "evidence"
    __table_args__ = (Index("ix_evidence_conversation_id_at", "conversation_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(36), unique=True)
    conversation_id: Mapped[int | None] = mapped_column(ForeignKey("conversation.id", ondelete="SET NULL"))
    complaint_id: Mapped[int | None] = mapped_column(
        ForeignKey("complaint.id", ondelete="SET NULL"), index=True
    )
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="SET NULL"), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[PictureKind] = enum_column(PictureKind)
    bytes: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    path: Mapped[str | None] = mapped_column(String(80), unique=True)
    by: Mapped[GivenBy] = enum_column(GivenBy)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
