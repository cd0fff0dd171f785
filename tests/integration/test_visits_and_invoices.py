"""Visits, invoices and points of the customer's own orders."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from care.ports import InvoiceWish, VisitWish
from care.records.order_request import Invoice, LoyaltyAccount, LoyaltyEntry
from care.rules.errors import InvalidInput, NotFound, NotVerified
from care.rules.order_moves import Refusal, Refused
from care.rules.order_terms import DaySlot, InvoiceKind, InvoiceState, VisitKind, VisitState
from care.services import invoices, loyalty, service_visits
from care.services.context import Care
from tests.conftest import ManualClock
from tests.integration.conftest import Shop
from tests.integration.order_shop import (
    CREATED,
    DELIVERED,
    FOREIGN,
    PAID,
    SHIPPED,
    WASHER,
    buyer,
    promises_of,
)

REPAIR = VisitWish(
    kind=VisitKind.REPAIR,
    order_number=DELIVERED,
    sku=WASHER,
    on=date(2026, 11, 26),
    slot=DaySlot.MORNING,
    fault="不脱水，声音很大",
)
COMPANY = InvoiceWish(
    order_number=DELIVERED,
    kind=InvoiceKind.COMPANY,
    title=" 杭州云帆酒店管理有限公司 ",
    tax_number="91330106 MA2AXXXX08",
    email="finance@example.com",
)
GOOD_NUMBER = "91350100M000100Y43"


class TestVisits:
    async def test_a_repair_is_booked_moved_and_cancelled_with_its_promise(
        self, care: Care, shop: Shop
    ) -> None:
        who = await buyer(shop)
        message = await who.says("洗衣机不脱水，来修一下")
        view = await service_visits.book(care, who.conversation_id, REPAIR, source_message_id=message)
        assert (view.number, view.state, view.fault) == ("WX-20261124-0001", VisitState.BOOKED, REPAIR.fault)
        again = await service_visits.book(care, who.conversation_id, REPAIR, source_message_id=message)
        assert again == view
        assert await promises_of(care) == [("visit", "visit:WX-20261124-0001")]
        moved = await service_visits.move(
            care,
            who.conversation_id,
            view.number,
            on=date(2026, 11, 28),
            slot=DaySlot.EVENING,
            source_message_id=await who.says("改到周六晚上"),
        )
        assert (moved.on, moved.slot) == (date(2026, 11, 28), DaySlot.EVENING)
        assert await promises_of(care) == [("visit", "visit:WX-20261124-0001")]
        gone = await service_visits.cancel(
            care, who.conversation_id, view.number, source_message_id=await who.says("不用来了")
        )
        assert gone.state is VisitState.CANCELLED
        assert await promises_of(care) == []
        with pytest.raises(Refused) as over:
            await service_visits.move(
                care, who.conversation_id, view.number, on=date(2026, 11, 29), slot=DaySlot.MORNING,
                source_message_id=await who.says("还是来吧"),
            )  # fmt: skip
        assert over.value.reason is Refusal.VISIT_OVER

    async def test_an_installation_has_its_own_numbers_and_may_be_booked_on_the_way(
        self, care: Care, shop: Shop
    ) -> None:
        who = await buyer(shop)
        wish = replace(REPAIR, kind=VisitKind.INSTALLATION, order_number=SHIPPED, fault="")
        view = await service_visits.book(
            care, who.conversation_id, wish, source_message_id=await who.says("约安装")
        )
        assert view.number == "AZ-20261124-0001"
        with pytest.raises(Refused) as refused:
            await service_visits.book(
                care,
                who.conversation_id,
                replace(REPAIR, order_number=SHIPPED),
                source_message_id=await who.says("报修"),
            )
        assert refused.value.reason is Refusal.NOT_ARRIVED

    async def test_a_second_visit_for_the_same_thing_is_moved_instead(self, care: Care, shop: Shop) -> None:
        who = await buyer(shop)
        await service_visits.book(care, who.conversation_id, REPAIR, source_message_id=await who.says("报修"))
        with pytest.raises(Refused) as refused:
            await service_visits.book(
                care, who.conversation_id, REPAIR, source_message_id=await who.says("报修")
            )
        assert refused.value.reason is Refusal.ALREADY_BOOKED
        assert len(await service_visits.mine(care, who.conversation_id)) == 1

    @pytest.mark.parametrize("on", [date(2026, 11, 24), date(2026, 11, 1), date(2026, 12, 25)])
    async def test_nobody_comes_today_in_the_past_or_in_the_far_future(
        self, care_sqlite: Care, on: date
    ) -> None:
        shop = Shop(care_sqlite)
        who = await buyer(shop)
        with pytest.raises(InvalidInput) as refused:
            await service_visits.book(
                shop.care, who.conversation_id, replace(REPAIR, on=on), source_message_id=await who.says("修")
            )
        assert set(refused.value.fields) == {"on"}

    async def test_foreign_things_are_not_found(self, care: Care, shop: Shop) -> None:
        who = await buyer(shop)
        message = await who.says("报修")
        for wish in (replace(REPAIR, order_number=FOREIGN), replace(REPAIR, sku="ZK-NOTHING")):
            with pytest.raises(NotFound):
                await service_visits.book(care, who.conversation_id, wish, source_message_id=message)
        with pytest.raises(NotFound):
            await service_visits.cancel(
                care, who.conversation_id, "WX-20261124-0001", source_message_id=message
            )
        with pytest.raises(NotVerified):
            await service_visits.mine(care, (await shop.visit()).id)

    def test_the_next_five_days_are_offered_part_by_part(self) -> None:
        slots = service_visits.free_slots(date(2026, 12, 30))
        assert len(slots) == 15
        assert slots[0] == (date(2026, 12, 31), DaySlot.MORNING)
        assert slots[-1] == (date(2027, 1, 4), DaySlot.EVENING)


class TestInvoices:
    async def test_an_invoice_is_requested_once_and_promised_within_a_day(
        self, care: Care, shop: Shop
    ) -> None:
        who = await buyer(shop)
        message = await who.says("开发票")
        wish = replace(COMPANY, tax_number=" 9135-0100 m000100y43")
        done = await invoices.request(care, who.conversation_id, wish, source_message_id=message)
        assert (done.view.number, done.view.state) == ("FP-20261124-0001", InvoiceState.REQUESTED)
        assert (done.view.title, done.view.tax_number) == ("杭州云帆酒店管理有限公司", GOOD_NUMBER)
        assert (done.view.amount, done.promise_due_at) == (
            Decimal("2997.00"),
            care.clock.now() + timedelta(hours=24),
        )
        assert await invoices.request(care, who.conversation_id, wish, source_message_id=message) == done
        with pytest.raises(Refused) as refused:
            await invoices.request(
                care, who.conversation_id, wish, source_message_id=await who.says("再开一张")
            )
        assert refused.value.reason is Refusal.ALREADY_INVOICED
        assert await promises_of(care) == [("invoice", "invoice:FP-20261124-0001")]

    async def test_before_arrival_no_time_is_promised_and_unpaid_there_is_no_invoice(
        self, care: Care, shop: Shop
    ) -> None:
        who = await buyer(shop)
        personal = InvoiceWish(order_number=PAID, kind=InvoiceKind.PERSONAL, title="张伟", tax_number="123")
        done = await invoices.request(
            care, who.conversation_id, personal, source_message_id=await who.says("开票")
        )
        assert (done.promise_due_at, done.view.tax_number) == (None, None)
        with pytest.raises(Refused) as refused:
            await invoices.request(
                care,
                who.conversation_id,
                replace(personal, order_number=CREATED),
                source_message_id=await who.says("开票"),
            )
        assert refused.value.reason is Refusal.NOT_PAID

    async def test_a_wrong_title_is_corrected_by_a_new_invoice(self, care: Care, shop: Shop) -> None:
        who = await buyer(shop)
        first = await invoices.request(
            care,
            who.conversation_id,
            InvoiceWish(order_number=DELIVERED, kind=InvoiceKind.PERSONAL, title="张韦"),
            source_message_id=await who.says("开发票 张韦"),
        )
        message = await who.says("名字错了，是公司抬头")
        wish = replace(COMPANY, tax_number=GOOD_NUMBER)
        for _ in range(2):
            done = await invoices.correct(
                care, who.conversation_id, first.view.number, wish, source_message_id=message
            )
            assert (done.view.number, done.view.state) == ("FP-20261124-0002", InvoiceState.CORRECTING)
        assert [(v.number, v.state) for v in await invoices.mine(care, who.conversation_id)] == [
            ("FP-20261124-0002", InvoiceState.CORRECTING),
            ("FP-20261124-0001", InvoiceState.VOID),
        ]
        assert await promises_of(care) == [("invoice", "invoice:FP-20261124-0002")]
        with pytest.raises(Refused) as refused:
            await invoices.correct(
                care, who.conversation_id, first.view.number, wish, source_message_id=await who.says("改")
            )
        assert refused.value.reason is Refusal.INVOICE_VOID

    async def test_an_issued_invoice_of_last_year_is_for_a_person(self, care: Care, shop: Shop) -> None:
        who = await buyer(shop)
        order = await care.orders.find_order(DELIVERED, customer_ref=who.ref)
        assert order is not None
        async with care.sessions.write() as session:
            from sqlalchemy import select

            from care.records.order import Order

            order_id = await session.scalar(select(Order.id).where(Order.number == DELIVERED))
            session.add(
                Invoice(
                    number="FP-20251220-0001", order_id=order_id, kind=InvoiceKind.PERSONAL, title="张伟",
                    amount=order.amount, state=InvoiceState.ISSUED,
                    requested_at=datetime(2025, 12, 20, tzinfo=timezone.utc),
                )
            )  # fmt: skip
        with pytest.raises(Refused) as refused:
            await invoices.correct(
                care,
                who.conversation_id,
                "FP-20251220-0001",
                replace(COMPANY, tax_number=GOOD_NUMBER),
                source_message_id=await who.says("换开"),
            )
        assert refused.value.reason is Refusal.INVOICE_OTHER_YEAR

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({}, "tax_number"),
            ({"tax_number": None}, "tax_number"),
            ({"tax_number": GOOD_NUMBER, "title": "  "}, "title"),
            ({"tax_number": GOOD_NUMBER, "email": "finance(at)example.com"}, "email"),
        ],
    )
    async def test_what_cannot_stand_on_an_invoice_is_named(
        self, care_sqlite: Care, changes: dict[str, str], field: str
    ) -> None:
        shop = Shop(care_sqlite)
        who = await buyer(shop)
        with pytest.raises(InvalidInput) as refused:
            await invoices.request(
                shop.care,
                who.conversation_id,
                replace(COMPANY, **changes),
                source_message_id=await who.says("开发票"),
            )
        assert set(refused.value.fields) == {field}


class TestLoyalty:
    async def test_points_level_and_what_runs_out_next(
        self, care: Care, shop: Shop, clock: ManualClock
    ) -> None:
        who = await buyer(shop)
        assert await loyalty.mine(care, who.conversation_id) is None
        async with care.sessions.write() as session:
            session.add(
                LoyaltyAccount(
                    customer_id=who.customer.id, level="金卡",
                    entries=[
                        LoyaltyEntry(points=300, reason="购物", at=clock.now() - timedelta(days=500),
                                     expires_on=date(2026, 12, 31)),
                        LoyaltyEntry(points=900, reason="购物", at=clock.now() - timedelta(days=30),
                                     expires_on=date(2027, 12, 31)),
                        LoyaltyEntry(points=-100, reason="抵扣", at=clock.now() - timedelta(days=3)),
                    ],
                )
            )  # fmt: skip
        view = await loyalty.mine(care, who.conversation_id)
        assert view is not None
        assert (view.level, view.points) == ("金卡", 1100)
        assert (view.expiring_points, view.expiring_on) == (200, date(2026, 12, 31))
