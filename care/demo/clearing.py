"""Taking the demo shop away: exactly its rows, whatever real work grew beside it."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import Delete

from care.demo.seeding import Summary
from care.records.canned import CannedReply
from care.records.complaint import Complaint, ComplaintEvent
from care.records.conversation import Conversation, Handoff, Message
from care.records.customer import Customer
from care.records.hours import BusinessHours
from care.records.improvement import CorrectiveAction, SurgeAlarm
from care.records.interaction import CareInteraction, Feedback, Promise, WinbackCase
from care.records.order import Order, OrderLine, Product
from care.records.order_request import Invoice, ReturnRequest, ServiceVisit
from care.records.staff import Staff, StaffSession
from care.rules.times import SHANGHAI
from care.services.context import Care
from care.services.day_counts import where_series

_NO_HASH = "!"  # verifies no password


async def clear(care: Care) -> Summary:
    """Removes every demo row. Real conversations and cases stay, without the link to a demo customer.

    A demo account that served somebody real is kept, switched off and without sessions, so that the
    real record still says who spoke; a demo product in a real order is kept too.
    """
    async with care.sessions.write() as session:
        complaints = select(Complaint.id).where(Complaint.is_demo)
        interactions = select(CareInteraction.id).where(CareInteraction.is_demo)
        conversations = select(Conversation.id).where(Conversation.is_demo)
        customers = select(Customer.id).where(Customer.is_demo)
        messages = await _count(session, select(Message.id).where(Message.conversation_id.in_(conversations)))
        counts = {
            "promises": await _delete(session, delete(Promise).where(Promise.complaint_id.in_(complaints))),
            "feedback": await _delete(
                session,
                delete(Feedback).where(
                    Feedback.complaint_id.in_(complaints) | Feedback.interaction_id.in_(interactions)
                ),
            ),
            "events": await _delete(
                session, delete(ComplaintEvent).where(ComplaintEvent.complaint_id.in_(complaints))
            ),
        }
        await session.execute(
            update(Complaint).where(Complaint.merged_into_id.in_(complaints)).values(merged_into_id=None)
        )
        counts["complaints"] = await _delete(session, delete(Complaint).where(Complaint.is_demo))
        counts["interactions"] = await _delete(
            session, delete(CareInteraction).where(CareInteraction.is_demo)
        )
        counts["conversations"] = await _delete(session, delete(Conversation).where(Conversation.is_demo))
        counts["messages"] = messages
        # What hangs on an order or a customer goes with it; promises about it would be about nothing.
        demo_orders = select(Order.id).where(Order.is_demo)
        for name, table in (("returns", ReturnRequest), ("visits", ServiceVisit), ("invoices", Invoice)):
            counts[name] = await _delete(session, delete(table).where(table.order_id.in_(demo_orders)))
        counts["promises"] += await _delete(
            session, delete(Promise).where(Promise.customer_id.in_(customers), Promise.subject.is_not(None))
        )
        counts["orders"] = await _delete(session, delete(Order).where(Order.is_demo))
        counts["winbacks"] = await _delete(
            session, delete(WinbackCase).where(WinbackCase.customer_id.in_(customers))
        )
        # Alarms count complaints of every kind: one that no case stands behind any more tells of nothing.
        counts["actions"] = await _delete(session, delete(CorrectiveAction).where(CorrectiveAction.is_demo))
        await _empty_alarms(session)
        counts["customers"] = await _delete(session, delete(Customer).where(Customer.is_demo))
        sold = select(OrderLine.product_id)
        counts["products"] = await _delete(
            session, delete(Product).where(Product.is_demo, Product.id.not_in(sold))
        )
        await session.execute(delete(CannedReply).where(CannedReply.is_demo))
        await session.execute(delete(BusinessHours).where(BusinessHours.is_demo))
        counts["staff"] = await _staff(session)
        return Summary(**counts)


async def _empty_alarms(session: AsyncSession) -> None:
    """Removes the alarms of whose days no complaint is left."""
    for alarm in (await session.scalars(select(SurgeAlarm))).all():
        end = alarm.last_day + timedelta(days=1)
        left = await session.scalar(
            select(Complaint.id)
            .where(
                *where_series((alarm.dimension, alarm.value)),
                Complaint.received_at >= datetime.combine(alarm.since, time(), SHANGHAI),
                Complaint.received_at < datetime.combine(end, time(), SHANGHAI),
            )
            .limit(1)
        )
        if left is None:
            await session.delete(alarm)
    await session.flush()


async def _staff(session: AsyncSession) -> int:
    """Removes demo accounts that no remaining row names; switches the others off."""
    demo = select(Staff.id).where(Staff.is_demo)
    await session.execute(delete(StaffSession).where(StaffSession.staff_id.in_(demo)))
    named: set[int] = set()
    for column in (
        Complaint.owner_id,
        Conversation.agent_id,
        Message.agent_id,
        Handoff.agent_id,
        CareInteraction.agent_id,
        Feedback.agent_id,
        Customer.account_manager_id,
        Customer.key_account_signed_by,
        WinbackCase.owner_id,
        CorrectiveAction.owner_id,
        CorrectiveAction.created_by,
        CorrectiveAction.verified_by,
        SurgeAlarm.acknowledged_by,
        SurgeAlarm.closed_by,
    ):
        named |= {i for i in await session.scalars(select(column).where(column.in_(demo)).distinct()) if i}
    await session.execute(
        update(Staff).where(Staff.id.in_(named)).values(active=False, password_hash=_NO_HASH)
    )
    return await _delete(session, delete(Staff).where(Staff.is_demo, Staff.id.not_in(named)))


async def _delete(session: AsyncSession, statement: Delete) -> int:
    result = await session.execute(statement.execution_options(synchronize_session=False))
    return int(cast(CursorResult[Any], result).rowcount)


async def _count(session: AsyncSession, ids: Select[tuple[int]]) -> int:
    return len((await session.scalars(ids)).all())
