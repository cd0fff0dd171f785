"""`/api/desk/improve/…`: surge alarms, complaints of one cause, corrective actions, win-back."""

from __future__ import annotations

from datetime import timedelta

from aiohttp import web

from bot.web import improve_schemas as schemas
from bot.web import winback_schemas
from bot.web.bodies import json_response, read_body, read_query
from bot.web.keys import PARTS, SESSION
from care.rules.errors import InvalidInput
from care.services import corrective_actions, same_cause, surge_desk, winbacks
from care.services.context import Care
from care.services.staff import StaffView


async def alarms(request: web.Request) -> web.Response:
    care, _ = _who(request)
    asked = read_query(request, schemas.AlarmQuery)
    found = await surge_desk.alarms(care, is_open=asked.open, after=asked.after, limit=asked.limit)
    items = [schemas.alarm(one) for one in found]
    return json_response(schemas.AlarmPage(items, found[-1].id if len(found) == asked.limit else None))


async def alarm(request: web.Request) -> web.Response:
    """One alarm with the days of its chart and its cases."""
    care, _ = _who(request)
    return json_response(schemas.alarm_sheet(await surge_desk.alarm(care, _id(request))))


async def acknowledge(request: web.Request) -> web.Response:
    care, by = _who(request)
    return json_response(schemas.alarm(await surge_desk.acknowledge(care, by, _id(request))))


async def set_cause(request: web.Request) -> web.Response:
    care, by = _who(request)
    given = await read_body(request, schemas.CauseGiven)
    return json_response(schemas.alarm(await surge_desk.set_cause(care, by, _id(request), given.cause)))


async def close_alarm(request: web.Request) -> web.Response:
    care, by = _who(request)
    given = await read_body(request, schemas.AlarmClose)
    return json_response(schemas.alarm(await surge_desk.close(care, by, _id(request), given.note)))


async def causes(request: web.Request) -> web.Response:
    """Open complaints that have one cause."""
    care, _ = _who(request)
    asked = read_query(request, schemas.CauseQuery)
    found = await same_cause.groups(care, window=timedelta(hours=asked.hours))
    return json_response(schemas.SameCauses([schemas.same_cause(one) for one in found]))


async def actions(request: web.Request) -> web.Response:
    care, _ = _who(request)
    asked = read_query(request, schemas.ActionQuery)
    found = await corrective_actions.actions(care, state=asked.state, after=asked.after, limit=asked.limit)
    items = [schemas.action(one) for one in found]
    return json_response(schemas.ActionPage(items, found[-1].id if len(found) == asked.limit else None))


async def action(request: web.Request) -> web.Response:
    care, _ = _who(request)
    return json_response(schemas.action(await corrective_actions.action(care, _id(request))))


async def create_action(request: web.Request) -> web.Response:
    care, by = _who(request)
    wish = await read_body(request, schemas.ActionWish)
    return json_response(
        schemas.action(await corrective_actions.create(care, by, schemas.draft(wish))), status=201
    )


async def change_action(request: web.Request) -> web.Response:
    """Changes the fields that are named; `version` is that of the action as it was read."""
    care, by = _who(request)
    wish = await read_body(request, schemas.ActionWish)
    if wish.version is None:
        raise InvalidInput(fields={"version": "请带上读取时的版本号。"})
    done = await corrective_actions.change(care, by, _id(request), schemas.draft(wish), version=wish.version)
    return json_response(schemas.action(done))


async def measure_before(request: web.Request) -> web.Response:
    care, by = _who(request)
    span = await read_body(request, schemas.Measure)
    done = await corrective_actions.measure_before(
        care, by, _id(request), span.since, span.until, version=span.version
    )
    return json_response(schemas.action(done))


async def measure_after(request: web.Request) -> web.Response:
    care, by = _who(request)
    span = await read_body(request, schemas.Measure)
    done = await corrective_actions.measure_after(
        care, by, _id(request), span.since, span.until, version=span.version
    )
    return json_response(schemas.action(done))


async def move_action(request: web.Request) -> web.Response:
    care, by = _who(request)
    wish = await read_body(request, schemas.ActionMove)
    done = await corrective_actions.move(
        care, by, _id(request), wish.to, version=wish.version, reason=wish.reason
    )
    return json_response(schemas.action(done))


async def winback_list(request: web.Request) -> web.Response:
    """Names are masked by role; the look is logged."""
    care, reader = _who(request)
    asked = read_query(request, winback_schemas.WinbackQuery)
    found = await winbacks.cases(
        care,
        reader,
        state=asked.state,
        is_open=asked.open,
        owner=asked.owner,
        after=asked.after,
        limit=asked.limit,
    )
    items = [winback_schemas.winback(one, reader.role) for one in found]
    return json_response(
        winback_schemas.WinbackPage(items, found[-1].id if len(found) == asked.limit else None)
    )


async def winback(request: web.Request) -> web.Response:
    care, reader = _who(request)
    found = await winbacks.case(care, reader, _id(request))
    return json_response(winback_schemas.winback(found, reader.role))


async def assign_winback(request: web.Request) -> web.Response:
    care, by = _who(request)
    given = await read_body(request, winback_schemas.WinbackAssign)
    done = await winbacks.assign(care, by, _id(request), given.owner)
    return json_response(winback_schemas.winback(done, by.role))


async def move_winback(request: web.Request) -> web.Response:
    care, by = _who(request)
    wish = await read_body(request, winback_schemas.WinbackMoveWish)
    done = await winbacks.move(
        care, by, _id(request), wish.to, winback_schemas.winback_move(wish), state=wish.state
    )
    return json_response(winback_schemas.winback(done, by.role))


def _who(request: web.Request) -> tuple[Care, StaffView]:
    return request.app[PARTS].care, request[SESSION].staff


def _id(request: web.Request) -> int:
    return int(request.match_info["id"])
