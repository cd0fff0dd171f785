"""`/api/desk/…`: see who waits, take a conversation, answer, hand back, close."""

from __future__ import annotations

from typing import TypeVar

from aiohttp import web
from msgspec import Struct

from bot.web import desk_acts, schemas, texts
from bot.web import desk_schemas as shapes
from bot.web.bodies import json_response, read_body, read_query
from bot.web.keys import PARTS, SESSION
from care.rules.permissions import Permission, check_permission
from care.rules.vocabulary import Owner, Speaker
from care.services import access_log, conversations, handoff, transcript
from care.services.conversations import ConversationView

_Body = TypeVar("_Body", bound=Struct)
_QUEUE_SHOWS = ("customer.name", "customer.tier", "message.text")


async def queue(request: web.Request) -> web.Response:
    reader = request[SESSION].staff
    care = request.app[PARTS].care
    entries = await handoff.queue(care)
    await access_log.note_look(
        care, reader, [one.customer_id for one in entries], _QUEUE_SHOWS, purpose=texts.LOOK_QUEUE
    )
    return json_response(schemas.Queue([schemas.queue_item(entry, reader) for entry in entries]))


async def read_transcript(request: web.Request) -> web.Response:
    """Own and waiting conversations; others need the permission to see all."""
    care, reader = request.app[PARTS].care, request[SESSION].staff
    asked = read_query(request, schemas.TranscriptQuery)
    view = await _conversation(request)
    if view.owner is not Owner.QUEUED and view.agent_id != reader.id:
        check_permission(reader.role, Permission.VIEW_ALL_CONVERSATIONS)
    lines = await transcript.history(care, view.id, after=asked.after, limit=asked.limit)
    customers = await transcript.customers_in(care, view.id)
    await access_log.note_look(care, reader, customers, ["message.text"], purpose=texts.LOOK_TRANSCRIPT)
    return json_response(
        schemas.Transcript(schemas.stand(view, reader), [schemas.line(one, reader) for one in lines])
    )


async def take(request: web.Request) -> web.Response:
    view = await _conversation(request)
    await handoff.take(request.app[PARTS].care, view.id, request[SESSION].staff.id)
    return await _stand(request)


async def send(request: web.Request) -> web.Response:
    said = await read_body(request, schemas.Say)
    view = await _conversation(request)
    line = await handoff.say_as_agent(
        request.app[PARTS].care, view.id, request[SESSION].staff.id, said.text, said.client_msg_id
    )
    return json_response(schemas.line(line, request[SESSION].staff))


async def typing(request: web.Request) -> web.Response:
    """Shows the customer that the agent who holds the conversation is writing."""
    view = await _conversation(request)
    if view.owner is Owner.HUMAN and view.agent_id == request[SESSION].staff.id:
        me = request[SESSION].staff
        await request.app[PARTS].hub.tell_typing(view.id, Speaker.AGENT.value, staff_id=me.id, name=me.name)
    return json_response(schemas.Nothing())


async def return_to_bot(request: web.Request) -> web.Response:
    given = await _maybe(request, shapes.ReturnBody)
    view = await _conversation(request)
    await handoff.return_to_bot(request.app[PARTS].care, view.id, request[SESSION].staff.id, given.note)
    return await _stand(request)


async def close(request: web.Request) -> web.Response:
    given = await _maybe(request, shapes.CloseBody)
    view = await _conversation(request)
    by = f"staff:{request[SESSION].staff.id}"
    await handoff.close(request.app[PARTS].care, view.id, by, desk_acts.wrap_up_values(given.wrap_up))
    return await _stand(request)


async def _maybe(request: web.Request, kind: type[_Body]) -> _Body:
    """The body, or what an empty one means."""
    return await read_body(request, kind) if request.can_read_body else kind()


async def _conversation(request: web.Request) -> ConversationView:
    return await conversations.get_conversation(request.app[PARTS].care, request.match_info["conversation"])


async def _stand(request: web.Request) -> web.Response:
    return json_response(schemas.stand(await _conversation(request), request[SESSION].staff))
