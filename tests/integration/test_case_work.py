"""Work on cases on real rows: many hands at once, approvals carried out once, limits in versions, links, filters."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from sqlalchemy import func, select, update

from care.records.case_work import CaseApproval, CaseRemedy
from care.records.complaint import Complaint, ComplaintEvent
from care.records.interaction import Promise
from care.records.staff import Staff
from care.rules.approval_terms import ApprovalWhat, Decision
from care.rules.complaint import ComplaintState, Remedy
from care.rules.errors import Conflict, Forbidden, InvalidInput
from care.rules.link_terms import LinkKind
from care.rules.remedies import RemedyPart
from care.rules.vocabulary import Role
from care.services import (
    approvals,
    case_acts,
    case_links,
    case_list,
    case_moving,
    case_sheet,
    complaint_log,
    complaints,
    remedy_limits,
    staff,
)
from care.services.case_list import Filters
from care.services.complaint_moves import Change
from care.services.complaints import CaseView
from care.services.context import Care
from care.services.staff import StaffView
from tests.conftest import ManualClock
from tests.integration.conftest import PASSWORD, Shop
from tests.integration.test_complaint_moves import received, row, walked

S = ComplaintState


async def person(care: Care, login: str, role: Role = Role.AGENT, name: str = "王小美") -> StaffView:
    return await staff.add_staff(care, login=login, name=name, role=role, password=PASSWORD)


async def move(
    care: Care, who: StaffView, case: CaseView, to: S, version: int, key: str, **change: object
) -> object:
    return await case_moving.move(
        care, who, case.case_number, to, change=Change(**change), version=version, key=key  # type: ignore[arg-type]
    )  # fmt: skip


async def test_of_twenty_who_move_at_once_one_wins_and_the_others_hear_who_and_to_what(
    care: Care, shop: Shop
) -> None:
    case = await received(care, shop)
    template = await person(care, "lead0", Role.LEAD, "组长0")
    people = [template]
    async with care.sessions.write() as session:
        row_of = await session.get_one(Staff, template.id)
        for n in range(1, 20):
            session.add(
                Staff(
                    login=f"lead{n}", name=f"组长{n}", role=Role.LEAD, password_hash=row_of.password_hash, skills=[],
                    capacity=5, presence="away", failed_logins=0, active=True, is_demo=False, created_at=care.clock.now(),
                )
            )  # fmt: skip
    people = [one for one in await staff.list_staff(care) if one.login.startswith("lead")]
    assert len(people) == 20
    outcomes = await asyncio.gather(
        *(move(care, who, case, S.ASSESSED, case.version, f"click-{who.login}") for who in people),
        return_exceptions=True,
    )
    won = [
        who for who, outcome in zip(people, outcomes, strict=True) if not isinstance(outcome, BaseException)
    ]
    lost = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert len(won) == 1
    assert {type(outcome) for outcome in lost} == {Conflict}
    for refusal in lost:
        assert isinstance(refusal, Conflict)
        assert refusal.message == f"{won[0].name}已将投诉改为“已评审”，请刷新后再试。"
        assert (refusal.fields["moved_by"], refusal.fields["moved_to"]) == (won[0].name, "已评审")
    async with care.sessions.read() as session:
        moved = await session.scalar(
            select(func.count(ComplaintEvent.id)).where(
                ComplaintEvent.complaint_id == case.id, ComplaintEvent.to_state == "assessed"
            )
        )
    assert moved == 1
    assert await complaint_log.verify(care) == []


async def test_of_two_leads_who_agree_at_once_one_carries_it_out(care: Care, shop: Shop) -> None:
    leads = [await person(care, f"lead{n}", Role.LEAD, f"组长{n}") for n in range(4)]
    case = await received(care, shop)
    wish = await approvals.ask(care, case.id, ApprovalWhat.WITHDRAW, asked_by="customer", reason="客户要求")
    outcomes = await asyncio.gather(
        *(approvals.agree(care, case.id, wish.id, lead.id) for lead in leads), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["ApprovalView", *["Conflict"] * 3]
    complaint = await row(care, case.id)
    assert complaint.state is S.WITHDRAWN
    async with care.sessions.read() as session:
        (event,) = (
            await session.scalars(select(ComplaintEvent).where(ComplaintEvent.to_state == "withdrawn"))
        ).all()
    assert (event.actor, event.idempotency_key) == ("customer", f"approval:{wish.id}")
    assert await complaint_log.verify(care) == []


async def test_two_merges_into_each_other_end_with_one_survivor(care: Care, shop: Shop) -> None:
    lead = await person(care, "lead1", Role.LEAD, "周敏")
    one, two = await received(care, shop), await received(care, shop)
    wishes = [
        await approvals.ask(
            care, a.id, ApprovalWhat.MERGE, asked_by="agent1", reason="同一件", payload={"into": b.id}
        )
        for a, b in ((one, two), (two, one))
    ]
    outcomes = await asyncio.gather(
        approvals.agree(care, one.id, wishes[0].id, lead.id),
        approvals.agree(care, two.id, wishes[1].id, lead.id),
        return_exceptions=True,
    )
    assert sum(not isinstance(outcome, BaseException) for outcome in outcomes) == 1
    states = sorted([(await row(care, case.id)).state.value for case in (one, two)])
    assert states == ["acknowledged", "merged"]
    assert await complaint_log.verify(care) == []


async def test_a_merged_case_frees_its_promises_and_the_stricter_clock_stays(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    lead = await person(care, "lead1", Role.LEAD, "周敏")
    one = await received(care, shop)
    clock.advance(hours=30)
    two = await received(care, shop)
    early = (await row(care, one.id)).solve_due_at
    wish = await approvals.ask(
        care, one.id, ApprovalWhat.MERGE, asked_by="agent1", reason="同一件", payload={"into": two.id}
    )
    await approvals.agree(care, one.id, wish.id, lead.id)
    assert (await row(care, two.id)).solve_due_at == early
    async with care.sessions.read() as session:
        left = await session.scalars(
            select(Promise).where(
                Promise.complaint_id == one.id, Promise.kept_at.is_(None), Promise.broken_at.is_(None)
            )
        )
        assert left.all() == []


async def test_an_inactive_or_same_person_decides_nothing(care: Care, shop: Shop) -> None:
    lead = await person(care, "lead1", Role.LEAD, "周敏")
    gone = await person(care, "lead2", Role.LEAD, "钱芳")
    agent = await person(care, "agent1")
    async with care.sessions.write() as session:
        await session.execute(update(Staff).where(Staff.id == gone.id).values(active=False))
    case = await received(care, shop)
    wish = await approvals.ask(care, case.id, ApprovalWhat.RECLASSIFY, asked_by="lead1", reason="其实是咨询")
    for who in (lead, gone, agent):
        with pytest.raises(Forbidden):
            await approvals.agree(care, case.id, wish.id, who.id)
    assert (await row(care, case.id)).state is S.ACKNOWLEDGED


async def test_asking_twice_is_one_wish_and_another_one_must_wait(care: Care, shop: Shop) -> None:
    case = await received(care, shop)

    async def ask(to: str) -> int:
        wish = await approvals.ask(
            care, case.id, ApprovalWhat.LOWER_GRADE, asked_by="agent1", reason="轻", payload={"to": to}
        )
        return wish.id

    assert await ask("P4") == await ask("P4")
    with pytest.raises(Conflict, match="等待审批"):
        await ask("P3")


async def test_an_act_that_has_become_impossible_leaves_the_approval_undecided(
    care: Care, shop: Shop
) -> None:
    lead, agent = await person(care, "lead1", Role.LEAD, "周敏"), await person(care, "agent1")
    case = await walked(care, await received(care, shop), S.ASSESSED, S.INVESTIGATING)
    dear = (RemedyPart(Remedy.REFUND, Decimal(900)),)
    done = await move(
        care, agent, case, S.PROPOSED, case.version, "click-0001", proposal="退款", remedies=dear
    )
    approval_id = done.approval.id  # type: ignore[attr-defined]
    await complaints.move(care, case.id, S.WAITING_CUSTOMER, "agent1", change=Change(reason="请补充照片"))
    with pytest.raises(Conflict):
        await approvals.agree(care, case.id, approval_id, lead.id)
    async with care.sessions.read() as session:
        assert (await session.get_one(CaseApproval, approval_id)).decision is None
    await complaints.move(care, case.id, S.INVESTIGATING, "agent1")
    agreed = await approvals.agree(care, case.id, approval_id, lead.id)
    assert agreed.decision is Decision.AGREED
    assert (await row(care, case.id)).state is S.PROPOSED


async def test_limits_come_in_versions_and_the_newest_holds(care: Care, shop: Shop) -> None:
    agent = await person(care, "agent1")
    assert (await remedy_limits.limits(care))[Role.AGENT] == Decimal(200)
    assert await remedy_limits.set_limit(care, Role.AGENT, Decimal("500.00"), set_by="boss") == 1
    assert await remedy_limits.set_limit(care, Role.AGENT, Decimal("50.00"), set_by="boss") == 2
    case = await walked(care, await received(care, shop), S.ASSESSED, S.INVESTIGATING)
    parts = (RemedyPart(Remedy.COMPENSATION, Decimal("50.01")),)
    done = await move(
        care, agent, case, S.PROPOSED, case.version, "click-0001", proposal="补偿", remedies=parts
    )
    assert done.approval.total == Decimal("50.01")  # type: ignore[attr-defined]
    with pytest.raises(InvalidInput):
        await remedy_limits.set_limit(care, Role.AGENT, Decimal("-1"), set_by="boss")


async def test_a_new_proposal_takes_the_place_of_the_old_ones_open_parts(care: Care, shop: Shop) -> None:
    lead = await person(care, "lead1", Role.LEAD, "周敏")
    case = await walked(care, await received(care, shop), S.ASSESSED, S.INVESTIGATING, S.PROPOSED)
    case = await complaints.move(care, case.id, S.INVESTIGATING, "agent1", change=Change(reason="嫌少"))
    two = (RemedyPart(Remedy.REFUND, Decimal(900)), RemedyPart(Remedy.APOLOGY))
    await move(care, lead, case, S.PROPOSED, case.version, "click-0002", proposal="退款", remedies=two)
    async with care.sessions.read() as session:
        rows = (await session.scalars(select(CaseRemedy).order_by(CaseRemedy.id))).all()
    assert [(r.kind.value, r.dropped_at is not None) for r in rows] == [
        ("exchange", True),
        ("refund", False),
        ("apology", False),
    ]


async def test_a_customers_earlier_yes_closes_the_case_once_the_cause_is_known(
    care: Care, shop: Shop
) -> None:
    agent = await person(care, "agent1")
    case = await walked(
        care, await received(care, shop), S.ASSESSED, S.INVESTIGATING, S.PROPOSED, S.EXECUTING
    )
    async with care.sessions.write() as session:
        await session.execute(
            update(Complaint).where(Complaint.id == case.id).values(root_cause_1=None, root_cause_2=None)
        )
        complaint = await session.get_one(Complaint, case.id)
        await complaint_log.append(
            session, complaint, "customer_content", actor="customer", at=care.clock.now(), data={}
        )
    await complaints.note_remedy_done(care, case.id, "agent1", "已换新")
    version = (await row(care, case.id)).state_version
    with pytest.raises(Conflict, match="根因"):
        await move(care, agent, case, S.CLOSED, version, "click-0003")
    await move(
        care, agent, case, S.CLOSED, version, "click-0004", root_cause_1="process", root_cause_2="picking"
    )
    closed = await row(care, case.id)
    assert (closed.state, closed.close_kind.value if closed.close_kind else None) == (S.CLOSED, "confirmed")


async def test_a_link_is_made_once_from_either_side_even_at_once(care: Care, shop: Shop) -> None:
    lead = await person(care, "lead1", Role.LEAD, "周敏")
    one, two = await received(care, shop), await received(care, shop)
    await asyncio.gather(
        *(
            case_links.link(care, lead, a.case_number, b.case_number, LinkKind.RELATED, reason="", key=f"link-{n:04d}")
            for n, (a, b) in enumerate(((one, two), (two, one)) * 3)
        )
    )  # fmt: skip
    sheet = await case_sheet.read(care, lead, one.case_number)
    assert [linked.complaint.id for linked in sheet.links] == [two.id]
    assert await complaint_log.verify(care) == []


async def test_the_list_pages_through_equal_keys_without_loss(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    lead = await person(care, "lead1", Role.LEAD, "周敏")
    made = [(await received(care, shop)).case_number for _ in range(7)]
    async with care.sessions.write() as session:
        for n, number in enumerate(made):
            amount = None if n % 3 == 0 else Decimal(100 * (n % 3)) + Decimal("0.01")
            await session.execute(
                update(Complaint).where(Complaint.case_number == number).values(amount=amount)
            )
    for sort in ("newest", "oldest", "due", "grade", "amount"):
        seen, after = [], ""
        while True:
            page = await case_list.find(care, lead, Filters(), sort=sort, after=after, limit=2)
            seen += [item.complaint.case_number for item in page.items]
            if page.next is None:
                break
            after = page.next
        assert sorted(seen) == sorted(made), sort
        assert page.total == 7
    clock.advance(days=60)
    late = await case_list.find(care, lead, Filters(clock="overdue"))
    assert (late.total, all(item.is_overdue for item in late.items)) == (7, True)
    assert (await case_list.find(care, lead, Filters(clock="due_today"))).total == 0


async def test_a_conflicting_key_of_another_person_is_another_click(care: Care, shop: Shop) -> None:
    one, two = await person(care, "lead1", Role.LEAD, "周敏"), await person(care, "lead2", Role.LEAD, "钱芳")
    case = await received(care, shop)
    for who in (one, two, one):
        await case_acts.note(care, who, case.case_number, f"{who.name}的备注", key="the-same-key")
    async with care.sessions.read() as session:
        notes = await session.scalar(
            select(func.count(ComplaintEvent.id)).where(ComplaintEvent.kind == "note")
        )
    assert notes == 2
