"""`/api/me/…`: a customer's own data, for the browser whose conversation proved who they are.

The visitor's token comes in a header of our own: no other site's page can send it, and no address carries it.
"""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import web

from bot.web import me_schemas
from bot.web.bodies import json_response, read_body
from bot.web.keys import PARTS
from care.rules.errors import NotFound, NotVerified
from care.services import identity, profile, rights, rights_export, visits
from care.services.verified import needs_step_up

VISITOR_HEADER = "X-Zhike-Visitor"


async def me(request: web.Request) -> web.Response:
    care, here = request.app[PARTS].care, await _conversation_id(request)
    customer = await identity.customer_of(care, here)
    if customer is None:
        raise NotVerified
    is_weak = await needs_step_up(care, here)
    return json_response(
        me_schemas.Me(
            name=customer.masked_name if is_weak else customer.name,
            needs_step_up=is_weak,
            fields=[me_schemas.my_field(one) for one in await profile.fields(care, here)],
            kept=[me_schemas.my_kept(one) for one in await rights.what_is_kept(care, here)],
            consents=[me_schemas.my_consent(one) for one in await rights.consents(care, here)],
            requests=[me_schemas.my_request(one) for one in await rights.mine(care, here)],
        )
    )


async def change_consent(request: web.Request) -> web.Response:
    care, here = request.app[PARTS].care, await _conversation_id(request)
    given = await read_body(request, me_schemas.ConsentChange)
    change = rights.give_consent if given.is_given else rights.withdraw_consent
    view = await change(care, here, given.purpose, source_message_id=None)
    return json_response(me_schemas.my_consent(view))


async def request_export(request: web.Request) -> web.Response:
    care, here = request.app[PARTS].care, await _conversation_id(request)
    return json_response(
        me_schemas.my_request(await rights.request_export(care, here, source_message_id=None))
    )


async def request_deletion(request: web.Request) -> web.Response:
    care, here = request.app[PARTS].care, await _conversation_id(request)
    receipt = await rights.request_deletion(care, here, source_message_id=None)
    return json_response(me_schemas.my_request(receipt))


async def cancel_deletion(request: web.Request) -> web.Response:
    care, here = request.app[PARTS].care, await _conversation_id(request)
    receipt = await rights.cancel_deletion(care, here, request.match_info["number"])
    return json_response(me_schemas.my_request(receipt))


async def download(request: web.Request) -> web.Response:
    """The export, once. Its token is all that it asks for: who has it was shown it in their own conversation."""
    if request.method == "HEAD":
        raise NotFound  # a preview must not use it up
    file = await rights_export.redeem(request.app[PARTS].care, request.match_info["token"])
    return web.Response(
        body=file.data,
        content_type="application/zip",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name)}"},
    )


async def _conversation_id(request: web.Request) -> int:
    view = await visits.conversation_of_token(
        request.app[PARTS].care, request.headers.get(VISITOR_HEADER) or None
    )
    if view is None:
        raise NotVerified
    return view.id
