"""Reading a socket frame by frame: what the chat's and the desk's connections have in common."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import Generic, TypeVar

import structlog
from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from bot.web import texts
from bot.web.limits import Bucket
from bot.web.middlewares import Unexpected
from bot.web.tasks import whole
from care.rules.errors import BadFrame, CareError

log = structlog.get_logger(__name__)

HELLO_TIMEOUT_S = 15.0

AnyFrame = TypeVar("AnyFrame")


class FramedSocket(ABC, Generic[AnyFrame]):
    """One connection's frames, one after the other. Whatever is wrong with one is said to its sender alone."""

    #: Names the connection in the log.
    surface: str

    def __init__(self, ws: web.WebSocketResponse, strikes: Bucket) -> None:
        self._ws = ws
        self._strikes = strikes

    @property
    @abstractmethod
    def is_welcome(self) -> bool:
        """Whether the hello has been said; until then patience is short."""

    @abstractmethod
    def close_soon(self, code: int, reason: str) -> None: ...

    @abstractmethod
    def _meant(self, data: str) -> str | None:
        """The sender's own id of the frame, as far as it can be read: a refusal names it."""

    @abstractmethod
    def _parsed(self, data: str) -> AnyFrame:
        """The frame, counted and within its rate. Raises `CareError`: a strike."""

    @abstractmethod
    async def _handle(self, frame: AnyFrame) -> None:
        """Does what the frame asks for. Raises `CareError`: told, but no strike."""

    @abstractmethod
    async def _refuse(self, refusal: CareError, frame_id: str | None) -> None: ...

    async def _read(self) -> None:
        """Until the other side leaves, or says nothing at the start."""
        while True:
            try:
                incoming = await self._ws.receive(None if self.is_welcome else HELLO_TIMEOUT_S)
            except asyncio.TimeoutError:
                self.close_soon(WSCloseCode.POLICY_VIOLATION, "no hello")
                return
            if incoming.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return
            await self._take(incoming)
            # A flood must leave the others their turn.
            await asyncio.sleep(0)

    async def _take(self, incoming: WSMessage) -> None:
        frame_id = None
        try:
            try:
                if incoming.type is not WSMsgType.TEXT:
                    raise BadFrame(texts.NOT_JSON)
                frame_id = self._meant(incoming.data)
                frame = self._parsed(incoming.data)
            except CareError as refusal:
                await self._refuse(refusal, frame_id)
                if not self._strikes.take():
                    self.close_soon(WSCloseCode.POLICY_VIOLATION, "too many bad frames")
                return
            await whole(self._handle(frame))
        except CareError as refusal:
            await self._refuse(refusal, frame_id)
        except Exception:
            log.exception(f"{self.surface}.frame_failed")
            await self._refuse(Unexpected(), frame_id)
