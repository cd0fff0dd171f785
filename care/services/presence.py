"""Whether staff is there: chosen presence, the desk's signs of life, and what each change leaves in the log."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.adapters.bus import QUEUE_CHANNEL
from care.records.conversation import Conversation
from care.records.desk import StaffEvent
from care.records.staff import Staff
from care.rules.desk_terms import AT_WORK, Presence
from care.rules.errors import NotFound
from care.rules.vocabulary import Owner, Role
from care.services.context import Care


@dataclass(frozen=True)
class Colleague:
    """`load` counts conversations that are held and not snoozed."""

    id: int
    login: str
    name: str
    role: Role
    presence: Presence
    load: int
    capacity: int
    skills: tuple[str, ...]


async def choose(care: Care, staff_id: int, presence: Presence) -> None:
    """Somebody says how they are there; it is a sign of life too. Raises `NotFound`."""
    now = care.clock.now()
    async with care.sessions.write() as session:
        staff = await _locked(session, staff_id)
        staff.seen_at = now
        changed = _set(session, staff, presence, now, why="chosen")
    if changed:
        await tell(care)


async def alive(care: Care, staff_ids: Collection[int]) -> None:
    """The desks of these people are open and connected."""
    if not staff_ids:
        return
    async with care.sessions.write() as session:
        await session.execute(
            update(Staff)
            .where(Staff.id.in_(sorted(staff_ids)))
            .values(seen_at=care.clock.now())
            .execution_options(synchronize_session=False)
        )


async def at_work(session: AsyncSession, staff_id: int, now: datetime) -> None:
    """Who takes a conversation is at work, whatever they had said; within the caller's transaction."""
    staff = await _locked(session, staff_id)
    if Presence(staff.presence) not in AT_WORK and staff.presence_at is not None:
        _set(session, staff, Presence.BUSY, now, why="took")


def leave(session: AsyncSession, staff: Staff, now: datetime, *, why: str) -> None:
    """The desk is closed: signed out, or the connection is lost; within the caller's transaction."""
    staff.seen_at = None
    _set(session, staff, Presence.AWAY, now, why=why)


async def gone(care: Care) -> list[int]:
    """Who lost the connection longer than the grace ago, by their last sign of life."""
    before = care.clock.now() - timedelta(seconds=care.settings.agent_grace_s)
    async with care.sessions.read() as session:
        return list(await session.scalars(select(Staff.id).where(Staff.seen_at < before).order_by(Staff.id)))


async def colleagues(care: Care) -> list[Colleague]:
    """Everybody active, by name, with the present load."""
    async with care.sessions.read() as session:
        load = await loads(session, care.clock.now())
        rows = await session.scalars(
            select(Staff).where(Staff.active.is_(True)).order_by(Staff.name, Staff.id)
        )
        return [
            Colleague(
                id=staff.id,
                login=staff.login,
                name=staff.name,
                role=staff.role,
                presence=Presence(staff.presence),
                load=load.get(staff.id, 0),
                capacity=staff.capacity,
                skills=tuple(staff.skills),
            )
            for staff in rows
        ]


async def loads(session: AsyncSession, now: datetime) -> dict[int, int]:
    """Staff id → conversations held and not snoozed."""
    rows = await session.execute(
        select(Conversation.agent_id, func.count())
        .where(
            Conversation.owner == Owner.HUMAN,
            or_(Conversation.snoozed_until.is_(None), Conversation.snoozed_until <= now),
        )
        .group_by(Conversation.agent_id)
    )
    return {agent_id: count for agent_id, count in rows if agent_id is not None}


async def tell(care: Care) -> None:
    """Presence is news for the queue: somebody may have room now. Call it after commit."""
    await care.bus.publish(QUEUE_CHANNEL, {"staff": True})


def _set(session: AsyncSession, staff: Staff, presence: Presence, now: datetime, *, why: str) -> bool:
    if staff.presence == presence.value:
        staff.presence_at = staff.presence_at or now
        return False
    session.add(
        StaffEvent(
            staff_id=staff.id, kind="presence", before=staff.presence, after=presence.value, why=why, at=now
        )
    )
    staff.presence, staff.presence_at = presence.value, now
    return True


async def _locked(session: AsyncSession, staff_id: int) -> Staff:
    staff = await session.scalar(
        select(Staff)
        .where(Staff.id == staff_id, Staff.active.is_(True))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if staff is None:
        raise NotFound("没有这个坐席，或已停用。")
    return staff
