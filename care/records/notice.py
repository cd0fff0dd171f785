"""What a member of staff has been told and may not have read yet."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from care.records.base import Base, UtcDateTime, enum_column
from care.rules.notice_terms import NoticeKind


class StaffNotice(Base):
    """`key` names the cause: nobody hears of the same one twice."""

    __tablename__ = "staff_notice"
    __table_args__ = (
        UniqueConstraint("staff_id", "key"),
        Index("ix_staff_notice_staff_read", "staff_id", "read_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    kind: Mapped[NoticeKind] = enum_column(NoticeKind)
    text: Mapped[str] = mapped_column(String(300))
    key: Mapped[str] = mapped_column(String(120))
    complaint_id: Mapped[int | None] = mapped_column(
        ForeignKey("complaint.id", ondelete="CASCADE"), index=True
    )
    conversation_id: Mapped[int | None] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
