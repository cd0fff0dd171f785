"""Many desks and many conversations on one process: how long a customer's line takes to its agent's desk.

Run: python -m bench.desk_load [--conversations 200] [--agents 50] [--rounds 5]

Every conversation is held by an agent who has it open; customers write one after the other at random
moments. Measured over real sockets, from the moment the customer's frame leaves to the moment the agent's
line has come. SQLite in a temporary folder; clients and service share the process, so figures are upper
bounds of what the service alone takes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
import time
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from bot.web.app import init_app
from bot.web.limits import Limits, Rate
from bot.web.ports import BotAnswer
from care.migrations.upgrade import upgrade
from care.rules.vocabulary import Role
from care.services import handoff, staff
from care.services.context import Care, open_care
from care.services.conversations import Reply, Turn, get_conversation
from care.settings import load_settings

PASSWORD = "ein-langes-kennwort-2026"
PATIENCE_S = 30.0
#: Everybody comes from one address here.
LIMITS = Limits(
    requests=Rate(10_000, 10_000),
    sign_ins=Rate(1000, 1000),
    connections=Rate(10_000, 10_000),
    sockets_per_address=10_000,
    frames_per_address=Rate(100_000, 100_000),
)


class EchoBot:
    async def ask(self, turn: Turn) -> BotAnswer:
        return BotAnswer([Reply(f"收到：{turn.text}")])


@dataclass
class Result:
    conversations: int
    agents: int
    lines: int
    lost: int
    doubled: int
    disordered: int
    seconds: float
    latencies_ms: list[float] = field(repr=False, default_factory=list)

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Customer:
    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.conversation = ""

    async def hello(self) -> None:
        await self.socket.send_json({"type": "hello", "visitor": None, "after": 0})
        while True:
            frame = await self.socket.receive_json(timeout=PATIENCE_S)
            if frame["type"] == "welcome":
                self.conversation = frame["conversation"]
                return

    async def say(self, text: str) -> None:
        await self.socket.send_json({"type": "message", "client_msg_id": str(uuid.uuid4()), "text": text})

    async def drain(self) -> None:
        async for _ in self.socket:
            pass


class Desk:
    """Notes when each text came first, how often, and in which order of numbers."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.came: dict[str, float] = {}
        self.doubled = 0
        self.disordered = 0
        self._last: dict[str, int] = {}
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}

    async def ask(self, kind: str, **fields: Any) -> dict[str, Any]:
        frame_id = uuid.uuid4().hex
        self._answers[frame_id] = asyncio.get_running_loop().create_future()
        await self.socket.send_json({"id": frame_id, "type": kind, **fields})
        return await asyncio.wait_for(self._answers[frame_id], PATIENCE_S)

    async def listen(self) -> None:
        async for message in self.socket:
            now = time.perf_counter()
            frame = json.loads(message.data)
            if frame["type"] == "line":
                self._note(frame["conversation"], frame["line"], now)
            elif frame["type"] in ("ok", "error") and frame.get("id") in self._answers:
                self._answers.pop(frame["id"]).set_result(frame)

    def _note(self, conversation: str, line: dict[str, Any], now: float) -> None:
        if line["text"] in self.came:
            self.doubled += 1
        self.came.setdefault(line["text"], now)
        if line["seq"] is not None:
            self.disordered += line["seq"] <= self._last.get(conversation, 0)
            self._last[conversation] = line["seq"]


async def measure(
    care: Care, *, conversations: int, agents: int, rounds: int, per_second: float = 40.0, seed: int = 7
) -> Result:
    """Sets everything up, lets the customers write, and counts what came to the desks."""
    dice = random.Random(seed)
    app = init_app(care, EchoBot(), limits=LIMITS, with_clockwork=False)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    base = f"http://127.0.0.1:{port}"
    listening: list[asyncio.Task[None]] = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        try:
            people = []
            token = ""
            for number in range(agents):
                one = await staff.add_staff(
                    care, login=f"agent{number}", name=f"坐席{number}", role=Role.AGENT, password=PASSWORD
                )
                token = await _session(care, one.login)
                socket = await http.ws_connect(f"{base}/ws/desk", headers={"Cookie": f"zhike_staff={token}"})
                desk = Desk(socket)
                listening.append(asyncio.create_task(desk.listen()))
                await desk.ask("hello")
                people.append((one.id, desk))
            customers = []
            for number in range(conversations):
                customer = Customer(await http.ws_connect(f"{base}/ws/chat"))
                await customer.hello()
                staff_id, desk = people[number % agents]
                view = await get_conversation(care, customer.conversation)
                await handoff.take(care, view.id, staff_id)
                await desk.ask("open", conversation=customer.conversation, after=0)
                listening.append(asyncio.create_task(customer.drain()))
                customers.append((customer, desk))
            sent: dict[str, tuple[float, Desk]] = {}
            started = time.perf_counter()
            plan = [pair for _ in range(rounds) for pair in dice.sample(customers, len(customers))]
            for number, (customer, desk) in enumerate(plan):
                text = f"第 {number} 条"
                sent[text] = (time.perf_counter(), desk)
                await customer.say(text)
                await asyncio.sleep(max(0.0, started + (number + 1) / per_second - time.perf_counter()))
            give_up = time.perf_counter() + PATIENCE_S
            while (  # noqa: ASYNC110
                time.perf_counter() < give_up and any(text not in d.came for text, (_, d) in sent.items())
            ):
                await asyncio.sleep(0.05)
            seconds = time.perf_counter() - started
            desks = [desk for _, desk in people]
            return Result(
                conversations,
                agents,
                len(sent),
                lost=sum(text not in desk.came for text, (_, desk) in sent.items()),
                doubled=sum(desk.doubled for desk in desks),
                disordered=sum(desk.disordered for desk in desks),
                seconds=seconds,
                latencies_ms=[
                    (desk.came[text] - at) * 1000 for text, (at, desk) in sent.items() if text in desk.came
                ],
            )
        finally:
            for task in listening:
                task.cancel()
            await asyncio.gather(*listening, return_exceptions=True)
            await runner.cleanup()


async def _session(care: Care, login: str) -> str:
    signed_in = await staff.sign_in(care, login, PASSWORD)
    return signed_in.token


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=200)
    parser.add_argument("--agents", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--per-second", type=float, default=40.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        environ = {"ZHIKE_VAR_DIR": folder, "ZHIKE_DEMO": "0", "ZHIKE_AUTO_ASSIGN": "0"}
        settings = replace(load_settings(environ, root=Path(folder)), demo=False)
        await upgrade(settings.database_url)
        async with open_care(settings) as care:
            result = await measure(
                care,
                conversations=given.conversations,
                agents=given.agents,
                rounds=given.rounds,
                per_second=given.per_second,
            )
    print(
        f"{result.conversations} conversations, {result.agents} agents, {result.lines} lines in "
        f"{result.seconds:.1f} s: customer to agent p50 {result.percentile(0.5):.0f} ms, "
        f"p95 {result.percentile(0.95):.0f} ms, max {max(result.latencies_ms):.0f} ms; "
        f"lost {result.lost}, doubled {result.doubled}, out of order {result.disordered}"
    )


if __name__ == "__main__":
    asyncio.run(main())
