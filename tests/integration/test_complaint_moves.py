"""The life cycle on real rows: what each move writes, keeps, refuses and proves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from care.records.complaint import Complaint, ComplaintEvent
from care.records.conversation import Conversation
from care.records.engine import Outbox
from care.records.interaction import Promise
from care.rules.approval_terms import ApprovalWhat
from care.rules.complaint import CloseKind, ComplaintState, Level, Remedy
from care.rules.errors import Conflict, Forbidden, IllegalMove, InvalidInput, NotFound
from care.rules.severity import Grade
from care.rules.vocabulary import Emotion, Role, Topic
from care.services import (
    approvals,
    complaint_log,
    complaints,
    conversations,
    handoff,
    promise_watch,
    promises,
    staff,
)
from care.services.complaints import CaseView, Change
from care.services.context import Care
from tests.conftest import ManualClock
from tests.integration.conftest import PASSWORD, Shop

S = ComplaintState


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
    changes = {
        S.PROPOSED: Change(
            proposal="免费换一台新的",
            remedy=Remedy.EXCHANGE,
            findings="抽检属实",
            root_cause_1="technology",
            root_cause_2="material",
        ),
        S.EXECUTING: Change(customer_yes=True),
    }
    for state in states:
        case = await complaints.move(care, case.id, state, "agent1", change=changes.get(state))
    return case


async def row(care: Care, complaint_id: int) -> Complaint:
    async with care.sessions.read() as session:
        return (await session.scalars(select(Complaint).where(Complaint.id == complaint_id))).one()


async def promised(care: Care, complaint_id: int) -> dict[str, str]:
    return {
        promise.what: "kept" if promise.kept_at else "broken" if promise.broken_at else "open"
        for promise in await promises.of_complaint(care, complaint_id)
    }


async def test_the_whole_way_to_a_confirmed_close_keeps_its_promises(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    case = await received(care, shop)
    assert await promised(care, case.id) == {"acknowledge": "kept", "first_result": "open", "solve": "open"}
    clock.advance(hours=5)
    case = await walked(care, case, S.ASSESSED, S.INVESTIGATING, S.PROPOSED, S.EXECUTING)
    await complaints.note_remedy_done(care, case.id, "agent1", "新机已送达")
    case = await complaints.move(care, case.id, S.CLOSED, "agent1", change=Change(customer_yes=True))
    assert case.state is S.CLOSED
    complaint = await row(care, case.id)
    assert complaint.close_kind is CloseKind.CONFIRMED
    assert (complaint.remedy, complaint.findings, complaint.root_cause_1) == (
        Remedy.EXCHANGE,
        "抽检属实",
        "technology",
    )
    assert await promised(care, case.id) == {"acknowledge": "kept", "first_result": "kept", "solve": "kept"}
    assert await complaint_log.verify(care) == []


async def test_no_state_skips_assessed_and_the_row_stays_as_it_was(care: Care, shop: Shop) -> None:
    case = await received(care, shop)
    with pytest.raises(IllegalMove):
        await complaints.move(care, case.id, S.INVESTIGATING, "agent1")
    after = await row(care, case.id)
    assert (after.state, after.state_version) == (S.ACKNOWLEDGED, case.version)
    assert await complaint_log.verify(care) == []


async def test_a_refusal_goes_one_level_higher_and_the_second_one_ends_with_outside_ways_told(
    care: Care, shop: Shop
) -> None:
    await shop.agent("agent1", "王晓彤")
    await staff.add_staff(care, login="lead1", name="周敏", role=Role.LEAD, password=PASSWORD)
    case = await received(care, shop)
    assert (case.level, case.owner_name) == (Level.L1, "王晓彤")
    case = await walked(care, case, S.ASSESSED, S.INVESTIGATING, S.PROPOSED, S.INVESTIGATING)
    assert (case.level, case.owner_name) == (Level.L2, "周敏")
    case = await walked(care, case, S.PROPOSED)
    with pytest.raises(IllegalMove, match="外部途径"):
        await complaints.move(care, case.id, S.UNRESOLVED, "lead1")
    case = await complaints.move(care, case.id, S.UNRESOLVED, "lead1", change=Change(outside_ways_told=True))
    complaint = await row(care, case.id)
    assert complaint.refusals == 2
    assert complaint.external_recourse_told_at is not None
    assert complaint.closed_at is not None
    assert await complaint_log.verify(care) == []


async def test_silence_closes_only_after_three_reminders_and_seven_days(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    case = await walked(
        care, await received(care, shop), S.ASSESSED, S.INVESTIGATING, S.PROPOSED, S.EXECUTING
    )
    await complaints.note_remedy_done(care, case.id, "agent1", "已退款")
    for day in range(3):
        clock.advance(days=1)
        await complaints.note_reminder(care, case.id, "agent1", idempotency_key=f"reminder:{case.id}:{day}")
        await complaints.note_reminder(care, case.id, "agent1", idempotency_key=f"reminder:{case.id}:{day}")
    with pytest.raises(IllegalMove):
        await complaints.move(care, case.id, S.CLOSED, "agent1")
    clock.advance(days=6)
    await complaints.move(care, case.id, S.CLOSED, "agent1")
    assert (await row(care, case.id)).close_kind is CloseKind.SILENT
    async with care.sessions.read() as session:
        reminders = (
            await session.scalars(select(ComplaintEvent).where(ComplaintEvent.kind == "reminder"))
        ).all()
    assert len(reminders) == 3


async def test_a_remedy_is_done_only_while_it_is_carried_out(care: Care, shop: Shop) -> None:
    case = await received(care, shop)
    with pytest.raises(Conflict, match="执行中"):
        await complaints.note_remedy_done(care, case.id, "agent1", "已退款")


async def test_a_closed_case_is_reopened_for_thirty_days(care: Care, shop: Shop, clock: ManualClock) -> None:
    case = await walked(
        care, await received(care, shop), S.ASSESSED, S.INVESTIGATING, S.PROPOSED, S.EXECUTING
    )
    await complaints.note_remedy_done(care, case.id, "agent1", "已退款")
    await complaints.move(care, case.id, S.CLOSED, "agent1", change=Change(customer_yes=True))
    clock.advance(days=31)
    with pytest.raises(IllegalMove, match="30 天"):
        await complaints.move(care, case.id, S.REOPENED, "customer")
    clock.advance(days=-2)
    await complaints.move(care, case.id, S.REOPENED, "customer")
    complaint = await row(care, case.id)
    assert (complaint.reopen_count, complaint.closed_at, complaint.remedy_done_at) == (1, None, None)


async def test_withdrawing_needs_a_second_person_and_frees_from_the_promises(care: Care, shop: Shop) -> None:
    agent = await shop.agent("agent1", "王晓彤")
    lead = await staff.add_staff(care, login="lead1", name="周敏", role=Role.LEAD, password=PASSWORD)
    case = await received(care, shop)
    with pytest.raises(IllegalMove, match="另一人"):
        await complaints.move(care, case.id, S.WITHDRAWN, "agent1", change=Change(reason="客户撤回"))
    with pytest.raises(InvalidInput):
        await complaints.move(
            care, case.id, S.WITHDRAWN, "agent1", change=Change(reason="客户撤回", approval_id=77)
        )
    wish = await approvals.ask(
        care, case.id, ApprovalWhat.WITHDRAW, asked_by="agent1", reason="客户撤回", key="click-1"
    )
    with pytest.raises(Forbidden, match="另一人"):
        await approvals.agree(care, case.id, wish.id, agent)
    assert (await row(care, case.id)).state is S.ACKNOWLEDGED
    await approvals.agree(care, case.id, wish.id, lead.id)
    assert (await row(care, case.id)).state is S.WITHDRAWN
    assert await promised(care, case.id) == {"acknowledge": "kept"}
    assert await complaint_log.verify(care) == []


async def test_a_case_is_merged_into_another_living_one(care: Care, shop: Shop) -> None:
    lead = await staff.add_staff(care, login="lead1", name="周敏", role=Role.LEAD, password=PASSWORD)
    first, second = await received(care, shop), await received(care, shop)
    for survivor in (None, second.id, 10_000):
        with pytest.raises(InvalidInput):
            await complaints.move(
                care, second.id, S.MERGED, "agent1",
                change=Change(reason="同一问题", merged_into_id=survivor),
            )  # fmt: skip
    wish = await approvals.ask(
        care, second.id, ApprovalWhat.MERGE, asked_by="agent1", reason="同一问题", payload={"into": first.id}
    )
    await approvals.agree(care, second.id, wish.id, lead.id)
    assert (await row(care, second.id)).merged_into_id == first.id
    assert await complaint_log.verify(care) == []


async def test_two_people_at_once_the_second_is_told(care: Care, shop: Shop) -> None:
    case = await received(care, shop)
    await complaints.move(care, case.id, S.ASSESSED, "agent1", expected_version=case.version)
    with pytest.raises(Conflict):
        await complaints.move(care, case.id, S.INVESTIGATING, "agent2", expected_version=case.version)


async def test_the_same_click_twice_moves_once(care: Care, shop: Shop) -> None:
    case = await received(care, shop)
    one = await complaints.move(care, case.id, S.ASSESSED, "agent1", idempotency_key="click-1")
    two = await complaints.move(care, case.id, S.ASSESSED, "agent1", idempotency_key="click-1")
    assert one == two


async def test_each_change_of_state_is_announced_after_commit(care: Care, shop: Shop) -> None:
    case = await received(care, shop)
    async with care.sessions.read() as session:
        told = (await session.scalars(select(Outbox.data).where(Outbox.topic == "complaint_changed"))).all()
    assert [data["state"] for data in told if data["complaint"] == case.id] == ["received", "acknowledged"]


async def test_raising_the_grade_tightens_the_clock_and_calls_the_lead(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    await shop.agent("agent1", "王晓彤")
    lead = await staff.add_staff(care, login="lead1", name="周敏", role=Role.LEAD, password=PASSWORD)
    case = await received(care, shop)
    raised = await complaints.regrade(care, case.id, Grade.P1, "agent1", reason="客户说冒烟")
    assert raised.solve_due_at == clock.now() + timedelta(hours=24)
    assert raised.owner_name == "周敏"
    with pytest.raises(IllegalMove):
        await complaints.regrade(care, case.id, Grade.P3, "agent1", reason="没那么严重")
    wish = await approvals.ask(
        care, case.id, ApprovalWhat.LOWER_GRADE, asked_by="agent1", reason="没那么严重", payload={"to": "P3"}
    )
    await approvals.agree(care, case.id, wish.id, lead.id)
    lowered = await complaints.note(care, case.id, "agent1", "已改为一般")
    assert (lowered.grade, lowered.solve_due_at) == (Grade.P3, raised.solve_due_at)


async def test_an_overdue_promise_is_broken_and_stays_so(care: Care, shop: Shop, clock: ManualClock) -> None:
    case = await received(care, shop)
    assert await promise_watch.mark_broken(care) == 0
    clock.advance(days=10)
    assert await promise_watch.mark_broken(care) == 2
    await walked(care, case, S.ASSESSED, S.INVESTIGATING, S.PROPOSED)
    assert await promised(care, case.id) == {
        "acknowledge": "kept",
        "first_result": "broken",
        "solve": "broken",
    }


async def test_a_promise_done_late_before_the_clockwork_saw_it_is_broken(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    case = await received(care, shop)
    clock.advance(days=10)
    await walked(care, case, S.ASSESSED, S.INVESTIGATING, S.PROPOSED)
    assert (await promised(care, case.id))["first_result"] == "broken"
    async with care.sessions.read() as session:
        both = await session.scalars(
            select(Promise).where(Promise.kept_at.is_not(None), Promise.broken_at.is_not(None))
        )
        assert both.all() == []


async def test_a_case_goes_to_a_named_colleague_only_while_the_account_is_active(
    care: Care, shop: Shop
) -> None:
    await shop.agent("agent1", "王晓彤")
    other = await shop.agent("agent2", "陈立")
    case = await received(care, shop)
    assert (await complaints.hand_over(care, case.id, other, "lead1")).owner_name == "陈立"
    with pytest.raises(NotFound):
        await complaints.hand_over(care, case.id, 999_999, "lead1")


async def test_a_note_must_say_something_and_an_unknown_case_is_not_found(care: Care, shop: Shop) -> None:
    case = await received(care, shop)
    with pytest.raises(InvalidInput):
        await complaints.note(care, case.id, "agent1", "  ")
    noted = await complaints.note(care, case.id, "agent1", "已电话联系")
    assert noted.version == case.version + 1
    with pytest.raises(NotFound):
        await complaints.move(care, 999_999, S.ASSESSED, "agent1")


@pytest.mark.parametrize("answers_in", ["the next visit of the browser", "another browser, verified"])
async def test_a_word_in_another_visit_keeps_a_case_from_being_closed_as_silent(
    care: Care, shop: Shop, clock: ManualClock, answers_in: str
) -> None:
    first = await conversations.open_visit(care, None)
    told = await shop.say(first.conversation.id, "用了两天就坏了")
    await complaints.open_draft(
        care,
        first.conversation.id,
        told.message_id,
        topic=Topic.COMPLAINT_QUALITY,
        own_words="用了两天就坏了",
    )
    yes = await shop.say(first.conversation.id, "对")
    receipt = await complaints.confirm_draft(care, first.conversation.id, yes.message_id)
    customer = await shop.customer()
    async with care.sessions.write() as session:
        (await session.get_one(Complaint, receipt.complaint_id)).customer_id = customer.id
    for state, change in (
        (S.ASSESSED, None), (S.INVESTIGATING, None),
        (S.PROPOSED, Change(proposal="修好", root_cause_1="technology", root_cause_2="material")), (S.EXECUTING, Change(customer_yes=True)),
    ):  # fmt: skip
        await complaints.move(care, receipt.complaint_id, state, "agent1", change=change)
    await complaints.note_remedy_done(care, receipt.complaint_id, "agent1", "已修好")
    await handoff.close(care, first.conversation.id, "customer")
    for _ in range(3):
        clock.advance(days=1)
        await complaints.note_reminder(care, receipt.complaint_id, "agent1")
    clock.advance(hours=1)
    is_same_browser = answers_in.startswith("the next")
    again = (
        await conversations.open_visit(care, first.visitor_token if is_same_browser else None)
    ).conversation
    if not is_same_browser:
        async with care.sessions.write() as session:
            conversation = await session.get_one(Conversation, again.id)
            conversation.customer_id, conversation.verified_at = customer.id, clock.now()
    await shop.say(again.id, "还是不行,没修好")
    clock.advance(days=8)
    with pytest.raises(IllegalMove):
        await complaints.move(care, receipt.complaint_id, S.CLOSED, "agent1")
