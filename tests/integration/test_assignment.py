"""Waiting customers come to who has room, and back into the queue when somebody is gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from care.records.conversation import Conversation
from care.records.staff import Staff
from care.rules.desk_terms import Presence
from care.rules.handover import HandoverRules
from care.rules.vocabulary import Owner, Tier, Topic, VerifiedBy
from care.services import assignment, conversations, desk_notes, handoff, presence, snoozing, transfers


async def view(care, visit):
    return await conversations.get_conversation(care, visit.public_id)


async def online(care, shop, login: str, name: str) -> int:
    agent = await shop.agent(login, name)
    await presence.choose(care, agent, Presence.ONLINE)
    return agent


async def test_a_returning_customer_comes_to_the_agent_of_last_time(care, shop, clock):
    one, two = await online(care, shop, "a1", "王小美"), await online(care, shop, "a2", "李大力")
    visit = await shop.visit()
    await handoff.take(care, visit.id, two)
    other = await shop.visit()
    await handoff.take(care, other.id, two)
    await handoff.return_to_bot(care, visit.id, two)
    clock.advance(days=6)
    await handoff.request_human(care, visit.id, reason="asked")
    assert [(a.waiting, a.agent) for a in await assignment.assign(care)] == [(visit.id, two)]
    await handoff.return_to_bot(care, visit.id, two)
    clock.advance(days=8)
    await handoff.request_human(care, visit.id, reason="asked")
    assert [a.agent for a in await assignment.assign(care)] == [one]


async def test_with_the_setting_off_agents_take_by_themselves(care, shop):
    await online(care, shop, "a1", "王小美")
    visit = await shop.visit()
    await handoff.request_human(care, visit.id, reason="asked")
    off = replace(care, settings=replace(care.settings, auto_assign=False))
    assert await assignment.assign(off) == []
    assert (await view(care, visit)).owner is Owner.QUEUED


async def test_who_loses_the_connection_gives_back_after_the_grace_and_the_wait_goes_on(care, shop, clock):
    agent = await online(care, shop, "a1", "王小美")
    visit, answered, aside = await shop.visit(), await shop.visit(), await shop.visit()
    await handoff.request_human(care, visit.id, reason="asked")
    since = clock.now()
    for one in (visit, answered, aside):
        await handoff.take(care, one.id, agent)
    await handoff.say_as_agent(care, answered.id, agent, "您好", str(uuid4()))
    await snoozing.snooze(care, aside.id, agent, clock.now() + timedelta(hours=2))
    clock.advance(seconds=59)
    assert await assignment.sweep(care) == 0
    await presence.alive(care, [agent])
    clock.advance(seconds=59)
    assert await assignment.sweep(care) == 0
    clock.advance(seconds=2)
    assert await assignment.sweep(care) == 2
    assert (await view(care, aside)).owner is Owner.HUMAN
    (first, second) = await handoff.queue(care)
    assert (first.conversation_id, first.queued_at, first.reason) == (visit.id, since, "agent_gone")
    assert second.conversation_id == answered.id
    (me,) = await presence.colleagues(care)
    assert (me.presence, me.load) == (Presence.AWAY, 0)
    assert [note.kind for note in await desk_notes.of(care, visit.id)] == ["requeued"]


@pytest.mark.parametrize("gone", [Presence.AWAY, Presence.BREAK])
async def test_who_is_away_gives_back_who_waits_and_keeps_who_was_answered(care, shop, clock, gone):
    agent = await online(care, shop, "a1", "王小美")
    waits, answered = await shop.visit(), await shop.visit()
    for one in (waits, answered):
        await shop.say(one.id, "在吗")
        await handoff.take(care, one.id, agent)
    await handoff.say_as_agent(care, answered.id, agent, "您好", str(uuid4()))
    await presence.choose(care, agent, gone)
    for _ in range(3):
        clock.advance(seconds=30)
        await presence.alive(care, [agent])
        moved = await assignment.sweep(care)
    assert moved == 1
    assert (await view(care, waits)).owner is Owner.QUEUED
    assert (await view(care, answered)).owner is Owner.HUMAN
    await shop.say(answered.id, "还有问题")
    assert await assignment.sweep(care) == 1


async def test_nobody_gets_more_than_the_capacity_even_when_handed_over(care, shop):
    sender, full = await online(care, shop, "a1", "王小美"), await online(care, shop, "a2", "李大力")
    for _ in range(5):
        await handoff.take(care, (await shop.visit()).id, full)
    visit = await shop.visit()
    await handoff.take(care, visit.id, sender)
    with pytest.raises(transfers.NoRoom, match="李大力 已有 5 个会话"):
        await transfers.to_colleague(care, visit.id, sender, full)


async def test_the_place_that_is_told_is_the_place_in_which_is_served(care, shop, clock):
    early, key, urgent = await shop.visit(), await shop.visit(), await shop.visit()
    customer = await shop.customer(tier=Tier.STRATEGIC)
    await handoff.request_human(care, early.id, reason="asked")
    clock.advance(seconds=60)
    async with care.sessions.write() as session:
        row = await session.get(Conversation, key.id)
        row.customer_id, row.verified_by, row.verified_at = customer.id, VerifiedBy.TOKEN, clock.now()
    assert (await handoff.request_human(care, key.id, reason="asked")).position == 1
    await shop.say(urgent.id, "空调起火了，家里都是烟！")
    assert (await handoff.request_human(care, urgent.id, reason="asked")).position == 1
    assert [entry.conversation_id for entry in await handoff.queue(care)] == [urgent.id, key.id, early.id]
    agent = await online(care, shop, "a1", "王小美")
    given = await assignment.assign(care)
    assert [(a.waiting, a.agent) for a in given] == [(c, agent) for c in (urgent.id, key.id, early.id)]


async def test_a_topic_rule_calls_a_person_after_the_answer_and_for_its_skill(care, shop):
    rules = HandoverRules(topics=frozenset({Topic.INVOICE}), skills=((Topic.INVOICE, "支付发票"),))
    ruled = replace(care, settings=replace(care.settings, handover=rules))
    shop.care = ruled
    visit = await shop.visit()
    await shop.say(visit.id, "发票开错了")
    await shop.answer(visit.id, "我来看看。", topic="invoice", confidence=0.9)
    (entry,) = await handoff.queue(ruled)
    assert entry.reason == "topic_rule"
    (waiting,) = (await conversations.get_conversation(ruled, visit.public_id),)
    assert waiting.owner is Owner.QUEUED
    agent = await online(ruled, shop, "a1", "王小美")
    assert await assignment.assign(ruled) == []
    async with ruled.sessions.write() as session:
        (await session.get(Staff, agent)).skills = ["支付发票"]
    assert [a.agent for a in await assignment.assign(ruled)] == [agent]


async def test_a_tier_rule_calls_a_person_for_verified_customers_of_that_tier_only(care, shop, clock):
    rules = HandoverRules(tiers=frozenset({Tier.STRATEGIC}))
    ruled = replace(care, settings=replace(care.settings, handover=rules))
    shop.care = ruled
    customer = await shop.customer(tier=Tier.STRATEGIC)
    known, unknown = await shop.visit(), await shop.visit()
    async with care.sessions.write() as session:
        row = await session.get(Conversation, known.id)
        row.customer_id, row.verified_by, row.verified_at = customer.id, VerifiedBy.TOKEN, clock.now()
    for visit in (known, unknown):
        await shop.say(visit.id, "你好")
        await shop.answer(visit.id, "您好！", topic="greet", confidence=0.9)
    assert [entry.reason for entry in await handoff.queue(ruled)] == ["tier_rule"]
    assert (await view(care, unknown)).owner is Owner.BOT
