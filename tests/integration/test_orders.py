"""Orders are read only for their own verified customer."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from care.records.interaction import CareInteraction
from care.rules.errors import NotFound, NotVerified
from care.services import orders
from care.services.context import Care
from tests.conftest import ManualClock
from tests.integration.conftest import Shop
from tests.integration.test_complaint_drafts import an_order, verified


async def test_without_a_verified_customer_nothing_is_read(care: Care, shop: Shop) -> None:
    visit = await shop.visit()
    with pytest.raises(NotVerified):
        await orders.recent(care, visit.id)
    with pytest.raises(NotVerified):
        await orders.find(care, visit.id, "88120260001")


async def test_a_foreign_order_and_a_missing_one_are_the_same_nothing(care: Care, shop: Shop) -> None:
    me, other = await shop.customer(), await shop.customer("13900000002", "王芳")
    await an_order(shop, me.id, "88120260001")
    await an_order(shop, other.id, "88120260002")
    visit = await shop.visit()
    await verified(shop, visit.id, me.id)
    assert await orders.find(care, visit.id, "88120260002") is None
    assert await orders.find(care, visit.id, "88120269999") is None
    own = await orders.find(care, visit.id, " 881 2026 0001 ")
    assert own is not None
    assert own.number == "88120260001"
    assert [order.number for order in await orders.recent(care, visit.id)] == ["88120260001"]


async def test_the_proof_ends_after_half_an_hour_of_silence(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    me = await shop.customer()
    visit = await shop.visit()
    await verified(shop, visit.id, me.id)
    clock.advance(minutes=31)
    with pytest.raises(NotVerified):
        await orders.recent(care, visit.id)


async def test_what_was_read_is_noted_on_the_contact(care: Care, shop: Shop) -> None:
    me = await shop.customer()
    await an_order(shop, me.id, "88120260001")
    visit = await shop.visit()
    await verified(shop, visit.id, me.id)
    await orders.find(care, visit.id, "88120260001")
    async with care.sessions.read() as session:
        contact = (await session.scalars(select(CareInteraction))).one()
    assert contact.data_read == ["order", "order:88120260001"]


async def test_the_card_shows_the_goods_and_not_the_receiver(care: Care, shop: Shop) -> None:
    me = await shop.customer()
    await an_order(shop, me.id, "88120260001")
    visit = await shop.visit()
    await verified(shop, visit.id, me.id)
    order = await orders.find(care, visit.id, "88120260001")
    assert order is not None
    card = orders.card_of(order)
    assert (card["state_label"], card["amount"]) == ("已签收", "¥2,199.00")
    assert card["items"][0]["name"] == "净澜 10公斤 滚筒洗衣机"
    text = json.dumps(card, ensure_ascii=False)
    assert not any(secret in text for secret in ("张伟", "13800000001", "杭州"))


async def test_an_unknown_conversation_is_not_verified(care: Care) -> None:
    with pytest.raises((NotVerified, NotFound)):
        await orders.recent(care, 999_999)
