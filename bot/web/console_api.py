"""`/api/console/…`: the figures of the managers' console and the rows behind them."""

from __future__ import annotations

from datetime import date

from aiohttp import web

from bot.web import console_lists as lists
from bot.web import console_rows, console_satisfaction
from bot.web import console_schemas as schemas
from bot.web.bodies import json_response, read_query
from bot.web.keys import PARTS, SESSION
from care.rules.figures import LOW_CONFIDENCE
from care.rules.period import Period, period_of
from care.rules.times import shanghai_day
from care.services import (
    answer_list,
    contact_list,
    names,
    promise_list,
    satisfaction_figures,
)
from care.services.answer_list import AnswerFilters
from care.services.contact_list import ContactFilters, Which
from care.services.context import Care
from care.services.promise_list import PromiseState
from care.services.satisfaction_figures import By
from care.services.staff import StaffView


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
