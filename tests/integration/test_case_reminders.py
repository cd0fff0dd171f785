"""Cases that wait for their customer: reminded, closed as silent, or given back to somebody who decides."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import select, update

from care.records.complaint import Complaint
from care.records.customer import Customer
from care.records.engine import Outbox
from care.rules.complaint import CloseKind, ComplaintState
from care.rules.times import to_shanghai
from care.services import case_news, complaint_log, complaints, notices, outbox, reminders
from care.services.complaints import CaseView
from care.services.context import Care
from tests.conftest import ManualClock
from tests.integration.clock_shop import events, received, row, team, walked
from tests.integration.conftest import Shop

S = ComplaintState
INVESTIGATING = (S.ASSESSED, S.INVESTIGATING)


async def done(care: Care, shop: Shop) -> CaseView:
    case = await walked(care, await received(care, shop), *INVESTIGATING, S.PROPOSED, S.EXECUTING)
    return await complaints.note_remedy_done(care, case.id, "agent1", "新机已送达")


async def announced(care: Care) -> list[dict[str, object]]:
    async with care.sessions.read() as session:
        rows = await session.scalars(
            select(Outbox.data).where(Outbox.topic == reminders.OUTBOX_TOPIC).order_by(Outbox.id)
        )
        return list(rows)


async def every_hour(care: Care, clock: ManualClock, *, days: float) -> None:
    for _ in range(int(days * 24)):
        clock.advance(hours=1)
        await reminders.remind_due(care)


async def test_a_silent_customer_is_reminded_three_times_and_the_case_closed_as_silent(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    await team(care)
    case = await done(care, shop)
    await every_hour(care, clock, days=7)
    sent = await events(care, case.id, "reminder")
    assert [(e.data["nth"], to_shanghai(e.at).strftime("%m-%d %H")) for e in sent] == [
        (1, "11-25 10"),
        (2, "11-27 10"),
        (3, "11-30 10"),
    ]
    assert [(row_["case_number"], row_["nth"]) for row_ in await announced(care)] == [
        (case.case_number, n) for n in (1, 2, 3)
    ]
    assert (await row(care, case.id)).state is S.EXECUTING
    await every_hour(care, clock, days=2)
    complaint = await row(care, case.id)
    assert (complaint.state, complaint.close_kind) == (S.CLOSED, CloseKind.SILENT)
    assert complaint.closed_at == sent[0].at + timedelta(days=7)
    await every_hour(care, clock, days=3)
    assert len(await announced(care)) == 3
    assert await complaint_log.verify(care) == []


async def test_a_word_of_the_customer_begins_the_silence_anew(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    await team(care)
    case = await done(care, shop)
    await every_hour(care, clock, days=4)
    assert len(await announced(care)) == 2
    complaint = await row(care, case.id)
    assert complaint.conversation_id is not None
    await shop.say(complaint.conversation_id, "等我试几天")
    await every_hour(care, clock, days=6)
    assert (await row(care, case.id)).state is S.EXECUTING
    assert [d["nth"] for d in await announced(care)] == [1, 2, 1, 2, 3]
    await every_hour(care, clock, days=5)
    assert (await row(care, case.id)).close_kind is CloseKind.SILENT


async def test_the_customer_hears_each_reminder_also_those_of_a_second_silence(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    await team(care)
    case = await done(care, shop)
    complaint = await row(care, case.id)
    assert complaint.conversation_id is not None
    handlers = {reminders.OUTBOX_TOPIC: case_news.reminder_handler(care)}
    for day in range(16):
        if day == 4:
            await shop.say(complaint.conversation_id, "等我试几天")
        clock.advance(days=1, minutes=1)
        await reminders.remind_due(care)
        await outbox.deliver_due(care, handlers)
    sent = await events(care, case.id, "reminder")
    heard = [e for e in await events(care, case.id, "customer_told") if e.data["kind"] == "reminder"]
    assert len(heard) == len(sent) > 3


async def test_nobody_waits_for_ever_for_what_the_customer_does_not_send(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    people = await team(care)
    case = await walked(care, await received(care, shop), *INVESTIGATING, S.WAITING_CUSTOMER)
    await every_hour(care, clock, days=9)
    complaint = await row(care, case.id)
    assert complaint.state is S.INVESTIGATING
    assert len(await events(care, case.id, "reminder")) == 3
    assert complaint.paused_at is None
    assert complaint.solve_due_at is not None
    assert complaint.solve_due_at > clock.now()
    assert any("没有回复" in n.text for n in await notices.of_staff(care, people.agent))
    await every_hour(care, clock, days=9)
    assert len(await announced(care)) == 3


async def test_an_unanswered_proposal_stays_open_and_its_owner_hears(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    people = await team(care)
    case = await walked(care, await received(care, shop), *INVESTIGATING, S.PROPOSED)
    await every_hour(care, clock, days=20)
    assert (await row(care, case.id)).state is S.PROPOSED
    assert len(await announced(care)) == 3
    told = [n for n in await notices.of_staff(care, people.agent) if "方案仍待确认" in n.text]
    assert len(told) == 1


async def test_a_case_without_its_root_cause_is_not_closed_and_the_owner_is_told_why(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    people = await team(care)
    case = await done(care, shop)
    async with care.sessions.write() as session:
        await session.execute(update(Complaint).values(root_cause_1=None, root_cause_2=None))
    await every_hour(care, clock, days=9)
    assert (await row(care, case.id)).state is S.EXECUTING
    told = [n for n in await notices.of_staff(care, people.agent) if "还不能终止" in n.text]
    assert len(told) == 1
    async with care.sessions.write() as session:
        await session.execute(update(Complaint).values(root_cause_1="technology", root_cause_2="design"))
    await every_hour(care, clock, days=0.2)
    assert (await row(care, case.id)).state is S.CLOSED


async def test_quiet_hours_of_the_customer_are_kept(care: Care, shop: Shop, clock: ManualClock) -> None:
    await team(care)
    case = await done(care, shop)
    customer = await shop.customer(quiet_hours="09:00-13:00")
    async with care.sessions.write() as session:
        await session.execute(update(Complaint).values(customer_id=customer.id))
    async with care.sessions.read() as session:
        assert await session.get(Customer, customer.id) is not None
    await every_hour(care, clock, days=2)
    (first,) = await events(care, case.id, "reminder")
    assert to_shanghai(first.at).hour == 13


async def test_workers_that_race_remind_once(care: Care, shop: Shop, clock: ManualClock) -> None:
    await team(care)
    cases = [await done(care, shop) for _ in range(4)]
    clock.advance(days=1, hours=1)
    for _ in range(2):
        await asyncio.gather(*(reminders.remind_due(care) for _ in range(4)))
    assert sorted(str(d["case_number"]) for d in await announced(care)) == sorted(
        case.case_number for case in cases
    )


async def test_after_an_outage_of_weeks_nobody_is_flooded(care: Care, shop: Shop, clock: ManualClock) -> None:
    await team(care)
    case = await done(care, shop)
    clock.advance(days=30)
    for _ in range(5):
        await reminders.remind_due(care)
    assert len(await events(care, case.id, "reminder")) == 1


async def test_demo_cases_stay_as_they_show(care: Care, shop: Shop, clock: ManualClock) -> None:
    await team(care)
    await done(care, shop)
    async with care.sessions.write() as session:
        await session.execute(update(Complaint).values(is_demo=True))
    await every_hour(care, clock, days=3)
    assert await announced(care) == []
