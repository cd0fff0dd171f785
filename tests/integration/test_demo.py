"""The demo shop: complete, the same every time, sown once, and gone without a trace."""

from __future__ import annotations

import time
from collections import Counter
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from care import demo
from care.demo.aftersales import aftersales
from care.demo.base import Anchor
from care.demo.cases import cases
from care.demo.catalogue import products
from care.demo.contacts import contacts
from care.demo.orders import orders
from care.demo.people import people
from care.records import Base
from care.records.complaint import Complaint, ComplaintEvent
from care.records.conversation import Conversation, Message
from care.records.customer import Customer, CustomerField, DataQualityIssue
from care.records.improvement import SurgeAlarm
from care.records.interaction import CareInteraction, Feedback, Promise, WinbackCase
from care.records.order import Order, OrderEvent, OrderLine, Product
from care.records.order_request import Invoice, LoyaltyEntry, ReturnRequest, ServiceVisit
from care.records.staff import Staff
from care.rules.complaint import ComplaintCategory, ComplaintState
from care.rules.masking import is_bank_card
from care.rules.order_terms import InvoiceKind, InvoiceState, ReturnState, VisitState
from care.rules.returns import GoodsKind
from care.rules.tax_number import tax_number_problem
from care.rules.vocabulary import OrderState, Role, Tier
from care.services import complaint_log, complaints, order_changes, promise_watch, staff, surges
from care.services import orders as order_service
from care.services.context import Care
from tests.conftest import ManualClock
from tests.integration.conftest import Shop
from tests.integration.improving import complaints_on
from tests.integration.test_complaint_drafts import verified

TODAY = date(2026, 11, 24)
PASSWORD = "demo-password-for-tests"


async def sown(care: Care) -> demo.Summary:
    return await demo.seed(care, password=PASSWORD, today=TODAY)


async def counts(care: Care) -> dict[str, int]:
    async with care.sessions.read() as session:
        found = {
            name: int(await session.scalar(select(func.count()).select_from(table)) or 0)
            for name, table in Base.metadata.tables.items()
        }
    return {name: number for name, number in found.items() if number}


async def column(care: Care, *columns: Any, where: Any = True) -> list[Any]:
    async with care.sessions.read() as session:
        rows = (await session.execute(select(*columns).where(where))).all()
    return [row[0] if len(columns) == 1 else tuple(row) for row in rows]


async def test_it_holds_what_was_asked_for_within_seconds(care: Care) -> None:
    started = time.monotonic()
    summary = await sown(care)
    assert time.monotonic() - started < 20
    assert summary.customers >= 300
    assert summary.products == 60
    assert summary.orders == 1500
    assert "客户 320" in str(summary)

    states = Counter(await column(care, Complaint.state))
    assert set(states) == set(ComplaintState)
    assert await complaint_log.verify(care) == []
    kept = await column(care, Promise.kept_at, Promise.broken_at)
    assert {(k is not None, b is not None) for k, b in kept} == {(True, False), (False, True), (False, False)}
    tiers = Counter(await column(care, Customer.tier))
    assert all(tiers[tier] >= 2 for tier in Tier)
    issues = Counter(await column(care, DataQualityIssue.issue))
    assert len(issues) == 4
    assert len(await column(care, WinbackCase.id)) >= 20
    started_at = await column(care, CareInteraction.started_at)
    assert (max(started_at) - min(started_at)) > timedelta(days=178)
    with_transcript = await column(
        care, CareInteraction.id, where=CareInteraction.conversation_id.is_not(None)
    )
    assert len(with_transcript) > len(started_at) / 2
    assert len(await column(care, Feedback.id, where=Feedback.answered_at.is_not(None))) > 200


async def test_what_is_asked_for_after_buying_is_there_in_every_state(care: Care) -> None:
    summary = await sown(care)
    assert summary.returns > 80
    assert summary.visits > 200
    assert summary.invoices > 150
    states = Counter(await column(care, ReturnRequest.state))
    assert set(states) == set(ReturnState)
    assert set(await column(care, ServiceVisit.state)) == set(VisitState)
    assert set(await column(care, Invoice.state)) == set(InvoiceState)
    assert set(await column(care, Invoice.kind)) == set(InvoiceKind)
    booked = await column(care, ServiceVisit.visit_on, where=ServiceVisit.state == VisitState.BOOKED)
    over = await column(care, ServiceVisit.visit_on, where=ServiceVisit.state == VisitState.DONE)
    assert min(booked) > TODAY > max(over)
    numbers = await column(care, Invoice.tax_number, where=Invoice.tax_number.is_not(None))
    assert numbers
    assert all(tax_number_problem(number) is None for number in numbers)
    assert await column(care, Invoice.id, where=Invoice.replaces_id.is_not(None))
    kinds = Counter(await column(care, Product.goods_kind))
    assert kinds[GoodsKind.VALUE_LOSS] >= 8
    confirmed = Counter(await column(care, OrderLine.exclusion_confirmed))
    assert min(confirmed.values()) > 100


async def test_a_customer_has_points_that_run_out(care: Care, shop: Shop) -> None:
    await sown(care)
    (li_xiang,) = await column(care, Customer.public_id, where=Customer.phone == "13800000001")
    points = await care.orders.loyalty(li_xiang)
    assert points is not None
    assert points.points > 0
    assert points.expiring_on == date(2026, 12, 31) or points.expiring_on == date(2027, 12, 31)
    assert len(await care.orders.returns(li_xiang)) == len(await care.orders.visits(li_xiang)) == 1


async def test_promises_about_demo_orders_go_with_them(care: Care, shop: Shop) -> None:
    await sown(care)
    (li_xiang,) = await column(care, Customer.id, where=Customer.phone == "13800000001")
    visit = await shop.visit()
    await verified(shop, visit.id, li_xiang)
    newest = (await order_service.recent(care, visit.id))[0].number
    message = (await shop.say(visit.id, "催一下")).message_id
    await order_changes.urge(care, visit.id, newest, source_message_id=message)
    assert await column(care, Promise.id, where=Promise.subject.is_not(None))
    await demo.clear(care)
    left = await counts(care)
    assert not {"promise", "order_write", "order", "return_request", "loyalty_entry"} & set(left)


async def test_nothing_lies_in_the_future_but_what_is_promised(care_sqlite: Care) -> None:
    await sown(care_sqlite)
    end = Anchor(TODAY).now
    for moment in (
        ComplaintEvent.at, Message.at, CareInteraction.started_at, CareInteraction.ended_at, Feedback.answered_at,
        Promise.kept_at, Promise.broken_at, Order.placed_at, Order.delivered_at, Complaint.closed_at,
        OrderEvent.at, ReturnRequest.applied_at, ServiceVisit.booked_at, Invoice.requested_at, LoyaltyEntry.at,
    ):  # fmt: skip
        assert max(m for m in await column(care_sqlite, moment) if m is not None) <= end, moment


async def test_a_second_sowing_changes_nothing(care: Care) -> None:
    await sown(care)
    before = await counts(care)
    hashes = await column(care, ComplaintEvent.hash)
    again = await demo.seed(care, password="another-password-1", today=TODAY + timedelta(days=3))
    assert again == demo.Summary()
    assert await demo.seed_if_missing(care, password=PASSWORD) is None
    assert await counts(care) == before
    assert await column(care, ComplaintEvent.hash) == hashes


async def test_clearing_takes_exactly_the_demo_rows(care: Care, shop: Shop, clock: ManualClock) -> None:
    customer = await shop.customer("13912345678", "真客户")
    visit = await shop.visit()
    told = await shop.say(visit.id, "用了两天就坏了")
    await complaints.open_draft(
        care, visit.id, told.message_id, topic="complaint_quality", own_words="用了两天就坏了"
    )
    yes = await shop.say(visit.id, "对")
    await complaints.confirm_draft(care, visit.id, yes.message_id)
    before = await counts(care)
    await sown(care)
    assert (await counts(care))["customer"] == before["customer"] + 320
    removed = await demo.clear(care)
    assert removed.orders == 1500
    assert await counts(care) == before
    assert (await column(care, Customer.id)) == [customer.id]
    assert await complaint_log.verify(care) == []
    assert await demo.clear(care) == demo.Summary()


async def test_alarms_about_demo_complaints_go_and_those_about_real_ones_stay(care: Care) -> None:
    await complaints_on(care, {0: 6, **dict.fromkeys(range(8, 60, 4), 1)}, category=ComplaintCategory.PRIVACY)
    await sown(care)
    await surges.recompute(care, TODAY - timedelta(days=40))
    assert len(await column(care, SurgeAlarm.id)) > 2
    await demo.clear(care)
    left = await column(care, SurgeAlarm.dimension, SurgeAlarm.value)
    assert ("category", "privacy") in [(dimension.value, value) for dimension, value in left]
    assert {dimension.value for dimension, _ in left} <= {"category", "channel"}


async def test_a_demo_account_that_served_a_real_customer_stays_switched_off(care: Care, shop: Shop) -> None:
    await sown(care)
    visit = await shop.visit()
    told = await shop.say(visit.id, "用了两天就坏了")
    await complaints.open_draft(
        care, visit.id, told.message_id, topic="complaint_quality", own_words="用了两天就坏了"
    )
    yes = await shop.say(visit.id, "对")
    receipt = await complaints.confirm_draft(care, visit.id, yes.message_id)
    assert receipt.case_number == "TS-20261124-0001"
    await demo.clear(care)
    left = await column(care, Staff.name, Staff.active)
    assert left == [(receipt.owner_name, False)]
    assert await complaint_log.verify(care) == []


async def test_a_colleague_with_a_demo_login_is_left_alone(care: Care, shop: Shop) -> None:
    mine = await shop.agent("agent1", "真同事")
    await sown(care)
    assert set(await column(care, Staff.login)) == {
        "agent1",
        "demo-agent1",
        "agent2",
        "lead1",
        "manager1",
        "admin",
    }
    await demo.clear(care)
    assert await column(care, Staff.id) == [mine]


async def test_demo_accounts_sign_in_with_the_given_password(care_sqlite: Care) -> None:
    await sown(care_sqlite)
    roles = {}
    for login in ("agent1", "agent2", "lead1", "manager1", "admin"):
        signed_in = await staff.sign_in(care_sqlite, login, PASSWORD)
        roles[login] = signed_in.staff.role
    assert list(roles.values()) == [Role.AGENT, Role.AGENT, Role.LEAD, Role.MANAGER, Role.ADMIN]


async def test_li_xiang_has_one_on_the_way_and_two_delivered(care: Care, shop: Shop) -> None:
    await sown(care)
    (li_xiang,) = await column(care, Customer.id, where=Customer.phone == "13800000001")
    visit = await shop.visit()
    await verified(shop, visit.id, li_xiang)
    recent = await order_service.recent(care, visit.id)
    assert [order.state for order in recent] == [
        OrderState.SHIPPED, OrderState.DELIVERED, OrderState.COMPLETED,
    ]  # fmt: skip
    days = [
        (TODAY - (o.delivered_at + timedelta(hours=8)).date()).days if o.delivered_at else None
        for o in recent
    ]
    assert days == [None, 5, 40]
    assert recent[0].shipments[0].expected_at > care.clock.now() - timedelta(days=1)
    card = order_service.card_of(recent[0])
    assert card["timeline"][-1]["title"] == "订单已提交"
    assert card["carrier"]
    assert all(len(order.number) == 11 and order.number.startswith("881") for order in recent)


async def test_amounts_are_the_sum_of_their_lines(care_sqlite: Care) -> None:
    await sown(care_sqlite)
    lines: dict[int, Decimal] = {}
    for order_id, quantity, price in await column(
        care_sqlite, OrderLine.order_id, OrderLine.quantity, OrderLine.unit_price
    ):
        lines[order_id] = lines.get(order_id, Decimal(0)) + quantity * price
    assert dict(await column(care_sqlite, Order.id, Order.amount)) == lines


async def test_demo_drafts_are_never_received_and_demo_numbers_leave_the_counter_alone(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    await sown(care)
    clock.advance(days=1)
    assert await complaints.receive_silent_drafts(care) == []
    assert await promise_watch.mark_broken(care) > 0
    numbers = await column(care, Complaint.case_number, where=Complaint.case_number.is_not(None))
    assert all(int(number[-4:]) > 9000 for number in numbers)
    assert "case_counter" not in await counts(care)


def test_the_same_seed_makes_the_same_shop_whatever_the_day() -> None:
    def shape(day: date) -> list[Any]:
        anchor, goods = Anchor(day), products()
        folk = people(anchor)
        bought = orders(anchor, folk, goods)
        later = aftersales(anchor, folk, bought, goods)
        made = contacts(anchor, folk, bought, goods)
        found = cases(anchor, folk, bought, goods, made)
        return [
            [row["name"] for row in folk.customers],
            [row["number"] for row in bought.orders],
            [row["own_words"] for row in found.complaints],
            [(row["kind"], row["customer"], row["outcome"]) for row in made.interactions],
            [row["text"] for row in made.messages],
            [(row["line"], row["kind"], row["state"]) for row in later.returns],
            [(row["line"], row["kind"], row["slot"]) for row in later.visits],
            [(row["order"], row["kind"], row["title"]) for row in later.invoices],
        ]

    assert shape(TODAY) == shape(TODAY + timedelta(days=3)) == shape(TODAY)


def test_both_surges_stand_out() -> None:
    anchor, goods = Anchor(TODAY), products()
    folk = people(anchor)
    bought = orders(anchor, folk, goods)
    found = cases(anchor, folk, bought, goods, contacts(anchor, folk, bought, goods))
    late = Counter(
        (TODAY - (row["opened_at"] + timedelta(hours=8)).date()).days
        for row in found.complaints
        if row["topic"] == "complaint_delivery"
    )
    assert all(late[day] >= wanted for day, wanted in {5: 4, 4: 6, 3: 8, 2: 9, 1: 7}.items())
    kettle = next(n for n, row in enumerate(goods) if row["model"] == "MD-K17")
    leaking = [row for row in found.complaints if row["product"] == kettle]
    around = [row for row in leaking if 58 <= (anchor.now - row["opened_at"]).days <= 66]
    assert len(around) >= 25 > len(leaking) - len(around)


@pytest.mark.parametrize("today", [date(2026, 1, 1), date(2028, 2, 29)])
async def test_any_day_will_do(care_sqlite: Care, today: date) -> None:
    await demo.seed(care_sqlite, password=PASSWORD, today=today)
    assert await complaint_log.verify(care_sqlite) == []


def test_the_catalogue_has_sixty_different_models_and_something_out_of_stock() -> None:
    goods = products()
    assert len({row["model"] for row in goods}) == len({row["sku"] for row in goods}) == 60
    assert any(row["stock"] == 0 for row in goods)
    assert all(row["spoken_names"] and row["attributes"] for row in goods)
    assert not any(is_bank_card(f"881{n:08d}") for n in range(50))


async def test_stale_and_doubled_records_are_there_to_find(care_sqlite: Care) -> None:
    await sown(care_sqlite)
    now = datetime(2026, 11, 24, tzinfo=timezone.utc)
    fields = await column(care_sqlite, CustomerField.verified_at, CustomerField.ttl_days, CustomerField.value)
    assert sum(now - verified_at > timedelta(days=ttl) for verified_at, ttl, _ in fields) >= 55
    assert sum(value is None for *_, value in fields) >= 20
    phones = Counter(await column(care_sqlite, Customer.phone))
    assert sum(number > 1 for number in phones.values()) >= 3
    assert len(await column(care_sqlite, Conversation.id)) == len(
        set(await column(care_sqlite, Conversation.public_id))
    )
    assert len(await column(care_sqlite, Product.id)) == 60
