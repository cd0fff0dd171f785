"""Returns: explained by the rules, taken down once, never refused."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from care.records.order import Order, OrderLine
from care.rules.errors import InvalidInput, NotFound, NotVerified, StepUpNeeded
from care.rules.order_moves import Refusal, Refused
from care.rules.order_terms import OrderPromise, ReturnKind, ReturnState
from care.rules.return_advice import Explanation, Payer
from care.rules.returns import Entitlement, GoodsKind, Ground
from care.rules.vocabulary import OrderState, VerifiedBy
from care.services import returns
from care.services.context import Care
from tests.conftest import ManualClock
from tests.integration.conftest import Shop
from tests.integration.order_shop import (
    DELIVERED,
    EARPHONES,
    FOREIGN,
    PAID,
    SHIPPED,
    WASHER,
    Buyer,
    add_order,
    buyer,
    promises_of,
    written_on_contact,
)
from tests.integration.test_complaint_drafts import verified

EAR = f"{EARPHONES}-ordinary"


async def applied(
    care: Care,
    who: Buyer,
    *,
    sku: str = WASHER,
    kind: ReturnKind = ReturnKind.RETURN,
    message: int | None = None,
    quantity: int = 1,
    **facts: bool,
) -> returns.Applied:
    advice = await returns.decide(care, who.conversation_id, DELIVERED, sku, kind=kind, **facts)  # type: ignore[arg-type]
    wish = advice.wish(reason="不合适", quantity=quantity)
    said = message if message is not None else await who.says("我要退货")
    return await returns.apply(care, who.conversation_id, wish, source_message_id=said)


async def test_within_seven_days_a_return_is_agreed_and_its_pick_up_promised(care: Care, shop: Shop) -> None:
    who = await buyer(shop)
    advice = await returns.decide(
        care, who.conversation_id, DELIVERED, WASHER, kind=ReturnKind.RETURN, is_opened=True
    )
    assert (advice.decision.is_allowed, advice.decision.ground) == (True, Ground.NO_REASON)
    assert (advice.until, advice.pays_transport) == (date(2026, 11, 26), Payer.CUSTOMER)
    assert advice.words == (
        Explanation.NO_REASON,
        Explanation.OPENING_IS_FINE,
        Explanation.REFUND_IN_7_DAYS,
    )
    done = await returns.apply(
        care,
        who.conversation_id,
        advice.wish(reason="太大了放不下"),
        source_message_id=await who.says("退"),
    )
    assert (done.view.number, done.view.state) == ("TH-20261124-0001", ReturnState.APPROVED)
    assert (done.view.amount, done.view.product_name) == (Decimal("2199.00"), "净澜 10公斤 滚筒洗衣机")
    assert done.promised.what is OrderPromise.PICK_UP
    assert done.promise_due_at.isoformat() == "2026-11-25T10:00:00+00:00"
    assert await promises_of(care) == [("pick_up", "return:TH-20261124-0001")]
    assert await written_on_contact(care) == ["return:TH-20261124-0001"]
    order = await care.orders.find_order(DELIVERED, customer_ref=who.ref)
    assert order is not None
    assert order.events[-1].title == "申请退货"


async def test_the_same_message_is_answered_with_the_same_number(care: Care, shop: Shop) -> None:
    who = await buyer(shop)
    message = await who.says("退货")
    done = await asyncio.gather(*(applied(care, who, message=message) for _ in range(5)))
    assert {d.view.number for d in done} == {"TH-20261124-0001"}
    assert len(await returns.mine(care, who.conversation_id)) == 1
    assert len(await promises_of(care)) == 1


async def test_too_late_a_person_looks_at_it_and_nothing_is_refused(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    who = await buyer(shop)
    await add_order(care, who.customer.id, "88120260040", OrderState.COMPLETED, delivered_days_ago=40)
    advice = await returns.decide(care, who.conversation_id, "88120260040", WASHER, kind=ReturnKind.RETURN)
    assert advice.words == (Explanation.TOO_LATE, Explanation.PERSON_DECIDES)
    done = await returns.apply(
        care, who.conversation_id, advice.wish(reason="不想要了"), source_message_id=await who.says("退")
    )
    assert done.view.state is ReturnState.UNDER_REVIEW
    assert done.promised.what is OrderPromise.REVIEW


@pytest.mark.parametrize(
    ("days_ago", "kind", "is_allowed", "choices", "payer"),
    [
        (5, ReturnKind.RETURN, True, (Entitlement.RETURN, Entitlement.REPLACE, Entitlement.REPAIR), Payer.SHOP),
        (12, ReturnKind.EXCHANGE, True, (Entitlement.REPLACE, Entitlement.REPAIR), Payer.SHOP),
        (12, ReturnKind.RETURN, False, (Entitlement.REPLACE, Entitlement.REPAIR), None),
        (40, ReturnKind.EXCHANGE, False, (Entitlement.REPAIR,), None),
    ],
)  # fmt: skip
async def test_a_quality_problem_goes_by_the_three_guarantees(
    care_sqlite: Care, days_ago: int, kind: ReturnKind, is_allowed: bool, choices: object, payer: Payer | None
) -> None:
    shop = Shop(care_sqlite)
    who = await buyer(shop)
    await add_order(
        shop.care, who.customer.id, "88120260040", OrderState.COMPLETED, delivered_days_ago=days_ago
    )
    advice = await returns.decide(
        shop.care, who.conversation_id, "88120260040", WASHER, kind=kind, is_quality=True
    )
    assert (advice.decision.is_allowed, advice.choices, advice.pays_transport) == (is_allowed, choices, payer)
    assert (Explanation.TRADER_PROVES in advice.words) is not is_allowed


@pytest.mark.parametrize(("confirmed", "is_allowed"), [(True, False), (False, True)])
async def test_only_a_stored_confirmation_excludes_activated_goods(
    care: Care, shop: Shop, confirmed: bool, is_allowed: bool
) -> None:
    who = await buyer(shop)
    await add_order(
        care,
        who.customer.id,
        "88120260050",
        OrderState.DELIVERED,
        delivered_days_ago=2,
        goods_kind=GoodsKind.VALUE_LOSS,
        exclusion_confirmed=confirmed,
    )
    advice = await returns.decide(
        care,
        who.conversation_id,
        "88120260050",
        f"{EARPHONES}-value_loss",
        kind=ReturnKind.RETURN,
        is_activated=True,
    )
    assert advice.decision.is_allowed is is_allowed
    expected = Explanation.NO_CONFIRMATION if is_allowed else Explanation.EXCLUDED_BY_CONFIRMATION
    assert expected in advice.words


async def test_money_without_goods_is_for_a_person(care: Care, shop: Shop) -> None:
    who = await buyer(shop)
    done = await applied(care, who, kind=ReturnKind.REFUND)
    assert (done.view.state, done.view.refund_due_at) == (ReturnState.UNDER_REVIEW, None)


async def test_one_line_has_one_open_application_and_no_more_pieces_than_bought(
    care: Care, shop: Shop
) -> None:
    who = await buyer(shop)
    with pytest.raises(InvalidInput) as many:
        await applied(care, who, sku=EAR, quantity=3)
    assert many.value.fields == {"quantity": "数量应为 1 到 2。"}
    first = await applied(care, who, sku=EAR, quantity=2)
    assert first.view.amount == Decimal("798.00")
    with pytest.raises(Refused) as twice:
        await applied(care, who, sku=EAR)
    assert twice.value.reason is Refusal.ALREADY_APPLIED
    other_line = await applied(care, who, sku=WASHER)
    assert other_line.view.number == "TH-20261124-0002"


async def test_an_article_on_two_lines_can_be_given_back_twice(care: Care, shop: Shop) -> None:
    who = await buyer(shop)
    async with care.sessions.write() as session:
        order = (await session.scalars(select(Order).where(Order.number == DELIVERED))).one()
        washer = next(line for line in order.lines if line.product.sku == WASHER)
        order.lines.append(OrderLine(product_id=washer.product_id, quantity=1, unit_price=washer.unit_price))
    assert [(await applied(care, who)).view.state for _ in range(2)] == [ReturnState.APPROVED] * 2
    with pytest.raises(Refused) as refused:
        await applied(care, who)
    assert refused.value.reason is Refusal.ALREADY_APPLIED


async def test_taken_back_it_binds_nobody_and_can_be_asked_for_again(care: Care, shop: Shop) -> None:
    who = await buyer(shop)
    first = await applied(care, who)
    message = await who.says("不退了")
    for _ in range(2):
        view = await returns.cancel(care, who.conversation_id, first.view.number, source_message_id=message)
        assert view.state is ReturnState.CANCELLED
    assert await promises_of(care) == []
    second = await applied(care, who)
    assert second.view.number == "TH-20261124-0002"
    assert [view.state for view in await returns.mine(care, who.conversation_id)] == [
        ReturnState.APPROVED,
        ReturnState.CANCELLED,
    ]


async def test_before_dispatch_cancelling_is_offered_instead(care: Care, shop: Shop) -> None:
    who = await buyer(shop)
    advice = await returns.decide(care, who.conversation_id, PAID, WASHER, kind=ReturnKind.RETURN)
    with pytest.raises(Refused) as refused:
        await returns.apply(
            care, who.conversation_id, advice.wish(reason=""), source_message_id=await who.says("退")
        )
    assert refused.value.reason is Refusal.CANCEL_INSTEAD
    on_way = await returns.decide(care, who.conversation_id, SHIPPED, WASHER, kind=ReturnKind.RETURN)
    assert Explanation.ON_ITS_WAY in on_way.words


async def test_foreign_orders_lines_and_numbers_are_not_found(care: Care, shop: Shop) -> None:
    who = await buyer(shop)
    kind = ReturnKind.RETURN
    with pytest.raises(NotFound):
        await returns.decide(care, who.conversation_id, FOREIGN, WASHER, kind=kind)
    with pytest.raises(NotFound):
        await returns.decide(care, who.conversation_id, DELIVERED, "ZK-NOTHING", kind=kind)
    mine = await applied(care, who)
    other = await buyer_of_nothing(shop)
    message = (await shop.say(other, "撤销")).message_id
    with pytest.raises(NotFound):
        await returns.cancel(care, other, mine.view.number, source_message_id=message)
    stranger = await shop.visit()
    with pytest.raises(NotVerified):
        await returns.mine(care, stranger.id)
    assert [view.state for view in await returns.mine(care, who.conversation_id)] == [ReturnState.APPROVED]


async def buyer_of_nothing(shop: Shop) -> int:
    customer = await shop.customer("13700000003", "韩梅")
    visit = await shop.visit()
    await verified(shop, visit.id, customer.id)
    return visit.id


async def test_number_and_tail_reach_the_returns_of_that_order_only(care: Care, shop: Shop) -> None:
    who = await buyer(shop, by=VerifiedBy.ORDER_TAIL, proven_order=SHIPPED)
    with pytest.raises(StepUpNeeded):
        await applied(care, who)
    advice = await returns.decide(care, who.conversation_id, SHIPPED, WASHER, kind=ReturnKind.RETURN)
    done = await returns.apply(
        care, who.conversation_id, advice.wish(reason=""), source_message_id=await who.says("退")
    )
    back = await returns.cancel(
        care, who.conversation_id, done.view.number, source_message_id=await who.says("不退了")
    )
    assert back.state is ReturnState.CANCELLED


async def test_the_days_are_those_of_shanghai(care_sqlite: Care, clock: ManualClock) -> None:
    shop = Shop(care_sqlite)
    who = await buyer(shop)
    clock.at = clock.at.replace(day=26, hour=15, minute=59)  # 23:59 on the last day in Shanghai
    await verified(shop, who.conversation_id, who.customer.id)
    last = await returns.decide(shop.care, who.conversation_id, DELIVERED, WASHER, kind=ReturnKind.RETURN)
    clock.at += timedelta(minutes=1)
    late = await returns.decide(shop.care, who.conversation_id, DELIVERED, WASHER, kind=ReturnKind.RETURN)
    assert (last.decision.is_allowed, late.decision.is_allowed) == (True, False)
