"""Win-back on real rows: found by the clockwork, worked with consent, won by an order."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from care import demo
from care.records.complaint import Complaint
from care.records.customer import AccessLog, Consent, Customer
from care.records.interaction import WinbackCase
from care.records.order import Order
from care.rules.complaint import ComplaintState
from care.rules.errors import Conflict, IllegalMove, NotFound
from care.rules.vocabulary import ConsentPurpose, LifecycleStage, Role, Tier
from care.rules.winback import (
    WINBACK_FINAL,
    ContactBasis,
    WinbackReason,
    WinbackResult,
    WinbackState,
    WinbackTrigger,
)
from care.services import customer_value, staff_accounts, winback_finding, winbacks
from care.services.context import Care
from care.services.merging import merge
from care.services.staff import StaffView
from care.services.winbacks import WinbackMove, WinbackView
from tests.conftest import ManualClock
from tests.integration.conftest import Shop
from tests.integration.improving import agrees, answered, colleague, complaints_on
from tests.integration.test_customer_value import buys
from tests.integration.test_demo import PASSWORD, TODAY
from tests.integration.test_merging import add, order

W = WinbackState


async def unhappy(care: Care, shop: Shop, **columns: Any) -> Customer:
    """Somebody who gave two points for how a complaint was handled."""
    customer = await shop.customer(**columns)
    (case,) = await complaints_on(care, {3: 1}, customer_id=customer.id, state=ComplaintState.CLOSED)
    await answered(care, case, csat=2)
    return customer


async def silent(care: Care, shop: Shop) -> Customer:
    """A key customer with a habit of a month who has not bought for five."""
    customer = await shop.customer(tier=Tier.KEY)
    await buys(care, customer, 240, 210, 180, 150)
    await customer_value.recompute(care)
    return customer


async def found_case(care: Care, shop: Shop) -> WinbackView:
    lead = await colleague(care, "lead8")
    await winback_finding.find(care)
    (case,) = await winbacks.cases(care, lead)
    return case


async def lead8(care: Care) -> StaffView:
    return next(one for one in await staff_accounts.list_staff(care) if one.login == "lead8")


async def moved(care: Care, case: WinbackView, *steps: tuple[WinbackState, WinbackMove]) -> WinbackView:
    by = await lead8(care)
    for to, change in steps:
        case = await winbacks.move(care, by, case.id, to, change, state=case.state)
    return case


async def test_a_low_score_opens_one_case_however_often_it_is_looked_for(care: Care, shop: Shop) -> None:
    await unhappy(care, shop)
    reports = await asyncio.gather(winback_finding.find(care), winback_finding.find(care))
    assert sum(one.opened for one in reports) == 1
    assert (await winback_finding.find(care)).opened == 0
    case = await found_case(care, shop)
    assert (case.trigger, case.basis, case.state) == (WinbackTrigger.LOW_SCORE, ContactBasis.SERVICE, W.OPEN)
    assert (case.may_contact, case.may_offer, [one.kind for one in case.steps]) == (True, False, [])


async def test_repeated_complaints_open_one_too(care: Care, shop: Shop) -> None:
    customer = await shop.customer()
    await complaints_on(care, {5: 1, 40: 1}, customer_id=customer.id)
    case = await found_case(care, shop)
    assert (case.trigger, case.trigger_why) == (WinbackTrigger.REPEATED_COMPLAINT, "90 天内投诉 2 次")


async def test_silence_opens_a_case_only_with_the_consent_to_marketing(care: Care, shop: Shop) -> None:
    customer = await silent(care, shop)
    assert (await winback_finding.find(care)).opened == 0
    await agrees(care, customer.id)
    case = await found_case(care, shop)
    assert (case.trigger, case.basis) == (WinbackTrigger.SILENCE, ContactBasis.MARKETING)


async def test_a_withdrawn_consent_stops_the_contact_at_once(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    customer = await silent(care, shop)
    await agrees(care, customer.id)
    case = await found_case(care, shop)
    async with care.sessions.write() as session:
        given = select(Consent).where(Consent.purpose == ConsentPurpose.MARKETING)
        (await session.scalars(given)).one().withdrawn_at = care.clock.now()
    with pytest.raises(IllegalMove, match="没有同意"):
        await moved(care, case, (W.CONTACTED, WinbackMove()))
    dropped = await moved(care, case, (W.DROPPED, WinbackMove(note="客户撤回了同意")))
    assert (dropped.result, dropped.next_due_at) == (WinbackResult.DROPPED, None)


async def test_from_contact_to_offer_to_an_order_that_wins(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    customer = await unhappy(care, shop)
    await agrees(care, customer.id)
    case = await found_case(care, shop)
    case = await moved(
        care,
        case,
        (W.CONTACTED, WinbackMove(note="电话")),
        (W.ANSWERED, WinbackMove(reason=WinbackReason.CARE, note="没人跟进")),
        (W.OFFERED, WinbackMove(offer="专属回访与满减券", amount=Decimal("50.00"))),
    )
    assert (case.owner, case.reason, case.offer_amount) == ("lead8", WinbackReason.CARE, Decimal("50.00"))
    clock.advance(days=5)
    await add(care, order(customer, "88120269999", care.clock.now()))
    assert (await winback_finding.find(care)).won == 1
    lead = await colleague(care, "manager8", Role.MANAGER)
    case = await winbacks.case(care, lead, case.id)
    assert (case.state, case.result, case.won_order_number) == (
        W.WON, WinbackResult.RECOVERED, "88120269999",
    )  # fmt: skip
    assert [one.to_state for one in case.steps] == [W.OPEN, W.CONTACTED, W.ANSWERED, W.OFFERED, W.WON]
    assert await winback_finding.settle(care) == 0


async def test_who_came_back_unasked_is_not_counted_as_won_by_us(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    customer = await unhappy(care, shop)
    case = await found_case(care, shop)
    clock.advance(hours=5)
    await add(care, order(customer, "88120269999", care.clock.now()))
    case = await moved(care, case, (W.CONTACTED, WinbackMove()))
    assert (case.state, case.result, case.contacts) == (W.WON, WinbackResult.RETURNED, 0)


async def test_an_order_after_ninety_days_wins_nothing(care: Care, shop: Shop, clock: ManualClock) -> None:
    customer = await unhappy(care, shop)
    await found_case(care, shop)
    clock.advance(days=91)
    await add(care, order(customer, "88120269999", care.clock.now()))
    assert await winback_finding.settle(care) == 0


async def test_an_offer_waits_for_the_open_complaint_and_keeps_to_the_limit(care: Care, shop: Shop) -> None:
    customer = await unhappy(care, shop)
    await agrees(care, customer.id)
    (open_case,) = await complaints_on(care, {1: 1}, customer_id=customer.id)
    case = await found_case(care, shop)
    case = await moved(
        care, case, (W.CONTACTED, WinbackMove()), (W.ANSWERED, WinbackMove(reason=WinbackReason.PRICE))
    )
    offer = WinbackMove(offer="满减券", amount=Decimal(501))
    with pytest.raises(IllegalMove, match="先解决投诉"):
        await moved(care, case, (W.OFFERED, offer))
    async with care.sessions.write() as session:
        (await session.get_one(Complaint, open_case)).state = ComplaintState.CLOSED
    with pytest.raises(IllegalMove, match="超出权限"):
        await moved(care, case, (W.OFFERED, offer))


async def test_of_two_moves_at_once_exactly_one_wins(care: Care, shop: Shop) -> None:
    await unhappy(care, shop)
    case = await found_case(care, shop)
    by = await lead8(care)
    tries = [winbacks.move(care, by, case.id, W.CONTACTED, WinbackMove(), state=W.OPEN) for _ in range(4)]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert Counter(type(one) for one in done) == {WinbackView: 1, Conflict: 3}
    assert (await winbacks.case(care, by, case.id)).contacts == 1


async def test_a_case_that_ended_rests_half_a_year(care: Care, shop: Shop, clock: ManualClock) -> None:
    customer = await unhappy(care, shop)
    case = await found_case(care, shop)
    await moved(care, case, (W.DROPPED, WinbackMove(note="客户请我们不要再联系")))
    for days, expected in ((170, 0), (11, 1)):
        clock.advance(days=days)
        (again,) = await complaints_on(care, {1: 1}, customer_id=customer.id, state=ComplaintState.CLOSED)
        await answered(care, again, csat=1)
        assert (await winback_finding.find(care)).opened == expected


async def test_a_look_is_logged_and_owners_are_real(care: Care, shop: Shop) -> None:
    customer = await unhappy(care, shop)
    case = await found_case(care, shop)
    lead = await colleague(care, "lead7")
    assert (await winbacks.assign(care, lead, case.id, "lead7")).owner_name == "同事lead7"
    with pytest.raises(NotFound):
        await winbacks.assign(care, lead, case.id, "nobody")
    with pytest.raises(NotFound):
        await winbacks.case(care, lead, 4711)
    async with care.sessions.read() as session:
        looks = (await session.scalars(select(AccessLog).where(AccessLog.customer_id == customer.id))).all()
    assert {(one.who, one.purpose) for one in looks} == {("lead8", "挽回客户")}


async def test_two_records_with_open_cases_can_still_be_merged(care: Care, shop: Shop) -> None:
    one = await unhappy(care, shop)
    two = await unhappy(care, shop, phone="13800000002", name="张伟伟")
    assert (await winback_finding.find(care)).opened == 2
    await merge(care, one.public_id, two.public_id, who="staff:lead8", rule="同一个人", is_persons_word=True)
    assert (await winback_finding.find(care)).opened == 0


async def test_who_was_won_becomes_recovered_by_the_rules_of_the_life_cycle(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    customer = await shop.customer(tier=Tier.KEY)
    await buys(care, customer, 700, 670, 640)
    await customer_value.recompute(care)
    await agrees(care, customer.id)
    await found_case(care, shop)
    clock.advance(days=2)
    await add(care, order(customer, "88120269999", care.clock.now()))
    assert (await winback_finding.find(care)).won == 1
    await customer_value.recompute(care)
    async with care.sessions.read() as session:
        assert (await session.get_one(Customer, customer.id)).lifecycle_stage is LifecycleStage.RECOVERED


async def test_the_demo_has_cases_in_every_state_and_their_stories_hold(care: Care) -> None:
    await demo.seed(care, password=PASSWORD, today=TODAY)
    async with care.sessions.read() as session:
        rows = (await session.scalars(select(WinbackCase))).all()
        orders = dict((await session.execute(select(Order.number, Order.placed_at))).tuples().all())
    assert {row.state for row in rows} == set(W)
    for row in rows:
        assert (row.closed_at is not None) is (row.state in WINBACK_FINAL)
        assert (row.open_key is None) is (row.closed_at is not None)
        assert row.offer is None or row.has_consent
        if row.state is W.WON:
            placed = orders[row.won_order_number or ""]
            assert row.opened_at < placed <= row.opened_at + timedelta(days=90)
    report = await winback_finding.find(care)
    assert report.opened > 0
