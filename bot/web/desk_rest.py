"""`/api/desk/…`: the desk's acts, lists and lines for who has no socket. The same functions do the acts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web
from msgspec import Struct

from bot.web import desk_acts, desk_frames, desk_views, texts
from bot.web import desk_schemas as shapes
from bot.web.bodies import json_response, read_body, read_query
from bot.web.keys import PARTS, SESSION
from bot.web.schemas import Nothing
from care.rules.errors import NotSignedIn
from care.rules.permissions import Permission, may
from care.rules.vocabulary import CarePart, Outcome, Owner, Topic
from care.services import access_log, board, desk_lines, desk_notes, notices, presence, wrap_ups
from care.services.presence import Colleague

Handler = Callable[[web.Request], Awaitable[web.Response]]

_SHOWS = ("customer.name", "customer.tier", "message.text")


def act(frame: type[desk_frames.OnConversation], body: type[Struct] | None = None) -> Handler:
    """The handler that does what the frame of this type does on the socket; the body holds its fields."""

    async def handle(request: web.Request) -> web.Response:
        fields = {}
        if body is not None:
            fields = msgspec.structs.asdict(await read_body(request, body))
        meant = frame(id="rest", conversation=request.match_info["conversation"], **fields)
        line = await desk_acts.ACTS[frame](request.app[PARTS], request[SESSION].staff, meant)
        return json_response(Nothing() if line is None else line)

    return handle


async def set_presence(request: web.Request) -> web.Response:
    given = await read_body(request, shapes.PresenceBody)
    await presence.choose(request.app[PARTS].care, request[SESSION].staff.id, given.presence)
    return json_response(desk_views.me_shape(await _me(request)))


async def conversations(request: web.Request) -> web.Response:
    parts, reader = request.app[PARTS], request[SESSION].staff
    asked = read_query(request, shapes.ConversationsQuery)
    me, now, text = await _me(request), parts.care.clock.now(), asked.q.strip()
    if asked.scope == "closed":
        sees_all = may(reader.role, Permission.VIEW_ALL_CONVERSATIONS)
        entries = await board.closed(
            parts.care,
            agent_id=None if sees_all else reader.id,
            text=text,
            before=asked.before,
            limit=asked.limit,
        )
    else:
        live = await board.live(parts.care)
        entries = [entry for entry in live.values() if desk_views.scope(entry, me) == asked.scope]
        if text:
            found = await board.matching(parts.care, [entry.id for entry in entries], text)
            entries = [entry for entry in entries if entry.id in found]
        entries = sorted(entries, key=_place)[: asked.limit]
    await access_log.note_look(
        parts.care, reader, [entry.customer_id for entry in entries], _SHOWS, purpose=texts.LOOK_DESK
    )
    return json_response(shapes.Conversations([desk_views.item(entry, me, now) for entry in entries]))


async def lines(request: web.Request) -> web.Response:
    parts, reader = request.app[PARTS], request[SESSION].staff
    asked = read_query(request, shapes.LinesQuery)
    view = await desk_acts.visible(parts, reader, request.match_info["conversation"])
    await desk_acts.note_look(parts, reader, view)
    thread = await desk_lines.read(parts.care, view.id, after=asked.after, before=asked.before)
    draft = await desk_notes.draft_of(parts.care, view.id, reader.id)
    return json_response(
        shapes.Lines(
            view.public_id, desk_views.lines(thread, reader.role), thread.seq, thread.has_older, draft
        )
    )


async def wrap_up(request: web.Request) -> web.Response:
    parts, reader = request.app[PARTS], request[SESSION].staff
    view = await desk_acts.visible(parts, reader, request.match_info["conversation"])
    known = await wrap_ups.known(parts.care, view.id)
    return json_response(
        shapes.WrapUpDraft(
            topic=known.topic,
            outcome=known.outcome,
            care_part=known.care_part,
            is_complaint=known.is_complaint,
            root_cause_1=known.root_cause_1,
            root_cause_2=known.root_cause_2,
            topics=_choices(Topic.labels()),
            outcomes=_choices(Outcome.labels()),
            care_parts=_choices(CarePart.labels()),
        )
    )


async def own_notices(request: web.Request) -> web.Response:
    told = await notices.of_staff(request.app[PARTS].care, request[SESSION].staff.id)
    return json_response(shapes.Notices([desk_views.notice(one) for one in told]))


async def read_notice(request: web.Request) -> web.Response:
    await notices.mark_read(
        request.app[PARTS].care, request[SESSION].staff.id, int(request.match_info["notice"])
    )
    return json_response(Nothing())


async def skills(request: web.Request) -> web.Response:
    """Groups that a conversation can be handed to."""
    care = request.app[PARTS].care
    everybody = await presence.colleagues(care)
    live = await board.live(care)
    waiting = [entry.skill for entry in live.values() if entry.owner is Owner.QUEUED]
    names = sorted({skill for one in everybody for skill in one.skills})
    return json_response(
        shapes.Skills(
            [
                shapes.Skill(
                    name=name,
                    staff=sum(name in one.skills for one in everybody),
                    online=sum(name in one.skills and one.presence == "online" for one in everybody),
                    waiting=waiting.count(name),
                )
                for name in names
            ]
        )
    )


async def _me(request: web.Request) -> Colleague:
    reader = request[SESSION].staff
    for one in await presence.colleagues(request.app[PARTS].care):
        if one.id == reader.id:
            return one
    raise NotSignedIn


def _place(entry: board.Entry) -> tuple[int, float]:
    """Who waits in the queue's order, everything else by the newest line first."""
    if entry.position is not None:
        return entry.position, 0.0
    return 0, -(entry.last_at or entry.opened_at).timestamp()


def _choices(labels: dict[str, str]) -> list[dict[str, str]]:
    return [{"value": value, "label": label} for value, label in labels.items()]
