"""Carries out deletions: what the law wants kept is made nameless and locked, everything else goes (PIPL §47).

A deletion waits while something is under way that the customer themselves wants done, or while a legal
hold stands; the request then says what it waits for. The nightly clockwork tries again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.conversation import Conversation
from care.records.customer import Customer
from care.records.rights import LegalHold, RightsRequest
from care.rules.complaint import FINAL_STATES
from care.rules.errors import CareError
from care.rules.order_terms import InvoiceState, ReturnState, VisitState
from care.rules.rights import Hindrance, RightsKind, RightsState
from care.rules.vocabulary import OrderState, Owner
from care.services import evidence_cleaning, handoff
from care.services.context import Care
from care.services.conversation_rows import IDLE
from care.services.erasure_rows import erase
from care.services.own_rows import own_conversations

log = logging.getLogger(__name__)

_MANY = 10_000
_OPEN_ORDERS = (OrderState.CREATED, OrderState.PAID, OrderState.SHIPPED)
_ENDED_RETURNS = (ReturnState.REFUNDED, ReturnState.EXCHANGED, ReturnState.CANCELLED)
_ENDED_VISITS = (VisitState.DONE, VisitState.CANCELLED)
_OPEN_INVOICES = (InvoiceState.REQUESTED, InvoiceState.CORRECTING)


async def carry_out_due(care: Care) -> int:
    """Carries out the deletions that nothing hinders; returns how many. One that fails keeps no other waiting."""
    async with care.sessions.read() as session:
        waiting = list(
            await session.scalars(
                select(RightsRequest.id)
                .where(
                    RightsRequest.kind == RightsKind.DELETION,
                    RightsRequest.state.in_((RightsState.OPEN, RightsState.WAITING)),
                )
                .order_by(RightsRequest.id)
            )
        )
    done = 0
    for request_id in waiting:
        try:
            done += await carry_out(care, request_id)
        except CareError:
            log.warning("deletion %s was not carried out and is tried again", request_id, exc_info=True)
    return done


async def carry_out(care: Care, request_id: int) -> bool:
    """Deletes the customer of this request, or notes what it waits for; whether it was done now.

    Raises:
        Unavailable: the order system cannot be asked whether something is under way.
    """
    async with care.sessions.read() as session:
        request = await session.get_one(RightsRequest, request_id)
        ref = await session.scalar(select(Customer.public_id).where(Customer.id == request.customer_id))
    in_orders = await _order_hindrances(care, str(ref))
    for conversation_id in await _quiet_conversations(care, request.customer_id):
        await handoff.close(care, conversation_id, "system")
    now = care.clock.now()
    async with care.sessions.write() as session:
        # Locked first, so that taking the wish back and carrying it out cannot both succeed.
        customer = await session.get_one(
            Customer, request.customer_id, with_for_update=True, populate_existing=True
        )
        request = await session.get_one(
            RightsRequest, request_id, with_for_update=True, populate_existing=True
        )
        if request.state not in (RightsState.OPEN, RightsState.WAITING):
            return False
        ids = [customer.id, *await _merged_into(session, customer.id)]
        waits_for = [*in_orders, *await _hindrances(session, ids, now)]
        if waits_for:
            request.state = RightsState.WAITING
            request.waits_for = [str(one) for one in waits_for]
            return False
        request.result = await erase(session, ids, now)
        request.state, request.done_at, request.waits_for = RightsState.DONE, now, []
    await evidence_cleaning.remove_files(care)
    return True


async def _order_hindrances(care: Care, ref: str) -> list[Hindrance]:
    found = []
    if any(one.state in _OPEN_ORDERS for one in await care.orders.recent_orders(ref, limit=_MANY)):
        found.append(Hindrance.ORDER)
    returns = await care.orders.returns(ref, limit=_MANY)
    visits = await care.orders.visits(ref, limit=_MANY)
    invoices = await care.orders.invoices(ref, limit=_MANY)
    if (
        any(one.state not in _ENDED_RETURNS for one in returns)
        or any(one.state not in _ENDED_VISITS for one in visits)
        or any(one.state in _OPEN_INVOICES for one in invoices)
    ):
        found.append(Hindrance.AFTER_SALES)
    return found


async def _hindrances(session: AsyncSession, ids: Sequence[int], now: datetime) -> list[Hindrance]:
    found = []
    is_open = select(Complaint.id).where(Complaint.customer_id.in_(ids), Complaint.state.not_in(FINAL_STATES))
    if await session.scalar(is_open.limit(1)) is not None:
        found.append(Hindrance.COMPLAINT)
    talks = select(Conversation.id).where(
        Conversation.id.in_(own_conversations(ids)), Conversation.owner != Owner.CLOSED
    )
    if await session.scalar(talks.limit(1)) is not None:
        found.append(Hindrance.CONVERSATION)
    if await is_held(session, ids):
        found.append(Hindrance.HOLD)
    return found


async def is_held(session: AsyncSession, customer_ids: Sequence[int]) -> bool:
    held = await session.scalar(
        select(LegalHold.id)
        .where(LegalHold.customer_id.in_(customer_ids), LegalHold.lifted_at.is_(None))
        .limit(1)
    )
    return held is not None


async def _quiet_conversations(care: Care, customer_id: int) -> list[int]:
    """Open ones in which nobody has written for half an hour and no person waits or is waited for."""
    since = care.clock.now() - IDLE
    async with care.sessions.read() as session:
        ids = [customer_id, *await _merged_into(session, customer_id)]
        rows = await session.scalars(
            select(Conversation.id).where(
                Conversation.id.in_(own_conversations(ids)),
                Conversation.owner == Owner.BOT,
                func.coalesce(Conversation.last_message_at, Conversation.opened_at) < since,
                or_(Conversation.verified_at.is_(None), Conversation.verified_at < since),
            )
        )
        return list(rows)


async def _merged_into(session: AsyncSession, customer_id: int) -> list[int]:
    """The records that became part of this one, however many merges ago."""
    found: list[int] = []
    layer = [customer_id]
    while layer:
        layer = list(await session.scalars(select(Customer.id).where(Customer.merged_into_id.in_(layer))))
        found += layer
    return found
