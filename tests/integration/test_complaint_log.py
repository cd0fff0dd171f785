"""The chain finds what was changed, taken out, cut off or swapped behind the service's back."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint, ComplaintEvent
from care.records.interaction import Promise
from care.rules.complaint import ComplaintState
from care.services import complaint_log, complaints
from care.services.complaint_log import BrokenLink, Fault
from care.services.context import Care
from tests.integration.conftest import Shop
from tests.integration.test_complaint_moves import received


async def a_case(care: Care, shop: Shop) -> int:
    case = await received(care, shop)
    await complaints.move(care, case.id, ComplaintState.ASSESSED, "agent1")
    await complaints.note(care, case.id, "agent1", "已电话联系")
    assert await complaint_log.verify(care) == []
    return case.id


async def tampered(care: Care, *statements: object) -> list[BrokenLink]:
    async with care.sessions.write() as session:
        for statement in statements:
            await session.execute(statement)
    return await complaint_log.verify(care)


def event(complaint_id: int, seq: int) -> tuple:
    return (ComplaintEvent.complaint_id == complaint_id, ComplaintEvent.seq == seq)


async def test_a_changed_field_of_any_kind_is_found(care: Care, shop: Shop) -> None:
    case = await a_case(care, shop)
    async with care.sessions.read() as session:
        before = (await session.scalars(select(ComplaintEvent).where(*event(case, 2)))).one()
    changes = {
        "actor": "someone",
        "data": {"grade": "P4"},
        "kind": "note",
        "to_state": "closed",
        "from_state": "closed",
        "idempotency_key": "other",
        "previous_hash": "f" * 64,
        "hash": "f" * 64,
        "at": before.at.replace(microsecond=(before.at.microsecond + 1) % 1_000_000),
    }
    for column, value in changes.items():
        broken = await tampered(care, update(ComplaintEvent).where(*event(case, 2)).values({column: value}))
        assert broken, column
        assert broken[0].fault is Fault.CHANGED, column
        assert broken[0].seq in (2, 3), column
        await tampered(
            care, update(ComplaintEvent).where(*event(case, 2)).values({column: getattr(before, column)})
        )
    assert await complaint_log.verify(care) == []


async def test_a_missing_row_shows_as_a_gap(care: Care, shop: Shop) -> None:
    case = await a_case(care, shop)
    broken = await tampered(care, delete(ComplaintEvent).where(*event(case, 3)))
    assert [(link.fault, link.seq) for link in broken] == [(Fault.MISSING, 3)]


async def test_a_missing_head_shows(care: Care, shop: Shop) -> None:
    case = await a_case(care, shop)
    broken = await tampered(care, delete(ComplaintEvent).where(*event(case, 1)))
    assert [(link.fault, link.seq) for link in broken] == [(Fault.MISSING, 1)]


async def test_a_cut_tail_shows_although_the_rest_is_whole(care: Care, shop: Shop) -> None:
    case = await a_case(care, shop)
    broken = await tampered(
        care, delete(ComplaintEvent).where(ComplaintEvent.complaint_id == case, ComplaintEvent.seq > 4)
    )
    assert [(link.fault, link.seq) for link in broken] == [(Fault.MISSING_TAIL, 5)]


async def test_closing_the_gap_by_renumbering_shows(care: Care, shop: Shop) -> None:
    case = await a_case(care, shop)
    broken = await tampered(
        care,
        delete(ComplaintEvent).where(*event(case, 3)),
        update(ComplaintEvent).where(*event(case, 4)).values(seq=3),
        update(ComplaintEvent).where(*event(case, 5)).values(seq=4),
        update(Complaint).where(Complaint.id == case).values(state_version=4),
    )
    assert {link.fault for link in broken} == {Fault.CHANGED}


async def test_swapped_rows_show(care: Care, shop: Shop) -> None:
    case = await a_case(care, shop)
    broken = await tampered(
        care,
        update(ComplaintEvent).where(*event(case, 3)).values(seq=99),
        update(ComplaintEvent).where(*event(case, 4)).values(seq=3),
        update(ComplaintEvent).where(*event(case, 99)).values(seq=4),
    )
    assert {Fault.CHANGED, Fault.REORDERED} <= {link.fault for link in broken}


async def test_a_state_that_no_event_made_shows(care: Care, shop: Shop) -> None:
    case = await a_case(care, shop)
    broken = await tampered(care, update(Complaint).where(Complaint.id == case).values(state="closed"))
    assert [link.fault for link in broken] == [Fault.STATE_DIFFERS]


async def test_a_case_that_vanished_whole_is_missed_by_its_number(care: Care, shop: Shop) -> None:
    case = await a_case(care, shop)
    broken = await tampered(
        care,
        delete(Promise).where(Promise.complaint_id == case),
        delete(ComplaintEvent).where(ComplaintEvent.complaint_id == case),
        delete(Complaint).where(Complaint.id == case),
    )
    assert [(link.fault, link.case_number) for link in broken] == [(Fault.CASE_GONE, "TS-20261124-0001")]


async def test_one_broken_case_leaves_the_others_clean(care: Care, shop: Shop) -> None:
    first = await a_case(care, shop)
    second = await a_case(care, shop)
    broken = await tampered(care, update(ComplaintEvent).where(*event(second, 1)).values(actor="x"))
    assert {link.complaint_id for link in broken} == {second} != {first}


async def test_a_case_that_moves_while_the_log_is_read_is_no_fault(
    care: Care, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await a_case(care, shop)
    scalars, moved = AsyncSession.scalars, []

    async def slow(self: AsyncSession, statement: object, *given: object, **more: object) -> object:
        result = await scalars(self, statement, *given, **more)
        if not moved:  # between the cases and their events
            moved.append(True)
            await complaints.note(care, case, "agent1", "又联系了一次")
        return result

    monkeypatch.setattr(AsyncSession, "scalars", slow)
    assert await complaint_log.verify(care) == []
    assert moved
