"""A customer's browser on `/ws/chat`: keeps what is not acknowledged, comes back by itself, resumes by number."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp

from bot.web.texts import BOT_AWAY

Frame = dict[str, Any]

ANSWER_S = 60.0
#: As the widget does: not at once, and not all at the same moment.
RECONNECT_PAUSE_S = 0.3
#: Answers to one message are stored together; what follows after such a silence belongs to another.
QUIET_S = 0.4


class NoAnswer(AssertionError):
    """What was waited for did not come; the text shows the last frames."""


@dataclass
class Customer:
    """One browser tab. Use `customer()` to open it."""

    base_url: str
    http: aiohttp.ClientSession
    token: str | None = None
    #: What the shop's page signed for a customer who is logged in there.
    identity: str | None = None
    conversation: str = ""
    owner: str = ""
    #: seq → line as everyone sees it; own lines from their ack.
    lines: dict[int, Frame] = field(default_factory=dict)
    #: client_msg_id → seq.
    acks: dict[str, int] = field(default_factory=dict)
    #: Sent and not yet acknowledged, oldest first; all of it is sent again after a reconnection.
    unacked: dict[str, Frame] = field(default_factory=dict)
    errors: list[Frame] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    #: What must never happen: a number said twice with two meanings, one message with two numbers.
    contradictions: list[str] = field(default_factory=list)
    connections: int = 0
    _socket: aiohttp.ClientWebSocketResponse[Any] | None = None
    _task: asyncio.Task[None] | None = None
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _sent_texts: dict[str, str] = field(default_factory=dict)

    # What a person does.

    async def say(self, text: str, client_msg_id: str | None = None) -> str:
        """Types and sends; without a connection the message waits for one."""
        return await self._send_kept({"type": "message", "text": text}, client_msg_id, text)

    async def say_once(self, text: str) -> str:
        """Sends and forgets: what is refused is not sent again."""
        client_msg_id = str(uuid4())
        self._sent_texts[client_msg_id] = text
        await self.do("message", client_msg_id=client_msg_id, text=text)
        return client_msg_id

    async def press(self, title: str, client_msg_id: str | None = None) -> str:
        """Presses the newest button whose title holds `title`."""
        for line in reversed(self.said()):
            for button in line.get("buttons") or ():
                if title in button["title"]:
                    frame = {"type": "button", "payload": button["payload"]}
                    return await self._send_kept(frame, client_msg_id, button["title"])
        raise AssertionError(f"no button {title}: {self.said()[-3:]}")

    async def ask(self, text: str, seconds: float = ANSWER_S) -> list[Frame]:
        """Says `text`; what the bot (or the system) answers to it."""
        return await self.answer(await self.say(text), seconds)

    async def choose(self, title: str, seconds: float = ANSWER_S) -> list[Frame]:
        return await self.answer(await self.press(title), seconds)

    async def answer(
        self, client_msg_id: str, seconds: float = ANSWER_S, *, quiet_s: float = QUIET_S
    ) -> list[Frame]:
        """Everything said by others after the message, once it has become quiet.

        That the bot is away and will answer is no answer; it stands in `lines` all the same.
        """
        end = time.monotonic() + seconds
        await self.until(lambda: client_msg_id in self.acks, seconds)
        asked = self.acks[client_msg_id]

        def answers() -> list[Frame]:
            return [
                line
                for seq, line in sorted(self.lines.items())
                if seq > asked and line["from"] != "customer" and line["text"] != BOT_AWAY
            ]

        await self.until(lambda: bool(answers()), max(0.1, end - time.monotonic()))
        known = -1
        while known != len(self.lines):
            known = len(self.lines)
            await asyncio.sleep(quiet_s)
        return answers()

    async def acked(self, client_msg_id: str, seconds: float = ANSWER_S) -> int:
        await self.until(lambda: client_msg_id in self.acks, seconds)
        return self.acks[client_msg_id]

    async def all_acked(self, seconds: float = 15.0) -> None:
        await self.until(lambda: not self.unacked, seconds)

    async def caught_up(self, seq: int, seconds: float = 15.0) -> None:
        """Every line up to number `seq` has come, and none after it."""
        await self.until(lambda: self.cursor == seq, seconds)

    async def heard_from(self, speaker: str, seconds: float = ANSWER_S) -> None:
        await self.until(lambda: self.texts(speaker), seconds)

    async def refused(self, times: int, seconds: float = 10.0) -> None:
        await self.until(lambda: len(self.errors) >= times, seconds)

    async def do(self, kind: str, **fields: Any) -> None:
        await self.send_raw(json.dumps({"type": kind, **fields}))

    async def send_raw(self, text: str) -> None:
        assert self._socket is not None
        await self._socket.send_str(text)

    async def until(self, condition: Callable[[], object], seconds: float = ANSWER_S) -> None:
        """Returns once `condition` holds; it is looked at after every frame.

        Raises:
            NoAnswer: not in `seconds`.
        """
        async with self._news:
            try:
                await asyncio.wait_for(self._news.wait_for(lambda: bool(condition())), seconds)
            except asyncio.TimeoutError:
                raise NoAnswer(
                    f"not in {seconds:.0f} s; {self.connections} connections, unacked {list(self.unacked.values())}, "
                    f"last frames {self.frames[-6:]}"
                ) from None

    # What a person sees.

    def said(self, *speakers: str) -> list[Frame]:
        """The lines so far, in order; only those of `speakers` when given."""
        return [line for _, line in sorted(self.lines.items()) if not speakers or line["from"] in speakers]

    def texts(self, *speakers: str) -> list[str]:
        return [line["text"] for line in self.said(*speakers)]

    def transcript(self) -> list[tuple[int, str, str]]:
        return [(seq, line["from"], line["text"]) for seq, line in sorted(self.lines.items())]

    @property
    def cursor(self) -> int:
        """The last number up to which nothing is missing."""
        seq = 0
        while seq + 1 in self.lines:
            seq += 1
        return seq

    @property
    def is_connected(self) -> bool:
        return self._socket is not None and not self._socket.closed

    # The connection.

    async def drop(self) -> None:
        """The network is gone for a moment: no goodbye, and the client comes back by itself."""
        if self._socket is not None:
            transport = self._socket._response.connection and self._socket._response.connection.transport
            if transport is not None:
                transport.abort()

    async def run(self) -> None:
        while True:
            try:
                async with self.http.ws_connect(
                    f"{self.base_url.replace('http', 'ws', 1)}/ws/chat", heartbeat=20
                ) as socket:
                    await self._talk(socket)
            except (aiohttp.ClientError, OSError, asyncio.TimeoutError):
                pass
            self._socket = None
            await asyncio.sleep(RECONNECT_PAUSE_S)

    async def _talk(self, socket: aiohttp.ClientWebSocketResponse[Any]) -> None:
        hello = {"type": "hello", "visitor": self.token, "after": self.cursor}
        if self.conversation:
            hello["conversation"] = self.conversation
        if self.identity:
            hello["identity"] = self.identity
        await socket.send_json(hello)
        async for incoming in socket:
            if incoming.type is not aiohttp.WSMsgType.TEXT:
                continue
            frame = incoming.json()
            if frame["type"] == "welcome":
                await self._welcomed(frame, socket)
            async with self._news:
                self.frames.append(frame)
                self._take(frame)
                self._news.notify_all()

    async def _welcomed(self, frame: Frame, socket: aiohttp.ClientWebSocketResponse[Any]) -> None:
        if self.conversation and frame["conversation"] != self.conversation:
            self.lines.clear()
        self.token, self.conversation, self.owner = frame["visitor"], frame["conversation"], frame["owner"]
        self.connections += 1
        self._socket = socket
        for kept in list(self.unacked.values()):
            await socket.send_str(json.dumps(kept, ensure_ascii=False))

    def _take(self, frame: Frame) -> None:
        kind = frame["type"]
        if kind == "ack":
            self._acknowledge(frame["client_msg_id"], frame["seq"])
        elif kind == "message":
            if (own := frame.get("client_msg_id")) and own in self._sent_texts:
                self._acknowledge(own, frame["seq"])
            self._line(frame["seq"], {key: value for key, value in frame.items() if key != "type"})
        elif kind == "owner":
            self.owner = frame["owner"]
        elif kind == "error":
            self.errors.append(frame)
            # Refused for good; what was only refused for now is sent again with the next connection.
            if frame.get("client_msg_id") and frame["code"] not in ("unavailable", "too_many_requests"):
                self.unacked.pop(frame["client_msg_id"], None)

    def _acknowledge(self, client_msg_id: str, seq: int) -> None:
        self.unacked.pop(client_msg_id, None)
        before = self.acks.setdefault(client_msg_id, seq)
        if before != seq:
            self.contradictions.append(f"{client_msg_id} was {before} and is {seq}")
        self._line(seq, {"seq": seq, "from": "customer", "text": self._sent_texts.get(client_msg_id, "")})

    def _line(self, seq: int, line: Frame) -> None:
        before = self.lines.get(seq)
        if before is not None and (before["from"], before["text"]) != (line["from"], line["text"]):
            self.contradictions.append(f"{seq} was {before} and is {line}")
        if before is None or "buttons" in line:
            self.lines[seq] = line

    async def _send_kept(self, frame: Frame, client_msg_id: str | None, text: str) -> str:
        client_msg_id = client_msg_id or str(uuid4())
        kept = {**frame, "client_msg_id": client_msg_id}
        self._sent_texts[client_msg_id] = text
        if client_msg_id not in self.acks:
            self.unacked[client_msg_id] = kept
        if self._socket is not None:
            with suppress(ConnectionError, RuntimeError):  # it is sent again with the next connection
                await self._socket.send_str(json.dumps(kept, ensure_ascii=False))
        return client_msg_id

    async def resend(self) -> None:
        """What was refused for the moment is sent again, as a person pressing 重发 does."""
        for kept in list(self.unacked.values()):
            await self.send_raw(json.dumps(kept, ensure_ascii=False))


@asynccontextmanager
async def customer(
    base_url: str, *, token: str | None = None, identity: str | None = None, seconds: float = 60.0
) -> AsyncIterator[Customer]:
    """An open tab, welcomed; with `token` one more tab of the same browser."""
    async with aiohttp.ClientSession() as http:
        one = Customer(base_url, http, token, identity)
        running = asyncio.create_task(one.run())
        try:
            await one.until(lambda: one.conversation, seconds)
            yield one
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
