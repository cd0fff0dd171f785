"""The desk's fan-out in one process: one reading of the records serves every open desk.

News carries numbers only. A conversation that changed is read again once, and each desk gets
what it shows of it; the lists are compared with the records every `BELT_S`, so lost news (the
bus is best effort) costs seconds and never a line.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any, Protocol

import structlog
from async_timeout import timeout

from bot.web.tasks import whole
from care.adapters.bus import DESK_CHANNEL, QUEUE_CHANNEL
from care.rules.errors import CareError
from care.rules.vocabulary import Owner
from care.services import assignment, board, desk_lines, presence
from care.services.board import Entry
from care.services.context import Care
from care.services.desk_lines import Thread
from care.services.presence import Colleague

log = structlog.get_logger(__name__)

BELT_S = 2.0
#: Changes within this time are one reading.
GATHER_S = 0.01
#: What the bot says is shown in the lists this often; what waits for people at once.
BOT_PAUSE_S = 1.0
STAFF_PAUSE_S = 0.5
ASSIGN_PAUSE_S = 0.1
ALIVE_EVERY_S = 15.0
RETRY_S = 1.0


class Desk(Protocol):
    """A desk's connection as the hub sees it."""

    @property
    def staff_id(self) -> int: ...

    def place(self, conversation_id: int) -> tuple[int, int] | None:
        """Number of the last line and id of the last note that it has; None while it loads."""

    async def may_show(self, entries: Iterable[Entry]) -> None:
        """Notes in the access log whom the desk is about to see for the first time."""

    def show_entry(self, conversation_id: int, entry: Entry | None) -> None: ...

    def show_thread(self, conversation_id: int, thread: Thread) -> None: ...

    def show_typing(self, conversation_id: int, news: dict[str, Any]) -> None: ...

    def show_staff(self, everybody: list[Colleague]) -> None: ...


class DeskHub:
    def __init__(self, care: Care) -> None:
        self._care = care
        self._entries: dict[int, Entry] = {}
        self._overdue: frozenset[int] = frozenset()
        self._staff: list[Colleague] = []
        self._is_loaded = False
        self._desks: set[Desk] = set()
        self._rooms: dict[int, set[Desk]] = {}
        self._dirty: set[int] = set()
        self._dirty_of_bot: set[int] = set()
        self._news = asyncio.Event()
        self._queue_moved = asyncio.Event()
        self._staff_moved = asyncio.Event()
        self._must_compare = asyncio.Event()
        self._loading = asyncio.Lock()

    # What a connection calls.

    async def ready(self) -> None:
        """Returns when the lists are there; the first desk of this process waits for a reading."""
        async with self._loading:
            if not self._is_loaded:
                self._staff = await presence.colleagues(self._care)
                self._entries = await board.live(self._care)
                self._is_loaded = True

    @property
    def entries(self) -> dict[int, Entry]:
        return self._entries

    @property
    def staff(self) -> list[Colleague]:
        return self._staff

    async def read_staff(self) -> list[Colleague]:
        """Everybody as they are this moment."""
        self._staff = await presence.colleagues(self._care)
        return self._staff

    def come(self, desk: Desk) -> None:
        self._desks.add(desk)

    def go(self, desk: Desk) -> None:
        self._desks.discard(desk)
        for conversation_id in [key for key, room in self._rooms.items() if desk in room]:
            self.leave(conversation_id, desk)
        if not self._desks:
            self._is_loaded = False
            self._entries = {}

    def join(self, conversation_id: int, desk: Desk) -> None:
        self._rooms.setdefault(conversation_id, set()).add(desk)

    def leave(self, conversation_id: int, desk: Desk) -> None:
        room = self._rooms.get(conversation_id)
        if room is not None:
            room.discard(desk)
            if not room:
                del self._rooms[conversation_id]

    def look_again(self, conversation_id: int) -> None:
        """Something of this conversation may be new."""
        self._dirty.add(conversation_id)
        self._news.set()

    # The loops.

    async def run(self) -> None:
        """Until cancelled."""
        await asyncio.gather(
            self._hear(DESK_CHANNEL, self._heard_change),
            self._hear(QUEUE_CHANNEL, self._heard_queue),
            self._forever(self._show_changes, self._news, GATHER_S),
            self._forever(self._show_bots, None, BOT_PAUSE_S),
            self._forever(self._show_staff, self._staff_moved, STAFF_PAUSE_S),
            self._forever(self._assign, self._queue_moved, ASSIGN_PAUSE_S),
            self._forever(self._compare, self._must_compare, BELT_S, is_belt=True),
            self._forever(self._say_alive, None, ALIVE_EVERY_S),
        )

    async def _hear(self, channel: str, take: Callable[[dict[str, Any]], None]) -> None:
        async with self._care.bus.subscribe(channel) as news:
            async for item in news:
                take(item)

    def _heard_change(self, news: dict[str, Any]) -> None:
        if "conversation" not in news:
            self._must_compare.set()
            return
        conversation_id = int(news["conversation"])
        if "typing" in news:
            for desk in list(self._rooms.get(conversation_id, ())):
                desk.show_typing(conversation_id, news)
            return
        known = self._entries.get(conversation_id)
        is_bots = news.get("owner") == Owner.BOT.value and conversation_id not in self._rooms
        if is_bots and (known is None or known.owner_version == news.get("owner_version")):
            self._dirty_of_bot.add(conversation_id)
        else:
            self.look_again(conversation_id)

    def _heard_queue(self, news: dict[str, Any]) -> None:
        self._queue_moved.set()
        self._staff_moved.set()
        self._dirty.update(key for key, entry in self._entries.items() if entry.owner is Owner.QUEUED)
        self._news.set()

    async def _forever(
        self,
        work: Callable[[], Awaitable[None]],
        event: asyncio.Event | None,
        pause_s: float,
        *,
        is_belt: bool = False,
    ) -> None:
        """Does `work` after each event, or every `pause_s` without one; both for a belt."""
        while True:
            if event is None:
                await asyncio.sleep(pause_s)
            elif is_belt:
                with suppress(asyncio.TimeoutError):
                    async with timeout(pause_s):
                        await event.wait()
            else:
                await event.wait()
                await asyncio.sleep(pause_s)
            if event is not None:
                event.clear()
            try:
                await whole(work())  # type: ignore[arg-type]
            except CareError:
                log.warning("desk.not_read", exc_info=True)
                await self._again(event)
            except Exception:
                log.exception("desk.failed")
                await self._again(event)

    async def _again(self, event: asyncio.Event | None) -> None:
        await asyncio.sleep(RETRY_S)
        self._must_compare.set()
        if event is not None:
            event.set()

    async def _show_changes(self) -> None:
        changed, self._dirty = self._dirty, set()
        if not self._desks or not changed:
            return
        try:
            await self._show_threads(changed)
            await self._show_entries(changed)
        except BaseException:
            self._dirty |= changed
            raise

    async def _show_bots(self) -> None:
        changed, self._dirty_of_bot = self._dirty_of_bot, set()
        if changed:
            self._dirty |= changed
            self._news.set()

    async def _show_threads(self, changed: set[int]) -> None:
        places: dict[int, tuple[int, int]] = {}
        for conversation_id in changed & self._rooms.keys():
            known = [desk.place(conversation_id) for desk in self._rooms[conversation_id]]
            having = [place for place in known if place is not None]
            if having:
                places[conversation_id] = (min(p[0] for p in having), min(p[1] for p in having))
        if not places:
            return
        threads = await desk_lines.news(self._care, places)
        for conversation_id, thread in threads.items():
            for desk in list(self._rooms.get(conversation_id, ())):
                desk.show_thread(conversation_id, thread)

    async def _show_entries(self, changed: set[int]) -> None:
        fresh = await board.of(self._care, changed)
        for conversation_id in changed:
            entry = fresh.get(conversation_id)
            if entry is None or not self._is_live(entry):
                self._entries.pop(conversation_id, None)
            else:
                self._entries[conversation_id] = entry
        await self._tell({key: self._entries.get(key) for key in changed})

    async def _tell(self, changed: dict[int, Entry | None]) -> None:
        people = [entry for entry in changed.values() if entry is not None and entry.customer_id is not None]
        for desk in list(self._desks):
            if people:
                await desk.may_show(people)
            for conversation_id, entry in changed.items():
                desk.show_entry(conversation_id, entry)

    async def _compare(self) -> None:
        """The lists against the records: what news did not tell."""
        if not self._desks or not self._is_loaded:
            return
        known = dict(self._entries)
        live = await board.live(self._care)
        now = self._care.clock.now()
        overdue = frozenset(
            key for key, entry in live.items() if entry.due_at is not None and entry.due_at < now
        )
        different = {key for key, entry in live.items() if known.get(key) != entry}
        different |= (overdue ^ self._overdue) & live.keys()
        # Rooms of conversations that are in no list (closed ones) hear of late notes here too.
        different |= {key for key in self._rooms if key not in live}
        self._overdue = overdue
        gone = known.keys() - live.keys()
        for key in gone:
            self._entries.pop(key, None)
        if gone:
            await self._tell(dict.fromkeys(gone))
        if different:
            self._dirty |= different
            self._news.set()
        staff = await presence.colleagues(self._care)
        if staff != self._staff:
            self._staff_moved.set()

    def _is_live(self, entry: Entry) -> bool:
        if entry.owner is Owner.BOT:
            within = self._care.clock.now() - board.BOT_WITHIN
            return entry.last_at is not None and entry.last_at > within
        return entry.owner is not Owner.CLOSED

    async def _show_staff(self) -> None:
        if not self._desks:
            return
        everybody = await self.read_staff()
        for desk in list(self._desks):
            desk.show_staff(everybody)

    async def _assign(self) -> None:
        await assignment.assign(self._care)

    async def _say_alive(self) -> None:
        await presence.alive(self._care, {desk.staff_id for desk in self._desks})
