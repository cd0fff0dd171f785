"""What a customer does with a complaint that was received: answer, add, confirm, reopen, wish to take back.

Every act is the customer's own, once per line of theirs (`source_message_id`), an event of the trail, and told to
the case's owner. Whose case it is is looked up in the records at every call; somebody else's case is answered
like one that does not exist.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint, ComplaintEvent
from care.records.conversation import Conversation
from care.rules.approval_terms import ApprovalWhat
from care.rules.complaint import REFUSALS_TO_END
from care.rules.complaint import ComplaintState as S
from care.rules.errors import Conflict, NotFound, NotVerified, StepUpNeeded
from care.rules.masking import mask_cards
from care.rules.notice_terms import NoticeKind
from care.rules.text import tidy
from care.rules.vocabulary import Role
from care.services import (
    case_approvals,
    case_clocks,
    complaint_log,
    complaints,
    conversation_rows,
    interactions,
    notices,
)
from care.services.complaint_moves import Change, apply_move, case_view, locked
from care.services.complaint_views import CaseView
from care.services.context import Care
from care.services.conversation_rows import verified_customer_id
from care.services.verified import STRONG

CUSTOMER = "customer"
_HIDDEN = (S.DRAFT, S.MERGED)
_LONGEST = 4000
_NOT_YOURS = "没有查到您名下的这件投诉，请核对编号。"


@dataclass(frozen=True)
class OwnCase:
    """A case as the customer may hear of it, with what it waits for.

    Attributes:
        refusals: proposals refused so far in this round.
        is_remedy_done: what was agreed on has been carried out.
        wanted: what the customer is asked for while the case waits for them.
        withdrawal_wished: they wished to take it back, and a colleague has not confirmed yet.
    """

    view: CaseView
    refusals: int
    is_remedy_done: bool
    wanted: str | None
    withdrawal_wished: bool

    @property
    def number(self) -> str:
        return self.view.case_number

    @property
    def state(self) -> S:
        return self.view.state


async def own_cases(care: Care, conversation_id: int, *, limit: int = 20) -> list[OwnCase]:
    """The cases that this conversation may speak of, the newest first (`complaints.cases_of`).

    Raises:
        NotFound: no such conversation.
    """
    views = await complaints.cases_of(care, conversation_id, limit=limit)
    async with care.sessions.read() as session:
        return [await _own_case(session, await session.get_one(Complaint, view.id)) for view in views]


async def answer_proposal(
    care: Care, conversation_id: int, case_number: str, *, accepts: bool, words: str, wish: str | None = None,
    source_message_id: int,
) -> OwnCase:  # fmt: skip
    """The customer's yes or no to the proposal. The second no ends the case as unresolved, with the outside ways told.

    Args:
        words: what was said, for the trail.
        wish: what would be accepted instead.

    Raises:
        NotFound: not a case of theirs.
        StepUpNeeded: known by order number and phone tail only.
        IllegalMove: nothing is proposed now.
    """

    async def act(session: AsyncSession, complaint: Complaint, key: str) -> str:
        said: dict[str, Any] = {"answer": "yes" if accepts else "no", "words": _clean(care, words)}
        if wish:
            said["wish"] = _clean(care, wish)
        if accepts:
            to, change = S.EXECUTING, Change(customer_yes=True)
        elif complaint.refusals + 1 < REFUSALS_TO_END:
            to, change = S.INVESTIGATING, Change()
        else:
            to, change = S.UNRESOLVED, Change(outside_ways_told=True)
        await apply_move(
            care, session, complaint, to, actor=CUSTOMER, change=change, idempotency_key=key, data=said
        )
        if accepts:
            return "客户接受了方案，请开始执行"
        after = "请提出新方案" if to is S.INVESTIGATING else "已第二次拒绝，记为未接受，外部途径已告知"
        return f"客户不接受方案{'，并提了要求' if wish else ''}，{after}"

    return await _once(care, conversation_id, case_number, source_message_id, act, decides=True)


async def add_words(
    care: Care, conversation_id: int, case_number: str, *, words: str, source_message_id: int
) -> OwnCase:
    """More of the story, or the answer to what was asked for: then the case goes on being investigated.

    Raises:
        NotFound: not a case of theirs.
        Conflict: it has ended.
    """

    async def act(session: AsyncSession, complaint: Complaint, key: str) -> str:
        if complaint.state in (S.CLOSED, S.UNRESOLVED, S.WITHDRAWN, S.RECLASSIFIED):
            raise Conflict(f"这件投诉{complaint.state.label}，要补充请先重新受理或新登记。")
        is_answer = complaint.state is S.WAITING_CUSTOMER
        await complaint_log.append(
            session, complaint, "customer_added", actor=CUSTOMER, at=care.clock.now(), idempotency_key=key,
            data={"text": _clean(care, words), "message": source_message_id, "is_answer": is_answer},
        )  # fmt: skip
        if is_answer:
            await apply_move(care, session, complaint, S.INVESTIGATING, actor=CUSTOMER)
            return "客户已补充所要的信息，案件继续调查"
        return "客户补充了情况"

    return await _once(care, conversation_id, case_number, source_message_id, act)


async def answer_content(
    care: Care,
    conversation_id: int,
    case_number: str,
    *,
    is_content: bool,
    words: str,
    source_message_id: int,
) -> OwnCase:
    """Whether the remedy has reached the customer to their content: closed, or not and its owner told.

    A yes before the remedy is registered as done is kept, and closes nothing.

    Raises:
        NotFound: not a case of theirs.
        StepUpNeeded: known by order number and phone tail only.
        Conflict: the case is not being executed.
    """

    async def act(session: AsyncSession, complaint: Complaint, key: str) -> str:
        if complaint.state is not S.EXECUTING:
            raise Conflict(f"这件投诉现在是“{complaint.state.label}”，还不到确认结果的时候。")
        now, said = care.clock.now(), {"words": _clean(care, words)}
        if is_content and complaint.remedy_done_at is not None and complaint.root_cause_2 is not None:
            await apply_move(
                care, session, complaint, S.CLOSED, actor=CUSTOMER, change=Change(customer_yes=True),
                idempotency_key=key, data=said,
            )  # fmt: skip
            return "客户确认满意，案件已结束"
        kind = "customer_content" if is_content else "remedy_disputed"
        if not is_content:
            # What does not reach the customer is not done; it is registered anew when it has.
            if complaint.remedy_done_at is not None:
                await case_clocks.go_on(session, complaint, complaint.remedy_done_at)
            complaint.remedy_done_at = None
        await complaint_log.append(
            session, complaint, kind, actor=CUSTOMER, at=now, idempotency_key=key, data=said
        )
        return "客户说已处理好，请登记完成后结案" if is_content else "客户说还没有处理好，请核实"

    return await _once(care, conversation_id, case_number, source_message_id, act, decides=True)


async def reopen(
    care: Care, conversation_id: int, case_number: str, *, words: str, source_message_id: int
) -> OwnCase:
    """A case that ended within 30 days is taken up again.

    Raises:
        NotFound: not a case of theirs.
        StepUpNeeded: known by order number and phone tail only.
        IllegalMove: it has not ended, or longer ago.
    """

    async def act(session: AsyncSession, complaint: Complaint, key: str) -> str:
        await apply_move(
            care, session, complaint, S.REOPENED, actor=CUSTOMER, idempotency_key=key, data={"words": _clean(care, words)}
        )  # fmt: skip
        return "客户要求重新处理，请重新评审"

    return await _once(care, conversation_id, case_number, source_message_id, act, decides=True)


async def wish_withdrawal(
    care: Care, conversation_id: int, case_number: str, *, words: str, source_message_id: int
) -> OwnCase:
    """Keeps the wish to take the case back; only a second person's agreement withdraws it (care.md §3, rule 5).

    Raises:
        NotFound: not a case of theirs.
        StepUpNeeded: known by order number and phone tail only.
        Conflict: it has ended.
    """

    async def act(session: AsyncSession, complaint: Complaint, key: str) -> str:
        if complaint.state in (S.CLOSED, S.UNRESOLVED, S.WITHDRAWN, S.RECLASSIFIED):
            raise Conflict(f"这件投诉{complaint.state.label}，不用再撤回。")
        await complaint_log.append(
            session, complaint, "withdrawal_wished", actor=CUSTOMER, at=care.clock.now(), idempotency_key=key,
            data={"words": _clean(care, words)},
        )  # fmt: skip
        await case_approvals.ask_in(
            care, session, complaint, ApprovalWhat.WITHDRAW, asked_by=CUSTOMER, reason="客户在会话中要求撤回", key=key
        )  # fmt: skip
        return "客户要求撤回投诉，请与客户确认，由另一人复核"

    return await _once(care, conversation_id, case_number, source_message_id, act, decides=True)


async def note_outside_ways(
    care: Care, conversation_id: int, case_number: str, *, source_message_id: int
) -> OwnCase:
    """Keeps that the customer was told of mediation, 12315, arbitration and court. Raises `NotFound`."""

    async def act(session: AsyncSession, complaint: Complaint, key: str) -> str:
        now = care.clock.now()
        await complaint_log.append(
            session, complaint, "outside_ways_told", actor="bot", at=now, idempotency_key=key
        )
        complaint.external_recourse_told_at = complaint.external_recourse_told_at or now
        return "客户问了外部途径，已告知"

    return await _once(care, conversation_id, case_number, source_message_id, act)


async def same_open_case(care: Care, conversation_id: int) -> OwnCase | None:
    """The customer's open case about the same order and matter as the conversation's draft."""
    draft = await complaints.draft_of(care, conversation_id)
    if draft is None or not draft.order_number:
        return None
    ended = (S.CLOSED, S.UNRESOLVED, S.WITHDRAWN, S.RECLASSIFIED)
    for case in await own_cases(care, conversation_id):
        is_same = case.view.order_number == draft.order_number and case.view.topic == draft.topic
        if is_same and case.state not in ended:
            return case
    return None


async def _once(
    care: Care, conversation_id: int, case_number: str, source_message_id: int,
    act: Callable[[AsyncSession, Complaint, str], Awaitable[str]], *, decides: bool = False, with_leads: bool = False,
) -> OwnCase:  # fmt: skip
    """Does `act` in one transaction, once a line; it returns what the case's owner is told."""
    key = f"case:{source_message_id}"
    async with care.sessions.write() as session:
        conversation = await conversation_rows.locked(session, conversation_id)
        complaint = await _own(care, session, conversation, case_number, decides=decides)
        if await complaint_log.event_of_key(session, key) is None:
            told = await act(session, complaint, key)
            await _tell_owner(care, session, complaint, told, key, with_leads=with_leads)
            now = care.clock.now()
            await interactions.note_data_of(
                session, conversation, now, written=(f"complaint:{complaint.case_number}",)
            )
        return await _own_case(session, complaint)


async def _own(
    care: Care, session: AsyncSession, conversation: Conversation, case_number: str, *, decides: bool
) -> Complaint:
    """The case under lock, if it is the customer's.

    Raises:
        NotVerified: it belongs to a customer, and nobody is known here now.
        StepUpNeeded: what stands on every parcel proves too little for a decision.
        NotFound: it is not theirs, or there is none.
    """
    complaint_id = await session.scalar(
        select(Complaint.id).where(Complaint.case_number == case_number, Complaint.state.not_in(_HIDDEN))
    )
    if complaint_id is None:
        raise NotFound(_NOT_YOURS)
    complaint = await locked(session, complaint_id)
    customer_id = await verified_customer_id(session, conversation, care.clock.now())
    if complaint.customer_id is None:
        if complaint.conversation_id != conversation.id:
            raise NotFound(_NOT_YOURS)
        return complaint
    if customer_id is None:
        raise NotVerified
    if complaint.customer_id != customer_id:
        raise NotFound(_NOT_YOURS)
    if decides and conversation.verified_by not in STRONG:
        is_proven = (
            conversation.proven_order is not None and conversation.proven_order == complaint.order_number
        )
        if not is_proven:
            raise StepUpNeeded
    return complaint


async def _tell_owner(
    care: Care, session: AsyncSession, complaint: Complaint, told: str, key: str, *, with_leads: bool
) -> None:
    leads = (Role.LEAD, Role.MANAGER)
    staff = [complaint.owner_id] if complaint.owner_id is not None else []
    if with_leads or not staff:
        staff += await notices.people_of(session, leads, is_demo=complaint.is_demo)
    await notices.tell(
        session, care, staff_ids=staff, kind=NoticeKind.CUSTOMER_ANSWERED, text=f"{complaint.case_number}：{told}。",
        key=f"{key}:{complaint.id}", complaint_id=complaint.id, conversation_id=complaint.conversation_id,
    )  # fmt: skip


async def _own_case(session: AsyncSession, complaint: Complaint) -> OwnCase:
    return OwnCase(
        view=await case_view(session, complaint),
        refusals=complaint.refusals,
        is_remedy_done=complaint.remedy_done_at is not None,
        wanted=await wanted_of(session, complaint) if complaint.state is S.WAITING_CUSTOMER else None,
        withdrawal_wished=await _wished_to_withdraw(session, complaint.id),
    )


async def wanted_of(session: AsyncSession, complaint: Complaint) -> str | None:
    """What the customer was last asked for, in the words of the one who asked."""
    event = await session.scalar(
        select(ComplaintEvent)
        .where(ComplaintEvent.complaint_id == complaint.id, ComplaintEvent.to_state == S.WAITING_CUSTOMER.value)
        .order_by(ComplaintEvent.seq.desc())
        .limit(1)
    )  # fmt: skip
    data = event.data if event is not None else {}
    return data.get("wanted") or data.get("reason") or None


async def _wished_to_withdraw(session: AsyncSession, complaint_id: int) -> bool:
    last = await session.scalar(
        select(ComplaintEvent.kind)
        .where(
            ComplaintEvent.complaint_id == complaint_id,
            ComplaintEvent.kind.in_(("withdrawal_wished", "state")),
        )
        .order_by(ComplaintEvent.seq.desc())
        .limit(1)
    )
    return last == "withdrawal_wished"


def _clean(care: Care, text: str) -> str:
    return mask_cards(tidy(text, keep_lines=True), order_number_pattern=care.settings.order_number_pattern)[
        :_LONGEST
    ]
