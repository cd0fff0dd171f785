"""What a visitor sees over `/ws/chat`."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import jwt

from bot.web.ports import BotAnswer
from care.records.conversation import Conversation
from care.records.customer import Customer
from care.rules.vocabulary import Owner, VerifiedBy
from care.services import conversations, handoff, transcript
from care.services.context import Care
from care.services.conversations import Reply
from tests.web.people import ScriptedBot, Visitor

Connect = Callable[..., Awaitable[Visitor]]

BUTTONS = [
    {"title": "我的订单", "payload": "/order_status"},
    {"title": "转人工", "payload": "/request_human"},
]


async def test_a_new_visitor_gets_a_token_and_an_empty_conversation(connect: Connect) -> None:
    visitor = await connect()
    welcome = await visitor.hello()
    assert welcome == {
        "type": "welcome", "visitor": welcome["visitor"], "conversation": welcome["conversation"],
        "seq": 0, "owner": "bot",
    }  # fmt: skip
    assert len(welcome["visitor"]) >= 32
    assert str(uuid.UUID(welcome["conversation"])) == welcome["conversation"]


async def test_a_message_is_acknowledged_and_answered(visitor: Visitor) -> None:
    client_msg_id = await visitor.say("快递到哪了")
    assert await visitor.next("ack") == {"type": "ack", "client_msg_id": client_msg_id, "seq": 1}
    answer = await visitor.next("message")
    assert (answer["seq"], answer["from"], answer["text"]) == (2, "bot", "收到:快递到哪了")
    assert (answer["buttons"], answer["card"]) == ([], None)
    assert answer["at"] == "2026-11-24T02:00:00Z"
    assert "agent" not in answer
    assert "understood" not in answer


async def test_typing_is_shown_while_the_bot_thinks(visitor: Visitor, bot: ScriptedBot) -> None:
    bot.gate = asyncio.Event()
    await visitor.say("在吗")
    assert (await visitor.frame())["type"] == "ack"
    assert await visitor.frame() == {"type": "typing", "from": "bot"}
    bot.gate.set()
    assert (await visitor.frame())["text"] == "收到:在吗"


async def test_the_same_client_msg_id_gets_the_same_ack_and_no_second_effect(
    visitor: Visitor, bot: ScriptedBot
) -> None:
    client_msg_id = await visitor.say("我要投诉")
    first = await visitor.next("ack")
    await visitor.next("message")
    await visitor.say("我要投诉", client_msg_id)
    await visitor.say("另外的话", client_msg_id)
    assert [await visitor.next("ack"), await visitor.next("ack")] == [first, first]
    assert await visitor.rest() == []
    assert len(bot.asked) == 1


async def test_answers_come_in_the_order_of_the_messages(visitor: Visitor, bot: ScriptedBot) -> None:
    bot.answers["一"] = BotAnswer([Reply("一之一"), Reply("一之二")])
    for text in ("一", "二", "三"):
        await visitor.say(text)
    frames = await visitor.rest(7)
    acks = [f for f in frames if f["type"] == "ack"]
    said = [f for f in frames if f["type"] == "message"]
    assert [f["text"] for f in said] == ["一之一", "一之二", "收到:二", "收到:三"]
    assert sorted(f["seq"] for f in acks + said) == list(range(1, 8))
    assert [turn.text for turn in bot.asked] == ["一", "二", "三"]


async def test_after_a_reload_the_history_comes_once_and_in_order(connect: Connect, visitor: Visitor) -> None:
    mine = await visitor.say("第一句")
    await visitor.next("ack")
    await visitor.next("message")
    await visitor.socket.close()
    again = await connect()
    welcome = await again.hello(visitor.token)
    assert (welcome["visitor"], welcome["conversation"]) == (visitor.token, visitor.conversation)
    assert welcome["seq"] == 2
    frames = await again.rest(2)
    assert [(f["seq"], f["from"], f["text"]) for f in frames] == [
        (1, "customer", "第一句"), (2, "bot", "收到:第一句"),
    ]  # fmt: skip
    assert frames[0]["client_msg_id"] == mine


async def test_a_reconnect_brings_only_what_was_missed(
    connect: Connect, visitor: Visitor, care_sqlite: Care, bot: ScriptedBot
) -> None:
    bot.gate = asyncio.Event()
    await visitor.say("慢慢来")
    await visitor.next("ack")
    await visitor.socket.close()
    bot.gate.set()
    again = await connect()
    await again.hello(visitor.token, after=1)
    assert (await again.next("message"))["text"] == "收到:慢慢来"
    assert await again.rest() == []


async def test_a_long_history_comes_whole(connect: Connect, visitor: Visitor, care_sqlite: Care) -> None:
    view = await conversations.get_conversation(care_sqlite, visitor.conversation)
    for number in range(1, 451):
        await conversations.say_system(care_sqlite, view.id, f"第 {number} 行")
    again = await connect()
    await again.hello(visitor.token)
    assert [(await again.frame())["seq"] for _ in range(450)] == list(range(1, 451))
    assert await again.rest() == []


async def test_numbers_of_another_conversation_do_not_hide_this_one(
    connect: Connect, visitor: Visitor
) -> None:
    await visitor.say("你好")
    await visitor.next("message", "ack")
    await visitor.next("message", "ack")
    ahead = await connect()
    await ahead.hello(visitor.token, after=99)
    assert [f["seq"] for f in await ahead.rest(2)] == [1, 2]
    other = await connect()
    await other.hello(visitor.token, after=1, conversation=str(uuid.uuid4()))
    assert [f["seq"] for f in await other.rest(2)] == [1, 2]


async def test_another_tab_hears_the_visitors_words_and_the_answers(
    connect: Connect, visitor: Visitor
) -> None:
    tab = await connect()
    await tab.hello(visitor.token)
    await visitor.say("两个窗口")
    assert [(f["type"], f.get("text")) for f in await visitor.rest(2)] == [
        ("ack", None),
        ("message", "收到:两个窗口"),
    ]
    assert [(f["seq"], f["from"], f["text"]) for f in await tab.rest(2)] == [
        (1, "customer", "两个窗口"), (2, "bot", "收到:两个窗口"),
    ]  # fmt: skip


async def test_a_message_stored_by_another_process_arrives_by_the_poll(
    visitor: Visitor, care_sqlite: Care, monkeypatch: Any
) -> None:
    async def deaf(_channel: str, _data: dict[str, Any]) -> None:
        """The bus of another process is not ours."""

    monkeypatch.setattr(care_sqlite.bus, "publish", deaf)
    view = await conversations.get_conversation(care_sqlite, visitor.conversation)
    await conversations.say_system(care_sqlite, view.id, "系统通知")
    assert (await visitor.next("message", timeout=3))["text"] == "系统通知"


async def test_a_button_counts_once_and_shows_its_title(
    connect: Connect, visitor: Visitor, bot: ScriptedBot
) -> None:
    bot.answers["你好"] = BotAnswer([Reply("请选择", BUTTONS)])
    await visitor.say("你好")
    await visitor.next("ack")
    offered = await visitor.next("message")
    assert (offered["buttons"], offered["buttons_used"]) == (BUTTONS, False)
    await visitor.press("/order_status")
    assert (await visitor.next("ack"))["seq"] == 3
    await visitor.next("message")
    assert (bot.asked[-1].text, bot.asked[-1].payload) == ("我的订单", "/order_status")
    await visitor.press("/request_human")
    refusal = await visitor.next("error")
    assert refusal["code"] == "unknown_button"
    again = await connect()
    await again.hello(visitor.token)
    shown = [f for f in await again.rest(4) if f["type"] == "message"]
    assert [f["text"] for f in shown] == ["你好", "请选择", "我的订单", "收到:我的订单"]
    assert shown[1]["buttons_used"] is True


async def test_asking_for_a_person_tells_the_place_and_silences_the_bot(
    visitor: Visitor, bot: ScriptedBot
) -> None:
    await visitor.do("request_human")
    assert await visitor.next("owner") == {"type": "owner", "owner": "queued", "position": 1}
    await visitor.say("我先留言")
    await visitor.next("ack")
    assert await visitor.rest() == []
    assert bot.asked == []


async def test_asking_again_says_the_place_again(visitor: Visitor) -> None:
    await visitor.do("request_human")
    first = await visitor.next("owner")
    await visitor.do("request_human")
    assert await visitor.next("owner") == first


async def test_the_place_moves_up_when_the_one_before_leaves(
    connect: Connect, visitor: Visitor, clock: Any
) -> None:
    await visitor.do("request_human")
    await visitor.next("owner")
    clock.advance(seconds=5)
    second = await connect()
    await second.hello()
    await second.do("request_human")
    assert (await second.next("owner"))["position"] == 2
    await visitor.do("cancel_request")
    assert await visitor.next("owner") == {"type": "owner", "owner": "bot"}
    assert (await second.next("owner"))["position"] == 1


async def test_the_expected_wait_comes_from_real_takes(
    connect: Connect, visitor: Visitor, clock: Any, care_sqlite: Care, sign_in: Any
) -> None:
    agent = await sign_in()
    await visitor.do("request_human")
    await visitor.next("owner")
    clock.advance(seconds=90)
    assert (await agent.on(visitor.conversation, "take")).status == 200
    other = await connect()
    await other.hello()
    await other.do("request_human")
    assert await other.next("owner") == {"type": "owner", "owner": "queued", "position": 1, "wait_s": 90}


async def test_the_visitor_goes_on_with_the_assistant(visitor: Visitor) -> None:
    await visitor.do("request_human")
    await visitor.next("owner")
    await visitor.do("cancel_request")
    await visitor.next("owner")
    await visitor.say("还是问机器人")
    await visitor.next("ack")
    assert (await visitor.next("message"))["text"] == "收到:还是问机器人"


async def test_a_reload_in_the_queue_shows_the_place(connect: Connect, visitor: Visitor) -> None:
    await visitor.do("request_human")
    await visitor.next("owner")
    again = await connect()
    assert (await again.hello(visitor.token))["owner"] == "queued"
    assert (await again.next("owner"))["position"] == 1


async def test_an_end_closes_and_the_next_message_begins_anew_in_every_tab(
    connect: Connect, visitor: Visitor, care_sqlite: Care
) -> None:
    tab = await connect()
    await tab.hello(visitor.token)
    await visitor.do("end")
    assert await visitor.next("owner") == {"type": "owner", "owner": "closed"}
    assert await tab.next("owner") == {"type": "owner", "owner": "closed"}
    await visitor.say("又来了")
    welcome = await visitor.next("welcome")
    assert welcome["conversation"] != visitor.conversation
    assert welcome["visitor"] == visitor.token
    assert (await visitor.next("ack"))["seq"] == 1
    assert (await visitor.next("message"))["text"] == "收到:又来了"
    assert (await tab.next("welcome"))["conversation"] == welcome["conversation"]
    assert [f["text"] for f in await tab.rest(2)] == ["又来了", "收到:又来了"]


async def test_a_person_can_be_asked_for_after_the_end(visitor: Visitor) -> None:
    await visitor.do("end")
    await visitor.next("owner")
    await visitor.do("request_human")
    # The end may be told twice: as the answer to the act, and as news.
    while (frame := await visitor.next("welcome", "owner"))["type"] == "owner":
        assert frame["owner"] == "closed"
    assert frame["owner"] == "bot"
    assert (await visitor.next("owner"))["owner"] == "queued"


async def test_a_conversation_closed_elsewhere_is_said(visitor: Visitor, care_sqlite: Care) -> None:
    view = await conversations.get_conversation(care_sqlite, visitor.conversation)
    await handoff.close(care_sqlite, view.id, "system")
    assert await visitor.next("owner") == {"type": "owner", "owner": "closed"}


async def test_the_page_the_visitor_stands_on_reaches_the_bot(connect: Connect, bot: ScriptedBot) -> None:
    visitor = await connect()
    await visitor.hello(page={"product": "KF-35", "order": "88120231105", "unknown": 1})
    await visitor.say("这款多少钱")
    await visitor.next("ack")
    await visitor.next("message")
    assert bot.asked[0].page == {"product": "KF-35", "order": "88120231105"}


async def test_typing_is_understood_and_an_answer_that_nobody_asked_for_is_refused(visitor: Visitor) -> None:
    await visitor.do("typing")
    await visitor.do("survey", answers={"csat": 5})
    refusal = await visitor.next("error")
    assert refusal["code"] == "no_survey"
    assert "评价" in refusal["message"]


async def test_a_new_hello_on_the_same_socket_is_refused(visitor: Visitor) -> None:
    await visitor.do("hello", visitor=None, after=0)
    assert (await visitor.next("error"))["code"] == "already_welcome"


async def test_nothing_works_before_hello(connect: Connect, care_sqlite: Care) -> None:
    early = await connect()
    await early.say("抢跑")
    refusal = await early.next("error")
    assert refusal["code"] == "hello_first"
    await early.hello()
    assert await transcript.history(care_sqlite, 1, after=0) == []


async def test_a_wrong_identity_is_said_and_the_visit_goes_on(connect: Connect) -> None:
    visitor = await connect()
    await visitor.hello(identity="not.a.token")
    assert (await visitor.next("error"))["code"] == "verification_failed"
    await visitor.say("你好")
    assert (await visitor.next("ack"))["seq"] == 1


async def test_another_customer_of_the_same_browser_reads_nothing_of_the_former(
    connect: Connect, care_sqlite: Care
) -> None:
    def token(subject: str) -> str:
        claims = {"sub": subject, "aud": "zhike", "exp": int(care_sqlite.clock.now().timestamp()) + 300}
        return jwt.encode(claims, care_sqlite.settings.host_page_secret, algorithm="HS256")

    async with care_sqlite.sessions.write() as session:
        for name in ("A", "B"):
            session.add(
                Customer(
                    public_id=str(uuid.uuid4()),
                    name=name,
                    external_id=name,
                    created_at=care_sqlite.clock.now(),
                )
            )
    first = await connect()
    await first.hello(identity=token("A"))
    await first.say("我的订单呢")
    await first.next("ack")
    await first.next("message")
    await first.socket.close()

    same = await connect()
    await same.hello(first.token, conversation=first.conversation, identity=token("A"))
    assert (same.conversation, (await same.next("message"))["text"]) == (first.conversation, "我的订单呢")
    await same.socket.close()

    other = await connect()
    welcome = await other.hello(first.token, after=2, conversation=first.conversation, identity=token("B"))
    assert welcome["conversation"] != first.conversation
    assert (welcome["seq"], welcome["owner"]) == (0, "bot")
    await other.say("你好")
    assert (await other.next("ack"))["seq"] == 1
    assert (await other.next("message"))["text"] == "收到:你好"
    assert (await conversations.get_conversation(care_sqlite, first.conversation)).owner is Owner.CLOSED
    here = await conversations.get_conversation(care_sqlite, other.conversation)
    assert here.customer_id == 2


async def test_who_signs_out_on_the_host_page_is_signed_out_here_and_a_code_is_not(
    connect: Connect, care_sqlite: Care
) -> None:
    claims = {"sub": "A", "aud": "zhike", "exp": int(care_sqlite.clock.now().timestamp()) + 300}
    token = jwt.encode(claims, care_sqlite.settings.host_page_secret, algorithm="HS256")
    async with care_sqlite.sessions.write() as session:
        session.add(
            Customer(
                public_id=str(uuid.uuid4()), name="A", external_id="A", created_at=care_sqlite.clock.now()
            )
        )
    first = await connect()
    await first.hello(identity=token)
    await first.say("我的订单呢")
    await first.next("ack")
    await first.next("message")
    await first.socket.close()
    after = await connect()
    welcome = await after.hello(first.token, conversation=first.conversation, identity="")
    assert (welcome["conversation"] != first.conversation, welcome["seq"]) == (True, 0)
    here = await conversations.get_conversation(care_sqlite, after.conversation)
    assert here.customer_id is None
    await after.socket.close()

    # Most host pages say "nobody" on every page that is loaded: a code from the chat must outlive that.
    async with care_sqlite.sessions.write() as session:
        row = await session.get_one(Conversation, here.id)
        row.customer_id, row.verified_by, row.verified_at = 1, VerifiedBy.CODE, care_sqlite.clock.now()
    again = await connect()
    await again.hello(first.token, identity="")
    assert again.conversation == after.conversation
    assert (await conversations.get_conversation(care_sqlite, again.conversation)).customer_id == 1
