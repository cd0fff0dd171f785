"""Whoever takes a conversation knows what was said, who it is, and what is under way; a slow order system holds nobody up."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update

from care.records.conversation import Conversation
from care.records.customer import AccessLog, CustomerField
from care.records.interaction import CareInteraction, Feedback
from care.records.order import Order, Product
from care.rules.errors import NotFound, Unavailable
from care.rules.vocabulary import (
    Channel,
    Emotion,
    FieldSource,
    HandledBy,
    LegalBasis,
    OrderState,
    Role,
    VerifiedBy,
)
from care.services import handoff, handover_context, staff
from care.settings import ROOT

NUMBER = "88120231105"


async def someone(care, role: Role = Role.LEAD, login: str = "lead9") -> staff.StaffView:
    return await staff.add_staff(care, login=login, name="周敏", role=role, password="correct horse battery")


async def known(care, shop, conversation_id: int):
    """The conversation's customer, verified by code, with one order and an old mailbox."""
    customer = await shop.customer(tier_reason="评分 71")
    now = care.clock.now()
    async with care.sessions.write() as session:
        await session.execute(
            update(Conversation)
            .where(Conversation.id == conversation_id)
            .values(customer_id=customer.id, verified_by=VerifiedBy.CODE, verified_at=now)
        )
        session.add(
            Order(
                number=NUMBER,
                customer_id=customer.id,
                state=OrderState.SHIPPED,
                amount=Decimal("1299.00"),
                placed_at=now.replace(day=20),
                promised_at=now.replace(day=23),
                receiver_name="张伟",
                receiver_phone="13800000001",
                receiver_address="浙江省杭州市西湖区文三路1号",
            )
        )
        session.add(
            CustomerField(
                customer_id=customer.id,
                name="email",
                value="old@example.com",
                source=FieldSource.SELF,
                verified_at=now.replace(year=2024),
                ttl_days=180,
                purpose="电子发票与通知",
                legal_basis=LegalBasis.CONTRACT,
                sensitive=False,
                old_values=[],
                changed_by="self",
            )
        )
    return customer


async def talk(shop, conversation_id: int) -> None:
    await shop.say(conversation_id, "快递三天没动了,烦死了")
    await shop.answer(
        conversation_id, "请问是哪一笔订单？", topic="logistics", emotion="annoyed", intent="logistics"
    )
    await shop.say(conversation_id, NUMBER)
    await shop.answer(
        conversation_id,
        "查到了。",
        topic="inform",
        emotion="calm",
        entities=[{"entity": "order_number", "value": NUMBER}],
    )


async def test_the_whole_picture_of_a_verified_customer(care, shop):
    visit = await shop.visit()
    customer = await known(care, shop, visit.id)
    await talk(shop, visit.id)
    await handoff.request_human(care, visit.id, reason="asked")
    found = await handover_context.of(care, await someone(care), visit.id)
    assert found.summary.wish == "快递三天没动了,烦死了"
    assert [(one.question, one.answer) for one in found.summary.asked] == [("请问是哪一笔订单？", NUMBER)]
    assert (found.record.public_id, found.record.tier_reason) == (customer.public_id, "评分 71")
    assert found.is_verified
    assert found.orders_note is None
    (order,) = found.orders
    assert (order.number, order.number in found.mentioned) == (NUMBER, True)
    assert handover_context.is_overdue(order, found.now)
    assert [(one.name, one.problem.value) for one in found.to_confirm] == [("email", "outdated")]
    assert found.question.text == "顺便跟您确认一下，您的电子邮箱还是 old@example.com 吗？"
    assert found.wish.reason == "asked"


async def test_the_same_look_is_logged_once_and_names_what_was_shown(care, shop, clock):
    visit = await shop.visit()
    customer = await known(care, shop, visit.id)
    reader = await someone(care)
    for _ in range(3):
        await handover_context.of(care, reader, visit.id)
    clock.advance(minutes=11)
    await handover_context.of(care, reader, visit.id)
    async with care.sessions.read() as session:
        rows = (await session.scalars(select(AccessLog))).all()
    assert [(row.who, row.customer_id, row.purpose) for row in rows] == [
        ("lead9", customer.id, handover_context.PURPOSE)
    ] * 2
    assert {"phone", "order", "customer_field.email"} <= set(rows[0].fields)


async def test_of_a_stranger_nothing_is_shown_but_the_talk(care, shop):
    visit = await shop.visit()
    await talk(shop, visit.id)
    found = await handover_context.of(care, await someone(care), visit.id)
    assert (found.record, found.orders, found.contacts) == (None, (), ())
    assert "没有核实" in found.orders_note
    assert found.question.about == "verify"
    assert found.summary.wish == "快递三天没动了,烦死了"


@pytest.mark.parametrize("trouble", ["slow", "away"])
async def test_an_order_system_that_is_slow_or_away_is_said_and_not_waited_for(
    care, shop, monkeypatch, trouble
):
    monkeypatch.setattr(handover_context, "ORDERS_WAIT_S", 0.2)
    visit = await shop.visit()
    await known(care, shop, visit.id)

    class Late:
        async def recent_orders(self, *_: Any, **__: Any) -> list[Any]:
            if trouble == "away":
                raise Unavailable
            await asyncio.sleep(30)
            return []

    began = time.monotonic()
    found = await handover_context.of(dataclasses.replace(care, orders=Late()), await someone(care), visit.id)
    assert time.monotonic() - began < 5
    assert found.orders == ()
    assert "没有回应" in found.orders_note
    assert found.record is not None


async def test_an_order_of_somebody_else_that_was_named_is_not_shown(care, shop):
    visit = await shop.visit()
    await known(care, shop, visit.id)
    await shop.say(visit.id, "88199999999")
    await shop.answer(
        visit.id, "没有查到", topic="inform", entities=[{"entity": "order_number", "value": "88199999999"}]
    )
    found = await handover_context.of(care, await someone(care), visit.id)
    assert [order.number for order in found.orders] == [NUMBER]
    assert "没有查到" in found.orders_note


async def test_earlier_contacts_come_with_their_scores_the_newest_first(care, shop, clock):
    visit = await shop.visit()
    customer = await known(care, shop, visit.id)
    now = clock.now()
    async with care.sessions.write() as session:
        for day in range(1, 8):
            contact = CareInteraction(
                customer_id=customer.id,
                channel=Channel.WEB,
                direction="in",
                started_at=now.replace(day=day),
                ended_at=now.replace(day=day),
                handled_by=HandledBy.BOT,
                topics=[{"topic": "logistics"}],
                emotion=Emotion.ANNOYED,
                label_shown=True,
            )
            session.add(contact)
            await session.flush()
            if day % 2:
                session.add(Feedback(interaction_id=contact.id, csat=day % 5 + 1, sample_rule="all"))
    found = await handover_context.of(care, await someone(care), visit.id)
    assert [one.contact.started_at.day for one in found.contacts] == [7, 6, 5, 4, 3]
    assert [one.csat for one in found.contacts] == [3, None, 1, None, 4]


async def test_a_suggestion_quotes_its_source_and_is_missing_when_nothing_is_sure(care, shop):
    real = dataclasses.replace(care, settings=dataclasses.replace(care.settings, root=ROOT))
    reader = await someone(care)
    wait = handover_context.SUGGESTION_WAIT_S
    handover_context.SUGGESTION_WAIT_S = 60  # the first reading of the knowledge takes seconds
    try:
        visit = await shop.visit()
        await shop.say(visit.id, "压缩机保修几年")
        await shop.answer(visit.id, "稍等", topic="warranty", intent="warranty")
        found = await handover_context.of(real, reader, visit.id)
        assert found.suggestion is not None
        assert "年" in found.suggestion.text
        assert "更新" in found.suggestion.source
        assert found.suggestion.basis == "knowledge"
        other = await shop.visit()
        await shop.say(other.id, "你们老板养的猫叫什么")
        await shop.answer(other.id, "抱歉", topic="store", intent="store")
        assert (await handover_context.of(real, reader, other.id)).suggestion is None
    finally:
        handover_context.SUGGESTION_WAIT_S = wait


async def test_a_product_that_was_named_is_suggested_from_the_table(care, shop, clock):
    async with care.sessions.write() as session:
        session.add(
            Product(
                sku="KT-1",
                name="星禾云境空调",
                brand="星禾",
                model="KFR-35",
                category="空调",
                price=Decimal("2899"),
                stock=3,
                attributes={"匹数": "1.5 匹"},
                warranty_months=72,
                spoken_names=[],
            )
        )
    visit = await shop.visit()
    await shop.say(visit.id, "星禾云境空调多少钱")
    await shop.answer(visit.id, "稍等", topic="price_promotion", intent="price_promotion")
    found = await handover_context.of(care, await someone(care), visit.id)
    assert found.suggestion.text == "星禾云境空调：价格 ¥2,899.00，有现货，匹数 1.5 匹，保修 72 个月。"
    assert found.suggestion.source == "商品资料 星禾云境空调（KT-1）"


async def test_nothing_is_suggested_once_a_person_has_answered(care, shop):
    visit = await shop.visit()
    await shop.say(visit.id, "压缩机保修几年")
    await shop.answer(visit.id, "稍等", topic="warranty", intent="warranty")
    agent = await shop.agent()
    await handoff.take(care, visit.id, agent)
    await handoff.say_as_agent(care, visit.id, agent, "六年", "0189d2b4-7b4b-7c3e-8a52-1f2e3d4c5b6a")
    assert (await handover_context.of(care, await someone(care), visit.id)).suggestion is None


async def test_a_conversation_that_does_not_exist_is_not_found(care):
    with pytest.raises(NotFound):
        await handover_context.of(care, await someone(care), 4711)
