"""Nobody is there: whatever calls a person says the hours and offers a call; what is urgent is told at once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from care.records.notice import StaffNotice
from care.rules.handover import HandoverRules
from care.rules.vocabulary import Emotion, Owner, Role, Topic
from care.services import calling, conversations, handoff, staff, transcript
from care.services.callbacks import request

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def night(clock):
    """23:00 in Shanghai: the default hours are over."""
    clock.advance(hours=13)


async def view(care, visit):
    return await conversations.get_conversation(care, visit.public_id)


async def lines(care, visit):
    return [(m.text, m.buttons) for m in await transcript.history(care, visit.id, after=0)]


async def test_failures_of_the_bot_at_night_offer_a_call(care, shop):
    visit = await shop.visit()
    for said in ("我的订单呢", "在吗"):
        await shop.say(visit.id, said)
        (told,) = await conversations.fail_turn(care, await shop.turn(visit.id))
    assert (await view(care, visit)).owner is Owner.BOT
    assert await handoff.queue(care) == []
    assert "每天 9:00–21:00" in told.text
    assert "明天 10:00 前" in told.text
    assert [button["title"] for button in told.buttons] == ["登记回电"]


@pytest.mark.parametrize(
    ("rules", "understood"),
    [
        (HandoverRules(topics=frozenset({Topic.INVOICE})), {"topic": "invoice"}),
        (HandoverRules(emotions=frozenset({Emotion.ANGRY})), {"emotion": "angry"}),
    ],
    ids=["topic", "emotion"],
)
async def test_rules_at_night_offer_a_call_once(care, shop, rules, understood):
    shop.care = ruled = replace(care, settings=replace(care.settings, handover=rules))
    visit = await shop.visit()
    for said in ("发票开错了", "发票到底怎么办"):
        await shop.say(visit.id, said)
        await shop.answer(visit.id, "我来看看。", confidence=0.9, **understood)
    assert (await view(ruled, visit)).owner is Owner.BOT
    offers = [text for text, buttons in await lines(ruled, visit) if buttons]
    assert len(offers) == 1
    assert "登记回电" in offers[0]


async def test_who_has_a_call_coming_is_told_of_it(care, shop):
    rules = HandoverRules(topics=frozenset({Topic.INVOICE}))
    shop.care = replace(care, settings=replace(care.settings, handover=rules))
    visit = await shop.visit()
    await request(care, visit.id, phone="13911112222", note="", source_message_id=None)
    await shop.say(visit.id, "发票开错了")
    await shop.answer(visit.id, "我来看看。", topic="invoice", confidence=0.9)
    text, buttons = (await lines(care, visit))[-1]
    assert "您登记的回电会在 明天 10:00 前打给您" in text
    assert not buttons


async def test_danger_at_night_is_told_to_leads_at_once_and_once(care, shop):
    lead = await staff.add_staff(care, login="lead1", name="组长", role=Role.LEAD, password=PASSWORD)
    await staff.add_staff(care, login="a1", name="坐席", role=Role.AGENT, password=PASSWORD)
    shop.care = replace(care, settings=replace(care.settings, handover=HandoverRules()))
    visit = await shop.visit()
    for _ in range(2):
        await shop.say(visit.id, "我不想活了")
        await shop.answer(visit.id, "请先拨打求助电话。", cues=["self_harm"], confidence=0.9)
    async with care.sessions.read() as session:
        rows = (await session.scalars(select(StaffNotice))).all()
    assert [(row.staff_id, row.kind.value) for row in rows] == [(lead.id, "safety")]
    assert (await view(care, visit)).owner is Owner.BOT


async def test_an_urgent_wish_for_a_person_at_night_is_told_to_leads_too(care, shop):
    lead = await staff.add_staff(care, login="lead1", name="组长", role=Role.LEAD, password=PASSWORD)
    urgent, calm = await shop.visit(), await shop.visit()
    for visit, said in ((urgent, "插座起火了，转人工"), (calm, "转人工")):
        await shop.say(visit.id, said)
        await calling.tell_if_urgent(care, visit.id)
    async with care.sessions.read() as session:
        rows = (await session.scalars(select(StaffNotice))).all()
    assert [(row.staff_id, row.conversation_id) for row in rows] == [(lead.id, urgent.id)]
