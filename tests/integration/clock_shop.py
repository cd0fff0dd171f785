"""Cases for tests of the clocks: received in a chat, moved by staff, with a team that hears of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from care.records.clocks import ComplaintEscalation
from care.records.complaint import Complaint, ComplaintEvent
from care.rules.complaint import ComplaintState, Remedy
from care.rules.vocabulary import Emotion, Role, Topic
from care.services import complaints, promises, staff
from care.services.complaints import CaseView, Change
from care.services.context import Care
from tests.integration.conftest import PASSWORD, Shop

S = ComplaintState

_CHANGES = {
    S.PROPOSED: Change(
        proposal="免费换一台新的",
        remedy=Remedy.EXCHANGE,
        root_cause_1="technology",
        root_cause_2="manufacture",
    ),
    S.EXECUTING: Change(customer_yes=True),
}


@dataclass(frozen=True)
class Team:
    agent: int
    lead: int
    manager: int


async def team(care: Care) -> Team:
    ids = []
    for login, role in (("agent1", Role.AGENT), ("lead1", Role.LEAD), ("manager1", Role.MANAGER)):
        added = await staff.add_staff(care, login=login, name=login, role=role, password=PASSWORD)
        ids.append(added.id)
    return Team(*ids)


async def received(care: Care, shop: Shop, text: str = "用了两天就坏了", **fields: object) -> CaseView:
    visit = await shop.visit()
    told = await shop.say(visit.id, text)
    await complaints.open_draft(
        care, visit.id, told.message_id,
        **{"topic": Topic.COMPLAINT_QUALITY, "own_words": text, "cues": (), "emotion": Emotion.CALM, **fields},
    )  # fmt: skip
    yes = await shop.say(visit.id, "对")
    receipt = await complaints.confirm_draft(care, visit.id, yes.message_id)
    (case,) = [c for c in await complaints.cases_of(care, visit.id) if c.id == receipt.complaint_id]
    return case


async def walked(care: Care, case: CaseView, *states: S) -> CaseView:
    for state in states:
        case = await complaints.move(care, case.id, state, "agent1", change=_CHANGES.get(state))
    return case


async def row(care: Care, complaint_id: int) -> Complaint:
    async with care.sessions.read() as session:
        return (await session.scalars(select(Complaint).where(Complaint.id == complaint_id))).one()


async def events(care: Care, complaint_id: int, kind: str) -> list[ComplaintEvent]:
    async with care.sessions.read() as session:
        rows = await session.scalars(
            select(ComplaintEvent)
            .where(ComplaintEvent.complaint_id == complaint_id, ComplaintEvent.kind == kind)
            .order_by(ComplaintEvent.seq)
        )
        return list(rows)


async def ledger(care: Care, complaint_id: int) -> list[tuple[str, datetime, str]]:
    """What, due at, and how it stands: kept, broken or open; the earliest made first."""
    found = sorted(await promises.of_complaint(care, complaint_id), key=lambda p: p.id)
    return [(p.what, p.due_at, "kept" if p.kept_at else "broken" if p.broken_at else "open") for p in found]


async def many_cases(care: Care, shop: Shop, number: int) -> list[int]:
    """So many received cases that all fall due at the same moment."""
    return [(await received(care, shop, f"第 {n} 台也坏了，开不了机")).id for n in range(number)]


async def make_all_due(care: Care, at: datetime) -> None:
    async with care.sessions.write() as session:
        await session.execute(
            update(ComplaintEscalation).where(ComplaintEscalation.percent == 50).values(due_at=at)
        )
