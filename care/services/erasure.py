"""Carries out deletions: what the law wants kept is made nameless and locked, everything else goes (PIPL §47).

A deletion waits while something is under way that the customer themselves wants done, or while a legal
hold stands; the request then says what it waits for. The nightly clockwork tries again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.conversation import Conversation, Message, OneTimeCode, Visitor
from care.records.customer import Consent, Customer, CustomerField, DataQualityIssue
from care.records.engine import Outbox, TrackerEvent
from care.records.interaction import (
    CareInteraction,
    Feedback,
    Promise,
    UnansweredQuestion,
    WinbackCase,
)
from care.records.merging import DuplicateKey, MergeLog
from care.records.order import Order
from care.records.order_request import Invoice, LoyaltyAccount, LoyaltyEntry, ReturnRequest, ServiceVisit
from care.records.rights import LegalHold, RightsRequest
from care.records.value import CustomerValue
from care.rules.complaint import FINAL_STATES
from care.rules.errors import CareError
from care.rules.masking import mask_address, mask_name, mask_phone
from care.rules.order_terms import InvoiceKind, InvoiceState, ReturnState, VisitState
from care.rules.retention import KEEPING, Kept, days_in_words
from care.rules.rights import Hindrance, RightsKind, RightsState
from care.rules.vocabulary import OrderState, Owner
from care.services import complaint_log, handoff
from care.services.context import Care
from care.services.conversation_rows import IDLE
from care.services.own_rows import own_conversations, own_lines
from care.services.trackers import OUTBOX_TOPIC

log = logging.getLogger(__name__)

ERASED_NAME = "已注销客户"
ERASED_WORDS = "（已按客户要求删除）"
_MANY = 10_000
_OPEN_ORDERS = (OrderState.CREATED, OrderState.PAID, OrderState.SHIPPED)
_ENDED_RETURNS = (ReturnState.REFUNDED, ReturnState.EXCHANGED, ReturnState.CANCELLED)
_ENDED_VISITS = (VisitState.DONE, VisitState.CANCELLED)
_OPEN_INVOICES = (InvoiceState.REQUESTED, InvoiceState.CORRECTING)

#: What becomes of every table that points at a customer; a test holds it to the tables.
TREATMENT: dict[str, str] = {
    "customer": "留下一个没有个人信息的编号",
    "customer_field": "删除",
    "customer_value": "删除",
    "consent": "全部撤回，作为凭证留存",
    "access_log": "留存，只有项目名，没有内容",
    "data_quality_issue": "删除",
    "duplicate_key": "删除",
    "merge_log": "删除",
    "legal_hold": "留存",
    "rights_request": "留存，作为已办理的凭证",
    "loyalty_account": "删除",
    "winback_case": "删除",
    "order": "收货人打码，封存",
    "order_write": "留存，只有摘要",
    "care_interaction": "去掉客户，只用于统计",
    "conversation": "去掉客户与页面，对话状态删除",
    "complaint": "去掉姓名与原话，封存",
    "promise": "去掉客户",
}


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
        request.result = await _erase(session, care, ids, now)
        request.state, request.done_at, request.waits_for = RightsState.DONE, now, []
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


async def _erase(session: AsyncSession, care: Care, ids: list[int], now: datetime) -> dict[str, Any]:
    """The deletion itself, in the caller's transaction; what was done, in words without personal values."""

    async def run(statement: Any) -> None:
        await session.execute(statement.execution_options(synchronize_session=False))

    await _erase_talk(session, ids)
    await _lock_complaints(session, care, ids, now)
    await _mask_orders(session, ids)
    own_accounts = select(LoyaltyAccount.id).where(LoyaltyAccount.customer_id.in_(ids))
    await run(delete(LoyaltyEntry).where(LoyaltyEntry.account_id.in_(own_accounts)))
    for table in (CustomerField, CustomerValue, DuplicateKey, LoyaltyAccount, WinbackCase):
        await run(delete(table).where(table.customer_id.in_(ids)))
    await run(
        delete(DataQualityIssue).where(
            DataQualityIssue.customer_id.in_(ids) | DataQualityIssue.other_customer_id.in_(ids)
        )
    )
    await run(delete(MergeLog).where(MergeLog.survivor_id.in_(ids) | MergeLog.loser_id.in_(ids)))
    await run(
        update(Consent)
        .where(Consent.customer_id.in_(ids), Consent.withdrawn_at.is_(None))
        .values(withdrawn_at=now)
    )
    await run(update(Consent).where(Consent.customer_id.in_(ids)).values(evidence="随删除申请撤回"))
    await run(update(Promise).where(Promise.customer_id.in_(ids)).values(customer_id=None))
    await run(update(CareInteraction).where(CareInteraction.customer_id.in_(ids)).values(customer_id=None))
    await run(
        update(Customer)
        .where(Customer.id.in_(ids))
        .values(
            name=ERASED_NAME,
            phone=None,
            external_id=None,
            segment=None,
            tier_reason=None,
            preferred_channel=None,
            quiet_hours=None,
            account_manager_id=None,
            group_id=None,
            key_account_scores=None,
            key_account_signed_by=None,
            erased_at=now,
        )
    )
    return {
        "deleted": ["会员资料", "会话内容", "对话状态", "积分账户", "数据质量与合并记录", "价值评估"],
        "kept": [
            {
                "what": kind.label,
                "until": days_in_words(KEEPING[kind].days),
                "why": KEEPING[kind].why,
                "how": "去除身份、只作存储",
            }
            for kind in (Kept.ORDERS, Kept.COMPLAINTS, Kept.CONSENTS, Kept.ACCESS_LOG)
        ],
    }


async def _erase_talk(session: AsyncSession, ids: list[int]) -> None:
    """Lines lose their words and stay as times, for statistics; dialogue states and codes go."""

    async def run(statement: Any) -> None:
        await session.execute(statement.execution_options(synchronize_session=False))

    conversations = (await session.scalars(own_conversations(ids))).all()
    lines = (await session.scalars(select(Message.id).where(own_lines(ids)))).all()
    rows = await session.execute(
        select(Conversation.sender_id, Conversation.visitor_id).where(Conversation.id.in_(conversations))
    )
    senders, visitors = set(), set()
    for sender_id, visitor_id in rows:
        senders.add(sender_id)
        visitors.add(visitor_id)
    await run(
        update(Message)
        .where(Message.id.in_(lines))
        .values(text=ERASED_WORDS, payload=None, buttons=None, card=None, understood=None, client_msg_id=None)
    )
    contacts = select(CareInteraction.id).where(CareInteraction.customer_id.in_(ids))
    cases = select(Complaint.id).where(Complaint.customer_id.in_(ids))
    await run(
        update(Feedback)
        .where(Feedback.interaction_id.in_(contacts) | Feedback.complaint_id.in_(cases))
        .values(reason_text=None)
    )
    await run(
        update(CareInteraction)
        .where(CareInteraction.customer_id.in_(ids))
        .values(order_number=None, data_read=[], data_written=[])
    )
    await run(
        update(UnansweredQuestion)
        .where(UnansweredQuestion.last_message_id.in_(lines))
        .values(example=ERASED_WORDS, last_message_id=None)
    )
    await run(delete(TrackerEvent).where(TrackerEvent.sender_id.in_(senders)))
    told = await session.execute(select(Outbox.id, Outbox.data).where(Outbox.topic == OUTBOX_TOPIC))
    await run(
        delete(Outbox).where(
            Outbox.id.in_([row_id for row_id, data in told if data.get("sender_id") in senders])
        )
    )
    await run(delete(OneTimeCode).where(OneTimeCode.conversation_id.in_(conversations)))
    await run(
        update(Conversation)
        .where(Conversation.id.in_(conversations))
        .values(
            customer_id=None,
            verified_by=None,
            verified_at=None,
            proven_order=None,
            page=None,
            visitor_id=None,
        )
    )
    still_used = select(Conversation.visitor_id).where(Conversation.visitor_id.is_not(None))
    await run(delete(Visitor).where(Visitor.id.in_(visitors - {None}), Visitor.id.not_in(still_used)))


async def _lock_complaints(session: AsyncSession, care: Care, ids: list[int], now: datetime) -> None:
    """Nobody's words and name are left to read; the sealed trail stays as the law asks, and says so itself."""
    cases = await session.scalars(
        select(Complaint).where(Complaint.customer_id.in_(ids)).order_by(Complaint.id).with_for_update()
    )
    for case in cases.all():
        case.complainant = case.on_behalf_of = None
        case.own_words = ERASED_WORDS
        case.product_said = case.remedy_said = case.expectation_said = None
        case.findings = case.proposal = None
        case.customer_id = None
        case.locked_at = now
        await complaint_log.append(session, case, "locked", actor="clockwork", at=now, data={"by": "rights"})


async def _mask_orders(session: AsyncSession, ids: list[int]) -> None:
    """The mirror in our own tables; a shop's own order system deletes by its own rules."""
    orders = (await session.scalars(select(Order).where(Order.customer_id.in_(ids)))).all()
    for order in orders:
        order.receiver_name = mask_name(order.receiver_name)
        order.receiver_phone = mask_phone(order.receiver_phone)
        order.receiver_address = mask_address(order.receiver_address)
    numbers = [order.id for order in orders]
    for request in await session.scalars(select(ReturnRequest).where(ReturnRequest.order_id.in_(numbers))):
        request.reason = ERASED_WORDS
    for visit in await session.scalars(select(ServiceVisit).where(ServiceVisit.order_id.in_(numbers))):
        visit.fault = ""
    for invoice in await session.scalars(select(Invoice).where(Invoice.order_id.in_(numbers))):
        invoice.email = None
        if invoice.kind is InvoiceKind.PERSONAL:
            invoice.title = mask_name(invoice.title)
    await session.flush()
