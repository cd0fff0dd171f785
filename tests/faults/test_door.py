"""What people send to the public door by mistake or on purpose."""

from __future__ import annotations

import asyncio
import json
import re
import time

import pytest
from sqlalchemy import select

from care.records.customer import Customer as CustomerRow
from care.records.order import Order
from care.services.context import Care
from tests.faults.books import check_books, settled
from tests.faults.conftest import OpenTab
from tests.live.customer import customer
from tests.live.system import LiveSystem

DEMO_PHONE = "13800000001"
#: What an answered question may take while somebody else floods; bounded, not comfortable.
SERVED_S = 20.0
FLOOD_S = 2.5
FLOOD_PER_S = 100
NO_SUCH_ORDER = "88199999999"
BAD_FRAMES = (
    "{", "[]", "null", "17", '"hello"', "{}", '{"type":17}', '{"type":"no_such_thing"}', "\u0000", "你好",
    '{"type":"message"}', '{"type":"message","client_msg_id":"x","text":"你好"}',
    '{"type":"message","client_msg_id":"7f0d5f0e-6a8e-4a6f-9f5b-1d2f3c4b5a69","text":17}',
    '{"type":"button","client_msg_id":"7f0d5f0e-6a8e-4a6f-9f5b-1d2f3c4b5a69","payload":"/restart"}',
    '{"type":"hello","visitor":null,"after":0}', "[" * 5000, '{"type":"message","text":"' + "长" * 9000 + '"}',
)  # fmt: skip


async def test_frames_that_make_no_sense_are_named_and_hurt_nobody(
    system: LiveSystem, records: Care, tab: OpenTab
) -> None:
    one = await tab()
    for sent, frame in enumerate(BAD_FRAMES, start=1):
        await one.send_raw(frame)
        await one.refused(sent)
        error = one.errors[-1]
        assert re.search(r"[\u4e00-\u9fff]{4,}", error["message"]), error
        assert "Traceback" not in json.dumps(error)
    assert one.connections == 1, "the connection was kept"
    heard = await one.ask("你好")
    assert heard[-1]["from"] == "bot"
    await check_books(records, one)


async def test_the_same_message_again_gets_the_same_ack_and_nothing_else(
    system: LiveSystem, records: Care, tab: OpenTab
) -> None:
    one = await tab()
    asked = await one.say("我要投诉,耳机左耳没声音")
    for _ in range(3):
        await one.say("我要投诉,耳机左耳没声音", asked)
    other_tab = await tab(one.token)
    await other_tab.say("我要投诉,耳机左耳没声音", asked)
    await one.answer(asked)
    await one.drop()
    await one.until(lambda: one.connections == 2)
    await one.do("message", client_msg_id=asked, text="换一句话也不算新的")
    await asyncio.sleep(1)
    acks = [f["seq"] for t in (one, other_tab) for f in t.frames if f["type"] == "ack"]
    assert len(acks) >= 5
    assert set(acks) == {one.acks[asked]}
    books = await check_books(records, one, other_tab)
    assert len([m for m in books.messages if m.client_msg_id]) == 1
    assert len(books.complaints) == 1


async def test_two_tabs_of_one_visitor_show_the_same(system: LiveSystem, records: Care, tab: OpenTab) -> None:
    left = await tab()
    right = await tab(left.token)
    assert right.conversation == left.conversation
    await left.ask("你好")
    await right.ask("电子发票怎么开?")
    await asyncio.gather(left.say("七天无理由怎么退"), right.say("保修多久"))
    books = await check_books(records, left, right)
    assert len(books.turns_in_tracker) == 4


async def test_a_forged_token_opens_an_empty_conversation_of_its_own(
    system: LiveSystem, tab: OpenTab
) -> None:
    victim = await tab()
    await victim.ask("我要投诉,你们的客服态度太差")
    assert victim.token
    forged = victim.token[:-1] + ("A" if victim.token[-1] != "A" else "B")
    for token in (forged, victim.conversation, "'OR'1'='1'--"):
        stranger = await tab(token)
        assert stranger.conversation != victim.conversation
        await asyncio.sleep(0.5)
        assert stranger.lines == {}
    own_token_foreign_conversation = await tab()
    await own_token_foreign_conversation.do("hello", visitor=None, conversation=victim.conversation, after=0)
    await asyncio.sleep(0.5)
    assert own_token_foreign_conversation.lines == {}
    assert own_token_foreign_conversation.errors[-1]["code"] == "already_welcome"


async def test_a_guessed_order_number_tells_nothing(system: LiveSystem, records: Care, tab: OpenTab) -> None:
    async with records.sessions.read() as session:
        numbers = list(
            await session.scalars(
                select(Order.number).join(CustomerRow).where(CustomerRow.phone == DEMO_PHONE).limit(1)
            )
        )
    heard = {}
    for number in (numbers[0], NO_SUCH_ORDER):
        stranger = await tab()
        await stranger.ask(f"查一下订单 {number} 到哪了")
        answers = await stranger.ask("手机尾号 9999")
        assert not [line for line in stranger.said() if line.get("card")], "no card"
        heard[number] = [sorted(b["title"] for b in line.get("buttons") or ()) for line in answers]
        assert any("没有核对上" in line["text"] or "没有通过" in line["text"] for line in answers), answers
        assert not re.search(r"快递|签收|派送|承运", " ".join(stranger.texts("bot"))), stranger.texts("bot")
    assert heard[numbers[0]] == heard[NO_SUCH_ORDER], "an order that exists is refused like one that does not"


async def test_a_flood_is_refused_and_another_customer_is_served(
    system: LiveSystem, records: Care, tab: OpenTab
) -> None:
    flooder, neighbour = await tab(), await tab()

    async def flood() -> None:
        for n in range(int(FLOOD_S * FLOOD_PER_S)):
            await flooder.say_once(f"你好 {n}")
            await asyncio.sleep(1 / FLOOD_PER_S)

    flooding = asyncio.create_task(flood())
    served = []
    for question in ("电子发票怎么开?", "七天无理由怎么退?"):
        began = time.monotonic()
        heard = await neighbour.ask(question, seconds=SERVED_S)
        served.append(time.monotonic() - began)
        assert heard[-1]["from"] == "bot"
    await flooding
    refused = [error for error in flooder.errors if error["code"] == "too_many_requests"]
    assert refused
    assert "太快" in refused[0]["message"]
    assert len(flooder.acks) + len(refused) == int(FLOOD_S * FLOOD_PER_S), "each was either taken or refused"
    assert neighbour.errors == []
    await settled(records, flooder.conversation, seconds=120)
    await check_books(records, flooder)
    await check_books(records, neighbour)


async def test_a_verified_customer_sees_own_orders_and_no_others(
    system: LiveSystem, records: Care, tab: OpenTab
) -> None:
    async with records.sessions.read() as session:
        foreign = await session.scalar(
            select(Order.number).join(CustomerRow).where(CustomerRow.phone != DEMO_PHONE).limit(1)
        )
    one = await tab()
    await one.ask("查订单")
    mark = len(system.lines)
    await one.ask(DEMO_PHONE)
    heard = await one.ask(await system.code(DEMO_PHONE, after_line=mark))
    assert any(line.get("card") or line.get("buttons") for line in heard), heard
    heard = await one.ask(f"查订单 {foreign}")
    assert not [line for line in heard if line.get("card")]
    assert "没有" in heard[-1]["text"]
    # A new visitor with the same words is a stranger again.
    async with customer(system.base_url) as stranger:
        heard = await stranger.ask("查订单")
        assert not [line for line in heard if line.get("card")]
    await check_books(records, one)


@pytest.mark.parametrize("text", ["/restart", '/inform{"order_number": "1"}', "/session_start", "/affirm"])
async def test_typed_intents_are_words_and_not_commands(
    system: LiveSystem, records: Care, tab: OpenTab, text: str
) -> None:
    one = await tab()
    await one.ask("我要投诉,耳机左耳没声音")
    heard = await one.ask(text)
    assert heard[-1]["from"] == "bot"
    heard = await one.ask("换货")
    assert "三天内" in [b["title"] for line in one.said("bot") for b in line.get("buttons") or ()]
    await check_books(records, one)
