"""Exactly one speaks at a time: the bot, or one agent."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import select

from care.records.conversation import Handoff
from care.records.engine import Outbox
from care.rules.errors import (
    AlreadyTaken,
    CareError,
    ConversationClosed,
    EmptyMessage,
    Forbidden,
    MessageTooLong,
    NotFound,
)
from care.rules.vocabulary import Owner, Speaker
from care.services import conversations, handoff, transcript
from care.services.context import open_care


async def owner(care, visit) -> Owner:
    return (await conversations.get_conversation(care, visit.public_id)).owner


async def told_tracker(care, visit) -> list[str]:
    async with care.sessions.read() as session:
        rows = await session.scalars(
            select(Outbox.data).where(Outbox.topic == "tracker_events").order_by(Outbox.id)
        )
        return [e["event"] for data in rows if data["sender_id"] == visit.sender_id for e in data["events"]]


async def test_asking_for_a_person_tells_the_place(care, shop, clock):
    first, second = await shop.visit(), await shop.visit()
    assert await handoff.request_human(care, first.id, reason="asked") == handoff.QueuePlace(1, None)
    clock.advance(seconds=1)
    assert (await handoff.request_human(care, second.id, reason="asked")).position == 2
    view = await conversations.get_conversation(care, second.public_id)
    assert (view.owner, view.position, view.wait_s) == (Owner.QUEUED, 2, None)
    assert await told_tracker(care, first) == ["active_loop", "slot", "pause"]


async def test_asking_again_changes_nothing(care, shop):
    visit = await shop.visit()
    await handoff.request_human(care, visit.id, reason="asked")
    before = await conversations.get_conversation(care, visit.public_id)
    assert (await handoff.request_human(care, visit.id, reason="asked")).position == 1
    assert await conversations.get_conversation(care, visit.public_id) == before
    async with care.sessions.read() as session:
        assert len((await session.scalars(select(Handoff))).all()) == 1


async def test_a_repeated_ask_for_the_same_line_does_not_undo_the_cancelling(care, shop):
    visit = await shop.visit()
    asked = await shop.say(visit.id, "转人工")
    await handoff.request_human(care, visit.id, reason="asked", source_message_id=asked.message_id)
    await handoff.cancel_request(care, visit.id)
    await handoff.request_human(care, visit.id, reason="asked", source_message_id=asked.message_id)
    assert await owner(care, visit) is Owner.BOT


async def test_cancelling_gives_the_conversation_back_to_the_bot(care, shop):
    visit = await shop.visit()
    await handoff.request_human(care, visit.id, reason="asked")
    await handoff.cancel_request(care, visit.id)
    await handoff.cancel_request(care, visit.id)
    assert await owner(care, visit) is Owner.BOT
    assert await handoff.queue(care) == []
    assert (await told_tracker(care, visit))[-2:] == ["resume", "action"]


async def test_the_wait_is_the_median_of_real_takes_times_the_place(care, shop, clock):
    agent = await shop.agent()
    for seconds in (60, 120, 600):
        visit = await shop.visit()
        await handoff.request_human(care, visit.id, reason="asked")
        clock.advance(seconds=seconds)
        await handoff.take(care, visit.id, agent)
    one, two = await shop.visit(), await shop.visit()
    assert await handoff.request_human(care, one.id, reason="asked") == handoff.QueuePlace(1, 120)
    clock.advance(seconds=1)
    assert await handoff.request_human(care, two.id, reason="asked") == handoff.QueuePlace(2, 240)


async def test_the_queue_lists_who_waits_longest_first(care, shop, clock):
    first, second = await shop.visit(), await shop.visit()
    await shop.say(first.id, "退款还没到")
    await handoff.request_human(care, first.id, reason="severe")
    clock.advance(seconds=90)
    await handoff.request_human(care, second.id, reason="asked")
    entries = await handoff.queue(care)
    assert [(e.conversation_id, e.position, e.waited_s, e.reason) for e in entries] == [
        (first.id, 1, 90, "severe"),
        (second.id, 2, 0, "asked"),
    ]
    assert [e.last_text for e in entries] == ["退款还没到", None]


async def test_of_agents_who_take_at_once_one_gets_it_and_the_others_read_who(care, shop):
    visit = await shop.visit()
    await handoff.request_human(care, visit.id, reason="asked")
    agents = {
        await shop.agent(f"agent{n}", name): name for n, name in enumerate(("王小美", "李大力", "赵小七"))
    }
    async with open_care(care.settings, clock=care.clock) as other:
        results = await asyncio.gather(
            *(
                handoff.take(side, visit.id, agent)
                for side, agent in zip((care, other, care), agents, strict=True)
            ),
            return_exceptions=True,
        )
    losers = [r for r in results if r is not None]
    assert len(losers) == 2
    view = await conversations.get_conversation(care, visit.public_id)
    assert view.agent_id is not None
    for loser in losers:
        assert isinstance(loser, AlreadyTaken)
        assert agents[view.agent_id] in loser.message


async def test_taking_ones_own_again_is_fine_and_changes_nothing(care, shop):
    visit, agent = await shop.visit(), await shop.agent()
    await handoff.take(care, visit.id, agent)
    before = await conversations.get_conversation(care, visit.public_id)
    await handoff.take(care, visit.id, agent)
    assert await conversations.get_conversation(care, visit.public_id) == before


async def test_an_agent_can_take_over_from_the_bot_without_a_queue(care, shop):
    visit, agent = await shop.visit(), await shop.agent()
    await handoff.take(care, visit.id, agent)
    assert await owner(care, visit) is Owner.HUMAN
    assert await told_tracker(care, visit) == ["active_loop", "slot", "pause"]


async def test_an_agents_line_is_shown_once_with_the_name(care, shop):
    visit, agent, key = await shop.visit(), await shop.agent(), str(uuid4())
    await handoff.take(care, visit.id, agent)
    said = await handoff.say_as_agent(care, visit.id, agent, "您好,我来处理", key)
    again = await handoff.say_as_agent(care, visit.id, agent, "您好,我来处理", key)
    assert said == again
    assert (said.speaker, said.agent_name, said.seq) == (Speaker.AGENT, "王小美", 1)
    assert await transcript.history(care, visit.id, after=0) == [said]
    assert (await told_tracker(care, visit))[-1] == "bot"


async def test_only_the_holder_speaks_hands_back_and_closes(care, shop):
    visit, holder, other = await shop.visit(), await shop.agent(), await shop.agent("agent2", "李大力")
    with pytest.raises(Forbidden):
        await handoff.say_as_agent(care, visit.id, holder, "还没接管", str(uuid4()))
    await handoff.take(care, visit.id, holder)
    for forbidden in (
        handoff.say_as_agent(care, visit.id, other, "插话", str(uuid4())),
        handoff.return_to_bot(care, visit.id, other),
        handoff.close(care, visit.id, f"staff:{other}"),
    ):
        with pytest.raises(Forbidden):
            await forbidden
    assert await owner(care, visit) is Owner.HUMAN
    assert await transcript.history(care, visit.id, after=0) == []


async def test_an_agents_line_must_have_words_and_an_end(care, shop):
    visit, agent = await shop.visit(), await shop.agent()
    await handoff.take(care, visit.id, agent)
    with pytest.raises(EmptyMessage):
        await handoff.say_as_agent(care, visit.id, agent, " \u200b", str(uuid4()))
    with pytest.raises(MessageTooLong):
        await handoff.say_as_agent(care, visit.id, agent, "长" * 4001, str(uuid4()))


async def test_back_with_the_bot_the_customers_next_line_is_the_bots(care, shop):
    visit, agent = await shop.visit(), await shop.agent()
    await handoff.take(care, visit.id, agent)
    await handoff.return_to_bot(care, visit.id, agent)
    await shop.say(visit.id, "再查个订单")
    assert (await shop.turn(visit.id)).text == "再查个订单"
    assert (await told_tracker(care, visit))[-2:] == ["resume", "action"]


async def test_a_closed_conversation_stays_closed(care, shop):
    visit, agent = await shop.visit(), await shop.agent()
    await handoff.request_human(care, visit.id, reason="asked")
    await handoff.close(care, visit.id, "customer")
    await handoff.close(care, visit.id, "customer")
    for refused in (
        handoff.take(care, visit.id, agent),
        handoff.request_human(care, visit.id, reason="asked"),
    ):
        with pytest.raises(ConversationClosed):
            await refused
    async with care.sessions.read() as session:
        assert (await session.scalars(select(Handoff.end))).all() == ["abandoned"]


async def test_an_unknown_or_inactive_agent_takes_nothing(care, shop):
    visit = await shop.visit()
    with pytest.raises(NotFound):
        await handoff.take(care, visit.id, 4711)
    assert await owner(care, visit) is Owner.BOT


async def test_whatever_happens_at_once_the_owner_version_counts_every_change(care, shop):
    visit, agent = await shop.visit(), await shop.agent()
    acts = [
        handoff.request_human(care, visit.id, reason="asked"),
        handoff.take(care, visit.id, agent),
        handoff.cancel_request(care, visit.id),
        handoff.request_human(care, visit.id, reason="asked"),
        handoff.return_to_bot(care, visit.id, agent),
    ]
    results = await asyncio.gather(*acts, return_exceptions=True)
    assert all(r is None or isinstance(r, CareError | handoff.QueuePlace) for r in results)
    view = await conversations.get_conversation(care, visit.public_id)
    async with care.sessions.read() as session:
        wishes = (await session.scalars(select(Handoff))).all()
    open_wishes = [w for w in wishes if w.ended_at is None]
    changes = sum(1 + (w.taken_at is not None) for w in wishes) + sum(w.ended_at is not None for w in wishes)
    direct = sum(w.reason == "taken_by_agent" for w in wishes)
    assert view.owner_version == changes - direct
    assert len(open_wishes) == (0 if view.owner is Owner.BOT else 1)
    assert (view.agent_id is None) == (view.owner is not Owner.HUMAN)
