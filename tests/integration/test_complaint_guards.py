"""What the search for broken sequences turned up: each way into a case that contradicts itself is shut."""

from __future__ import annotations

import pytest

from care.records.complaint import Complaint
from care.rules.complaint import ComplaintState, Remedy
from care.rules.errors import Conflict, IllegalMove, InvalidInput
from care.rules.severity import Grade
from care.rules.vocabulary import Role
from care.services import approvals, case_acts, case_moving, case_talk, complaint_log, complaints, escalations
from care.services.complaint_moves import Change
from care.services.context import Care
from care.services.escalations import EscalationView
from tests.conftest import ManualClock
from tests.integration.conftest import Shop
from tests.integration.test_case_work import person
from tests.integration.test_complaint_moves import received, row, walked

S = ComplaintState


async def steps_to_come(care: Care, case_id: int) -> list[EscalationView]:
    steps = await escalations.of_complaint(care, case_id)
    return [step for step in steps if step.done_at is None and step.ended_at is None]


async def test_the_steps_of_a_survivor_follow_the_earlier_deadline_that_it_took_over(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    asker, lead = (
        await person(care, "lead1", Role.LEAD, "周敏"),
        await person(care, "lead2", Role.LEAD, "李娜"),
    )
    older = await received(care, shop)
    clock.advance(days=2)
    newer = await received(care, shop)
    assert older.solve_due_at is not None
    wish = (
        await case_moving.move(
            care, asker, older.case_number, S.MERGED, change=Change(reason="同一件"), version=older.version, key="k1",
            into=newer.case_number,
        )
    ).approval  # fmt: skip
    assert wish is not None
    await approvals.agree(care, older.id, wish.id, lead.id)
    survivor = await row(care, newer.id)
    assert survivor.solve_due_at == older.solve_due_at
    assert survivor.received_at is not None
    time = older.solve_due_at - survivor.received_at
    assert {step.percent: step.due_at for step in await steps_to_come(care, newer.id)} == {
        percent: survivor.received_at + time * percent / 100 for percent in (50, 80, 100, 150)
    }


async def test_an_agreement_to_lower_the_grade_holds_for_the_grade_that_was_seen(
    care: Care, shop: Shop
) -> None:
    asker, lead = (
        await person(care, "lead1", Role.LEAD, "周敏"),
        await person(care, "lead2", Role.LEAD, "李娜"),
    )
    case = await received(care, shop)
    await complaints.regrade(care, case.id, Grade.P3, "lead1", reason="多人受影响")
    asked = await case_acts.grade(
        care, asker, case.case_number, Grade.P4, reason="复核后", version=(await row(care, case.id)).state_version, key="k1"
    )  # fmt: skip
    assert asked.approval is not None
    await complaints.regrade(care, case.id, Grade.P1, "agent1", reason="有人受伤")
    before = await row(care, case.id)
    with pytest.raises(Conflict, match="与申请时不同"):
        await approvals.agree(care, case.id, asked.approval.id, lead.id)
    after = await row(care, case.id)
    assert (after.grade, after.state_version) == (Grade.P1, before.state_version)
    assert await complaint_log.verify(care) == []


async def closed(care: Care, shop: Shop) -> Complaint:
    case = await walked(
        care, await received(care, shop), S.ASSESSED, S.INVESTIGATING, S.PROPOSED, S.EXECUTING
    )
    await complaints.note_remedy_done(care, case.id, "agent1", "新机已送达")
    await complaints.move(care, case.id, S.CLOSED, "agent1", change=Change(customer_yes=True))
    return await row(care, case.id)


async def test_a_closed_case_never_loses_the_second_level_of_its_root_cause(care: Care, shop: Shop) -> None:
    lead = await person(care, "lead1", Role.LEAD, "周敏")
    case = await closed(care, shop)
    with pytest.raises(InvalidInput) as refused:
        await case_acts.cause(
            care, lead, str(case.id), findings=None, first="process", second=None, version=case.state_version, key="k1"
        )  # fmt: skip
    assert set(refused.value.fields) == {"root_cause_2"}
    after = await row(care, case.id)
    assert (after.root_cause_1, after.root_cause_2) == ("technology", "material")
    await case_acts.cause(
        care, lead, str(case.id), findings=None, first="process", second="picking", version=case.state_version, key="k2"
    )  # fmt: skip
    assert (await row(care, case.id)).root_cause_2 == "picking"


async def test_a_case_is_not_closed_with_a_second_level_of_another_first_one(care: Care, shop: Shop) -> None:
    case = await walked(
        care, await received(care, shop), S.ASSESSED, S.INVESTIGATING, S.PROPOSED, S.EXECUTING
    )
    await complaints.note_remedy_done(care, case.id, "agent1", "新机已送达")
    with pytest.raises(IllegalMove, match="两级根因"):
        await complaints.move(
            care, case.id, S.CLOSED, "agent1", change=Change(customer_yes=True, root_cause_1="process")
        )
    assert (await row(care, case.id)).root_cause_2 == "material"


async def test_a_remedy_that_did_not_arrive_sets_the_steps_going_again(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    visit = await shop.visit()
    case = await walked(
        care, await received(care, shop), S.ASSESSED, S.INVESTIGATING, S.PROPOSED, S.EXECUTING
    )
    before = await steps_to_come(care, case.id)
    await complaints.note_remedy_done(care, case.id, "agent1", "已退款")
    assert await steps_to_come(care, case.id) == []
    complaint = await row(care, case.id)
    assert complaint.conversation_id not in (None, visit.id)
    clock.advance(hours=1)
    await case_talk.answer_content(
        care, complaint.conversation_id or 0, case.case_number, is_content=False, words="还没收到退款",
        source_message_id=10_000,
    )  # fmt: skip
    assert await steps_to_come(care, case.id) == before
    assert len(before) == 4
    assert complaint.remedy is Remedy.EXCHANGE
