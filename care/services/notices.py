"""Telling staff: a notice is written with what made it true, and announced after commit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from care.adapters.bus import staff_channel
from care.records.complaint import Complaint
from care.records.conversation import Conversation
from care.records.notice import StaffNotice
from care.records.staff import Staff
from care.rules.errors import NotFound
from care.rules.notice_terms import NoticeKind
from care.rules.vocabulary import Role
from care.services import outbox
from care.services.context import Care

OUTBOX_TOPIC = "staff_notice"
_LONGEST = 300


@dataclass(frozen=True)
class NoticeView:
    """`conversation` is the public id of the conversation that it is about."""

    id: int
    kind: NoticeKind
    text: str
    conversation: str | None
    complaint_id: int | None
    case_number: str | None
    at: datetime
    read_at: datetime | None


async def tell(
    session: AsyncSession,
    care: Care,
    *,
    staff_ids: Iterable[int],
    kind: NoticeKind,
    text: str,
    key: str,
    complaint_id: int | None = None,
    conversation_id: int | None = None,
) -> list[int]:
    """Tells each of `staff_ids` once per `key`, inside the caller's transaction; returns the ids of new notices.

    Args:
        text: one Chinese sentence without a customer's personal data; what is over 300 characters is cut.
        key: what caused it, at most 120 characters, like ``escalation:12:0:80``.
    """
    insert = pg_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    await session.flush()  # the case or conversation may be as new as the notice
    new: list[int] = []
    for staff_id in sorted(set(staff_ids)):  # one order for all: two tellers never wait for each other
        notice_id = await session.scalar(
            insert(StaffNotice)
            .values(
                staff_id=staff_id,
                kind=kind,
                text=text[:_LONGEST],
                key=key,
                complaint_id=complaint_id,
                conversation_id=conversation_id,
                at=care.clock.now(),
            )
            .on_conflict_do_nothing(index_elements=[StaffNotice.staff_id, StaffNotice.key])
            .returning(StaffNotice.id)
        )
        if notice_id is not None:
            new.append(notice_id)
            outbox.add(session, care, OUTBOX_TOPIC, {"staff": staff_id, "notice": notice_id})
    return new


async def of_staff(
    care: Care, staff_id: int, *, unread_only: bool = False, limit: int = 50
) -> list[NoticeView]:
    """What somebody has been told, the newest first."""
    query = _views().where(StaffNotice.staff_id == staff_id)
    if unread_only:
        query = query.where(StaffNotice.read_at.is_(None))
    async with care.sessions.read() as session:
        rows = await session.execute(
            query.order_by(StaffNotice.at.desc(), StaffNotice.id.desc()).limit(limit)
        )
        return [NoticeView(*row) for row in rows]


async def notice(care: Care, staff_id: int, notice_id: int) -> NoticeView | None:
    """One notice of this person; None when it is somebody else's or gone."""
    async with care.sessions.read() as session:
        row = (
            await session.execute(
                _views().where(StaffNotice.id == notice_id, StaffNotice.staff_id == staff_id)
            )
        ).first()
        return None if row is None else NoticeView(*row)


async def unread(care: Care, staff_id: int) -> int:
    """How many somebody has not read yet."""
    async with care.sessions.read() as session:
        count = await session.scalar(
            select(func.count(StaffNotice.id)).where(
                StaffNotice.staff_id == staff_id, StaffNotice.read_at.is_(None)
            )
        )
        return int(count or 0)


async def mark_read(care: Care, staff_id: int, notice_id: int) -> None:
    """Notes that it was read; the first time counts. Raises `NotFound` for one that is not this person's."""
    async with care.sessions.write() as session:
        found = await session.scalar(
            update(StaffNotice)
            .where(StaffNotice.id == notice_id, StaffNotice.staff_id == staff_id)
            .values(read_at=func.coalesce(StaffNotice.read_at, care.clock.now()))
            .returning(StaffNotice.id)
        )
        if found is None:
            raise NotFound("没有找到这条通知。")


async def people_of(
    session: AsyncSession, roles: Iterable[Role], *, is_demo: bool | None = None
) -> list[int]:
    """The active people of these roles, in order of their ids.

    Args:
        is_demo: of demo or of real accounts, as long as there is one of that sort; None: all.
    """
    rows = await session.execute(
        select(Staff.id, Staff.is_demo).where(Staff.active, Staff.role.in_(tuple(roles))).order_by(Staff.id)
    )
    found = [(staff_id, demo) for staff_id, demo in rows]
    same = [staff_id for staff_id, demo in found if is_demo is not None and demo == is_demo]
    return same or [staff_id for staff_id, _ in found]


def bus_handler(care: Care) -> Callable[[dict[str, Any]], Awaitable[None]]:
    """The outbox handler: tells the open screens of the person that there is a new notice."""

    async def say(data: dict[str, Any]) -> None:
        await care.bus.publish(staff_channel(data["staff"]), {"notice": data["notice"]})

    return say


def _views() -> Any:
    return (
        select(
            StaffNotice.id,
            StaffNotice.kind,
            StaffNotice.text,
            Conversation.public_id,
            StaffNotice.complaint_id,
            Complaint.case_number,
            StaffNotice.at,
            StaffNotice.read_at,
        )
        .outerjoin(Conversation, Conversation.id == StaffNotice.conversation_id)
        .outerjoin(Complaint, Complaint.id == StaffNotice.complaint_id)
    )
