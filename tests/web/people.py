"""Who takes part in the tests: a bot double behind the boundary, a visitor's and an agent's browser."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp.test_utils import TestClient

from bot.web.ports import BotAnswer, BotSilent
from care.services.conversations import Reply, Turn

PASSWORD = "a-long-password"
QUIET_S = 0.25
PATIENCE_S = 10.0

Start = Callable[..., Awaitable[TestClient[Any, Any]]]


@dataclass
class ScriptedBot:
    """Answers `收到:<text>` unless told otherwise, and remembers what it was asked."""

    asked: list[Turn] = field(default_factory=list)
    answers: dict[str, BotAnswer] = field(default_factory=dict)
    failures: list[Exception] = field(default_factory=list)
    is_down: bool = False
    gate: asyncio.Event | None = None

    async def ask(self, turn: Turn) -> BotAnswer:
        self.asked.append(turn)
        if self.gate is not None:
            await self.gate.wait()
        if self.is_down:
            raise BotSilent("down")
        if self.failures:
            raise self.failures.pop(0)
        return self.answers.get(turn.text) or BotAnswer([Reply(f"收到:{turn.text}")])


class Visitor:
    """A browser with one chat connection."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse[Any]) -> None:
        self.socket = socket
        self.token: str = ""
        self.conversation: str = ""
        self.seq = 0

    async def hello(self, token: str | None = None, after: int = 0, **more: Any) -> dict[str, Any]:
        await self.socket.send_json({"type": "hello", "visitor": token, "after": after, **more})
        welcome = await self.next("welcome")
        self.token, self.conversation, self.seq = welcome["visitor"], welcome["conversation"], welcome["seq"]
        return welcome

    async def say(self, text: str, client_msg_id: str | None = None) -> str:
        client_msg_id = client_msg_id or str(uuid.uuid4())
        frame = {"type": "message", "client_msg_id": client_msg_id, "text": text}
        # As browsers write it: characters, not escapes.
        await self.socket.send_str(json.dumps(frame, ensure_ascii=False))
        return client_msg_id

    async def press(self, payload: str) -> str:
        client_msg_id = str(uuid.uuid4())
        await self.socket.send_json({"type": "button", "client_msg_id": client_msg_id, "payload": payload})
        return client_msg_id

    async def do(self, kind: str, **fields: Any) -> None:
        await self.socket.send_json({"type": kind, **fields})

    async def frame(self, timeout: float = PATIENCE_S) -> dict[str, Any]:
        frame: dict[str, Any] = await self.socket.receive_json(timeout=timeout)
        return frame

    async def next(self, *kinds: str, timeout: float = PATIENCE_S) -> dict[str, Any]:
        """The next frame of one of `kinds`; typing in between and being asked how it was (by lot) are passed over."""
        while True:
            frame = await self.frame(timeout)
            if frame["type"] in kinds:
                return frame
            assert frame["type"] in ("typing", "survey"), f"{frame} came while waiting for {kinds}"

    async def until(self, kind: str, timeout: float = PATIENCE_S) -> dict[str, Any]:
        """The next frame of `kind`, whatever comes before."""
        while True:
            frame = await self.frame(timeout)
            if frame["type"] == kind:
                return frame

    async def rest(self, at_least: int = 0) -> list[dict[str, Any]]:
        """Every frame, without typing, until `at_least` have come and it has been quiet for a moment."""
        frames: list[dict[str, Any]] = []
        while True:
            try:
                incoming = await self.socket.receive(
                    timeout=QUIET_S if len(frames) >= at_least else PATIENCE_S
                )
            except asyncio.TimeoutError:
                return frames
            if incoming.type is not aiohttp.WSMsgType.TEXT:
                return frames
            frame = incoming.json()
            if frame["type"] != "typing":
                frames.append(frame)

    async def closed(self, timeout: float = PATIENCE_S) -> int | None:
        """The code with which the service closes the connection."""
        while True:
            incoming = await self.socket.receive(timeout=timeout)
            if incoming.type in (
                aiohttp.WSMsgType.CLOSE,
                aiohttp.WSMsgType.CLOSED,
                aiohttp.WSMsgType.CLOSING,
            ):
                return self.socket.close_code


class Agent:
    """A member of staff's browser on the JSON API."""

    def __init__(self, client: TestClient[Any, Any]) -> None:
        self._client = client
        self.token = ""
        self.csrf = ""

    async def sign_in(self, login: str, password: str = PASSWORD) -> aiohttp.ClientResponse:
        answer = await self._client.post("/api/staff/login", json={"login": login, "password": password})
        if answer.status == 200:
            self.csrf = (await answer.json())["csrf"]
            self.token = answer.cookies["zhike_staff"].value
            self._client.session.cookie_jar.clear()
        return answer

    async def get(self, path: str) -> aiohttp.ClientResponse:
        return await self._client.get(path, headers={"Cookie": f"zhike_staff={self.token}"})

    async def post(self, path: str, body: Any = None, **headers: str) -> aiohttp.ClientResponse:
        given = {"X-CSRF-Token": self.csrf, "Cookie": f"zhike_staff={self.token}", **headers}
        return await self._client.post(path, json=body, headers=given)

    async def on(self, conversation: str, act: str, body: Any = None) -> aiohttp.ClientResponse:
        return await self.post(f"/api/desk/conversations/{conversation}/{act}", body)
