"""Customers' value out of the rows: snapshots by day, stages that follow, tiers that managers sign."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from care import demo
from care.records.customer import Customer
from care.records.order import Order
from care.records.value import CustomerValue, ValueModel
from care.rules.errors import InvalidInput, NotFound
from care.rules.seven_p import Tab
from care.rules.tiers import KeyCriterion
from care.rules.vocabulary import LifecycleStage, OrderState, Tier
from care.services import customer_value
from care.services.context import Care
from care.services.merging import merge
from tests.conftest import ManualClock
from tests.integration.conftest import Shop
from tests.integration.test_demo import PASSWORD, TODAY
from tests.integration.test_merging import add, order

SCORES = {criterion.value: score for criterion, score in zip(KeyCriterion, (4, 3, 5, 4, 2, 3), strict=True)}


async def buys(care: Care, customer: Customer, *days_ago: int, amount: str = "100.00") -> None:
    now = care.clock.now()
    rows = [
        order(customer, f"{customer.id}-{n}", now - timedelta(days=days)) for n, days in enumerate(days_ago)
    ]
    for row in rows:
        row.amount = Decimal(amount)
    await add(care, *rows)


async def row_of(care: Care, customer: Customer) -> Customer:
    async with care.sessions.read() as session:
        return await session.get_one(Customer, customer.id)


async def snapshots(care: Care) -> list[tuple[object, ...]]:
    async with care.sessions.read() as session:
        rows = await session.scalars(
            select(CustomerValue).order_by(CustomerValue.customer_id, CustomerValue.as_of)
        )
        return [
            (
                row.customer_id,
                row.as_of,
                row.recency,
                row.frequency,
                row.money,
                row.spent,
                row.clv,
                row.stage,
                row.basis,
            )
            for row in rows
        ]


async def test_the_same_day_again_gives_the_same_snapshots_and_another_day_new_ones(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    one, two = await shop.customer(), await shop.customer()
    await shop.customer(name="还没买")
    await buys(care, one, 100, 70, 40, 10)
    await buys(care, two, 400, amount="5000.00")
    report = await customer_value.recompute(care)
    assert (report.customers, report.model) == (2, None)
    first = await snapshots(care)
    assert len(first) == 2
    again = await customer_value.recompute(care)
    assert await snapshots(care) == first
    assert again.stages_changed == 0
    clock.advance(days=1)
    await customer_value.recompute(care)
    assert len(await snapshots(care)) == 4


async def test_stages_follow_what_was_bought(care: Care, shop: Shop) -> None:
    regular, gone, new, stranger = [await shop.customer() for _ in range(4)]
    await buys(care, regular, 90, 60, 30)
    await buys(care, gone, 900, 870)
    await buys(care, new, 5)
    await customer_value.recompute(care)
    found = [(await row_of(care, customer)).lifecycle_stage for customer in (regular, gone, new, stranger)]
    assert found == [
        LifecycleStage.ACTIVE,
        LifecycleStage.LAPSED,
        LifecycleStage.NEW,
        LifecycleStage.PROSPECT,
    ]


async def test_what_was_not_paid_or_came_back_is_no_sale(care: Care, shop: Shop) -> None:
    customer = await shop.customer()
    await buys(care, customer, 40, 30, 20, 10)
    async with care.sessions.write() as session:
        rows = (await session.scalars(select(Order).order_by(Order.placed_at))).all()
        for row, state in zip(
            rows, (OrderState.CREATED, OrderState.CANCELLED, OrderState.RETURNED), strict=False
        ):
            row.state = state
    await customer_value.recompute(care)
    async with care.sessions.read() as session:
        found = (await session.scalars(select(CustomerValue))).one()
    assert (found.orders, found.spent) == (1, Decimal("100.00"))


async def test_a_record_tells_its_seven_views_and_which_rows_led_to_them(care: Care, shop: Shop) -> None:
    customer = await shop.customer()
    await buys(care, customer, 90, 60, 30)
    await customer_value.recompute(care)
    found = await customer_value.of(care, customer.id)
    assert list(found.seven_p.tabs) == list(Tab)
    spent = next(one for one in found.seven_p.tabs[Tab.PROFITABILITY] if one.name == "spent")
    assert spent.value == Decimal("300.00")
    assert set(spent.rows) == {f"{customer.id}-{n}" for n in range(3)}
    assert [snapshot.spent for snapshot in found.history] == [Decimal("300.00")]
    with pytest.raises(NotFound):
        await customer_value.of(care, 10**6)


async def test_a_managers_signature_makes_the_tier_and_recomputing_keeps_it(care: Care, shop: Shop) -> None:
    customer = await shop.customer()
    manager = await shop.agent("manager1", "何建平")
    await buys(care, customer, 10)
    account = await customer_value.sign(care, customer.public_id, SCORES, staff_id=manager, reason="年度评审")
    assert (account.score, account.tier, account.signed_by) == (71.0, Tier.KEY, "何建平")
    best = dict.fromkeys(SCORES, 5)
    assert (
        await customer_value.sign(care, customer.public_id, best, staff_id=manager, reason="x")
    ).tier is Tier.STRATEGIC
    assert (await customer_value.recompute(care)).tiers_changed == 0
    async with care.sessions.write() as session:
        (await session.get_one(Customer, customer.id)).key_account_signed_by = None
    assert (await customer_value.recompute(care)).tiers_changed == 1
    assert (await row_of(care, customer)).tier is Tier.KEY


@pytest.mark.parametrize("scores", [{}, {"loyalty": 3}, {**SCORES, "loyalty": 6}, {**SCORES, "charm": 3}])
async def test_six_scores_of_0_to_5_and_a_reason_are_asked_for(
    care_sqlite: Care, scores: dict[str, int], clock: ManualClock
) -> None:
    shop = Shop(care_sqlite)
    customer, manager = await shop.customer(), await shop.agent("manager1")
    with pytest.raises(InvalidInput):
        await customer_value.sign(care_sqlite, customer.public_id, scores, staff_id=manager, reason="x")
    with pytest.raises(InvalidInput):
        await customer_value.sign(care_sqlite, customer.public_id, SCORES, staff_id=manager, reason=" ")


async def test_merged_customers_are_valued_as_one(care: Care, shop: Shop) -> None:
    one, two = await shop.customer(), await shop.customer()
    await buys(care, one, 10)
    await buys(care, two, 20)
    await merge(care, one.public_id, two.public_id, who="staff:lead1", rule="同一人")
    assert (await customer_value.recompute(care)).customers == 1
    async with care.sessions.read() as session:
        found = (await session.scalars(select(CustomerValue))).one()
    assert (found.customer_id, found.orders) == (one.id, 2)
    with pytest.raises(NotFound):
        await customer_value.of(care, two.id)


async def test_with_enough_customers_that_leave_the_model_is_fitted_and_kept(care: Care, shop: Shop) -> None:
    rng = random.Random(5)
    now = care.clock.now()
    people = [
        Customer(public_id=f"p{n}", name="张伟", created_at=now - timedelta(days=600)) for n in range(400)
    ]
    await add(care, *people)
    rows = []
    for n, person in enumerate(people):
        days, rate, leaves = rng.uniform(200, 600), rng.gammavariate(1.0, 0.02), rng.betavariate(1, 3)
        while days > 0:
            rows.append(order(person, f"{n}-{len(rows)}", now - timedelta(days=days)))
            if rng.random() < leaves:
                break
            days -= rng.expovariate(max(rate, 1e-6))
    await add(care, *rows)
    report = await customer_value.recompute(care)
    assert report.model is not None
    async with care.sessions.read() as session:
        assert await session.scalar(select(func.count()).select_from(ValueModel)) == 1
        values = list(await session.scalars(select(CustomerValue.p_alive)))
    assert all(value is not None and 0 <= value <= 1 for value in values)
    assert min(v for v in values if v is not None) < 0.3
    found = await customer_value.of(care, people[0].id)
    alive = next(one for one in found.seven_p.tabs[Tab.PERSISTENCY] if one.name == "alive")
    assert alive.value == round(100 * (found.history[0].p_alive or 0), 1)


async def test_the_whole_demo_shop_is_valued_within_seconds(care: Care) -> None:
    await demo.seed(care, password=PASSWORD, today=TODAY)
    report = await customer_value.recompute(care)
    assert report.customers > 250
    async with care.sessions.read() as session:
        ids = list(await session.scalars(select(Customer.id).limit(5)))
    for id_ in ids:
        assert len((await customer_value.of(care, id_)).seven_p.tabs) == 7
    await demo.clear(care)
    assert await snapshots(care) == []


async def test_the_clockwork_recomputes_once_a_week_at_night(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    customer = await shop.customer()
    await buys(care, customer, 10)
    assert await customer_value.recompute_at_night(care) is None
    clock.at = datetime(2026, 11, 24, 18, 30, tzinfo=timezone.utc)  # half past two in Shanghai
    assert await customer_value.recompute_at_night(care) is not None
    clock.advance(days=1)
    assert await customer_value.recompute_at_night(care) is None
    clock.advance(days=6)
    assert await customer_value.recompute_at_night(care) is not None
