"""A conversation changes hands among people: to a colleague, to a skill, to a lead, or back into the queue."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from care.records.conversation import Conversation, Handoff, Message
from care.records.staff import Staff
from care.rules.desk_terms import HandoverReason, Presence
from care.rules.errors import Conflict, InvalidInput, NotFound
from care.rules.notice_terms import NoticeKind
from care.rules.permissions import Permission, check_permission
from care.rules.text import normalise
from care.rules.vocabulary import Owner, Role, Speaker
from care.services import desk_notes, handoff, notices, presence
from care.services.context import Care
from care.services.conversation_rows import announce, change_agent, locked, move_owner, open_handoff

_LEADS = (Role.LEAD, Role.MANAGER, Role.ADMIN)


class NoRoom(Conflict):
    code, default = "no_room", "对方现在不能接待，请换一位或转到技能组。"


async def to_colleague(care: Care, conversation_id: int, staff_id: int, to: int, note: str = "") -> None:
    """Hands the conversation to a colleague, who has it at once.

    Raises:
        Forbidden: it is not this agent's.
        NoRoom: the colleague is not online or has no room; the text says which.
        InvalidInput: to oneself.
    """
    if to == staff_id:
        raise InvalidInput("会话已经在您这里。", fields={"to_staff": "请选择其他坐席。"})
    now = care.clock.now()
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        handoff.check_holder(conversation, staff_id)
        colleague = await free_staff(session, to, now)
        wish = await _passed_on(session, conversation, now, "transferred", from_agent=staff_id)
        wish.taken_at, wish.agent_id = now, to
        sender = await session.get_one(Staff, staff_id)
        text = f"{sender.name} 转给 {colleague.name}"
        desk_notes.add(session, care, conversation, staff_id, _with(text, note), kind="transfer")
        await handoff.note_agent(session, conversation, to, now)
        await change_agent(session, conversation, to)
        await notices.tell(
            session,
            care,
            staff_ids=[to],
            kind=NoticeKind.ASSIGNED,
            text=f"{sender.name} 转给您一个会话",
            key=f"transfer:{wish.id or conversation.owner_version}:{conversation.id}",
            conversation_id=conversation.id,
        )
    await announce(care, conversation, queue_changed=True)


async def to_skill(care: Care, conversation_id: int, staff_id: int, skill: str, note: str = "") -> None:
    """Puts the conversation back into the queue for a skill; the customer keeps the waiting time.

    Raises:
        Forbidden: it is not this agent's.
        InvalidInput: nobody has that skill.
    """
    skill = normalise(skill)
    now = care.clock.now()
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        handoff.check_holder(conversation, staff_id)
        rows = await session.scalars(select(Staff.skills).where(Staff.active.is_(True)))
        if not any(skill in skills for skills in rows):
            raise InvalidInput("没有这个技能组。", fields={"to_skill": "没有坐席有这项技能。"})
        sender = await session.get_one(Staff, staff_id)
        text = f"{sender.name} 转到技能组“{skill}”"
        desk_notes.add(session, care, conversation, staff_id, _with(text, note), kind="transfer")
        wish = await _passed_on(session, conversation, now, "transferred", from_agent=staff_id)
        wish.to_skill = skill
        await _queue_again(session, conversation, wish, skill=skill)
    await announce(care, conversation, queue_changed=True)


async def step_in(care: Care, conversation_id: int, staff_id: int) -> None:
    """A lead takes the conversation from the agent who holds it; it is written down for everyone to see.

    Raises:
        Forbidden: only who may reassign.
        Conflict: no colleague holds it.
    """
    now = care.clock.now()
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        lead = await handoff.active_staff(session, staff_id)
        check_permission(lead.role, Permission.REASSIGN)
        if conversation.owner is not Owner.HUMAN or conversation.agent_id is None:
            raise Conflict("没有坐席在接待，请直接接管。")
        if conversation.agent_id == staff_id:
            return
        before = await session.get_one(Staff, conversation.agent_id)
        await presence.at_work(session, staff_id, now)
        wish = await _passed_on(session, conversation, now, "stepped_in", from_agent=before.id)
        wish.taken_at, wish.agent_id = now, staff_id
        desk_notes.add(
            session, care, conversation, staff_id, f"{lead.name} 介入，从 {before.name} 接手", kind="step_in"
        )
        await handoff.note_agent(session, conversation, staff_id, now)
        await change_agent(session, conversation, staff_id)
        await notices.tell(
            session,
            care,
            staff_ids=[before.id],
            kind=NoticeKind.OTHER,
            text=f"{lead.name} 接手了您的一个会话",
            key=f"step_in:{conversation.id}:{conversation.owner_version}",
            conversation_id=conversation.id,
        )
    await announce(care, conversation, queue_changed=True)


async def join(care: Care, conversation_id: int, staff_id: int) -> None:
    """A lead looks into a colleague's conversation and may write notes; it is written down once a visit.

    Raises:
        Forbidden: only who may see all conversations.
    """
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        lead = await handoff.active_staff(session, staff_id)
        check_permission(lead.role, Permission.VIEW_ALL_CONVERSATIONS)
        if conversation.agent_id != staff_id:
            desk_notes.add(session, care, conversation, staff_id, f"{lead.name} 旁听", kind="join")
    await announce(care, conversation)


async def ask_lead(care: Care, conversation_id: int, staff_id: int, note: str) -> int:
    """Tells the leads that the holder wants help; returns how many were told.

    Raises:
        Forbidden: the conversation is not this agent's.
        NotFound: there is no lead to ask.
    """
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        handoff.check_holder(conversation, staff_id)
        agent = await session.get_one(Staff, staff_id)
        leads = [
            one
            for one in await notices.people_of(session, _LEADS[:1], is_demo=agent.is_demo)
            if one != staff_id
        ]
        if not leads:
            raise NotFound("现在没有可以求助的组长。")
        desk_notes.add(session, care, conversation, staff_id, _with("请组长协助", note), kind="ask_lead")
        await notices.tell(
            session,
            care,
            staff_ids=leads,
            kind=NoticeKind.LEAD_WANTED,
            text=f"{agent.name} 请您协助一个会话",
            key=f"ask_lead:{conversation.id}:{uuid7().hex}",
            conversation_id=conversation.id,
        )
    await announce(care, conversation)
    return len(leads)


async def queue_again(care: Care, conversation_id: int, agent_id: int, *, only_waiting: bool) -> bool:
    """The agent is gone: their customer waits again, for as long as before; whether anything changed.

    Args:
        only_waiting: leave alone a customer to whom the agent spoke last.
    """
    now = care.clock.now()
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        if conversation.owner is not Owner.HUMAN or conversation.agent_id != agent_id:
            return False
        if only_waiting and not await _is_waiting(session, conversation):
            return False
        wish = await _passed_on(session, conversation, now, "requeued", from_agent=agent_id)
        wish.reason = HandoverReason.AGENT_GONE.value
        agent = await session.get_one(Staff, agent_id)
        desk_notes.add(session, care, conversation, None, f"{agent.name} 不在，会话重新排队", kind="requeued")
        await _queue_again(session, conversation, wish, skill=conversation.skill)
    await announce(care, conversation, queue_changed=True)
    return True


async def free_staff(session: AsyncSession, staff_id: int, now: datetime) -> Staff:
    """The colleague, locked until the transaction ends, who is online and has room.

    Raises:
        NoRoom: not so; the text says why.
        NotFound: no such active account.
    """
    staff = await session.scalar(
        select(Staff)
        .where(Staff.id == staff_id, Staff.active.is_(True))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if staff is None:
        raise NotFound("没有这个坐席，或已停用。")
    if staff.presence != Presence.ONLINE.value:
        raise NoRoom(f"{staff.name} 现在是“{Presence(staff.presence).label}”，不能接待。")
    load = (await presence.loads(session, now)).get(staff_id, 0)
    if load >= staff.capacity:
        raise NoRoom(f"{staff.name} 已有 {load} 个会话，达到上限。")
    return staff


async def _passed_on(
    session: AsyncSession, conversation: Conversation, now: datetime, end: str, *, from_agent: int
) -> Handoff:
    """Ends the open wish and opens the one that follows; the waiting time goes along."""
    before = await open_handoff(session, conversation.id)
    since = (before.waits_since or before.requested_at) if before is not None else now
    if before is not None:
        before.ended_at, before.end = now, end
    wish = Handoff(
        conversation_id=conversation.id,
        reason=HandoverReason.TRANSFERRED.value,
        requested_at=now,
        waits_since=since,
        from_agent_id=from_agent,
    )
    session.add(wish)
    await session.flush()
    return wish


async def _queue_again(
    session: AsyncSession, conversation: Conversation, wish: Handoff, *, skill: str | None
) -> None:
    await move_owner(
        session,
        conversation,
        Owner.QUEUED,
        agent_id=None,
        queued_at=wish.waits_since,
        skill=skill,
        snoozed_until=None,
    )


async def _is_waiting(session: AsyncSession, conversation: Conversation) -> bool:
    """Whether the last of customer's and agent's lines is the customer's, or nobody answered yet."""
    last = await session.scalar(
        select(Message.speaker)
        .where(
            Message.conversation_id == conversation.id,
            Message.seq.is_not(None),
            Message.speaker.in_((Speaker.CUSTOMER, Speaker.AGENT)),
        )
        .order_by(Message.seq.desc())
        .limit(1)
    )
    if last is Speaker.CUSTOMER:
        return True
    wish = await open_handoff(session, conversation.id)
    return wish is not None and wish.first_reply_at is None


def _with(text: str, note: str) -> str:
    note = normalise(note)
    return f"{text}：{note}" if note else text
