"""What a deletion does to the rows of one person: nameless and locked what the law wants kept, gone everything else."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.case_work import CaseApproval, CaseRemedy
from care.records.clocks import LegalClock
from care.records.complaint import Complaint
from care.records.conversation import Conversation, Message, OneTimeCode, Visitor
from care.records.customer import Consent, Customer, CustomerField, DataQualityIssue
from care.records.desk import DeskMark, DeskNote, WrapUp
from care.records.engine import Outbox, TrackerEvent
from care.records.evidence import Evidence
from care.records.hours import Callback
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
from care.records.value import CustomerValue
from care.rules.approval_terms import Decision
from care.rules.masking import mask_address, mask_name, mask_phone
from care.rules.order_terms import InvoiceKind
from care.rules.retention import KEEPING, Kept, days_in_words
from care.services import complaint_log, evidence_cleaning, promises
from care.services.own_rows import own_conversations, own_lines
from care.services.trackers import OUTBOX_TOPIC

ERASED_NAME = "已注销客户"
ERASED_WORDS = "（已按客户要求删除）"

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
    "promise": "去掉客户，坐席写的话删除",
    "legal_clock": "去掉客户，只留期限",
    "callback": "号码与留言删除，去掉客户",
}


async def erase(session: AsyncSession, ids: list[int], now: datetime) -> dict[str, Any]:
    """The deletion itself, in the caller's transaction; what was done, in words without personal values."""

    async def run(statement: Any) -> None:
        await session.execute(statement.execution_options(synchronize_session=False))

    # Before the lines and cases forget whose they are.
    await evidence_cleaning.mark_removed(
        session,
        Evidence.message_id.in_(select(Message.id).where(own_lines(ids)))
        | Evidence.complaint_id.in_(select(Complaint.id).where(Complaint.customer_id.in_(ids))),
        now,
    )
    await run(
        update(Callback)
        .where(Callback.customer_id.in_(ids) | Callback.conversation_id.in_(own_conversations(ids)))
        .values(customer_id=None, phone=None, is_phone_verified=False, note="", result_note="")
    )
    await _erase_talk(session, ids)
    await _lock_complaints(session, ids, now)
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
    await run(
        update(Promise)
        .where(Promise.customer_id.in_(ids), Promise.what.not_in(promises.RULED))
        .values(what=ERASED_WORDS)
    )
    await run(update(Promise).where(Promise.customer_id.in_(ids)).values(customer_id=None))
    await run(update(LegalClock).where(LegalClock.customer_id.in_(ids)).values(customer_id=None))
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
        "deleted": [
            "会员资料",
            "会话内容",
            "图片证据",
            "对话状态",
            "积分账户",
            "数据质量与合并记录",
            "价值评估",
        ],
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
        .values(reason_text=None, reason_cues=None, visitor_id=None)
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
    # What staff wrote about the person is the person's too.
    await run(delete(DeskNote).where(DeskNote.conversation_id.in_(conversations)))
    await run(delete(DeskMark).where(DeskMark.conversation_id.in_(conversations)))
    await run(update(WrapUp).where(WrapUp.conversation_id.in_(conversations)).values(note=None))
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


async def _lock_complaints(session: AsyncSession, ids: list[int], now: datetime) -> None:
    """Nobody's words and name are left to read; the sealed trail stays as the law asks, and says so itself."""
    cases = await session.scalars(
        select(Complaint).where(Complaint.customer_id.in_(ids)).order_by(Complaint.id).with_for_update()
    )
    rows = cases.all()
    case_ids = [case.id for case in rows]
    await session.execute(
        update(CaseApproval)
        .where(CaseApproval.complaint_id.in_(case_ids))
        .values(reason="", note=None, payload={})
        .execution_options(synchronize_session=False)
    )
    # Nobody can decide on them any more: a sealed case takes no act.
    await session.execute(
        update(CaseApproval)
        .where(CaseApproval.complaint_id.in_(case_ids), CaseApproval.decision.is_(None))
        .values(decision=Decision.LAPSED, decided_at=now)
        .execution_options(synchronize_session=False)
    )
    await session.execute(
        update(CaseRemedy)
        .where(CaseRemedy.complaint_id.in_(case_ids))
        .values(note="")
        .execution_options(synchronize_session=False)
    )
    for case in rows:
        case.complainant = case.on_behalf_of = None
        case.own_words = ERASED_WORDS
        case.product_said = case.remedy_said = case.expectation_said = None
        case.findings = case.proposal = case.place = None
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
