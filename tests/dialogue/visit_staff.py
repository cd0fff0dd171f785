"""What colleagues do with a case between two words of its customer, by the services that their screens use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import select

from care.records.case_work import CaseApproval
from care.records.complaint import Complaint
from care.records.staff import Staff
from care.rules.complaint import ComplaintState as S
from care.rules.complaint import Remedy
from care.rules.vocabulary import Role, Topic
from care.services import approvals, complaints, conversations
from care.services.complaints import Change
from care.services.context import Care

COLLEAGUE = "agent1"
#: From where a case stands to where it is being looked into.
_WAY = {
    S.RECEIVED: (S.ACKNOWLEDGED, S.ASSESSED, S.INVESTIGATING),
    S.ACKNOWLEDGED: (S.ASSESSED, S.INVESTIGATING),
    S.REOPENED: (S.ASSESSED, S.INVESTIGATING),
    S.ASSESSED: (S.INVESTIGATING,),
}


async def act(care: Care, case_number: str, name: str, turn: Mapping[str, Any]) -> None:
    """Does `name` with the case: ``investigate``, ``ask``, ``propose``, ``done``, ``close`` or ``age``.

    Args:
        turn: `text` is what is asked for, proposed or was done; `days` how long ago the case is made to have ended.
    """
    complaint_id = await _id(care, case_number)
    text = str(turn.get("text", ""))
    match name:
        case "investigate":
            await _investigate(care, complaint_id)
        case "ask":
            await _investigate(care, complaint_id)
            await _move(care, complaint_id, S.WAITING_CUSTOMER, Change(reason=text))
        case "propose":
            await _investigate(care, complaint_id)
            await _move(
                care, complaint_id, S.PROPOSED,
                Change(
                    proposal=text, remedy=Remedy.COMPENSATION, findings="属实",
                    root_cause_1="process", root_cause_2="rule_not_followed",
                ),
            )  # fmt: skip
        case "execute":
            await _move(care, complaint_id, S.EXECUTING, Change(customer_yes=True))
        case "done":
            await complaints.note_remedy_done(care, complaint_id, COLLEAGUE, text)
        case "close":
            await _move(care, complaint_id, S.CLOSED, Change(customer_yes=True))
        case "withdraw":
            await _agree(care, complaint_id)
        case "age":
            await _age(care, complaint_id, timedelta(days=int(turn["days"])))
        case _:
            raise ValueError(f"no colleague does {name}")


async def case_of_somebody_else(care: Care) -> str:
    """The number of a received case that belongs to another visitor."""
    visit = await conversations.open_visit(care, None)
    told = await conversations.accept_message(
        care, visit.conversation.id, client_msg_id=str(uuid4()), text="空调不制冷"
    )
    await complaints.open_draft(
        care, visit.conversation.id, told.message_id, topic=Topic.COMPLAINT_QUALITY, own_words="空调不制冷"
    )
    return (await complaints.confirm_draft(care, visit.conversation.id, told.message_id)).case_number


async def _investigate(care: Care, complaint_id: int) -> None:
    async with care.sessions.read() as session:
        state = (await session.get_one(Complaint, complaint_id)).state
    for to in _WAY.get(state, ()):
        await _move(care, complaint_id, to, None)


async def _move(care: Care, complaint_id: int, to: S, change: Change | None) -> None:
    await complaints.move(care, complaint_id, to, COLLEAGUE, change=change)


async def _agree(care: Care, complaint_id: int) -> None:
    """A lead says yes to what waits for a second person."""
    async with care.sessions.read() as session:
        waiting = (
            await session.scalars(
                select(CaseApproval.id).where(
                    CaseApproval.complaint_id == complaint_id, CaseApproval.decision.is_(None)
                )
            )
        ).one()
        lead = (await session.scalars(select(Staff.id).where(Staff.role == Role.LEAD, Staff.active))).first()
    assert lead is not None
    await approvals.agree(care, complaint_id, waiting, lead)


async def _age(care: Care, complaint_id: int, by: timedelta) -> None:
    """As if the case had ended so long ago: the running product's clock cannot be set."""
    async with care.sessions.write() as session:
        complaint = await session.get_one(Complaint, complaint_id)
        assert complaint.closed_at is not None
        complaint.closed_at -= by


async def _id(care: Care, case_number: str) -> int:
    async with care.sessions.read() as session:
        return (await session.scalars(select(Complaint.id).where(Complaint.case_number == case_number))).one()
