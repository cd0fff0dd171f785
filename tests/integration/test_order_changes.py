"""Cancelling, changing and hurrying an order, each once, for one's own orders only."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from care.ports import DeliveryChange
from care.records.order import OrderEvent
from care.records.order_request import OrderWrite
from care.rules.errors import InvalidInput, NotFound, NotVerified, StepUpNeeded
from care.rules.order_moves import Refusal, Refused
from care.rules.order_terms import CancelOutcome, DaySlot, OrderPromise
from care.rules.vocabulary import OrderState, VerifiedBy
from care.services import identity, order_changes
from care.services.context import Care
from tests.conftest import ManualClock
from tests.integration.conftest import Shop
from tests.integration.order_shop import (
    CREATED,
    DELIVERED,
    FOREIGN,
    PAID,
    SHIPPED,
    Buyer,
    buyer,
    promises_of,
    written_on_contact,
)


async def state_and_last(care: Care, who: Buyer, number: str) -> tuple[OrderState, str]:
    order = await care.orders.find_order(number, customer_ref=who.ref)
    assert order is not None
    return order.state, order.events[-1].title


async def test_a_paid_order_is_cancelled_once_and_its_refund_promised(care: Care, shop: Shop) -> None:
    who = await buyer(shop)
    message = await who.says("这个不要了，取消吧")
    done = await order_changes.cancel(
        care, who.conversation_id, PAID, reason="不要了", source_message_id=message
    )
    assert done.outcome is CancelOutcome.CANCELLED
    # Tuesday: paid back by 18:00 in Shanghai on Wednesday.
    assert done.refund_promised_at is not None
    assert done.refund_promised_at.isoformat() == "2026-11-25T10:00:00+00:00"
    assert await state_and_last(care, who, PAID) == (OrderState.CANCELLED, "订单已取消")
    assert await promises_of(care) == [("refund", f"order:{PAID}")]
    assert await written_on_contact(care) == [f"order:{PAID}"]
    again = await order_changes.cancel(
        care, who.conversation_id, PAID, reason="不要了", source_message_id=message
    )
    assert again == done
    assert await promises_of(care) == [("refund", f"order:{PAID}")]
    async with care.sessions.read() as session:
        cancelled = await session.scalar(select(func.count()).where(OrderEvent.title == "订单已取消"))
    assert cancelled == 1


async def test_an_order_cancelled_long_ago_is_not_promised_a_second_refund(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    who = await buyer(shop)
    first = await who.says("取消")
    await order_changes.cancel(care, who.conversation_id, PAID, reason="", source_message_id=first)
    for _ in range(6):
        clock.advance(minutes=20)
        again = await who.says("取消了吗，再取消一次")
    done = await order_changes.cancel(care, who.conversation_id, PAID, reason="", source_message_id=again)
    assert (done.outcome, done.refund_promised_at) == (CancelOutcome.CANCELLED, None)
    assert len(await promises_of(care)) == 1


async def test_an_unpaid_order_is_cancelled_without_a_refund(care: Care, shop: Shop) -> None:
    who = await buyer(shop)
    message = await who.says("取消订单")
    done = await order_changes.cancel(
        care, who.conversation_id, CREATED, reason="", source_message_id=message
    )
    assert (done.outcome, done.refund_promised_at) == (CancelOutcome.CANCELLED, None)
    assert await promises_of(care) == []


async def test_an_order_on_its_way_is_tried_to_stop_and_one_that_arrived_is_left(
    care: Care, shop: Shop
) -> None:
    who = await buyer(shop)
    message = await who.says("两个都取消")
    on_way = await order_changes.cancel(
        care, who.conversation_id, SHIPPED, reason="买错了", source_message_id=message
    )
    arrived = await order_changes.cancel(
        care, who.conversation_id, DELIVERED, reason="买错了", source_message_id=message
    )
    assert on_way.outcome is CancelOutcome.INTERCEPTING
    assert on_way.answer_promised_at == care.clock.now() + timedelta(hours=24)
    assert (arrived.outcome, arrived.answer_promised_at) == (CancelOutcome.TOO_LATE, None)
    assert await state_and_last(care, who, SHIPPED) == (OrderState.SHIPPED, "已申请拦截")
    assert await state_and_last(care, who, DELIVERED) == (OrderState.DELIVERED, "付款成功")
    assert await promises_of(care) == [("intercept", f"order:{SHIPPED}")]


async def test_a_foreign_order_is_not_found_and_a_stranger_must_prove_who_they_are(
    care: Care, shop: Shop
) -> None:
    who = await buyer(shop)
    message = await who.says("取消")
    for number in (FOREIGN, "88100000000", "' OR 1=1 --"):
        with pytest.raises(NotFound):
            await order_changes.cancel(
                care, who.conversation_id, number, reason="", source_message_id=message
            )
    stranger = await shop.visit()
    with pytest.raises(NotVerified):
        await order_changes.cancel(care, stranger.id, PAID, reason="", source_message_id=message)
    async with care.sessions.read() as session:
        assert await session.scalar(select(func.count()).select_from(OrderWrite)) == 0


async def test_receiver_and_day_change_before_the_parcel_leaves(care: Care, shop: Shop) -> None:
    who = await buyer(shop)
    message = await who.says("改一下地址")
    change = DeliveryChange(
        receiver_name="李雷", receiver_address="上海市浦东新区张江路 8 号", on=date(2026, 11, 27), slot=DaySlot.EVENING
    )  # fmt: skip
    order = await order_changes.change_delivery(
        care, who.conversation_id, PAID, change, source_message_id=message
    )
    assert (order.receiver_name, order.receiver_address) == ("李雷", "上海市浦东新区张江路 8 号")
    assert order.receiver_phone == "13711112222"
    assert (order.deliver_on, order.deliver_slot) == (date(2026, 11, 27), DaySlot.EVENING)
    assert order.events[-1].detail == "修改了收货人、地址、送货时间"
    with pytest.raises(Refused) as refused:
        await order_changes.change_delivery(
            care, who.conversation_id, SHIPPED, change, source_message_id=message
        )
    assert refused.value.reason is Refusal.ALREADY_SHIPPED
    assert "改派" in refused.value.message


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (DeliveryChange(), "change"),
        (DeliveryChange(receiver_name="  "), "receiver_name"),
        (DeliveryChange(receiver_phone="打我电话"), "receiver_phone"),
        (DeliveryChange(receiver_address="楼下"), "receiver_address"),
        (DeliveryChange(on=date(2026, 11, 24)), "on"),
        (DeliveryChange(on=date(2027, 1, 24)), "on"),
    ],
)
async def test_what_cannot_be_delivered_is_named(
    care_sqlite: Care, change: DeliveryChange, field: str
) -> None:
    shop = Shop(care_sqlite)
    who = await buyer(shop)
    message = await who.says("改一下")
    with pytest.raises(InvalidInput) as refused:
        await order_changes.change_delivery(
            shop.care, who.conversation_id, PAID, change, source_message_id=message
        )
    assert set(refused.value.fields) == {field}


async def test_number_and_tail_allow_writing_to_that_very_order_but_no_other_address(
    care: Care, shop: Shop
) -> None:
    who = await buyer(shop)
    visit = await shop.visit()
    told = await shop.say(visit.id, f"{SHIPPED} 尾号 0001")
    await identity.verify_order_tail(care, visit.id, SHIPPED, "0001", source_message_id=told.message_id)
    message = (await shop.say(visit.id, "取消")).message_id
    done = await order_changes.cancel(care, visit.id, SHIPPED, reason="", source_message_id=message)
    assert done.outcome is CancelOutcome.INTERCEPTING
    with pytest.raises(StepUpNeeded):
        await order_changes.cancel(care, visit.id, PAID, reason="", source_message_id=message)
    assert await state_and_last(care, who, PAID) == (OrderState.PAID, "付款成功")


async def test_a_new_address_needs_a_code_even_for_the_proven_order(care: Care, shop: Shop) -> None:
    who = await buyer(shop, by=VerifiedBy.ORDER_TAIL, proven_order=PAID)
    message = await who.says("送到别处去")
    elsewhere = DeliveryChange(receiver_address="上海市浦东新区张江路 8 号")
    with pytest.raises(StepUpNeeded):
        await order_changes.change_delivery(
            care, who.conversation_id, PAID, elsewhere, source_message_id=message
        )
    later = DeliveryChange(on=date(2026, 11, 28))
    order = await order_changes.change_delivery(
        care, who.conversation_id, PAID, later, source_message_id=message
    )
    assert (order.deliver_on, order.receiver_address) == (date(2026, 11, 28), "浙江省杭州市西湖区文三路1号")


async def test_hurrying_twice_reaches_the_warehouse_once(care: Care, shop: Shop, clock: ManualClock) -> None:
    who = await buyer(shop)
    first = await order_changes.urge(
        care, who.conversation_id, PAID, source_message_id=await who.says("催一下")
    )
    assert (first.what, first.due_at) == (OrderPromise.HURRY, clock.now() + timedelta(hours=24))
    clock.advance(minutes=10)
    await order_changes.urge(care, who.conversation_id, PAID, source_message_id=await who.says("快点啊"))
    order = await care.orders.find_order(PAID, customer_ref=who.ref)
    assert order is not None
    assert [event.title for event in order.events].count("已催办") == 1
    with pytest.raises(Refused) as refused:
        await order_changes.urge(care, who.conversation_id, DELIVERED, source_message_id=await who.says("催"))
    assert refused.value.reason is Refusal.ALREADY_ARRIVED


async def test_the_same_message_handled_by_two_processes_writes_once(care: Care, shop: Shop) -> None:
    who = await buyer(shop)
    message = await who.says("取消")
    done = await asyncio.gather(
        *(
            order_changes.cancel(care, who.conversation_id, PAID, reason="", source_message_id=message)
            for _ in range(6)
        )
    )
    assert len(set(done)) == 1
    async with care.sessions.read() as session:
        assert await session.scalar(select(func.count()).select_from(OrderWrite)) == 1
    order = await care.orders.find_order(PAID, customer_ref=who.ref)
    assert order is not None
    assert [event.title for event in order.events].count("订单已取消") == 1
    assert len(await promises_of(care)) == 1
