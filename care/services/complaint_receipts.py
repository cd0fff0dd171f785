"""Receiving a complaint: number, owner, clocks and promises in one transaction, by the customer's yes or by silence."""

from __future__ import annotations

import logging

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.staff import Staff
from care.rules.complaint import DRAFT_SILENCE, ComplaintState, Level
from care.rules.deadlines import promised
from care.rules.errors import NotFound
from care.rules.times import format_moment
from care.rules.vocabulary import Owner, Speaker
from care.services import (
    case_clocks,
    complaint_log,
    conversation_rows,
    evidence,
    interactions,
    promises,
    transcript,
)
from care.services.case_numbers import next_case_number
from care.services.complaint_drafts import newest_complaint, open_draft_row
from care.services.complaint_grading import regrade_by_facts
from care.services.complaint_moves import Change, apply_move, customers_last_word, locked
from care.services.complaint_orders import link_order, order_facts
from care.services.complaint_owner import assign, first_level
from care.services.complaint_views import Receipt, says_what_happened
from care.services.context import Care
from care.services.conversation_rows import verified_customer_id
from care.services.promises import What

log = logging.getLogger(__name__)

BOT, CLOCKWORK = "bot", "clockwork"


async def receive(
    care: Care,
    session: AsyncSession,
    draft: Complaint,
    *,
    received_by: str,
    change: Change,
    idempotency_key: str,
    source_message_id: int | None,
    owner: Staff | None = None,
) -> None:
    """draft → received: gives the case number, the clocks, the owner, and writes what is promised.

    The caller holds the conversation's lock, or the draft's when it has no conversation.

    Args:
        owner: who heard it and keeps it, where its grade leaves it on their level.

    Raises:
        IllegalMove: the customer has neither confirmed nor been silent long enough.
    """
    now = care.clock.now()
    await regrade_by_facts(session, draft, now)
    due = promised(draft.grade, now, is_workday=care.calendar.is_workday)
    draft.received_at = now
    draft.received_by = received_by
    draft.case_number = await next_case_number(session, now)
    await case_clocks.start(care, session, draft, due, at=now, source_message_id=source_message_id)
    await apply_move(
        care,
        session,
        draft,
        ComplaintState.RECEIVED,
        actor="customer" if change.customer_yes and received_by == BOT else received_by,
        change=change,
        idempotency_key=idempotency_key,
        data={
            "case_number": draft.case_number,
            "grade": draft.grade.value,
            "acknowledge_due_at": due.acknowledge.isoformat(),
            "first_result_at": due.first_result.isoformat(),
            "solve_due_at": due.solve.isoformat(),
        },
    )
    await evidence.link_to_received(session, draft, now)
    keeps = owner if first_level(draft.grade) is Level.L1 else None
    await assign(care, session, draft, actor="system" if keeps is None else received_by, staff=keeps)


async def receipt_of(session: AsyncSession, case: Complaint) -> Receipt:
    """What the customer was told when the case was received; the same at every later asking."""
    owner = await session.get(Staff, case.owner_id) if case.owner_id else None
    if case.case_number is None or case.acknowledge_due_at is None or case.solve_due_at is None:
        raise NotFound("这条投诉还没有受理。")
    return Receipt(
        complaint_id=case.id,
        case_number=case.case_number,
        grade=case.grade,
        acknowledge_due_at=await promises.due_of(session, case.id, What.ACKNOWLEDGE)
        or case.acknowledge_due_at,
        first_result_at=await promises.due_of(session, case.id, What.FIRST_RESULT) or case.solve_due_at,
        solve_due_at=await promises.due_of(session, case.id, What.SOLVE) or case.solve_due_at,
        owner_name=None if owner is None else owner.name,
        expected_at=case.expectation_at,
    )


async def confirm_draft(care: Care, conversation_id: int, source_message_id: int) -> Receipt:
    """The customer's yes to the restatement: received, given to an owner, acknowledged, promised.

    The same message again gives the same receipt. A draft that was received meanwhile, by silence or by
    a yes whose answer never arrived, gives its receipt too.

    Raises:
        NotFound: the conversation has no draft and no case.
    """
    key = f"confirm:{source_message_id}"
    number = await _draft_order_number(care, conversation_id)
    facts = await order_facts(care, conversation_id, number) if number else None
    async with care.sessions.write() as session:
        conversation = await conversation_rows.locked(session, conversation_id)
        confirmed = await complaint_log.event_of_key(session, key)
        if confirmed is not None:
            return await receipt_of(session, await locked(session, confirmed.complaint_id))
        draft = await open_draft_row(session, conversation_id, to_write=True)
        if draft is None:
            case = await newest_complaint(session, conversation_id)
            if case is None or case.case_number is None:
                raise NotFound("没有正在登记的投诉。")
            return await receipt_of(session, case)
        draft.customer_id = draft.customer_id or await verified_customer_id(
            session, conversation, care.clock.now()
        )
        if facts is not None and facts.number == draft.order_number:
            await link_order(session, draft, facts)
        await receive(
            care, session, draft, received_by=BOT, change=Change(customer_yes=True), idempotency_key=key,
            source_message_id=source_message_id,
        )  # fmt: skip
        await apply_move(care, session, draft, ComplaintState.ACKNOWLEDGED, actor="bot")
        receipt = await receipt_of(session, draft)
    await interactions.note_data(care, conversation_id, written=("complaint",))
    return receipt


async def receive_silent_drafts(care: Care) -> list[Receipt]:
    """Receives every clear draft whose customer has been silent for 30 minutes. Run by the clockwork.

    Each is its own transaction, and one that cannot be received now does not keep the others. The receipt is told in the conversation and the case thereby acknowledged,
    unless the conversation is closed: then its owner has to reach the customer within the promised time.
    """
    before = care.clock.now() - DRAFT_SILENCE
    async with care.sessions.read() as session:
        rows = await session.execute(
            select(Complaint.id, Complaint.conversation_id)
            .where(
                Complaint.state == ComplaintState.DRAFT,
                Complaint.opened_at <= before,
                # Demo drafts stay what they show, and never use up a real case number.
                Complaint.is_demo.is_(False),
            )
            .order_by(Complaint.id)
        )
        waiting = [(row.id, row.conversation_id) for row in rows]
    receipts = []
    for draft_id, conversation_id in waiting:
        try:
            receipt = await _receive_silent(care, draft_id, conversation_id)
        except Exception:
            log.exception("draft %s could not be received", draft_id)
            continue
        if receipt is not None:
            receipts.append(receipt)
    return receipts


async def _receive_silent(care: Care, complaint_id: int, conversation_id: int | None) -> Receipt | None:
    async with care.sessions.write() as session:
        conversation = None
        if conversation_id is not None:
            conversation = await conversation_rows.locked(session, conversation_id)
        draft = await session.get(Complaint, complaint_id, with_for_update=True)
        if draft is None or draft.state is not ComplaintState.DRAFT or not _is_clear(draft):
            return None
        last_word = await customers_last_word(session, draft) or draft.opened_at
        if care.clock.now() - last_word < DRAFT_SILENCE:
            return None
        await receive(
            care, session, draft, received_by=CLOCKWORK, change=Change(is_clear=True),
            idempotency_key=f"silent:{draft.id}", source_message_id=draft.source_message_id,
        )  # fmt: skip
        receipt = await receipt_of(session, draft)
        if conversation is not None and conversation.owner is not Owner.CLOSED:
            text = (
                f"您反映的问题已受理,编号 {receipt.case_number}。"
                f"我们会在 {format_moment(receipt.first_result_at, now=care.clock.now())} 前给您结果。"
            )
            transcript.append(session, conversation, at=care.clock.now(), speaker=Speaker.SYSTEM, text=text)
            await apply_move(care, session, draft, ComplaintState.ACKNOWLEDGED, actor=CLOCKWORK)
    if conversation is not None:
        await conversation_rows.announce(care, conversation)
        await interactions.note_data(care, conversation.id, written=("complaint",))
    return receipt


async def _draft_order_number(care: Care, conversation_id: int) -> str | None:
    async with care.sessions.read() as session:
        draft = await open_draft_row(session, conversation_id)
        return None if draft is None else draft.order_number


def _is_clear(draft: Complaint) -> bool:
    """Whether the draft says plainly what is complained of."""
    return says_what_happened(draft.own_words) or bool(draft.cues or draft.product_said or draft.remedy_said)
