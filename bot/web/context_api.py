"""`GET /api/desk/conversations/{conversation}/context`: what whoever takes the conversation should know."""

from __future__ import annotations

from aiohttp import web

from bot.web import context_views
from bot.web.bodies import json_response
from bot.web.keys import PARTS, SESSION
from care.rules.permissions import Permission, check_permission
from care.rules.vocabulary import Owner
from care.services import board, conversations, handover_context


async def context(request: web.Request) -> web.Response:
    """Own, waiting and the assistant's conversations; others need the permission to see all."""
    care, reader = request.app[PARTS].care, request[SESSION].staff
    view = await conversations.get_conversation(care, request.match_info["conversation"])
    is_open_to_all = view.owner in (Owner.QUEUED, Owner.BOT)
    if not is_open_to_all and view.agent_id != reader.id and not await board.was_in(care, view.id, reader.id):
        check_permission(reader.role, Permission.VIEW_ALL_CONVERSATIONS)
    found = await handover_context.of(care, reader, view.id)
    return json_response(context_views.context(found, reader.role))
