"""Ready-made replies of the desk."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Integer, String
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, mapped_column

from care.records.base import Base, UtcDateTime


class CannedReply(Base):
    """`owner_id` None: shared by everybody. `text` may hold placeholders (care.rules.canned)."""

    __tablename__ = "canned_reply"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(String(60))
    shortcut: Mapped[str | None] = mapped_column(String(20))
    category: Mapped[str] = mapped_column(String(30))
    text: Mapped[str] = mapped_column(LongText)
    uses: Mapped[int] = mapped_column(Integer, default=0)
    changed_by: Mapped[str] = mapped_column(String(40))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    is_demo: Mapped[bool] = mapped_column(Boolean, default=False)
