"""`/ws/chat`: a visitor's connection, frame by frame."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from functools import partial

import structlog
from aiohttp import web

from bot.web import texts
from bot.web.clients import may_open_chat
from bot.web.framed_socket import FramedSocket
from bot.web.frames import (
    HARD_MAX_FRAME,
    Ack,
    Button,
    CancelRequest,
    End,
    Frame,
    Hello,
    Message,
    RequestHuman,
    Survey,
    Typing,
    error_frame,
    meant_message,
    read_frame,
    survey_frame,
)
from bot.web.keys import ADDRESS, PARTS, Parts
from bot.web.sending import Sender
from bot.web.tasks import end
from care.rules.errors import (
    BadFrame,
    CareError,
    ConversationClosed,
    Forbidden,
    TooManyRequests,
    VerificationFailed,
)
from care.rules.vocabulary import Owner, Speaker, VerifiedBy
from care.services import conversations, handoff, identity, opening_hours, survey_answers
from care.services.conversations import Accepted, ConversationView

log = structlog.get_logger(__name__)

HEARTBEAT_S = 25.0


class HelloFirst(BadFrame):
    code, default = "hello_first", texts.HELLO_FIRST


class HelloAgain(BadFrame):
    code, default = "already_welcome", texts.HELLO_AGAIN


async def chat_socket(request: web.Request) -> web.StreamResponse:
    """Upgrades to the chat protocol, for own pages and those of trusted hosts."""
    parts = request.app[PARTS]
    address = request[ADDRESS]
    if not may_open_chat(request, parts.care.settings.trusted_origins):
        raise Forbidden(texts.FOREIGN_ORIGIN)
    if (
        not parts.limiter.connections.take(address)
        or parts.sockets.count(address) >= parts.limiter.limits.sockets_per_address
    ):
        raise TooManyRequests(texts.TOO_MANY_CONNECTIONS)
    # No compression: a few bytes saved are not worth a buffer for each visitor.
    ws = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=HARD_MAX_FRAME, compress=False)
    await ws.prepare(request)
    connection = ChatConnection(ws, request.transport, parts, address)
    with parts.sockets.counting(address, connection):
        await connection.run()
    return ws


class ChatConnection(FramedSocket[Frame]):
    """One visitor's socket from hello to the end."""

    surface = "chat"

    def __init__(
        self, ws: web.WebSocketResponse, transport: asyncio.Transport | None, parts: Parts, address: str
    ) -> None:
        super().__init__(ws, parts.limiter.strikes())
        self._parts = parts
        self._care = parts.care
        self._address = address
        self._sender = Sender(ws, transport, parts.care, parts.metrics)
        self._visitor = ""
        self._is_over = False
        self._view: ConversationView | None = None

    async def run(self) -> None:
        sending = asyncio.create_task(self._sender.run())
        reading = asyncio.create_task(self._read())
        try:
            await asyncio.wait({sending, reading}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end([sending, reading])
            self._is_over = True
            if self._view is not None:
                self._parts.hub.leave(self._view.id, self)
            await self._sender.finish()

    def close_soon(self, code: int, reason: str) -> None:
        self._sender.close_soon(code, reason)

    # What the hub calls.

    def wake(self, seq: int | None = None, owner_version: int | None = None) -> None:
        self._sender.wake(seq, owner_version)

    def show_typing(self, speaker: str) -> None:
        self._sender.show_typing(speaker)

    @property
    def is_queued(self) -> bool:
        return self._sender.is_queued

    def follow(self, view: ConversationView) -> None:
        """Goes on in the conversation that followed the closed one."""
        if self._view is None or self._view.id == view.id:
            return
        self._parts.hub.leave(self._view.id, self)
        self._show(view, after=0)

    def _show(self, view: ConversationView, after: int) -> None:
        self._view = view
        if not self._is_over:  # the visitor may have left while the records were asked
            self._parts.hub.join(view.id, self)
            self._sender.bind(view, self._visitor, after)

    # Reading.

    @property
    def is_welcome(self) -> bool:
        return self._view is not None

    def _meant(self, data: str) -> str | None:
        return meant_message(data)

    def _parsed(self, data: str) -> Frame:
        frame = read_frame(data)
        self._parts.metrics.frames.labels(str(frame.__struct_config__.tag)).inc()
        self._check_rate()
        return frame

    def _check_rate(self) -> None:
        limiter = self._parts.limiter
        # The visitor's own measure comes first: who floods does not use up the neighbours' share of an address.
        is_within = not self._visitor or limiter.visitor_frames.take(self._visitor)
        if not (is_within and limiter.address_frames.take(self._address)):
            raise TooManyRequests(texts.TOO_FAST)

    async def _refuse(self, refusal: CareError, frame_id: str | None) -> None:
        self._parts.metrics.refused.labels(refusal.code).inc()
        await self._sender.answer(error_frame(refusal, frame_id))

    # What each frame does.

    async def _handle(self, frame: Frame) -> None:
        if isinstance(frame, Hello):
            await self._hello(frame)
            return
        here = self._conversation().id
        if isinstance(frame, Message):
            await self._accept(
                frame.client_msg_id,
                partial(
                    conversations.accept_message,
                    self._care,
                    client_msg_id=frame.client_msg_id,
                    text=frame.text,
                ),
            )
        elif isinstance(frame, Button):
            await self._accept(
                frame.client_msg_id,
                partial(
                    conversations.accept_button,
                    self._care,
                    client_msg_id=frame.client_msg_id,
                    payload=frame.payload,
                ),
            )
        elif isinstance(frame, RequestHuman):
            await self._request_human()
        elif isinstance(frame, CancelRequest):
            await handoff.cancel_request(self._care, here)
            self._sender.tell_owner_again()
        elif isinstance(frame, End):
            await handoff.close(self._care, here, "customer")
            self._sender.tell_owner_again()
        elif isinstance(frame, Survey):
            view = await survey_answers.answer(self._care, here, frame.answers, survey_id=frame.id)
            await self._sender.answer(survey_frame(view))
        elif isinstance(frame, Typing):
            await self._parts.hub.tell_typing(here, Speaker.CUSTOMER.value)

    async def _hello(self, hello: Hello) -> None:
        if self._view is not None:
            raise HelloAgain
        page = None
        if hello.page is not None:
            page = {
                name: value for name in hello.page.__struct_fields__ if (value := getattr(hello.page, name))
            }
        visit = await conversations.open_visit(self._care, hello.visitor, page=page)
        self._visitor = visit.visitor_token or hello.visitor or ""
        is_known = visit.visitor_token is None
        if is_known and await self._is_of_another(visit.conversation, hello.identity):
            await handoff.close(self._care, visit.conversation.id, "system")
            visit = await conversations.open_visit(self._care, self._visitor, page=page)
        if is_known and hello.identity == "" and await self._is_signed_out(visit.conversation.id):
            visit = await conversations.open_visit(self._care, self._visitor, page=page)
        view = visit.conversation
        is_same = hello.conversation in (None, view.public_id) and is_known
        # Numbers of another conversation mean nothing here.
        after = hello.after if is_same and hello.after <= view.seq else 0
        self._show(view, after)
        if hello.identity:
            await identity.verify_token(self._care, view.id, hello.identity)

    async def _is_signed_out(self, conversation_id: int) -> bool:
        """The host page says that nobody is signed in (any more); ends what the one it signed in was told."""
        if not await identity.sign_out(self._care, conversation_id, only=VerifiedBy.TOKEN):
            return False
        await handoff.close(self._care, conversation_id, "system")
        return True

    async def _is_of_another(self, view: ConversationView, token: str | None) -> bool:
        """Whether the host page has another customer now than the one this browser talked as before."""
        if not token:
            return False
        try:
            return await identity.is_of_another(self._care, view.id, token)
        except VerificationFailed:
            return False  # said after the welcome

    async def _accept(self, client_msg_id: str, store: Callable[[int], Awaitable[Accepted]]) -> None:
        """Stores and acknowledges; only then may the bot begin."""
        self._sender.expect_own(client_msg_id)
        try:
            try:
                accepted = await store(self._conversation().id)
            except ConversationClosed:
                await self._go_on()
                self._sender.expect_own(client_msg_id)
                accepted = await store(self._conversation().id)
        except BaseException:
            self._sender.not_own(client_msg_id)
            raise
        view = self._conversation()
        if not accepted.is_duplicate:
            self._sender.acked_own(view.id, accepted.seq)
        await self._sender.answer(Ack(client_msg_id, accepted.seq))
        self._parts.dispatcher.wake(view.id)

    async def _request_human(self) -> None:
        """Outside hours the assistant answers the wish, as if it had been typed: hours, and a call that it offers."""
        if self._conversation().owner is Owner.BOT and not await opening_hours.is_open_now(self._care):
            here = self._conversation().id
            await conversations.accept_message(
                self._care, here, client_msg_id=str(uuid.uuid4()), text=texts.WANTS_PERSON
            )
            self._parts.dispatcher.wake(here)
            return
        try:
            await handoff.request_human(self._care, self._conversation().id, reason="asked")
        except ConversationClosed:
            await self._go_on()
            await handoff.request_human(self._care, self._conversation().id, reason="asked")
        self._sender.tell_owner_again()

    async def _go_on(self) -> None:
        """The conversation has ended: the visitor's next one begins, for every tab of theirs."""
        closed = self._conversation()
        visit = await conversations.open_visit(self._care, self._visitor)
        for listener in self._parts.hub.listeners(closed.id):
            if isinstance(listener, ChatConnection):
                listener.follow(visit.conversation)

    def _conversation(self) -> ConversationView:
        if self._view is None:
            raise HelloFirst
        return self._view
