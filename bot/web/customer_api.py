"""`/api/desk/customers…`, `/api/desk/quality…`, `/api/desk/merges…`: records, bad data, duplicates, value."""

from __future__ import annotations

from aiohttp import web

from bot.web import customer_schemas as schemas
from bot.web.bodies import json_response, read_body, read_query
from bot.web.keys import PARTS, SESSION
from bot.web.schemas import Nothing
from care.rules.errors import NotFound
from care.rules.vocabulary import DataIssue
from care.services import (
    access_log,
    customer_search,
    customer_sheet,
    customer_value,
    field_corrections,
    merging,
    quality,
)
from care.services.context import Care
from care.services.staff import StaffView


async def search(request: web.Request) -> web.Response:
    care, reader = _who(request)
    asked = read_query(request, schemas.CustomerQuery)
    found = await customer_search.search(
        care,
        reader,
        text=asked.q,
        kind=asked.type,
        tier=asked.tier,
        stage=asked.stage,
        after=asked.after,
        limit=asked.limit,
    )
    items = [schemas.customer_line(one) for one in found]
    return json_response(schemas.CustomerPage(items, found[-1].id if len(found) == asked.limit else None))


async def sheet(request: web.Request) -> web.Response:
    """Everything about one customer, masked by role; the read is logged with its purpose."""
    care, reader = _who(request)
    asked = read_query(request, schemas.SheetQuery)
    found = await customer_sheet.read(care, reader, request.match_info["customer"], purpose=asked.purpose)
    worth = await customer_value.of(care, found.id)
    return json_response(schemas.sheet(found, worth, reader.role))


async def correct(request: web.Request) -> web.Response:
    care, reader = _who(request)
    given = await read_body(request, schemas.FieldCorrection)
    await field_corrections.correct(care, reader, request.match_info["customer"], given.name, given.value)
    return json_response(Nothing())


async def sign(request: web.Request) -> web.Response:
    care, reader = _who(request)
    given = await read_body(request, schemas.Scores)
    account = await customer_value.sign(
        care, request.match_info["customer"], given.scores, staff_id=reader.id, reason=given.reason
    )
    return json_response(schemas.key_account(account, reader.role))


async def issue_counts(request: web.Request) -> web.Response:
    care, _ = _who(request)
    found = await quality.counts(care)
    return json_response(
        schemas.IssueCounts([schemas.IssueCount(kind, kind.label, count) for kind, count in found.items()])
    )


async def issues(request: web.Request) -> web.Response:
    """One queue, page by page: the surest duplicates first, otherwise the newest."""
    care, reader = _who(request)
    asked = read_query(request, schemas.IssueQuery)
    try:
        kind = DataIssue(request.match_info["issue"])
    except ValueError:
        raise NotFound("没有这一类资料问题。") from None
    found = await quality.queue(care, kind, after=asked.after, limit=asked.limit)
    await access_log.note_look(
        care, reader, {id_ for one in found for id_ in (one.customer_id, one.other_id)}, ["name"], purpose="处理资料问题"
    )  # fmt: skip
    return json_response(
        schemas.IssuePage(
            [schemas.issue(one, reader.role) for one in found],
            found[-1].id if len(found) == asked.limit else None,
        )
    )


async def dismiss(request: web.Request) -> web.Response:
    """It is right as it is: two people after all, a strange but true name."""
    care, reader = _who(request)
    await quality.dismiss(care, int(request.match_info["id"]), who=_signature(reader))
    return json_response(Nothing())


async def merge(request: web.Request) -> web.Response:
    care, reader = _who(request)
    wish = await read_body(request, schemas.MergeWish)
    done = await merging.merge(
        care,
        wish.survivor,
        wish.loser,
        who=_signature(reader),
        rule=wish.reason,
        is_persons_word=wish.is_persons_word,
    )
    await quality.scan_refs(care, [done.survivor])
    return json_response(schemas.merge(done))


async def merges(request: web.Request) -> web.Response:
    care, _ = _who(request)
    asked = read_query(request, schemas.MergeQuery)
    found = await merging.merges(care, asked.customer, limit=asked.limit, before=asked.after)
    return json_response(
        schemas.MergePage(
            [schemas.merge(one) for one in found], found[-1].id if len(found) == asked.limit else None
        )
    )


async def undo_merge(request: web.Request) -> web.Response:
    care, reader = _who(request)
    done = await merging.undo(care, int(request.match_info["id"]), who=_signature(reader))
    await quality.scan_refs(care, [done.survivor, done.loser])
    return json_response(schemas.merge(done))


def _who(request: web.Request) -> tuple[Care, StaffView]:
    return request.app[PARTS].care, request[SESSION].staff


def _signature(reader: StaffView) -> str:
    return f"staff:{reader.login}"
