"""Which complaints a member of staff sees and works on.

Agents: those they own, those of their level that nobody owns, and those of a conversation they hold. Leads and
above: all.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.conversation import Conversation
from care.rules.complaint import Level
from care.rules.errors import Forbidden, NotFound
from care.rules.permissions import Permission, may
from care.rules.vocabulary import Owner
from care.services.context import Care
from care.services.staff import StaffView

_NONE = "没有找到这件投诉。"


def visible_to(reader: StaffView) -> ColumnElement[bool]:
    """As a condition on `complaint`."""
    if may(reader.role, Permission.VIEW_ALL_CONVERSATIONS):
        return true()
    held = select(Conversation.id).where(
        Conversation.agent_id == reader.id, Conversation.owner == Owner.HUMAN
    )
    return or_(
        Complaint.owner_id == reader.id,
        and_(Complaint.owner_id.is_(None), Complaint.level == Level.L1),
        Complaint.conversation_id.in_(held),
    )


async def accessed(
    session: AsyncSession, reader: StaffView, ref: str, *, to_write: bool = False, is_known: bool = False
) -> Complaint:
    """The case of this number (or internal id, for a draft), which `reader` may see.

    Args:
        to_write: held until the transaction ends, and fresh.
        is_known: what they had in hand a moment ago is still shown.

    Raises:
        NotFound: no such case.
        Forbidden: it is somebody else's.
    """
    query = select(Complaint).where(_is(ref))
    if to_write:
        query = query.with_for_update().execution_options(populate_existing=True)
    complaint: Complaint | None = await session.scalar(query)
    if complaint is None:
        raise NotFound(_NONE)
    mine = await session.scalar(select(Complaint.id).where(Complaint.id == complaint.id, visible_to(reader)))
    if mine is None and not is_known:
        raise Forbidden("这件投诉由其他同事处理，您不能查看。")
    return complaint


async def find(care: Care, reader: StaffView, ref: str) -> int:
    """The id of the case that `reader` may act on; nothing of it is read or shown. Raises as `accessed`."""
    async with care.sessions.read() as session:
        return await id_of(session, reader, ref)


async def id_of(session: AsyncSession, reader: StaffView, ref: str) -> int:
    """As `accessed`, only the id: to lock several in one order afterwards."""
    return (await accessed(session, reader, ref)).id


def _is(ref: str) -> ColumnElement[bool]:
    return Complaint.id == int(ref) if ref.isdecimal() else Complaint.case_number == ref
