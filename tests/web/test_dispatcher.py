"""The way to the bot: in order, patient, never lost, never twice."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp.test_utils import TestClient

from bot.web.ports import BotAnswer, BotSilent, NotBotsTurn
from care.rules.vocabulary import Role
from care.services import conversations, handoff, staff, transcript
from care.services.context import Care
from care.services.conversations import Reply
from tests.web.people import PASSWORD, ScriptedBot, Start, Visitor

Connect = Callable[..., Awaitable[Visitor]]


async def left_unanswered(care: Care, text: str) -> tuple[str, int]:
    """A message that a process stored and then died; returns the visitor's token and the conversation."""
    visit = await conversations.open_visit(care, None)
    assert visit.visitor_token is not None
    await conversations.accept_message(
        care, visit.conversation.id, client_msg_id=str(uuid.uuid4()), text=text
    )
    return visit.visitor_token, visit.conversation.id


async def test_a_silent_bot_is_asked_again_and_the_answer_comes_once(
    visitor: Visitor, bot: ScriptedBot
) -> None:
    bot.failures = [BotSilent("no"), BotSilent("still no")]
    await visitor.say("在吗")
    await visitor.next("ack")
    assert (await visitor.next("message"))["text"] == "收到:在吗"
    assert await visitor.rest() == []
    assert [turn.message_public_id for turn in bot.asked] == [bot.asked[0].message_public_id] * 3


async def test_a_fault_in_the_client_counts_as_silence(visitor: Visitor, bot: ScriptedBot) -> None:
    bot.failures = [ValueError("a fault of ours")]
    await visitor.say("在吗")
    await visitor.next("ack")
    assert (await visitor.next("message"))["text"] == "收到:在吗"


async def test_when_the_bot_stays_silent_the_customer_is_told_and_the_message_kept(
    visitor: Visitor, bot: ScriptedBot, care_sqlite: Care
) -> None:
    bot.is_down = True
    await visitor.say("有人吗")
    await visitor.next("ack")
    told = await visitor.next("message")
    assert (told["from"], "已保存" in told["text"]) == ("system", True)
    view = await conversations.get_conversation(care_sqlite, visitor.conversation)
    assert [line.text for line in await transcript.history(care_sqlite, view.id, after=0)] == [
        "有人吗",
        told["text"],
    ]


async def test_the_second_failure_in_a_row_brings_a_person(visitor: Visitor, bot: ScriptedBot) -> None:
    bot.is_down = True
    await visitor.say("第一次")
    await visitor.next("ack")
    await visitor.next("message")
    await visitor.say("第二次")
    await visitor.next("ack")
    told = await visitor.next("message")
    assert "转接人工" in told["text"]
    assert (await visitor.next("owner"))["owner"] == "queued"


class Away:
    """A probe of the dialogue server that tests switch."""

    def __init__(self) -> None:
        self.is_away = True

    async def __call__(self) -> None:
        if self.is_away:
            raise OSError("connection refused")


async def test_while_the_bot_is_away_the_customer_is_told_once_and_answered_when_it_is_back(
    start: Start, bot: ScriptedBot, monkeypatch: Any
) -> None:
    monkeypatch.setattr("bot.web.dispatcher.AWAY_POLL_S", 0.05)
    monkeypatch.setattr("bot.web.readiness.KEEP_S", 0.01)
    rasa, bot.is_down = Away(), True
    client = await start(probes={"rasa": rasa})
    async with client.ws_connect("/ws/chat") as socket:
        visitor = Visitor(socket)
        await visitor.hello()
        await visitor.say("我要投诉")
        await visitor.next("ack")
        told = await visitor.next("message")
        assert (told["from"], "恢复后马上回答" in told["text"]) == ("system", True)
        await visitor.say("还在吗")
        await visitor.next("ack")
        assert await visitor.rest() == []
        rasa.is_away = bot.is_down = False
        assert [f["text"] for f in await visitor.rest(2)] == ["收到:我要投诉", "收到:还在吗"]
        rasa.is_away = bot.is_down = True
        await visitor.say("又不在了")
        await visitor.next("ack")
        assert (await visitor.next("message"))["text"] == told["text"]


async def test_a_bot_that_stays_away_fails_the_message_in_the_end(
    start: Start, bot: ScriptedBot, monkeypatch: Any
) -> None:
    monkeypatch.setattr("bot.web.dispatcher.AWAY_POLL_S", 0.05)
    monkeypatch.setattr("bot.web.dispatcher.AWAY_PATIENCE_S", 0.2)
    bot.is_down = True
    client = await start(probes={"actions": Away()})
    async with client.ws_connect("/ws/chat") as socket:
        visitor = Visitor(socket)
        await visitor.hello()
        await visitor.say("第一次")
        await visitor.say("第二次")
        frames = [f for f in await visitor.rest(6) if f["type"] != "ack"]
    assert [f["type"] for f in frames] == ["message", "message", "message", "owner"]
    assert ["恢复后" in f["text"] for f in frames[:3]] == [True, False, False]
    assert frames[3]["owner"] == "queued"


async def test_a_person_can_be_had_while_the_bot_is_away(
    start: Start, bot: ScriptedBot, monkeypatch: Any
) -> None:
    monkeypatch.setattr("bot.web.dispatcher.AWAY_POLL_S", 0.05)
    monkeypatch.setattr("bot.web.readiness.KEEP_S", 0.01)
    rasa, bot.is_down = Away(), True
    client = await start(probes={"rasa": rasa})
    async with client.ws_connect("/ws/chat") as socket:
        visitor = Visitor(socket)
        await visitor.hello()
        await visitor.say("我要投诉")
        await visitor.next("ack")
        await visitor.next("message")
        await visitor.do("request_human")
        assert (await visitor.next("owner"))["owner"] == "queued"
        rasa.is_away = bot.is_down = False
        assert await visitor.rest() == []


async def test_many_waiting_for_an_absent_bot_are_all_told(
    start: Start, bot: ScriptedBot, monkeypatch: Any
) -> None:
    monkeypatch.setattr("bot.web.dispatcher.AT_ONCE", 2)
    bot.is_down = True
    client = await start(probes={"rasa": Away()})
    visitors = [Visitor(await client.ws_connect("/ws/chat")) for _ in range(8)]
    for visitor in visitors:
        await visitor.hello()
        await visitor.say("在吗")
    told = await asyncio.gather(*(visitor.until("message") for visitor in visitors))
    assert {line["from"] for line in told} == {"system"}
    for visitor in visitors:
        await visitor.socket.close()


async def test_after_the_bot_is_back_it_goes_on(visitor: Visitor, bot: ScriptedBot) -> None:
    bot.is_down = True
    await visitor.say("第一次")
    await visitor.next("ack")
    await visitor.next("message")
    bot.is_down = False
    await visitor.say("第二次")
    await visitor.next("ack")
    assert (await visitor.next("message"))["text"] == "收到:第二次"


async def test_what_a_dead_process_left_is_answered_at_start(
    care_sqlite: Care, start: Start, bot: ScriptedBot
) -> None:
    token, _ = await left_unanswered(care_sqlite, "上次没回我")
    client = await start()
    async with client.ws_connect("/ws/chat") as socket:
        visitor = Visitor(socket)
        await visitor.hello(token)
        assert [f["text"] for f in await visitor.rest(2)] == ["上次没回我", "收到:上次没回我"]
    assert len(bot.asked) == 1


async def test_left_turns_wait_until_the_bot_has_started(
    care_sqlite: Care, start: Start, bot: ScriptedBot, monkeypatch: Any
) -> None:
    monkeypatch.setattr("bot.web.recovery.PAUSE_S", 0.05)
    monkeypatch.setattr("bot.web.readiness.KEEP_S", 0.01)
    is_up = asyncio.Event()

    async def rasa() -> None:
        if not is_up.is_set():
            raise OSError

    await left_unanswered(care_sqlite, "全部重启了")
    await start(with_clockwork=True, probes={"rasa": rasa})
    await asyncio.sleep(0.3)
    assert bot.asked == []
    is_up.set()
    await asyncio.sleep(0.3)
    assert [turn.text for turn in bot.asked] == ["全部重启了"]


async def test_a_bot_that_does_not_start_is_said_in_the_end(
    care_sqlite: Care, start: Start, bot: ScriptedBot, monkeypatch: Any
) -> None:
    monkeypatch.setattr("bot.web.recovery.PAUSE_S", 0.05)
    monkeypatch.setattr("bot.web.recovery.BOT_STARTS_S", 0.2)
    bot.is_down = True

    async def rasa() -> None:
        raise OSError

    token, _ = await left_unanswered(care_sqlite, "全部重启了")
    client = await start(probes={"rasa": rasa})
    async with client.ws_connect("/ws/chat") as socket:
        visitor = Visitor(socket)
        await visitor.hello(token, after=1)
        assert (await visitor.next("message"))["from"] == "system"


async def test_a_stop_in_the_middle_of_a_turn_loses_nothing(
    care_sqlite: Care, start: Start, bot: ScriptedBot, monkeypatch: Any
) -> None:
    monkeypatch.setattr("bot.web.dispatcher.STOP_GRACE_S", 0.2)
    bot.gate = asyncio.Event()
    first = await start()
    socket = await first.ws_connect("/ws/chat")
    visitor = Visitor(socket)
    await visitor.hello()
    await visitor.say("我要投诉")
    await visitor.next("ack")
    await first.close()
    assert await conversations.pending_turns(care_sqlite) != []
    bot.gate.set()
    second = await start()
    async with second.ws_connect("/ws/chat") as again:
        back = Visitor(again)
        await back.hello(visitor.token, after=1)
        assert [f["text"] for f in await back.rest(1)] == ["收到:我要投诉"]


async def test_a_stop_does_not_wait_for_an_absent_bot(
    care_sqlite: Care, start: Start, bot: ScriptedBot
) -> None:
    bot.is_down = True
    client = await start(probes={"rasa": Away()})
    async with client.ws_connect("/ws/chat") as socket:
        visitor = Visitor(socket)
        await visitor.hello()
        await visitor.say("我要投诉")
        await visitor.until("message")
    started = time.monotonic()
    await client.close()
    assert time.monotonic() - started < 1.5
    assert await conversations.pending_turns(care_sqlite) != []


async def test_a_stop_says_goodbye_to_the_sockets(start: Start) -> None:
    client = await start()
    socket = await client.ws_connect("/ws/chat")
    visitor = Visitor(socket)
    await visitor.hello()
    closing = asyncio.create_task(client.server.close())
    assert await visitor.closed() == 1001
    await closing


async def test_an_answer_that_comes_after_a_person_took_over_is_not_shown(
    visitor: Visitor, bot: ScriptedBot, care_sqlite: Care
) -> None:
    bot.gate = asyncio.Event()
    agent = await staff.add_staff(
        care_sqlite, login="agent1", name="王小明", role=Role.AGENT, password=PASSWORD
    )
    view = await conversations.get_conversation(care_sqlite, visitor.conversation)
    await visitor.say("机器人快说")
    await visitor.next("ack")
    await visitor.frame()  # typing: the bot was asked
    await handoff.take(care_sqlite, view.id, agent.id)
    assert (await visitor.next("owner"))["owner"] == "human"
    bot.gate.set()
    assert await visitor.rest() == []


async def test_a_refusing_bot_leaves_the_message_to_the_person(
    visitor: Visitor, bot: ScriptedBot, care_sqlite: Care
) -> None:
    bot.gate = asyncio.Event()
    bot.failures = [NotBotsTurn()]
    view = await conversations.get_conversation(care_sqlite, visitor.conversation)
    await visitor.say("转人工")
    await visitor.next("ack")
    await visitor.frame()  # typing: the bot was asked
    await handoff.request_human(care_sqlite, view.id, reason="asked")
    await visitor.next("owner")
    bot.gate.set()
    assert await visitor.rest() == []
    assert await conversations.pending_turns(care_sqlite) == []
    assert len(bot.asked) == 1


async def test_a_bot_that_refuses_its_own_conversation_is_a_failure(
    visitor: Visitor, bot: ScriptedBot
) -> None:
    bot.failures = [NotBotsTurn(), NotBotsTurn(), NotBotsTurn()]
    await visitor.say("在吗")
    await visitor.next("ack")
    assert (await visitor.next("message"))["from"] == "system"
    assert len(bot.asked) == 3


async def test_conversations_do_not_wait_for_each_other(
    connect: Connect, visitor: Visitor, bot: ScriptedBot
) -> None:
    bot.gate = asyncio.Event()
    await visitor.say("慢的")
    await visitor.next("ack")
    other = await connect()
    await other.hello()
    await other.say("快的")
    await other.next("ack")
    await asyncio.sleep(0.05)
    assert {turn.text for turn in bot.asked} == {"慢的", "快的"}
    bot.gate.set()
    assert (await other.next("message"))["text"] == "收到:快的"


async def test_what_was_understood_becomes_the_contact(
    visitor: Visitor, bot: ScriptedBot, care_sqlite: Care
) -> None:
    from sqlalchemy import select

    from care.records.interaction import CareInteraction

    understood = {"topic": "complaint_quality", "also": [], "emotion": "angry", "confidence": 0.9}
    bot.answers["坏了"] = BotAnswer([Reply("非常抱歉")], understood, "models/zhike-1.tar.gz")
    await visitor.say("坏了")
    await visitor.next("ack")
    await visitor.next("message")
    async with care_sqlite.sessions.read() as session:
        contact = (await session.scalars(select(CareInteraction))).one()
    assert (contact.kind, contact.emotion) == ("complaint", "angry")
    assert contact.model_version == "models/zhike-1.tar.gz"


async def test_the_clockwork_takes_up_turns_left_elsewhere(
    care_sqlite: Care, start: Start, monkeypatch: Any, bot: ScriptedBot
) -> None:
    client: TestClient[Any, Any] = await start(with_clockwork=True)
    await asyncio.sleep(0.3)
    token, _ = await left_unanswered(care_sqlite, "另一个进程收下的")
    from bot.web.keys import PARTS

    assert client.app is not None
    await client.app[PARTS].dispatcher.recover()
    async with client.ws_connect("/ws/chat") as socket:
        visitor = Visitor(socket)
        await visitor.hello(token)
        assert [f["text"] for f in await visitor.rest(2)] == ["另一个进程收下的", "收到:另一个进程收下的"]
