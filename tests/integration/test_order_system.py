"""The order-system port: one contract, kept by our own tables and by an ERP over HTTP alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from sqlalchemy import func, select

from bot.reference_erp.app import make_app
from care.adapters.http_orders import HttpOrders, RecordedIds, open_erp
from care.ports import DeliveryChange, InvoiceWish, OrderSystem, ReturnWish, VisitWish
from care.records.customer import Customer
from care.records.order_request import LoyaltyAccount, LoyaltyEntry, OrderWrite, ReturnRequest
from care.rules.errors import Conflict, InvalidInput, NotFound
from care.rules.order_moves import Refusal, Refused
from care.rules.order_terms import (
    CancelOutcome,
    DaySlot,
    InvoiceKind,
    InvoiceState,
    ReturnKind,
    ReturnState,
    VisitKind,
    VisitState,
)
from care.rules.returns import GoodsKind
from care.rules.vocabulary import OrderState
from care.services.context import Care
from tests.conftest import ManualClock
from tests.integration.conftest import Shop
from tests.integration.order_shop import (
    CREATED,
    DELIVERED,
    EARPHONES,
    FOREIGN,
    PAID,
    SHIPPED,
    WASHER,
    Buyer,
    add_order,
    buyer,
)

TOKEN = "a-token-for-tests"
RETURN = ReturnWish(
    order_number=DELIVERED, sku=WASHER, quantity=1, kind=ReturnKind.RETURN, reason="不合适",
    is_allowed=True, ground="no_reason",
)  # fmt: skip
VISIT = VisitWish(
    VisitKind.REPAIR, DELIVERED, WASHER, date(2026, 11, 26), DaySlot.AFTERNOON, "漏水，“咚咚”响"
)
INVOICE = InvoiceWish(
    DELIVERED, InvoiceKind.COMPANY, "杭州云帆酒店管理有限公司", "91350100M000100Y43", "a@b.cn"
)


@pytest_asyncio.fixture(params=["embedded", "http"])
async def orders(request: pytest.FixtureRequest, care: Care) -> AsyncIterator[OrderSystem]:
    """The same tables, reached directly and through the reference ERP."""
    if request.param == "embedded":
        yield care.orders
        return
    ids = RecordedIds(care.sessions)
    async with (
        TestServer(make_app(care.orders, TOKEN, ids)) as server,
        open_erp(str(server.make_url("")), TOKEN) as erp,
    ):
        yield HttpOrders(erp, ids)


@pytest_asyncio.fixture
async def who(shop: Shop) -> Buyer:
    return await buyer(shop)


class TestReading:
    async def test_orders_are_ones_own_newest_first_and_seen_whole(
        self, care: Care, orders: OrderSystem, who: Buyer
    ) -> None:
        await add_order(
            care, who.customer.id, "88120260050", OrderState.DELIVERED, delivered_days_ago=2,
            goods_kind=GoodsKind.SAFETY_HEALTH, exclusion_confirmed=True,
        )  # fmt: skip
        found = await orders.recent_orders(who.ref, limit=10)
        assert {order.number for order in found} == {CREATED, PAID, SHIPPED, DELIVERED, "88120260050"}
        assert found[0].number == "88120260050"
        assert len(await orders.recent_orders(who.ref, limit=2)) == 2
        order = await orders.find_order("88120260050", customer_ref=who.ref)
        assert order is not None
        assert order == await care.orders.find_order("88120260050", customer_ref=who.ref)
        assert (order.amount, order.customer_ref) == (Decimal("2997.00"), who.ref)
        assert order.delivered_at == care.clock.now() - timedelta(days=2)
        assert [line.goods_kind for line in order.lines] == [GoodsKind.ORDINARY, GoodsKind.SAFETY_HEALTH]
        assert order.lines[1].exclusion_confirmed

    async def test_foreign_missing_and_strange_numbers_are_nothing(
        self, orders: OrderSystem, who: Buyer
    ) -> None:
        for number in (
            FOREIGN,
            "88100000000",
            "",
            "' OR 1=1 --",
            "../../health",
            "8812026\n0001",
            "订单" * 30,
        ):
            assert await orders.find_order(number, customer_ref=who.ref) is None
        assert await orders.find_order(PAID, customer_ref="nobody") is None
        assert list(await orders.recent_orders("nobody")) == []
        assert list(await orders.returns("nobody")) == []
        assert await orders.loyalty("nobody") is None

    async def test_the_buyers_tail_opens_an_order_and_no_other_does(
        self, orders: OrderSystem, who: Buyer
    ) -> None:
        assert await orders.customer_of_order(PAID, phone_tail="0001") == who.ref
        for tail in ("2222", "", "1", "001", "0002", "中文字符", "00 1"):
            assert await orders.customer_of_order(PAID, phone_tail=tail) is None
        assert await orders.customer_of_order("88100000000", phone_tail="0001") is None
        assert await orders.customer_of_order("../x", phone_tail="0001") is None

    async def test_long_lists_come_whole(self, care: Care, orders: OrderSystem, who: Buyer) -> None:
        async with care.sessions.write() as session:
            from care.records.order import Order, OrderLine

            order_id = await session.scalar(select(Order.id).where(Order.number == DELIVERED))
            line_id = await session.scalar(select(OrderLine.id).where(OrderLine.order_id == order_id))
            session.add_all(
                ReturnRequest(
                    number=f"TH-20261101-{n:04d}", order_id=order_id, line_id=line_id, quantity=1,
                    kind=ReturnKind.RETURN, reason="", ground="no_reason", state=ReturnState.CANCELLED,
                    amount=Decimal(1), applied_at=care.clock.now() - timedelta(hours=n),
                )
                for n in range(1, 149)
            )  # fmt: skip
        for limit in (45, 140):
            numbers = [view.number for view in await orders.returns(who.ref, limit=limit)]
            assert numbers == [f"TH-20261101-{n:04d}" for n in range(1, limit + 1)]

    async def test_points(self, care: Care, orders: OrderSystem, who: Buyer) -> None:
        assert await orders.loyalty(who.ref) is None
        async with care.sessions.write() as session:
            entry = LoyaltyEntry(
                points=120, reason="购物", at=care.clock.now(), expires_on=date(2027, 12, 31)
            )
            session.add(LoyaltyAccount(customer_id=who.customer.id, level="银卡", entries=[entry]))
        view = await orders.loyalty(who.ref)
        assert view is not None
        assert (view.points, view.level, view.expiring_points, view.expiring_on) == (
            120, "银卡", 120, date(2027, 12, 31),
        )  # fmt: skip

    async def test_the_shops_own_customer_number_makes_no_difference(
        self, care: Care, orders: OrderSystem, who: Buyer
    ) -> None:
        async with care.sessions.write() as session:
            customer = await session.get_one(Customer, who.customer.id)
            customer.external_id = "会员/00042"
        order = await orders.find_order(PAID, customer_ref=who.ref)
        assert order is not None
        assert order.customer_ref == who.ref
        assert {order.customer_ref for order in await orders.recent_orders(who.ref)} == {who.ref}
        assert await orders.customer_of_order(PAID, phone_tail="0001") == who.ref
        done = await orders.cancel_order(PAID, customer_ref=who.ref, reason="", key="k")
        assert done is CancelOutcome.CANCELLED


class TestWriting:
    async def test_cancelling_by_state(self, orders: OrderSystem, who: Buyer) -> None:
        outcomes = [
            await orders.cancel_order(number, customer_ref=who.ref, reason="买错了", key=f"k-{number}")
            for number in (CREATED, PAID, SHIPPED, DELIVERED)
        ]
        assert outcomes == [
            CancelOutcome.CANCELLED, CancelOutcome.CANCELLED, CancelOutcome.INTERCEPTING, CancelOutcome.TOO_LATE,
        ]  # fmt: skip
        order = await orders.find_order(PAID, customer_ref=who.ref)
        assert order is not None
        assert order.state is OrderState.CANCELLED
        assert order.events[-1].detail == "款项原路退回。原因：买错了"

    async def test_changing_the_delivery(self, orders: OrderSystem, who: Buyer) -> None:
        change = DeliveryChange(receiver_name="李雷", on=date(2026, 11, 30), slot=DaySlot.MORNING)
        order = await orders.change_delivery(PAID, customer_ref=who.ref, change=change, key="k1")
        assert (order.receiver_name, order.deliver_on, order.deliver_slot) == (
            "李雷", date(2026, 11, 30), DaySlot.MORNING,
        )  # fmt: skip
        with pytest.raises(Refused) as refused:
            await orders.change_delivery(SHIPPED, customer_ref=who.ref, change=change, key="k2")
        assert refused.value.reason is Refusal.ALREADY_SHIPPED
        with pytest.raises(InvalidInput) as invalid:
            await orders.change_delivery(
                PAID, customer_ref=who.ref, change=DeliveryChange(on=date(2026, 11, 1)), key="k3"
            )
        assert invalid.value.fields == {"on": "请选明天或以后的日期。"}

    async def test_hurrying(self, orders: OrderSystem, who: Buyer) -> None:
        await orders.urge_order(PAID, customer_ref=who.ref, key="k1")
        order = await orders.find_order(PAID, customer_ref=who.ref)
        assert order is not None
        assert order.events[-1].title == "已催办"
        with pytest.raises(Refused):
            await orders.urge_order(DELIVERED, customer_ref=who.ref, key="k2")

    async def test_a_return_from_application_to_taking_back(self, orders: OrderSystem, who: Buyer) -> None:
        view = await orders.apply_return(RETURN, customer_ref=who.ref, key="k1")
        assert (view.number, view.state, view.amount) == (
            "TH-20261124-0001", ReturnState.APPROVED, Decimal("2199.00"),
        )  # fmt: skip
        assert list(await orders.returns(who.ref)) == [view]
        with pytest.raises(Refused) as refused:
            await orders.apply_return(RETURN, customer_ref=who.ref, key="k2")
        assert refused.value.reason is Refusal.ALREADY_APPLIED
        back = await orders.cancel_return(view.number, customer_ref=who.ref, key="k3")
        assert back.state is ReturnState.CANCELLED

    async def test_a_visit_booked_moved_cancelled(self, orders: OrderSystem, who: Buyer) -> None:
        view = await orders.book_visit(VISIT, customer_ref=who.ref, key="k1")
        assert (view.fault, view.on, view.slot) == ("漏水，“咚咚”响", date(2026, 11, 26), DaySlot.AFTERNOON)
        moved = await orders.move_visit(
            view.number, customer_ref=who.ref, on=date(2026, 11, 29), slot=DaySlot.EVENING, key="k2"
        )
        assert (moved.number, moved.on, moved.slot) == (view.number, date(2026, 11, 29), DaySlot.EVENING)
        gone = await orders.cancel_visit(view.number, customer_ref=who.ref, key="k3")
        assert gone.state is VisitState.CANCELLED
        assert list(await orders.visits(who.ref)) == [gone]

    async def test_an_invoice_requested_and_corrected(self, orders: OrderSystem, who: Buyer) -> None:
        view = await orders.request_invoice(INVOICE, customer_ref=who.ref, key="k1")
        assert (view.number, view.tax_number, view.amount) == (
            "FP-20261124-0001", "91350100M000100Y43", Decimal("2997.00"),
        )  # fmt: skip
        with pytest.raises(Refused) as refused:
            await orders.request_invoice(INVOICE, customer_ref=who.ref, key="k2")
        assert refused.value.reason is Refusal.ALREADY_INVOICED
        new = await orders.correct_invoice(
            view.number, InvoiceWish(DELIVERED, InvoiceKind.PERSONAL, "张伟"), customer_ref=who.ref, key="k3"
        )
        assert (new.number, new.state, new.title) == ("FP-20261124-0002", InvoiceState.CORRECTING, "张伟")
        assert [v.state for v in await orders.invoices(who.ref)] == [
            InvoiceState.CORRECTING, InvoiceState.VOID,
        ]  # fmt: skip

    async def test_nothing_foreign_can_be_written_to(
        self, care: Care, orders: OrderSystem, who: Buyer
    ) -> None:
        ref, mine = who.ref, await orders.apply_return(RETURN, customer_ref=who.ref, key="mine")
        visit = await orders.book_visit(VISIT, customer_ref=ref, key="visit")
        invoice = await orders.request_invoice(INVOICE, customer_ref=ref, key="invoice")
        other = await care.orders.customer_of_order(FOREIGN, phone_tail="0002")
        assert other is not None
        day, slot = date(2026, 11, 30), DaySlot.MORNING
        attempts = [
            orders.cancel_order(PAID, customer_ref=other, reason="", key="a"),
            orders.change_delivery(PAID, customer_ref=other, change=DeliveryChange(on=day), key="b"),
            orders.urge_order(PAID, customer_ref=other, key="c"),
            orders.apply_return(RETURN, customer_ref=other, key="d"),
            orders.cancel_return(mine.number, customer_ref=other, key="e"),
            orders.book_visit(VISIT, customer_ref=other, key="f"),
            orders.move_visit(visit.number, customer_ref=other, on=day, slot=slot, key="g"),
            orders.cancel_visit(visit.number, customer_ref=other, key="h"),
            orders.request_invoice(INVOICE, customer_ref=other, key="i"),
            orders.correct_invoice(invoice.number, INVOICE, customer_ref=other, key="j"),
            orders.cancel_order(PAID, customer_ref="nobody", reason="", key="k"),
            orders.cancel_order("../x", customer_ref=ref, reason="", key="l"),
        ]
        for attempt in attempts:
            with pytest.raises(NotFound):
                await attempt
        assert list(await orders.returns(other)) == list(await orders.visits(other)) == []
        order = await orders.find_order(PAID, customer_ref=ref)
        assert order is not None
        assert order.state is OrderState.PAID
        async with care.sessions.read() as session:
            assert await session.scalar(select(func.count()).select_from(OrderWrite)) == 3


class TestOnce:
    async def test_the_same_key_answers_the_same_and_writes_once(
        self, care: Care, orders: OrderSystem, who: Buyer, clock: ManualClock
    ) -> None:
        first = [
            await orders.apply_return(RETURN, customer_ref=who.ref, key="r"),
            await orders.book_visit(VISIT, customer_ref=who.ref, key="v"),
            await orders.request_invoice(INVOICE, customer_ref=who.ref, key="i"),
            await orders.cancel_order(PAID, customer_ref=who.ref, reason="", key="c"),
        ]
        clock.advance(days=1)
        again = [
            await orders.apply_return(RETURN, customer_ref=who.ref, key="r"),
            await orders.book_visit(VISIT, customer_ref=who.ref, key="v"),
            await orders.request_invoice(INVOICE, customer_ref=who.ref, key="i"),
            await orders.cancel_order(PAID, customer_ref=who.ref, reason="", key="c"),
        ]
        assert again == first
        order = await orders.find_order(DELIVERED, customer_ref=who.ref)
        assert order is not None
        assert [event.title for event in order.events][-3:] == ["申请退货", "预约维修", "申请发票"]

    async def test_many_at_once_with_one_key_write_once(
        self, care: Care, orders: OrderSystem, who: Buyer
    ) -> None:
        views = await asyncio.gather(
            *(orders.apply_return(RETURN, customer_ref=who.ref, key="r") for _ in range(8))
        )
        assert len({view.number for view in views}) == 1
        async with care.sessions.read() as session:
            assert await session.scalar(select(func.count()).select_from(ReturnRequest)) == 1

    async def test_two_keys_at_once_for_one_thing_make_one_and_the_other_hears_of_it(
        self, orders: OrderSystem, who: Buyer
    ) -> None:
        done = await asyncio.gather(
            *(orders.apply_return(RETURN, customer_ref=who.ref, key=f"r{n}") for n in range(4)),
            return_exceptions=True,
        )
        assert sum(isinstance(one, Refused) for one in done) == 3
        assert len(await orders.returns(who.ref)) == 1

    async def test_a_refused_call_leaves_its_key_free(
        self, care: Care, orders: OrderSystem, who: Buyer
    ) -> None:
        view = await orders.apply_return(RETURN, customer_ref=who.ref, key="r1")
        with pytest.raises(Refused):
            await orders.apply_return(RETURN, customer_ref=who.ref, key="r2")
        await orders.cancel_return(view.number, customer_ref=who.ref, key="c")
        second = await orders.apply_return(RETURN, customer_ref=who.ref, key="r2")
        assert second.number == "TH-20261124-0002"

    async def test_a_key_of_another_operation_or_customer_is_a_conflict(
        self, care: Care, orders: OrderSystem, who: Buyer
    ) -> None:
        await orders.urge_order(PAID, customer_ref=who.ref, key="one")
        with pytest.raises(Conflict):
            await orders.cancel_order(PAID, customer_ref=who.ref, reason="", key="one")
        other = await care.orders.customer_of_order(FOREIGN, phone_tail="0002")
        assert other is not None
        with pytest.raises(Conflict):
            await orders.urge_order(FOREIGN, customer_ref=other, key="one")

    async def test_any_key_will_do(self, orders: OrderSystem, who: Buyer) -> None:
        odd = "apply_return:1:2:订单 88\r\nX-Injected: 1"
        first = await orders.apply_return(RETURN, customer_ref=who.ref, key=odd)
        again = await orders.apply_return(RETURN, customer_ref=who.ref, key=odd)
        assert again == first

    async def test_as_many_pieces_as_were_bought(self, orders: OrderSystem, who: Buyer) -> None:
        from dataclasses import replace

        wish = replace(RETURN, sku=f"{EARPHONES}-ordinary", quantity=3)
        with pytest.raises(InvalidInput) as refused:
            await orders.apply_return(wish, customer_ref=who.ref, key="r")
        assert refused.value.fields == {"quantity": "数量应为 1 到 2。"}
