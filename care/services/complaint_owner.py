"""Who looks after a case: the least loaded of those who may."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.staff import Staff
from care.rules.complaint import FINAL_STATES, Level
from care.rules.notice_terms import NoticeKind
from care.rules.severity import Grade
from care.rules.vocabulary import Role
from care.services import complaint_log, notices
from care.services.context import Care

_LEVEL_ROLES: dict[Level, tuple[Role, ...]] = {
    Level.L1: (Role.AGENT, Role.LEAD, Role.MANAGER),
    Level.L2: (Role.LEAD, Role.MANAGER, Role.AGENT),
    Level.L3: (Role.MANAGER, Role.LEAD),
    Level.L4: (Role.MANAGER,),
}


def first_level(grade: Grade) -> Level:
    """Urgent and major cases start with a team lead, the others with an agent."""
    return Level.L2 if grade in (Grade.P1, Grade.P2) else Level.L1


async def choose_owner(session: AsyncSession, level: Level, *, is_demo: bool = False) -> Staff | None:
    """The active person of the level with the fewest open cases, those at work first.

    When nobody of a role is active, the next role that may take it is asked; None when nobody is.
    A demo account owns a real case only while there is no real colleague of the role.
    """
    load = (
        select(Complaint.owner_id, func.count().label("cases"))
        .where(Complaint.owner_id.is_not(None), Complaint.state.not_in(FINAL_STATES))
        .group_by(Complaint.owner_id)
        .subquery()
    )
    is_away = Staff.presence.in_(("away", "break"))
    for role in _LEVEL_ROLES[level]:
        found: Staff | None = await session.scalar(
            select(Staff)
            .outerjoin(load, load.c.owner_id == Staff.id)
            .where(Staff.active, Staff.role == role)
            .order_by(Staff.is_demo != is_demo, is_away, func.coalesce(load.c.cases, 0), Staff.id)
            .limit(1)
        )
        if found is not None:
            return found
    return None


async def assign(
    care: Care,
    session: AsyncSession,
    complaint: Complaint,
    *,
    actor: str,
    level: Level | None = None,
    staff: Staff | None = None,
    reason: str = "",
    idempotency_key: str | None = None,
) -> Staff | None:
    """Gives the case to `staff`, or to the least loaded active person of the level, and notes it in the trail."""
    level = level or first_level(complaint.grade)
    staff = staff or await choose_owner(session, level, is_demo=complaint.is_demo)
    is_same_owner = staff is None or staff.id == complaint.owner_id
    if is_same_owner and level is complaint.level:
        return staff
    complaint.level = level
    if staff is not None:
        complaint.owner_id = staff.id
    event = await complaint_log.append(
        session,
        complaint,
        "assigned",
        actor=actor,
        at=care.clock.now(),
        data={
            "owner": None if staff is None else staff.login,
            "name": None if staff is None else staff.name,
            "level": level.value,
            **({"reason": reason} if reason else {}),
        },
        idempotency_key=idempotency_key,
    )
    if staff is not None and not is_same_owner and staff.login != actor:
        await notices.tell(
            session,
            care,
            staff_ids=[staff.id],
            kind=NoticeKind.ASSIGNED,
            text=f"{complaint.case_number or '新投诉'}交给您处理（{complaint.grade.value}{complaint.grade.label}）。",
            key=f"assigned:{complaint.id}:{event.seq}",
            complaint_id=complaint.id,
            conversation_id=complaint.conversation_id,
        )
    return staff
