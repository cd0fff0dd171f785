"""Who waits is given to who has room; and who is gone gives back. Safe on any number of nodes at once."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.adapters.bus import staff_channel
from care.records.conversation import Conversation, Handoff
from care.records.staff import Staff
from care.rules import routing
from care.rules.desk_terms import AT_WORK, Presence
from care.rules.errors import Conflict, NotFound
from care.rules.notice_terms import NoticeKind
from care.rules.routing import Agent, Assignment, Waiting
from care.rules.vocabulary import Owner
from care.services import handoff, notices, presence, transfers
from care.services.context import Care
from care.services.conversation_rows import announce, locked, open_handoff, waiting_now

log = logging.getLogger(__name__)

#: Another node was first: so often the plan is made anew.
_TRIES = 3


async def assign(care: Care) -> list[Assignment]:
    """Gives waiting conversations to agents who are online and have room, and tells which.

    Nothing happens when the installation wants its agents to take by themselves.
    """
    given: list[Assignment] = []
    if not care.settings.auto_assign:
        return given
    for _ in range(_TRIES):
        plan = await _plan(care)
        lost = 0
        for one in plan:
            try:
                await _give(care, one)
                given.append(one)
            except (Conflict, NotFound) as other:
                lost += 1
                log.info("conversation %s was not given to %s: %s", one.waiting, one.agent, other.code)
        if not lost:
            break
    return given


async def sweep(care: Care) -> int:
    """Queues again who waits for somebody gone, wakes what was set aside, and assigns; how many were queued.

    Gone is who lost the connection, or is away or on a break, for longer than the grace.
    """
    moved = 0
    for staff_id in await presence.gone(care):
        moved += await sign_off(care, staff_id, why="lost")
    for conversation_id, agent_id in await _left_waiting(care):
        moved += await transfers.queue_again(care, conversation_id, agent_id, only_waiting=True)
    await _wake_snoozed(care)
    await assign(care)
    return moved


async def sign_off(care: Care, staff_id: int, *, why: str = "signed_out") -> int:
    """Nobody sits at this desk any more: away, and every customer of theirs waits again; how many."""
    now = care.clock.now()
    async with care.sessions.write() as session:
        staff = await session.scalar(
            select(Staff)
            .where(Staff.id == staff_id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
        if staff is None:
            return 0
        grace = timedelta(seconds=care.settings.agent_grace_s)
        if why == "lost" and (staff.seen_at is None or now - staff.seen_at <= grace):
            return 0  # came back, or another node was first
        presence.leave(session, staff, now, why=why)
        held = list(await session.scalars(_held_by(staff_id, now)))
    await presence.tell(care)
    await care.bus.publish(staff_channel(staff_id), {"session": True})
    moved = 0
    for conversation_id in held:
        moved += await transfers.queue_again(care, conversation_id, staff_id, only_waiting=False)
    return moved


async def agents_now(session: AsyncSession, now: datetime) -> list[Agent]:
    """Everybody active as routing sees them."""
    load = await presence.loads(session, now)
    rows = await session.execute(
        select(Handoff.agent_id, func.max(Handoff.taken_at))
        .where(Handoff.agent_id.is_not(None), Handoff.taken_at > now - timedelta(days=1))
        .group_by(Handoff.agent_id)
    )
    last: dict[int, datetime] = {agent_id: at for agent_id, at in rows if agent_id is not None}
    staff = await session.scalars(select(Staff).where(Staff.active.is_(True)))
    return [
        Agent(
            key=one.id,
            presence=Presence(one.presence),
            load=load.get(one.id, 0),
            capacity=one.capacity,
            skills=frozenset(one.skills),
            idle_since=max(filter(None, (last.get(one.id), one.presence_at)), default=None),
        )
        for one in staff
    ]


async def _plan(care: Care) -> tuple[Assignment, ...]:
    now = care.clock.now()
    async with care.sessions.read() as session:
        waiting = await waiting_now(session)
        if not waiting:
            return ()
        agents = [agent for agent in await agents_now(session, now) if agent.has_room]
        if not agents:
            return ()
        previous = await _previous_agents(session, waiting, now)
    known = [
        Waiting(one.key, one.since, one.tier, one.grade, one.skill, previous.get(one.key)) for one in waiting
    ]
    return routing.assignments(known, agents, now)


async def _previous_agents(session: AsyncSession, waiting: list[Waiting], now: datetime) -> dict[int, int]:
    """Conversation id → who last served this customer or this browser within 7 days."""
    keys = [one.key for one in waiting]
    rows = (
        await session.execute(
            select(Conversation.id, Conversation.customer_id, Conversation.visitor_id).where(
                Conversation.id.in_(keys)
            )
        )
    ).all()
    customers = {row.customer_id for row in rows if row.customer_id is not None}
    visitors = {row.visitor_id for row in rows if row.visitor_id is not None}
    served = await session.execute(
        select(Conversation.customer_id, Conversation.visitor_id, Handoff.agent_id)
        .join(Conversation, Conversation.id == Handoff.conversation_id)
        .where(
            Handoff.agent_id.is_not(None),
            Handoff.taken_at > now - routing.PREVIOUS_AGENT_WITHIN,
            Conversation.customer_id.in_(customers) | Conversation.visitor_id.in_(visitors),
        )
        .order_by(Handoff.taken_at)
    )
    by_customer: dict[int, int] = {}
    by_visitor: dict[int, int] = {}
    for customer_id, visitor_id, agent_id in served:
        if customer_id is not None:
            by_customer[customer_id] = agent_id
        if visitor_id is not None:
            by_visitor[visitor_id] = agent_id
    found = {row.id: by_customer.get(row.customer_id) or by_visitor.get(row.visitor_id) for row in rows}
    return {key: agent for key, agent in found.items() if agent is not None}


async def _give(care: Care, one: Assignment) -> None:
    """One conversation to one agent, if both are still as the plan saw them.

    Raises:
        Conflict: the conversation waits no more, or the agent has no room any more.
    """
    now = care.clock.now()
    async with care.sessions.write() as session:
        conversation = await locked(session, one.waiting)
        wish = await open_handoff(session, conversation.id)
        if conversation.owner is not Owner.QUEUED or wish is None:
            raise Conflict("会话已不在排队。")
        # Under the lock of the agent's row: two nodes cannot both fill the last place.
        await transfers.free_staff(session, one.agent, now)
        await handoff.give(session, conversation, wish, one.agent, now)
        await notices.tell(
            session,
            care,
            staff_ids=[one.agent],
            kind=NoticeKind.ASSIGNED,
            text="系统分给您一个会话",
            key=f"assign:{wish.id}",
            conversation_id=conversation.id,
        )
    await announce(care, conversation, queue_changed=True)


async def _left_waiting(care: Care) -> list[tuple[int, int]]:
    """Conversations of agents who have been away or on a break for longer than the grace."""
    now = care.clock.now()
    before = now - timedelta(seconds=care.settings.agent_grace_s)
    async with care.sessions.read() as session:
        rows = await session.execute(
            select(Conversation.id, Staff.id)
            .join(Staff, Staff.id == Conversation.agent_id)
            .where(
                Conversation.owner == Owner.HUMAN,
                Conversation.snoozed_until.is_(None) | (Conversation.snoozed_until <= now),
                Staff.presence.not_in([one.value for one in AT_WORK]),
                Staff.presence_at < before,
            )
            .order_by(Conversation.id)
        )
        return [(conversation_id, agent_id) for conversation_id, agent_id in rows]


async def _wake_snoozed(care: Care) -> None:
    now = care.clock.now()
    async with care.sessions.read() as session:
        due = list(
            await session.scalars(
                select(Conversation.id).where(
                    Conversation.owner == Owner.HUMAN, Conversation.snoozed_until <= now
                )
            )
        )
    for conversation_id in due:
        async with care.sessions.write() as session:
            conversation = await locked(session, conversation_id)
            if conversation.snoozed_until is None or conversation.snoozed_until > now:
                continue
            conversation.snoozed_until = None
        await announce(care, conversation)


def _held_by(staff_id: int, now: datetime) -> Select[tuple[int]]:
    return (
        select(Conversation.id)
        .where(
            Conversation.owner == Owner.HUMAN,
            Conversation.agent_id == staff_id,
            Conversation.snoozed_until.is_(None) | (Conversation.snoozed_until <= now),
        )
        .order_by(Conversation.id)
    )
