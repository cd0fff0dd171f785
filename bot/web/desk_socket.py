"""`/ws/desk`: a member of staff's connection, frame by frame."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from aiohttp import web
from async_timeout import timeout
from msgspec import UNSET

from bot.web import desk_acts, desk_frames, desk_views, texts
from bot.web.clients import is_own_origin
from bot.web.desk_reading import meant_frame, read_desk_frame
from bot.web.desk_schemas import Item
from bot.web.desk_sending import DeskSender
from bot.web.framed_socket import FramedSocket
from bot.web.frames import HARD_MAX_FRAME
from bot.web.keys import ADDRESS, PARTS, SESSION, Parts
from bot.web.staff_api import COOKIE
from bot.web.tasks import end, whole
from care.adapters.bus import staff_channel
from care.rules.errors import (
    BadFrame,
    CareError,
    Forbidden,
    NotSignedIn,
    TooManyRequests,
)
from care.services import access_log, desk_lines, desk_notes, notices, presence, staff, transfers
from care.services.board import Entry
from care.services.desk_lines import Thread
from care.services.presence import Colleague
from care.services.staff import StaffView

log = structlog.get_logger(__name__)

HEARTBEAT_S = 20.0
#: A session that ended elsewhere is noticed within this time, and at once when the bus tells.
SESSION_CHECK_S = 10.0
#: The close code that says: sign in again; coming back by itself is no use.
SIGNED_OUT = 4401
OPEN_AT_MOST = 50
_SHOWS = ("customer.name", "customer.tier", "message.text")


class DeskHelloFirst(BadFrame):
    code, default = "hello_first", texts.DESK_HELLO_FIRST


class DeskHelloAgain(BadFrame):
    code, default = "already_welcome", texts.HELLO_AGAIN


class TooManyOpen(BadFrame):
    code, default = "too_many_open", "同时打开的会话太多了，请先关掉一些。"


async def desk_socket(request: web.Request) -> web.StreamResponse:
    """Upgrades to the desk's protocol, for our own page and a signed-in member of staff only."""
    parts = request.app[PARTS]
    if not is_own_origin(request):
        raise Forbidden(texts.FOREIGN_ORIGIN)
    if not parts.limiter.connections.take(request[ADDRESS]):
        raise TooManyRequests(texts.TOO_MANY_CONNECTIONS)
    ws = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=HARD_MAX_FRAME, compress=False)
    await ws.prepare(request)
    connection = DeskConnection(
        ws, request.transport, parts, request[SESSION].staff, request.cookies.get(COOKIE)
    )
    with parts.sockets.counting(f"staff:{connection.staff_id}", connection, parts.metrics.desks):
        await connection.run()
    return ws


@dataclass
class _Room:
    """An open conversation. The place is None while its first lines are read."""

    id: int
    public_id: str
    seq: int | None = None
    note_id: int = 0


class DeskConnection(FramedSocket[desk_frames.DeskFrame]):
    """One desk from hello to the end."""

    surface = "desk"

    def __init__(
        self,
        ws: web.WebSocketResponse,
        transport: asyncio.Transport | None,
        parts: Parts,
        reader: StaffView,
        token: str | None,
    ) -> None:
        super().__init__(ws, parts.limiter.strikes())
        self._parts = parts
        self._care = parts.care
        self._reader = reader
        self._token = token
        self._sender = DeskSender(ws, transport, parts.metrics)
        self._me: Colleague | None = None
        self._shown: dict[int, Item] = {}
        self._rooms: dict[int, _Room] = {}
        self._logged: set[int] = set()
        self._told_me: Colleague | None = None
        self._look_at_session = asyncio.Event()
        self._is_over = False

    async def run(self) -> None:
        tasks = [
            asyncio.create_task(self._sender.run()),
            asyncio.create_task(self._read()),
            asyncio.create_task(self._watch_session()),
            asyncio.create_task(self._hear_own()),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._is_over = True
            self._parts.desks.go(self)
            await end(tasks)
            await self._sender.finish()

    def close_soon(self, code: int, reason: str) -> None:
        self._sender.close_soon(code, reason)

    # What the hub calls.

    @property
    def staff_id(self) -> int:
        return self._reader.id

    def place(self, conversation_id: int) -> tuple[int, int] | None:
        room = self._rooms.get(conversation_id)
        return None if room is None or room.seq is None else (room.seq, room.note_id)

    async def may_show(self, entries: Iterable[Entry]) -> None:
        me = self._me
        if me is None:
            return
        new = {
            entry.customer_id
            for entry in entries
            if entry.customer_id is not None
            and entry.customer_id not in self._logged
            and desk_views.scope(entry, me) is not None
        }
        if new:
            await access_log.note_look(self._care, self._reader, new, _SHOWS, purpose=texts.LOOK_DESK)
            self._logged |= new

    def show_entry(self, conversation_id: int, entry: Entry | None) -> None:
        me = self._me
        if me is None:
            return
        if entry is None or desk_views.scope(entry, me) is None:
            if (shown := self._shown.pop(conversation_id, None)) is not None:
                self._sender.offer(desk_frames.Gone(shown.conversation))
            return
        if entry.customer_id is not None and entry.customer_id not in self._logged:
            self._parts.desks.look_again(conversation_id)  # verified this very moment: logged first
            return
        item = desk_views.item(entry, me, self._care.clock.now())
        if self._shown.get(conversation_id) != item:
            self._shown[conversation_id] = item
            self._sender.offer(desk_frames.ItemFrame(item))

    def show_thread(self, conversation_id: int, thread: Thread) -> None:
        room = self._rooms.get(conversation_id)
        if room is None or room.seq is None:
            return
        lines = [line for line in thread.lines if line.seq > room.seq]
        notes = [note for note in thread.notes if note.id > room.note_id]
        if lines:
            room.seq = lines[-1].seq
        if notes:
            room.note_id = notes[-1].id
        part = Thread(lines, notes, thread.seq, evidence=thread.evidence)
        for line in desk_views.lines(part, self._reader.role):
            self._sender.offer(desk_frames.LineFrame(room.public_id, line))

    def show_typing(self, conversation_id: int, news: dict[str, Any]) -> None:
        room = self._rooms.get(conversation_id)
        if room is not None and news.get("staff") != self.staff_id:
            name = news.get("name") or UNSET
            self._sender.offer(desk_frames.TypingFrame(room.public_id, news["typing"], name))

    def show_staff(self, everybody: list[Colleague]) -> None:
        me = next((one for one in everybody if one.id == self.staff_id), None)
        if me is None or self._me is None:
            return
        is_other_scope = (me.role, me.skills) != (self._me.role, self._me.skills)
        self._me = me
        self._sender.offer(desk_frames.StaffFrame([desk_views.colleague(one) for one in everybody]))
        if me != self._told_me:
            self._told_me = me
            self._sender.offer(desk_frames.MeFrame(desk_views.me_shape(me)))
        if is_other_scope:
            for conversation_id, entry in self._parts.desks.entries.items():
                self.show_entry(conversation_id, entry)

    # Reading.

    @property
    def is_welcome(self) -> bool:
        return self._me is not None

    def _meant(self, data: str) -> str | None:
        return meant_frame(data)

    def _parsed(self, data: str) -> desk_frames.DeskFrame:
        frame = read_desk_frame(data)
        self._parts.metrics.desk_frames.labels(str(frame.__struct_config__.tag)).inc()
        if not self._parts.limiter.desk_frames.take(self.staff_id):
            raise TooManyRequests
        return frame

    async def _refuse(self, refusal: CareError, frame_id: str | None) -> None:
        self._parts.metrics.refused.labels(refusal.code).inc()
        self._sender.offer(
            desk_frames.ErrorFrame(
                refusal.code, refusal.message, frame_id or UNSET, dict(refusal.fields) or UNSET
            )
        )

    async def _handle(self, frame: desk_frames.DeskFrame) -> None:
        if isinstance(frame, desk_frames.Hello):
            await self._hello(frame)
        elif self._me is None:
            raise DeskHelloFirst
        elif isinstance(frame, desk_frames.Open):
            await self._open(frame.id, frame.conversation, frame.after)
        elif isinstance(frame, desk_frames.Join):
            view = await desk_acts.visible(self._parts, self._reader, frame.conversation)
            await transfers.join(self._care, view.id, self.staff_id)
            await self._open(frame.id, frame.conversation, frame.after)
        elif isinstance(frame, desk_frames.Older):
            await self._older(frame)
        elif isinstance(frame, desk_frames.Shut):
            self._shut(frame)
        else:
            line = await desk_acts.ACTS[type(frame)](self._parts, self._reader, frame)
            self._sender.offer(desk_frames.Ok(frame.id, UNSET if line is None else line))

    # What the socket itself answers.

    async def _hello(self, frame: desk_frames.Hello) -> None:
        if self._me is not None:
            raise DeskHelloAgain
        hub = self._parts.desks
        await presence.alive(self._care, [self.staff_id])
        await hub.ready()
        everybody = await hub.read_staff()
        me = next((one for one in everybody if one.id == self.staff_id), None)
        if me is None:
            raise NotSignedIn
        told = await notices.of_staff(self._care, self.staff_id)
        self._me = self._told_me = me
        await self.may_show(hub.entries.values())
        # From here to the end nothing is awaited: what changes meanwhile comes after the snapshot.
        if self._is_over:
            return
        now = self._care.clock.now()
        self._shown = {
            key: desk_views.item(entry, me, now)
            for key, entry in hub.entries.items()
            if desk_views.scope(entry, me) is not None
            and (entry.customer_id is None or entry.customer_id in self._logged)
        }
        hub.come(self)
        self._sender.offer(desk_frames.Ok(frame.id))
        self._sender.offer(
            desk_frames.Snapshot(
                at=now,
                me=desk_views.me_shape(me),
                conversations=list(self._shown.values()),
                staff=[desk_views.colleague(one) for one in everybody],
                notices=[desk_views.notice(one) for one in told],
            )
        )
        for key in hub.entries.keys() - self._shown.keys():
            hub.look_again(key)

    async def _open(self, frame_id: str, public_id: str, after: int) -> None:
        view = await desk_acts.visible(self._parts, self._reader, public_id)
        if view.id not in self._rooms and len(self._rooms) >= OPEN_AT_MOST:
            raise TooManyOpen
        await desk_acts.note_look(self._parts, self._reader, view)
        room = self._rooms[view.id] = _Room(view.id, view.public_id)
        self._parts.desks.join(view.id, self)
        thread = await desk_lines.read(self._care, view.id, after=min(after, view.seq))
        draft = await desk_notes.draft_of(self._care, view.id, self.staff_id)
        if self._is_over or self._rooms.get(view.id) is not room:
            self._parts.desks.leave(view.id, self)
            return
        room.seq = thread.lines[-1].seq if thread.lines else min(after, view.seq)
        room.note_id = thread.last_note_id
        self._sender.offer(desk_frames.Ok(frame_id))
        self._sender.offer(
            desk_frames.LinesFrame(
                view.public_id,
                desk_views.lines(thread, self._reader.role),
                thread.seq,
                thread.has_older,
                draft,
            )
        )
        # What was told while it was read was passed over.
        self._parts.desks.look_again(view.id)

    async def _older(self, frame: desk_frames.Older) -> None:
        view = await desk_acts.visible(self._parts, self._reader, frame.conversation)
        await desk_acts.note_look(self._parts, self._reader, view)
        thread = await desk_lines.read(self._care, view.id, before=frame.before)
        self._sender.offer(desk_frames.Ok(frame.id))
        self._sender.offer(
            desk_frames.LinesFrame(
                view.public_id, desk_views.lines(thread, self._reader.role), thread.seq, thread.has_older
            )
        )

    def _shut(self, frame: desk_frames.Shut) -> None:
        for room in [one for one in self._rooms.values() if one.public_id == frame.conversation]:
            del self._rooms[room.id]
            self._parts.desks.leave(room.id, self)
        self._sender.offer(desk_frames.Ok(frame.id))

    # What happens to the person, not to a conversation.

    async def _watch_session(self) -> None:
        """Ends when the session has ended: signed out, locked, or not active any more."""
        while True:
            with suppress(asyncio.TimeoutError):
                async with timeout(SESSION_CHECK_S):
                    await self._look_at_session.wait()
            self._look_at_session.clear()
            try:
                self._reader = (await whole(staff.staff_of_session(self._care, self._token))).staff
            except NotSignedIn:
                self.close_soon(SIGNED_OUT, "signed out")
                # The reader must still hear the answer to the closing.
                await self._sender.finish()
                return
            except CareError:
                log.warning("desk.session_not_read", exc_info=True)

    async def _hear_own(self) -> None:
        async with self._care.bus.subscribe(staff_channel(self.staff_id)) as news:
            async for item in news:
                self._look_at_session.set()
                if "notice" in item and self._me is not None:
                    await self._show_notice(int(item["notice"]))

    async def _show_notice(self, notice_id: int) -> None:
        try:
            notice = await whole(notices.notice(self._care, self.staff_id, notice_id))
        except CareError:
            log.warning("desk.notice_not_read", notice=notice_id, exc_info=True)
            return
        if notice is not None:
            self._sender.offer(desk_frames.NoticeFrame(desk_views.notice(notice)))
