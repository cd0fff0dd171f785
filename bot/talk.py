"""A conversation in the terminal through the running web service, over the same socket as the browser."""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from bot.chores import host_page_token
from care.rules.vocabulary import Speaker
from care.settings import Settings

#: After the last line of input: how long to wait for an answer, and for more of it once it began.
ANSWER_S = 30.0
QUIET_S = 1.0


class Terminal:
    """One visit. In JSON mode every server frame is one line; a line of input may itself be a frame."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse[bool], *, as_json: bool) -> None:
        self._socket = socket
        self._as_json = as_json
        self._buttons: list[dict[str, str]] = []
        self._own: set[str] = set()
        self._waiting = 0
        self._heard = asyncio.Event()

    async def send_line(self, line: str) -> None:
        frame = self._frame_of(line)
        if frame["type"] in {"message", "button"}:
            frame.setdefault("client_msg_id", str(uuid.uuid4()))
            self._own.add(frame["client_msg_id"])
            self._waiting += 1
        await self._socket.send_json(frame)

    def _frame_of(self, line: str) -> dict[str, Any]:
        if self._as_json and line.startswith("{"):
            frame = json.loads(line)
            if isinstance(frame, dict) and "type" in frame:
                return frame
        if line.isdigit() and 0 < int(line) <= len(self._buttons):
            return {"type": "button", "payload": self._buttons[int(line) - 1]["payload"]}
        return {"type": "message", "text": line}

    async def listen(self) -> None:
        async for message in self._socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                break
            frame = json.loads(message.data)
            self._show(frame)
            if frame["type"] == "error" or (frame["type"] == "message" and frame["from"] != Speaker.CUSTOMER):
                self._waiting = 0
            self._heard.set()

    def _show(self, frame: dict[str, Any]) -> None:
        if self._as_json:
            print(json.dumps(frame, ensure_ascii=False), flush=True)
            return
        if frame["type"] == "message" and frame["from"] != Speaker.CUSTOMER:
            who = (frame.get("agent") or {}).get("name") or Speaker(frame["from"]).label
            print(f"{who}:{frame['text']}", flush=True)
            if card := frame.get("card"):
                print(f"    [{card.get('state_label', '')}] {card.get('number', '')}", flush=True)
                for step in card.get("timeline", []):
                    print(f"      {step['at']} {step['title']} {step.get('detail', '')}", flush=True)
            self._buttons = frame.get("buttons") or []
            for number, button in enumerate(self._buttons, 1):
                print(f"    {number}. {button['title']}", flush=True)
        elif frame["type"] == "owner" and frame["owner"] == "queued":
            print(f"(正在排队，第 {frame.get('position')} 位)", flush=True)
        elif frame["type"] == "error":
            print(f"({frame['message']})", flush=True)

    async def wait_for_answers(self) -> None:
        """Until everything said was answered and nothing more came for a moment."""
        try:
            while True:
                self._heard.clear()
                await asyncio.wait_for(self._heard.wait(), ANSWER_S if self._waiting else QUIET_S)
        except asyncio.TimeoutError:
            return


async def talk(settings: Settings, *, phone: str | None, as_json: bool) -> int:
    """Talks until the end of input; returns the exit status."""
    hello: dict[str, Any] = {"type": "hello", "visitor": None, "after": 0}
    if phone:
        hello["identity"] = await host_page_token(settings, phone)
    url = f"http://{settings.host}:{settings.port}"
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{url}/ws/chat", origin=url, heartbeat=20) as socket,
        ):
            terminal = Terminal(socket, as_json=as_json)
            await socket.send_json(hello)
            listening = asyncio.create_task(terminal.listen())
            async for line in _lines():
                await terminal.send_line(line)
                if not sys.stdin.isatty():
                    await terminal.wait_for_answers()
            await terminal.wait_for_answers()
            await socket.close()
            listening.cancel()
    except (aiohttp.ClientError, OSError):
        print(f"连不上 {url}，请先运行 zhike up", file=sys.stderr)
        return 1
    return 0


async def _lines() -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        if text := line.strip():
            yield text
