"""Promises about orders end kept or broken by what the order system shows, and the customer hears of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy import select, update

from care.ports import VisitWish
from care.records.interaction import Promise
from care.records.order import Order, OrderEvent
from care.records.order_request import ReturnRequest, ServiceVisit
from care.rules.errors import Unavailable
from care.rules.order_terms import DaySlot, ReturnKind, ReturnState, VisitKind, VisitState
from care.rules.vocabulary import OrderState
from care.services import order_changes, order_promises, promise_watch, returns, service_visits, transcript
from care.services.context import Care
from tests.conftest import ManualClock
from tests.integration.conftest import Shop
from tests.integration.order_shop import DELIVERED, PAID, SHIPPED, WASHER, Buyer, buyer, promises_of
from tests.integration.test_complaint_drafts import verified


async def ends(care: Care) -> list[tuple[str, datetime | None, datetime | None]]:
    async with care.sessions.read() as session:
        rows = await session.scalars(select(Promise).where(Promise.subject.is_not(None)).order_by(Promise.id))
        return [(row.what, row.kept_at, row.broken_at) for row in rows]


async def happens(care: Care, number: str, title: str, state: OrderState) -> None:
    """The shop or the carrier does something."""
    async with care.sessions.write() as session:
        order = (await session.scalars(select(Order).where(Order.number == number))).one()
        order.state = state
        order.events.append(OrderEvent(at=care.clock.now(), title=title, detail="京东物流 已揽收"))


async def heard(care: Care, who: Buyer) -> list[str]:
    lines = await transcript.history(care, who.conversation_id, after=0)
    return [line.text for line in lines if line.speaker != "customer"]


async def test_a_hurried_order_that_moves_keeps_the_promise_and_the_customer_hears_of_it(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    who = await buyer(shop)
    await order_changes.urge(care, who.conversation_id, PAID, source_message_id=await who.says("催一下"))
    assert await order_promises.settle(care) == 0
    clock.advance(hours=3)
    await happens(care, PAID, "商品已出库", OrderState.SHIPPED)
    assert await order_promises.settle(care) == 1
    assert await ends(care) == [("hurry", clock.now(), None)]
    assert await heard(care, who) == [f"您催的订单 {PAID} 有新进展：商品已出库 京东物流 已揽收。"]
    assert await order_promises.settle(care) == 0
    assert len(await heard(care, who)) == 1


async def test_nobody_moved_it_and_the_promise_is_broken(care: Care, shop: Shop, clock: ManualClock) -> None:
    who = await buyer(shop)
    await order_changes.urge(care, who.conversation_id, PAID, source_message_id=await who.says("催一下"))
    due = clock.now() + timedelta(hours=24)
    clock.advance(hours=24, minutes=6)
    assert await promise_watch.mark_broken(care) == 0  # not without having looked
    assert await order_promises.settle(care) == 1
    assert await ends(care) == [("hurry", None, due)]
    assert await heard(care, who) == []


async def test_done_just_before_it_fell_due_and_seen_just_after_it_is_kept(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    who = await buyer(shop)
    await order_changes.urge(care, who.conversation_id, PAID, source_message_id=await who.says("催一下"))
    due = clock.now() + timedelta(hours=24)
    clock.advance(hours=23, minutes=59)
    await happens(care, PAID, "商品已出库", OrderState.SHIPPED)
    clock.advance(minutes=3)
    await order_promises.settle(care)
    assert await ends(care) == [("hurry", due, None)]


async def test_while_the_order_system_is_away_no_promise_is_called_broken(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    class Away:
        async def find_order(self, number: str, *, customer_ref: str) -> None:
            raise Unavailable

    who = await buyer(shop)
    await order_changes.urge(care, who.conversation_id, PAID, source_message_id=await who.says("催一下"))
    clock.advance(days=2)
    assert await order_promises.settle(replace(care, orders=Away())) == 0  # type: ignore[arg-type]
    assert await promises_of(care) == [("hurry", f"order:{PAID}")]


async def test_an_interception_is_told_as_it_ended(care: Care, shop: Shop, clock: ManualClock) -> None:
    who = await buyer(shop)
    message = await who.says("取消")
    await order_changes.cancel(care, who.conversation_id, SHIPPED, reason="", source_message_id=message)
    clock.advance(hours=2)
    await happens(care, SHIPPED, "已签收", OrderState.DELIVERED)
    await order_promises.settle(care)
    assert await ends(care) == [("intercept", clock.now(), None)]
    assert "没有拦住" in (await heard(care, who))[0]


async def test_a_review_a_visit_and_a_refund(care: Care, shop: Shop, clock: ManualClock) -> None:
    who = await buyer(shop)
    chat = who.conversation_id
    advice = await returns.decide(care, chat, DELIVERED, WASHER, kind=ReturnKind.REFUND)
    await returns.apply(care, chat, advice.wish(reason=""), source_message_id=await who.says("只退款"))
    visit = VisitWish(VisitKind.REPAIR, DELIVERED, WASHER, date(2026, 11, 25), DaySlot.MORNING, "漏水")
    await service_visits.book(care, chat, visit, source_message_id=await who.says("修"))
    await order_changes.cancel(care, chat, PAID, reason="", source_message_id=await who.says("取消"))
    clock.advance(hours=6)
    async with care.sessions.write() as session:
        await session.execute(update(ReturnRequest).values(state=ReturnState.APPROVED))
        await session.execute(update(ServiceVisit).values(state=VisitState.UNSOLVED))
    await happens(care, PAID, "退款完成", OrderState.CANCELLED)
    clock.advance(hours=12)
    assert await order_promises.settle(care) == 3
    assert all(kept == clock.now() and broken is None for _, kept, broken in await ends(care))
    assert await heard(care, who) == ["仅退款申请 TH-20261124-0001 审核有结果：已同意，等待退款。"]


async def test_another_customer_of_the_browser_is_told_nothing_and_an_untold_answer_is_not_kept(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    who = await buyer(shop)
    await order_changes.urge(care, who.conversation_id, PAID, source_message_id=await who.says("催一下"))
    due = clock.now() + timedelta(hours=24)
    next_one = await shop.customer("13700000003", "韩梅")
    await verified(shop, who.conversation_id, next_one.id)
    clock.advance(hours=3)
    await happens(care, PAID, "商品已出库", OrderState.SHIPPED)
    assert await order_promises.settle(care) == 0
    clock.advance(hours=22)
    assert await order_promises.settle(care) == 1
    assert await ends(care) == [("hurry", None, due)]
    assert await heard(care, who) == []


async def test_hurrying_again_promises_nothing_new_and_is_answered_once(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    who = await buyer(shop)
    first = await order_changes.urge(
        care, who.conversation_id, PAID, source_message_id=await who.says("催一下")
    )
    clock.advance(minutes=20)
    again = await order_changes.urge(
        care, who.conversation_id, PAID, source_message_id=await who.says("怎么还不发")
    )
    assert again == first
    await happens(care, PAID, "商品已出库", OrderState.SHIPPED)
    assert await order_promises.settle(care) == 1
    assert len(await heard(care, who)) == 1


async def test_a_promise_to_somebody_whose_record_is_gone_binds_nobody(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    who = await buyer(shop)
    await order_changes.urge(care, who.conversation_id, PAID, source_message_id=await who.says("催一下"))
    async with care.sessions.write() as session:
        await session.execute(update(Promise).values(customer_id=None))
    assert await order_promises.settle(care) == 1
    assert await ends(care) == []
