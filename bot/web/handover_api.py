"""`/api/desk/canned…`, `/api/desk/callbacks…`, `/api/staff/hours…`."""

from __future__ import annotations

from datetime import date

from aiohttp import web

from bot.web import handover_schemas as shapes
from bot.web.bodies import json_response, read_body, read_query
from bot.web.keys import PARTS, SESSION
from bot.web.schemas import Nothing
from care.rules.errors import InvalidInput
from care.rules.hours import Span, is_open, minutes_of, next_opening, words_of_week
from care.services import callbacks, canned, conversations, opening_hours
from care.services.canned import CannedWish
from care.services.context import Care
from care.services.staff_accounts import StaffView

_BAD_TIME = "时间写成 9:00 的样子。"


async def find_canned(request: web.Request) -> web.Response:
    care, reader = _who(request)
    asked = read_query(request, shapes.CannedQuery)
    here = None
    if asked.conversation is not None:
        here = (await conversations.get_conversation(care, asked.conversation)).id
    found = await canned.search(care, reader, asked.q, conversation_id=here, limit=asked.limit)
    return json_response(shapes.CannedList([shapes.canned(one) for one in found]))


async def create_canned(request: web.Request) -> web.Response:
    care, who = _who(request)
    return json_response(shapes.canned(await canned.create(care, who, await _wish(request))))


async def change_canned(request: web.Request) -> web.Response:
    care, who = _who(request)
    return json_response(
        shapes.canned(await canned.change(care, who, int(request.match_info["id"]), await _wish(request)))
    )


async def remove_canned(request: web.Request) -> web.Response:
    care, who = _who(request)
    await canned.remove(care, who, int(request.match_info["id"]))
    return json_response(Nothing())


async def use_canned(request: web.Request) -> web.Response:
    care, who = _who(request)
    await canned.note_use(care, who, int(request.match_info["id"]))
    return json_response(Nothing())


async def list_callbacks(request: web.Request) -> web.Response:
    care, reader = _who(request)
    asked = read_query(request, shapes.CallbackQuery)
    found = await callbacks.listing(care, reader, is_open=asked.state == "open")
    return json_response(shapes.CallbackList([shapes.callback(one, reader) for one in found]))


async def take_callback(request: web.Request) -> web.Response:
    care, who = _who(request)
    taken = await callbacks.take(care, int(request.match_info["id"]), who)
    return json_response(shapes.callback(taken, who))


async def done_callback(request: web.Request) -> web.Response:
    care, who = _who(request)
    given = await read_body(request, shapes.CallbackDone)
    done = await callbacks.note_call(care, int(request.match_info["id"]), who.id, given.result, given.note)
    return json_response(shapes.callback(done, who))


async def cancel_callback(request: web.Request) -> web.Response:
    care, who = _who(request)
    given = await read_body(request, shapes.CallbackCancel)
    gone = await callbacks.cancel_task(care, int(request.match_info["id"]), who.id, given.note)
    return json_response(shapes.callback(gone, who))


async def hours(request: web.Request) -> web.Response:
    return json_response(await _hours(request))


async def set_week(request: web.Request) -> web.Response:
    care, who = _who(request)
    given = await read_body(request, shapes.WeekBody)
    week = {int(day): [_span(one.opens, one.closes) for one in spans] for day, spans in given.week.items()}
    await opening_hours.set_week(care, week, who=who.login)
    return json_response(await _hours(request))


async def set_day(request: web.Request) -> web.Response:
    care, who = _who(request)
    given = await read_body(request, shapes.DayBody)
    span = None
    if given.opens is not None or given.closes is not None:
        span = _span(given.opens or "", given.closes or "")
    await opening_hours.set_day(care, given.day, given.name, span, who=who.login)
    return json_response(await _hours(request))


async def unset_day(request: web.Request) -> web.Response:
    care, _ = _who(request)
    try:
        day = date.fromisoformat(request.match_info["day"])
    except ValueError:
        raise InvalidInput("没有这一天。") from None
    await opening_hours.unset_day(care, day)
    return json_response(await _hours(request))


async def _hours(request: web.Request) -> shapes.HoursShown:
    care, _ = _who(request)
    found, now = await opening_hours.present(care), care.clock.now()
    return shapes.HoursShown(
        week={str(day): [shapes.span(one) for one in found.week.get(day, ())] for day in range(7)},
        words=words_of_week(found),
        open_now=is_open(found, now),
        next_opening=next_opening(found, now),
        closed_on_holidays=care.settings.closed_on_holidays,
        days=[shapes.day(one) for one in await opening_hours.exceptions(care)],
    )


async def _wish(request: web.Request) -> CannedWish:
    given = await read_body(request, shapes.CannedBody)
    return CannedWish(given.title, given.text, given.category, given.shortcut, given.shared)


def _span(opens: str, closes: str) -> Span:
    try:
        return minutes_of(opens), minutes_of(closes)
    except ValueError:
        raise InvalidInput(_BAD_TIME, fields={"opens": _BAD_TIME}) from None


def _who(request: web.Request) -> tuple[Care, StaffView]:
    return request.app[PARTS].care, request[SESSION].staff
