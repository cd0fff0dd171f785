"""A member of staff's browser with an open desk."""

from __future__ import annotations

import asyncio
import itertools
import json
import uuid
from typing import Any

import aiohttp

from tests.web.people import PATIENCE_S, QUIET_S, Agent


class Desk:
    """One connection to `/ws/desk`. Frames that were passed over while waiting are kept in `seen`."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse[Any], agent: Agent) -> None:
        self.socket = socket
        self.agent = agent
        self.seen: list[dict[str, Any]] = []
        self.me: dict[str, Any] = {}
        self._ids = itertools.count(1)
        self._unread: list[dict[str, Any]] = []

    async def hello(self) -> dict[str, Any]:
        """The snapshot."""
        await self.ask("hello")
        snapshot = await self.until("snapshot")
        self.me = snapshot["me"]
        return snapshot

    async def do(self, kind: str, conversation: str | None = None, **fields: Any) -> str:
        frame_id = f"f{next(self._ids)}"
        frame = {"id": frame_id, "type": kind, **fields}
        if conversation is not None:
            frame["conversation"] = conversation
        await self.socket.send_str(json.dumps(frame, ensure_ascii=False))
        return frame_id

    async def ask(self, kind: str, conversation: str | None = None, **fields: Any) -> dict[str, Any]:
        """Does it and returns the ok or error that answers it."""
        frame_id = await self.do(kind, conversation, **fields)
        passed = []
        while True:
            frame = await self._frame(PATIENCE_S)
            if frame.get("id") == frame_id and frame["type"] in ("ok", "error"):
                self._unread = passed + self._unread
                return frame
            passed.append(frame)

    async def send(self, conversation: str, text: str, client_msg_id: str | None = None) -> dict[str, Any]:
        return await self.ask(
            "send", conversation, client_msg_id=client_msg_id or str(uuid.uuid4()), text=text
        )

    async def note(self, conversation: str, text: str) -> dict[str, Any]:
        return await self.ask("note", conversation, client_msg_id=str(uuid.uuid4()), text=text)

    async def open(self, conversation: str, after: int = 0) -> dict[str, Any]:
        assert (await self.ask("open", conversation, after=after))["type"] == "ok"
        return await self.until("lines")

    async def until(self, kind: str, timeout: float = PATIENCE_S, **fields: Any) -> dict[str, Any]:
        """The next frame of `kind` with these fields, whatever comes before."""
        while True:
            frame = await self._frame(timeout)
            self.seen.append(frame)
            if frame["type"] == kind and all(frame.get(key) == value for key, value in fields.items()):
                return frame

    async def item(self, conversation: str, **fields: Any) -> dict[str, Any]:
        """The conversation's next item that has these values."""
        while True:
            item = (await self.until("item"))["item"]
            if item["conversation"] == conversation and all(item[k] == v for k, v in fields.items()):
                return item

    async def rest(self, at_least: int = 0) -> list[dict[str, Any]]:
        """Every frame until `at_least` have come and it has been quiet for a moment."""
        frames: list[dict[str, Any]] = []
        while True:
            try:
                frames.append(await self._frame(QUIET_S if len(frames) >= at_least else PATIENCE_S))
            except asyncio.TimeoutError:
                return frames

    async def closed(self) -> int | None:
        """The code of the service's closing frame; the library forgets it when its answer finds nobody."""
        while True:
            incoming = await self.socket.receive(timeout=PATIENCE_S)
            if incoming.type is aiohttp.WSMsgType.CLOSE:
                return int(incoming.data)
            if incoming.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSING):
                return self.socket.close_code

    async def _frame(self, timeout: float) -> dict[str, Any]:
        if self._unread:
            return self._unread.pop(0)
        frame: dict[str, Any] = await self.socket.receive_json(timeout=timeout)
        return frame
