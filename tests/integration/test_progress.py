"""查进度 tells of everything under way at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import update

from care.ports import InvoiceWish, VisitWish
from care.records.order_request import ReturnRequest
from care.rules.errors import Unavailable
from care.rules.order_terms import DaySlot, InvoiceKind, ReturnKind, ReturnState, VisitKind
from care.services import complaints, invoices, progress, returns, service_visits
from care.services.context import Care
from care.services.progress import ProgressKind
from tests.conftest import ManualClock
from tests.integration.conftest import Shop
from tests.integration.order_shop import DELIVERED, WASHER, buyer
from tests.integration.test_complaint_drafts import told, verified


async def everything(care: Care, shop: Shop) -> int:
    """A complaint, a return, a repair and an invoice of one customer."""
    who = await buyer(shop)
    chat = who.conversation_id
    await told(shop, chat)
    await complaints.confirm_draft(care, chat, await who.says("对"))
    advice = await returns.decide(care, chat, DELIVERED, WASHER, kind=ReturnKind.RETURN)
    await returns.apply(care, chat, advice.wish(reason=""), source_message_id=await who.says("退"))
    visit = VisitWish(VisitKind.REPAIR, DELIVERED, WASHER, date(2026, 11, 26), DaySlot.MORNING, "漏水")
    await service_visits.book(care, chat, visit, source_message_id=await who.says("修"))
    wish = InvoiceWish(DELIVERED, InvoiceKind.PERSONAL, "张伟")
    await invoices.request(care, chat, wish, source_message_id=await who.says("发票"))
    return chat


async def test_all_that_is_open_with_its_next_step_and_promised_time(care: Care, shop: Shop) -> None:
    chat = await everything(care, shop)
    items = {item.kind: item for item in await progress.of_customer(care, chat)}
    assert set(items) == {
        ProgressKind.COMPLAINT, ProgressKind.RETURN, ProgressKind.REPAIR, ProgressKind.INVOICE,
    }  # fmt: skip
    assert {item.number for item in items.values()} == {
        "TS-20261124-0001", "TH-20261124-0001", "WX-20261124-0001", "FP-20261124-0001",
    }  # fmt: skip
    assert all(item.is_open and item.next_step and item.due_at is not None for item in items.values())
    assert "上门取件" in items[ProgressKind.RETURN].next_step
    assert items[ProgressKind.RETURN].state_label == "退货已同意"
    assert items[ProgressKind.REPAIR].about == "净澜 10公斤 滚筒洗衣机，11月26日(周四)上午(9–12点)"
    assert items[ProgressKind.REPAIR].due_at.isoformat() == "2026-11-26T04:00:00+00:00"  # type: ignore[union-attr]
    assert items[ProgressKind.INVOICE].due_at == care.clock.now() + timedelta(hours=24)


async def test_what_ended_is_told_after_what_is_open_and_not_for_ever(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    chat = await everything(care, shop)
    async with care.sessions.write() as session:
        await session.execute(update(ReturnRequest).values(state=ReturnState.REFUNDED))
    items = await progress.of_customer(care, chat)
    assert [item.is_open for item in items] == [True, True, True, False]
    assert (items[-1].state_label, items[-1].due_at) == ("退货已退款", None)
    clock.advance(days=31)
    visit = await shop.visit()
    async with care.sessions.read() as session:
        from care.records.customer import Customer

        customer_id = (await session.scalars(Customer.__table__.select())).first()
    assert customer_id is not None
    await verified(shop, visit.id, customer_id)
    assert ProgressKind.RETURN not in {item.kind for item in await progress.of_customer(care, visit.id)}


async def test_a_stranger_hears_of_what_was_told_here_only(care: Care, shop: Shop) -> None:
    await everything(care, shop)
    stranger = await shop.visit()
    assert await progress.of_customer(care, stranger.id) == []


async def test_an_order_system_that_is_away_is_said_and_hides_no_complaint(care: Care, shop: Shop) -> None:
    class Away:
        async def returns(self, customer_ref: str, *, limit: int) -> list[object]:
            raise Unavailable("订单系统暂时没有回应。")

        visits = invoices = returns

    chat = await everything(care, shop)
    items = await progress.of_customer(replace(care, orders=Away()), chat)  # type: ignore[arg-type]
    assert {item.kind for item in items} == {ProgressKind.COMPLAINT, ProgressKind.UNKNOWN}
    unknown = next(item for item in items if item.kind is ProgressKind.UNKNOWN)
    assert unknown.next_step == "订单系统暂时没有回应。"
