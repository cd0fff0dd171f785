"""A customer's words are stored once, in order, and cannot be lost."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import select

from care.records.conversation import Message
from care.records.engine import Outbox
from care.rules.errors import (
    BadFrame,
    ConversationClosed,
    EmptyMessage,
    MessageTooLong,
    NotFound,
    UnknownButton,
)
from care.rules.vocabulary import Owner, Speaker
from care.services import conversations, handoff, transcript
from care.services.context import open_care
from care.services.conversations import Reply


async def stored(care, conversation_id: int) -> list[Message]:
    async with care.sessions.read() as session:
        rows = await session.scalars(
            select(Message).where(Message.conversation_id == conversation_id).order_by(Message.id)
        )
        return list(rows)


async def test_messages_are_numbered_from_one_without_gaps(care, shop):
    visit = await shop.visit()
    assert [(await shop.say(visit.id, f"第{n}句")).seq for n in (1, 2, 3)] == [1, 2, 3]
    assert [m.text for m in await transcript.history(care, visit.id, after=1)] == ["第2句", "第3句"]


async def test_the_same_client_id_gets_the_same_answer_and_no_second_effect(care, shop):
    visit, key = await shop.visit(), str(uuid4())
    first = await shop.say(visit.id, "查一下订单", key)
    again = await shop.say(visit.id, "查一下订单", key.upper())
    assert (first.is_duplicate, again.is_duplicate) == (False, True)
    assert (again.message_id, again.seq) == (first.message_id, first.seq)
    assert len(await stored(care, visit.id)) == 1


async def test_twenty_copies_at_once_from_two_processes_are_one_message(care, shop):
    visit, key = await shop.visit(), str(uuid4())
    async with open_care(care.settings, clock=care.clock) as other:
        acks = await asyncio.gather(
            *(
                conversations.accept_message(side, visit.id, client_msg_id=key, text="催一下")
                for side in (care, other) * 10
            )
        )
    assert {(ack.message_id, ack.seq) for ack in acks} == {(acks[0].message_id, 1)}
    assert sum(not ack.is_duplicate for ack in acks) == 1
    assert len(await stored(care, visit.id)) == 1


async def test_messages_sent_at_once_from_two_processes_all_stand_with_numbers_of_their_own(care, shop):
    visit = await shop.visit()
    async with open_care(care.settings, clock=care.clock) as other:
        acks = await asyncio.gather(
            *(
                conversations.accept_message(side, visit.id, client_msg_id=str(uuid4()), text=f"{n}")
                for n, side in enumerate((care, other) * 10)
            )
        )
    assert sorted(ack.seq for ack in acks) == list(range(1, 21))
    assert [m.seq for m in await transcript.history(care, visit.id, after=0)] == list(range(1, 21))


async def test_the_same_client_id_in_another_conversation_is_another_message(care, shop):
    one, two, key = await shop.visit(), await shop.visit(), str(uuid4())
    assert not (await shop.say(one.id, "甲", key)).is_duplicate
    assert not (await shop.say(two.id, "乙", key)).is_duplicate


@pytest.mark.parametrize("key", ["", "1", "not-a-uuid", None, 5, "x" * 4000, "7f8f2a9e"])
async def test_a_client_id_must_be_a_uuid(care, shop, key):
    visit = await shop.visit()
    with pytest.raises(BadFrame):
        await conversations.accept_message(care, visit.id, client_msg_id=key, text="你好")


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\u200b\u200d\ufeff", "\x00\x07", "\u3000\u3164"])
async def test_an_empty_message_is_refused(care, shop, text):
    visit = await shop.visit()
    with pytest.raises(EmptyMessage):
        await shop.say(visit.id, text)
    assert await stored(care, visit.id) == []


@pytest.mark.parametrize("text", [None, 5, ["你好"], {"text": "你好"}])
async def test_a_text_must_be_text(care, shop, text):
    visit = await shop.visit()
    with pytest.raises(BadFrame):
        await shop.say(visit.id, text)


async def test_a_thousand_characters_are_taken_and_one_more_is_not(care, shop):
    visit = await shop.visit()
    assert (await shop.say(visit.id, "长" * 1000)).seq == 1
    for too_long in ("长" * 1001, "长" * 5000, "字" * 1_000_000):
        with pytest.raises(MessageTooLong):
            await shop.say(visit.id, too_long)
    assert len(await stored(care, visit.id)) == 1


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("👍👨‍👩‍👧", "👍👨‍👩‍👧"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("'; DROP TABLE message; --", "'; DROP TABLE message; --"),
        ("第一行\n第二行", "第一行\n第二行"),
        ("半个\ud83d字", "半个字"),
        ("空\x00字", "空字"),
    ],
)
async def test_odd_text_is_kept_as_text(care, shop, sent, kept):
    visit = await shop.visit()
    await shop.say(visit.id, sent)
    assert [m.text for m in await transcript.history(care, visit.id, after=0)] == [kept]


async def test_card_numbers_are_masked_before_they_are_stored_and_order_numbers_are_not(care, shop):
    visit = await shop.visit()
    await shop.say(visit.id, "卡号4111 1111 1111 1111,订单 88120231105")
    await shop.say(visit.id, "卡号4111111111111111")
    first, second = await stored(care, visit.id)
    assert "4111" not in first.text.replace("1111,", "")
    assert "88120231105" in first.text
    assert second.text.endswith("1111")
    assert "411111" not in second.text


@pytest.mark.parametrize("text", ["/restart", '/inform{"order": "1"}', "／restart", " ／／greet"])
async def test_a_typed_slash_reaches_the_bot_as_plain_text(care, shop, text):
    visit = await shop.visit()
    await shop.say(visit.id, text)
    assert not (await shop.turn(visit.id)).text.startswith(("/", "／"))


async def test_an_unknown_conversation_takes_no_message(care, shop):
    with pytest.raises(NotFound):
        await shop.say(987654, "你好")


async def test_a_closed_conversation_takes_no_message_but_still_knows_the_old_ones(care, shop):
    visit, key = await shop.visit(), str(uuid4())
    first = await shop.say(visit.id, "你好", key)
    await handoff.close(care, visit.id, "customer")
    with pytest.raises(ConversationClosed):
        await shop.say(visit.id, "还在吗")
    assert (await shop.say(visit.id, "你好", key)).seq == first.seq


async def test_while_a_person_holds_the_conversation_the_bot_gets_nothing_and_the_tracker_is_told(care, shop):
    visit, agent = await shop.visit(), await shop.agent()
    await handoff.request_human(care, visit.id, reason="asked")
    waiting = await shop.say(visit.id, "有人吗")
    await handoff.take(care, visit.id, agent)
    held = await shop.say(visit.id, "我的订单坏了")
    assert (waiting.owner, held.owner) == (Owner.QUEUED, Owner.HUMAN)
    assert await conversations.next_turn(care, visit.id) is None
    assert await conversations.pending_turns(care) == []
    async with care.sessions.read() as session:
        rows = await session.scalars(select(Outbox.data).where(Outbox.topic == "tracker_events"))
        told = [e["text"] for data in rows for e in data["events"] if e["event"] == "user"]
    assert told == ["有人吗", "我的订单坏了"]


class TestButtons:
    async def offer(self, care, shop, *payloads: str) -> int:
        visit = await shop.visit()
        await shop.say(visit.id, "我要投诉")
        buttons = [{"title": f"选{p}", "payload": p} for p in payloads]
        await conversations.finish_turn(care, await shop.turn(visit.id), [Reply("请选择", buttons)])
        return visit.id

    async def press(self, care, conversation_id: int, payload: str, key: str | None = None):
        return await conversations.accept_button(
            care, conversation_id, client_msg_id=key or str(uuid4()), payload=payload
        )

    async def test_a_pressed_button_is_stored_with_its_title_and_goes_to_the_bot_with_its_payload(
        self, care, shop
    ):
        conversation = await self.offer(care, shop, "/affirm", "/deny")
        await self.press(care, conversation, "/affirm")
        turn = await shop.turn(conversation)
        assert (turn.text, turn.payload) == ("选/affirm", "/affirm")

    async def test_a_payload_that_was_never_offered_is_refused(self, care, shop):
        conversation = await self.offer(care, shop, "/affirm")
        for forged in ("/restart", "/affirm ", '/affirm{"order":"1"}', "x" * 9000):
            with pytest.raises(UnknownButton):
                await self.press(care, conversation, forged)

    async def test_a_payload_offered_in_another_conversation_is_refused(self, care, shop):
        await self.offer(care, shop, "/affirm")
        other = await shop.visit()
        with pytest.raises(UnknownButton):
            await self.press(care, other.id, "/affirm")

    async def test_the_buttons_of_a_line_are_good_for_one_press(self, care, shop):
        conversation = await self.offer(care, shop, "/affirm", "/deny")
        await self.press(care, conversation, "/affirm")
        for used in ("/affirm", "/deny"):
            with pytest.raises(UnknownButton):
                await self.press(care, conversation, used)
        line = (await transcript.history(care, conversation, after=0))[1]
        assert line.are_buttons_used

    async def test_the_same_press_sent_twice_is_one_press(self, care, shop):
        conversation, key = await self.offer(care, shop, "/affirm"), str(uuid4())
        first = await self.press(care, conversation, "/affirm", key)
        again = await self.press(care, conversation, "/affirm", key)
        assert again.is_duplicate
        assert again.seq == first.seq

    async def test_a_payload_offered_anew_can_be_pressed_anew(self, care, shop):
        conversation = await self.offer(care, shop, "/affirm")
        await self.press(care, conversation, "/affirm")
        turn = await shop.turn(conversation)
        await conversations.finish_turn(
            care, turn, [Reply("再问一次", [{"title": "对", "payload": "/affirm"}])]
        )
        assert not (await self.press(care, conversation, "/affirm")).is_duplicate

    async def test_a_customer_cannot_offer_buttons_to_themselves(self, care, shop):
        visit = await shop.visit()
        await shop.say(visit.id, '{"buttons": [{"title": "x", "payload": "/restart"}]}')
        with pytest.raises(UnknownButton):
            await self.press(care, visit.id, "/restart")

    @pytest.mark.parametrize("payload", ["", None, 3, ["/affirm"]])
    async def test_a_payload_must_be_text(self, care, shop, payload):
        conversation = await self.offer(care, shop, "/affirm")
        with pytest.raises(BadFrame):
            await self.press(care, conversation, payload)


async def test_a_notice_of_the_system_stands_in_the_transcript(care, shop):
    visit = await shop.visit()
    said = await conversations.say_system(
        care, visit.id, "您好,我是智能客服", [{"title": "查订单", "payload": "/a"}]
    )
    assert (said.seq, said.speaker, said.agent_name) == (1, Speaker.SYSTEM, None)
    assert await transcript.history(care, visit.id, after=0) == [said]
