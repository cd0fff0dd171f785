"""Floods, slow readers, a locked database: one visitor's trouble is not the others'."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient

from bot.web import sending
from bot.web.keys import Parts
from bot.web.limits import Limits, Rate
from care.records import base
from care.services import conversations, transcript
from care.services.context import Care
from care.services.transcript import MessageView
from tests.web.people import ScriptedBot, Start, Visitor

Connect = Callable[..., Awaitable[Visitor]]


async def lines(care: Care, visitor: Visitor) -> list[MessageView]:
    view = await conversations.get_conversation(care, visitor.conversation)
    return await transcript.history(care, view.id, after=0, limit=500)


async def flood(visitor: Visitor, count: int, per_second: float | None = None) -> list[str]:
    """Sends messages as fast as told, without waiting for answers."""
    sent = []
    started = time.monotonic()
    for number in range(count):
        sent.append(await visitor.say(f"第 {number} 条"))
        if per_second is not None:
            await asyncio.sleep(max(0.0, started + (number + 1) / per_second - time.monotonic()))
    return sent


async def test_a_hundred_frames_a_second_lose_nothing_that_was_acknowledged(
    connect: Connect, visitor: Visitor, care_sqlite: Care
) -> None:
    neighbour = await connect()
    await neighbour.hello()

    async def talk() -> list[float]:
        waits = []
        for number in range(5):
            started = time.monotonic()
            await neighbour.say(f"正常说话 {number}")
            await neighbour.next("ack")
            await neighbour.next("message")
            waits.append(time.monotonic() - started)
            await asyncio.sleep(0.1)
        return waits

    talking = asyncio.create_task(talk())
    sent = await flood(visitor, 100, per_second=100)
    waits = await talking
    frames = await visitor.rest(100)
    acked = {f["client_msg_id"]: f["seq"] for f in frames if f["type"] == "ack"}
    refused = [f for f in frames if f["type"] == "error"]
    assert len(acked) + len(refused) == 100
    assert 20 <= len(acked) <= 30
    assert {f["code"] for f in refused} == {"too_many_requests"}
    assert {f["client_msg_id"] for f in refused} | set(acked) == set(sent)
    stored = {
        line.client_msg_id: line.seq for line in await lines(care_sqlite, visitor) if line.client_msg_id
    }
    assert stored == acked
    assert max(waits) < 2.0


async def test_a_refused_message_is_taken_when_it_is_sent_again_later(visitor: Visitor, start: Start) -> None:
    strict = await start(limits=Limits(frames_per_visitor=Rate(2, 5)))
    async with strict.ws_connect("/ws/chat") as socket:
        hasty = Visitor(socket)
        await hasty.hello()
        sent = await flood(hasty, 3)
        frames = await hasty.rest(5)
        refused = [f["client_msg_id"] for f in frames if f["type"] == "error"]
        assert refused == sent[2:]
        await hasty.say("第 2 条", refused[0])
        assert (await hasty.until("ack"))["client_msg_id"] == refused[0]


async def test_a_visitors_measure_is_one_for_all_tabs(start: Start) -> None:
    client = await start(limits=Limits(frames_per_visitor=Rate(3, 0.001)))
    async with client.ws_connect("/ws/chat") as first, client.ws_connect("/ws/chat") as second:
        one, two = Visitor(first), Visitor(second)
        await one.hello()
        await two.hello(one.token)
        await flood(one, 3)
        await one.rest(6)
        assert (await two.say("又一条")) in {
            f.get("client_msg_id") for f in await two.rest(7) if f["type"] == "error"
        }


async def test_who_goes_on_flooding_is_closed(visitor: Visitor, client: TestClient[Any, Any]) -> None:
    async def pour() -> None:
        while True:
            await visitor.socket.send_str("no json")

    pouring = asyncio.create_task(pour())
    try:
        assert await visitor.closed(20) == aiohttp.WSCloseCode.POLICY_VIOLATION
    finally:
        pouring.cancel()
        await asyncio.gather(pouring, return_exceptions=True)
    assert (await client.get("/healthz")).status == 200


async def test_a_socket_that_never_says_hello_is_closed(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.web.framed_socket.HELLO_TIMEOUT_S", 0.1)
    silent = await connect()
    assert await silent.closed() == aiohttp.WSCloseCode.POLICY_VIOLATION


async def test_an_address_has_only_so_many_connections(start: Start) -> None:
    client = await start(limits=Limits(sockets_per_address=2))
    async with client.ws_connect("/ws/chat"), client.ws_connect("/ws/chat"):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await client.ws_connect("/ws/chat")
        assert refusal.value.status == 429
    await asyncio.sleep(0.1)
    async with client.ws_connect("/ws/chat") as again:
        await Visitor(again).hello()


async def test_connections_in_a_row_are_limited_too(start: Start) -> None:
    client = await start(limits=Limits(connections=Rate(2, 0.001)))
    for _ in range(2):
        await (await client.ws_connect("/ws/chat")).close()
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await client.ws_connect("/ws/chat")


async def test_a_client_that_does_not_read_is_closed_and_gets_all_when_it_returns(
    connect: Connect, visitor: Visitor, care_sqlite: Care, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "SEND_TIMEOUT_S", 0.5)
    view = await conversations.get_conversation(care_sqlite, visitor.conversation)
    transport: Any = visitor.socket._conn.transport  # type: ignore[union-attr]
    transport.pause_reading()
    big = "很长的一段话。" * 20_000
    for _ in range(60):
        await conversations.say_system(care_sqlite, view.id, big)
    for _ in range(100):
        if parts.metrics.slow_sockets._value.get():
            break
        await asyncio.sleep(0.1)
    assert parts.metrics.slow_sockets._value.get() == 1
    transport.abort()
    again = await connect(max_msg_size=0)
    await again.hello(visitor.token)
    assert [f["seq"] for f in await again.rest(60)] == list(range(1, 61))


async def test_a_locked_database_is_said_and_the_message_can_be_sent_again(
    visitor: Visitor, care_sqlite: Care, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = care_sqlite.settings.database_url.partition(":///")[2]
    await care_sqlite.sessions.engine.dispose()
    monkeypatch.setattr(base, "LOCK_WAIT_S", 1)
    lock = sqlite3.connect(path, isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    client_msg_id = await visitor.say("我要投诉")
    refusal = await visitor.next("error", timeout=20)
    assert (refusal["code"], refusal["client_msg_id"]) == ("unavailable", client_msg_id)
    assert "没有保存" in refusal["message"]
    lock.execute("ROLLBACK")
    lock.close()
    await visitor.say("我要投诉", client_msg_id)
    assert (await visitor.next("ack"))["seq"] == 1
    assert (await visitor.next("message"))["text"] == "收到:我要投诉"


async def test_an_answer_that_cannot_be_stored_yet_comes_when_it_can(
    visitor: Visitor, care_sqlite: Care, bot: ScriptedBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot.gate = asyncio.Event()
    await visitor.say("查订单")
    await visitor.next("ack")
    await care_sqlite.sessions.engine.dispose()
    monkeypatch.setattr(base, "LOCK_WAIT_S", 1)
    lock = sqlite3.connect(care_sqlite.settings.database_url.partition(":///")[2], isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    bot.gate.set()
    await asyncio.sleep(1.0)
    lock.execute("ROLLBACK")
    lock.close()
    answers = [f["text"] for f in await visitor.rest(1) if f["type"] == "message"]
    assert answers == ["收到:查订单"]


async def test_two_processes_share_a_database(
    start: Start, care_sqlite: Care, client: TestClient[Any, Any]
) -> None:
    from care.services.context import open_care

    async with open_care(care_sqlite.settings, clock=care_sqlite.clock) as other_care:
        other = await start(other_care)
        async with client.ws_connect("/ws/chat") as here, other.ws_connect("/ws/chat") as there:
            one, two = Visitor(here), Visitor(there)
            await one.hello()
            await two.hello(one.token)
            await one.say("这边说")
            await two.say("那边说")
            first, second = await one.rest(4), await two.rest(4)
        seqs = [
            sorted(f["seq"] for f in frames if f["type"] in ("ack", "message")) for frames in (first, second)
        ]
        assert seqs == [[1, 2, 3, 4], [1, 2, 3, 4]]
        ours = {f["seq"]: f["text"] for f in first if f["type"] == "message" and f["from"] == "bot"}
        theirs = {f["seq"]: f["text"] for f in second if f["type"] == "message" and f["from"] == "bot"}
        assert ours == theirs
        assert set(ours.values()) == {"收到:这边说", "收到:那边说"}


async def test_many_visitors_at_once(connect: Connect) -> None:
    visitors = [await connect() for _ in range(40)]

    async def talk(visitor: Visitor, name: int) -> list[str]:
        await visitor.hello()
        heard = []
        for number in range(3):
            await visitor.say(f"{name}-{number}")
            await visitor.next("ack", timeout=20)
            heard.append((await visitor.next("message", timeout=20))["text"])
        return heard

    heard = await asyncio.gather(*(talk(visitor, name) for name, visitor in enumerate(visitors)))
    assert heard == [[f"收到:{name}-{number}" for number in range(3)] for name in range(40)]


async def test_a_replayed_frame_of_bytes_is_one_message(
    visitor: Visitor, bot: ScriptedBot, care_sqlite: Care
) -> None:
    raw = json.dumps({"type": "message", "client_msg_id": str(uuid.uuid4()), "text": "只算一次"})
    for _ in range(10):
        await visitor.socket.send_str(raw)
    frames = await visitor.rest(11)
    assert [f["seq"] for f in frames if f["type"] == "ack"] == [1] * 10
    assert [f["seq"] for f in frames if f["type"] == "message"] == [2]
    assert len(bot.asked) == 1
    assert len(await lines(care_sqlite, visitor)) == 2


async def test_visitors_who_leave_at_once_leave_nothing_behind(
    client: TestClient[Any, Any], parts: Parts
) -> None:
    async def come_and_go() -> None:
        socket = await client.ws_connect("/ws/chat")
        await socket.send_json({"type": "hello", "visitor": None, "after": 0})
        await socket.close()

    await asyncio.gather(*(come_and_go() for _ in range(30)))
    for _ in range(100):
        if not parts.metrics.sockets._value.get():
            break
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    assert parts.metrics.sockets._value.get() == 0
    assert parts.hub._rooms == {}
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("ear-")]
