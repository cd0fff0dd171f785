"""The bot answers each line once, in order, and is silent as soon as a person has the floor."""

from __future__ import annotations

import asyncio

from sqlalchemy import select

from care.records.conversation import Handoff, Message
from care.rules.vocabulary import Owner, Speaker
from care.services import conversations, handoff, transcript
from care.services.context import open_care
from care.services.conversations import Reply


async def texts(care, conversation_id: int) -> list[str]:
    return [m.text for m in await transcript.history(care, conversation_id, after=0)]


async def test_lines_are_answered_oldest_first(care, shop):
    visit = await shop.visit()
    await shop.say(visit.id, "一")
    await shop.say(visit.id, "二")
    assert (await shop.turn(visit.id)).text == "一"
    await shop.answer(visit.id, "答一")
    assert (await shop.turn(visit.id)).text == "二"
    await shop.answer(visit.id, "答二")
    assert await conversations.next_turn(care, visit.id) is None
    assert await texts(care, visit.id) == ["一", "二", "答一", "答二"]


async def test_after_a_crash_the_unanswered_line_is_found_again(care, shop):
    first, second, answered = await shop.visit(), await shop.visit(), await shop.visit()
    await shop.say(second.id, "先来的")
    await shop.say(first.id, "后来的")
    await shop.say(answered.id, "答过的")
    await shop.answer(answered.id, "好的")
    await shop.turn(first.id)  # given to the bot, then the process dies
    async with open_care(care.settings, clock=care.clock) as restarted:
        assert await conversations.pending_turns(restarted) == [second.id, first.id]
        turn = await conversations.next_turn(restarted, first.id)
    assert turn is not None
    assert turn.text == "后来的"


async def test_answers_stored_twice_are_stored_once(care, shop):
    visit = await shop.visit()
    await shop.say(visit.id, "你好")
    turn = await shop.turn(visit.id)
    replies = [Reply("您好"), Reply("请问有什么可以帮您", [{"title": "查订单", "payload": "/order_status"}])]
    first = await conversations.finish_turn(care, turn, replies, {"topic": "greet"})
    again = await conversations.finish_turn(care, turn, [Reply("别的话")], None)
    assert [(m.seq, m.text) for m in first] == [(2, "您好"), (3, "请问有什么可以帮您")]
    assert again == first
    assert len(await texts(care, visit.id)) == 3


async def test_answers_stored_at_once_by_two_processes_are_stored_once(care, shop):
    visit = await shop.visit()
    await shop.say(visit.id, "你好")
    turn = await shop.turn(visit.id)
    async with open_care(care.settings, clock=care.clock) as other:
        results = await asyncio.gather(
            *(conversations.finish_turn(side, turn, [Reply("您好")], None) for side in (care, other) * 4)
        )
    assert all([m.seq for m in shown] == [2] for shown in results)
    assert await texts(care, visit.id) == ["你好", "您好"]


async def test_what_was_understood_stays_with_the_line(care, shop):
    visit = await shop.visit()
    await shop.say(visit.id, "东西坏了")
    await shop.answer(visit.id, "抱歉", topic="complaint_quality", emotion="angry", confidence=0.93)
    line = (await transcript.history(care, visit.id, after=0))[0]
    assert line.understood == {"topic": "complaint_quality", "emotion": "angry", "confidence": 0.93}


async def test_a_late_answer_is_dropped_once_a_person_has_the_conversation(care, shop):
    visit, agent = await shop.visit(), await shop.agent()
    await shop.say(visit.id, "你好")
    turn = await shop.turn(visit.id)
    await handoff.take(care, visit.id, agent)
    assert await conversations.finish_turn(care, turn, [Reply("迟到的话")], None) == []
    assert await texts(care, visit.id) == ["你好"]
    async with care.sessions.read() as session:
        dropped = (await session.scalars(select(Message).where(Message.state == "dropped"))).one()
    assert (dropped.text, dropped.seq, dropped.speaker) == ("迟到的话", None, Speaker.BOT)
    await handoff.say_as_agent(care, visit.id, agent, "我来帮您", "7f8f2a9e-0000-4000-8000-000000000001")
    assert [m.seq for m in await transcript.history(care, visit.id, after=0)] == [1, 2]


async def test_a_late_answer_is_dropped_while_the_customer_waits_for_a_person(care, shop):
    visit = await shop.visit()
    await shop.say(visit.id, "你好")
    turn = await shop.turn(visit.id)
    await handoff.request_human(care, visit.id, reason="asked")
    assert await conversations.finish_turn(care, turn, [Reply("迟到的话")], None) == []
    assert await texts(care, visit.id) == ["你好"]


async def test_the_line_that_asked_for_a_person_still_gets_its_answer(care, shop):
    visit = await shop.visit()
    asked = await shop.say(visit.id, "转人工")
    turn = await shop.turn(visit.id)
    await handoff.request_human(care, visit.id, reason="asked", source_message_id=asked.message_id)
    shown = await conversations.finish_turn(care, turn, [Reply("正在为您转接,您排在第 1 位")], None)
    assert [m.text for m in shown] == ["正在为您转接,您排在第 1 位"]


async def test_not_even_that_answer_is_said_over_an_agent_who_was_quicker(care, shop):
    visit, agent = await shop.visit(), await shop.agent()
    asked = await shop.say(visit.id, "转人工")
    turn = await shop.turn(visit.id)
    await handoff.request_human(care, visit.id, reason="asked", source_message_id=asked.message_id)
    await handoff.take(care, visit.id, agent)
    assert await conversations.finish_turn(care, turn, [Reply("正在为您转接")], None) == []


async def test_an_answer_from_before_a_persons_turn_is_dropped_after_it_too(care, shop, clock):
    visit, agent = await shop.visit(), await shop.agent()
    await shop.say(visit.id, "你好")
    turn = await shop.turn(visit.id)
    clock.advance(seconds=5)
    await handoff.take(care, visit.id, agent)
    await handoff.return_to_bot(care, visit.id, agent)
    assert await conversations.finish_turn(care, turn, [Reply("迟到的话")], None) == []


async def test_a_cancelled_wait_gives_the_floor_back_to_the_answer_on_its_way(care, shop):
    visit = await shop.visit()
    await shop.say(visit.id, "你好")
    turn = await shop.turn(visit.id)
    await handoff.request_human(care, visit.id, reason="asked")
    await handoff.cancel_request(care, visit.id)
    assert [m.text for m in await conversations.finish_turn(care, turn, [Reply("您好")], None)] == ["您好"]


async def test_a_line_that_waited_for_the_bot_goes_to_the_person_who_took_over(care, shop):
    visit, agent = await shop.visit(), await shop.agent()
    await shop.say(visit.id, "还没轮到的话")
    await handoff.take(care, visit.id, agent)
    assert await conversations.next_turn(care, visit.id) is None
    await handoff.return_to_bot(care, visit.id, agent)
    assert await conversations.next_turn(care, visit.id) is None
    assert await texts(care, visit.id) == ["还没轮到的话"]


async def test_a_failed_turn_apologises_and_keeps_the_line(care, shop):
    visit = await shop.visit()
    await shop.say(visit.id, "我的订单呢")
    turn = await shop.turn(visit.id)
    said = await conversations.fail_turn(care, turn)
    assert [m.speaker for m in said] == [Speaker.SYSTEM]
    assert "抱歉" in said[0].text
    assert await conversations.fail_turn(care, turn) == said
    assert (await texts(care, visit.id))[0] == "我的订单呢"
    assert (await conversations.get_conversation(care, visit.public_id)).owner is Owner.BOT
    assert await conversations.pending_turns(care) == []


async def test_the_second_failure_in_a_row_calls_a_person(care, shop):
    visit = await shop.visit()
    for text in ("我的订单呢", "在吗"):
        await shop.say(visit.id, text)
        said = await conversations.fail_turn(care, await shop.turn(visit.id))
    assert "第 1 位" in said[0].text
    view = await conversations.get_conversation(care, visit.public_id)
    assert (view.owner, view.position) == (Owner.QUEUED, 1)
    async with care.sessions.read() as session:
        assert (await session.scalars(select(Handoff.reason))).all() == ["bot_failure"]


async def test_an_answer_in_between_starts_the_count_again(care, shop):
    visit = await shop.visit()
    await shop.say(visit.id, "一")
    await conversations.fail_turn(care, await shop.turn(visit.id))
    await shop.say(visit.id, "二")
    await shop.answer(visit.id, "好的")
    await shop.say(visit.id, "三")
    await conversations.fail_turn(care, await shop.turn(visit.id))
    assert (await conversations.get_conversation(care, visit.public_id)).owner is Owner.BOT


async def test_an_answer_that_comes_after_the_apology_is_not_shown(care, shop):
    visit = await shop.visit()
    await shop.say(visit.id, "你好")
    turn = await shop.turn(visit.id)
    await conversations.fail_turn(care, turn)
    assert await conversations.finish_turn(care, turn, [Reply("太迟了")], None) == []
    assert "太迟了" not in await texts(care, visit.id)


async def test_a_failure_is_no_matter_once_a_person_has_the_conversation(care, shop):
    visit, agent = await shop.visit(), await shop.agent()
    await shop.say(visit.id, "你好")
    turn = await shop.turn(visit.id)
    await handoff.take(care, visit.id, agent)
    assert await conversations.fail_turn(care, turn) == []
    assert await texts(care, visit.id) == ["你好"]


async def test_every_process_is_told_after_the_answer_stands(care, shop):
    from care.adapters.bus import conversation_channel

    visit = await shop.visit()
    async with care.bus.subscribe(conversation_channel(visit.id)) as news:
        await shop.say(visit.id, "你好")
        await shop.answer(visit.id, "您好")
        heard = [await asyncio.wait_for(news.__anext__(), 2) for _ in range(2)]
    assert heard == [
        {"conversation": visit.id, "seq": seq, "owner": "bot", "owner_version": 0} for seq in (1, 2)
    ]
