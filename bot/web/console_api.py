"""`/api/console/…`: the figures of the managers' console and the rows behind them."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from aiohttp import web

from bot.web import console_lists as lists
from bot.web import console_rows, console_satisfaction, console_today
from bot.web import console_schemas as schemas
from bot.web.bodies import json_response, read_query
from bot.web.case_api import filters_of
from bot.web.keys import PARTS, SESSION
from care.rules.figures import LOW_CONFIDENCE
from care.rules.period import Period, period_of
from care.rules.permissions import Permission, may
from care.rules.times import format_moment, shanghai_day
from care.services import (
    answer_list,
    case_list,
    contact_list,
    exports,
    names,
    promise_list,
    satisfaction_figures,
    service_figures,
    team_figures,
    today_figures,
)
from care.services.answer_list import AnswerFilters
from care.services.contact_list import ContactFilters, Which
from care.services.context import Care
from care.services.promise_list import PromiseState
from care.services.satisfaction_figures import By
from care.services.staff import StaffView

_CONTENT_TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


async def today(request: web.Request) -> web.Response:
    care, _ = _who(request)
    return json_response(console_today.today(await today_figures.figures(care)))


async def service(request: web.Request) -> web.Response:
    care, _ = _who(request)
    asked = read_query(request, schemas.PeriodQuery)
    found = await service_figures.figures(care, _period(care, asked.since, asked.until))
    return json_response(console_today.service(found, care.clock.now()))


async def team(request: web.Request) -> web.Response:
    care, _ = _who(request)
    asked = read_query(request, schemas.PeriodQuery)
    found = await team_figures.figures(care, _period(care, asked.since, asked.until))
    return json_response(console_today.team(found))


async def export_complaints(request: web.Request) -> web.Response:
    """Every complaint that the filters let pass, masked by role; the first row says what the copy is."""
    care, reader = _who(request)
    asked = read_query(request, lists.ExportQuery)
    now = care.clock.now()
    only = case_list.matching(reader, filters_of(asked), now)
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"complaints.{asked.format}"
        is_masked = not may(reader.role, Permission.VIEW_UNMASKED)
        await exports.export(
            care,
            exports.What.COMPLAINTS,
            path,
            form="xlsx" if asked.format == "xlsx" else "csv",
            who=reader.login,
            role=reader.role.value,
            is_masked=is_masked,
            only=only,
            label=f"知客投诉台账，{format_moment(now)}由{reader.name}导出，"
            f"{'已打码' if is_masked else '未打码，请妥善保管'}；投诉可能由智能客服登记",
        )
        content = await asyncio.to_thread(path.read_bytes)
    name = quote(f"投诉台账-{shanghai_day(now):%Y%m%d}.{asked.format}")
    return web.Response(
        body=content,
        content_type=_CONTENT_TYPES[asked.format],
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"},
    )


async def satisfaction(request: web.Request) -> web.Response:
    care, _ = _who(request)
    asked = read_query(request, schemas.SatisfactionQuery)
    found = await satisfaction_figures.figures(care, _period(care, asked.since, asked.until), By(asked.by))
    keys = [int(row.key) for row in found.breakdown if row.key.isdigit()]
    called = {}
    if found.by is By.AGENT:
        called = await names.of_staff(care, keys)
    elif found.by is By.PRODUCT:
        called = await names.of_products(care, keys)
    return json_response(console_satisfaction.satisfaction(found, called, care.clock.now()))


async def answers(request: web.Request) -> web.Response:
    """Names and words are masked by role; the look is logged."""
    care, reader = _who(request)
    asked = read_query(request, schemas.AnswersQuery)
    found = await answer_list.find(
        care,
        reader,
        _period(care, asked.since, asked.until),
        AnswerFilters(
            topic=asked.topic,
            product=asked.product,
            channel=asked.channel,
            agent=asked.agent,
            care_part=asked.care_part,
            verdict=asked.verdict,
            is_answered=asked.state == "answered",
        ),
        after=asked.after,
        limit=asked.limit,
    )
    items = [console_satisfaction.answer_line(one, reader.role) for one in found]
    return json_response(schemas.AnswerPage(items, items[-1].id if len(items) == asked.limit else None))


async def contacts(request: web.Request) -> web.Response:
    """Names are masked by role; the look is logged."""
    care, reader = _who(request)
    asked = read_query(request, lists.ContactsQuery)
    found = await contact_list.find(
        care,
        reader,
        _period(care, asked.since, asked.until),
        ContactFilters(
            kind=asked.kind,
            topic=asked.topic,
            channel=asked.channel,
            handled_by=asked.handled_by,
            outcome=asked.outcome,
            agent=asked.agent,
            reason=asked.reason,
            which=Which(asked.which) if asked.which else None,
        ),
        low_confidence=LOW_CONFIDENCE,
        after=asked.after,
        limit=asked.limit,
    )
    items = [console_rows.contact_line(one, reader.role) for one in found]
    return json_response(lists.ContactPage(items, items[-1].id if len(items) == asked.limit else None))


async def promises(request: web.Request) -> web.Response:
    """Names are masked by role; the look is logged."""
    care, reader = _who(request)
    asked = read_query(request, lists.PromisesQuery)
    has_period = asked.since is not None or asked.until is not None
    found = await promise_list.find(
        care,
        reader,
        state=PromiseState(asked.state) if asked.state else None,
        period=_period(care, asked.since, asked.until) if has_period else None,
        after=asked.after,
        limit=asked.limit,
    )
    items = [console_rows.promise_line(one, reader.role) for one in found]
    return json_response(lists.PromisePage(items, items[-1].id if len(items) == asked.limit else None))


def _period(care: Care, since: date | None, until: date | None) -> Period:
    return period_of(since, until, today=shanghai_day(care.clock.now()))


def _who(request: web.Request) -> tuple[Care, StaffView]:
    return request.app[PARTS].care, request[SESSION].staff
