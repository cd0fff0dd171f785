"""`/api/desk/complaints…`: staff list, read and work on complaints."""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import quote

from aiohttp import web

from bot.web import case_answers, case_bodies
from bot.web import case_schemas as schemas
from bot.web.bodies import json_response, read_body, read_query
from bot.web.desk_schemas import Person
from bot.web.keys import PARTS, SESSION
from care.rules.complaint_terms import ComplaintCategory, ComplaintState, Level, Remedy
from care.rules.errors import InvalidInput, NotFound
from care.rules.labelled import Labelled
from care.rules.link_terms import LinkKind
from care.rules.remedies import RemedyPart
from care.rules.root_causes import DETAILS_OF, RootCause
from care.rules.severity import Grade
from care.rules.vocabulary import Channel, Role, Tier, Topic
from care.services import (
    approvals,
    case_access,
    case_acts,
    case_document,
    case_events,
    case_links,
    case_list,
    case_moving,
    case_opening,
    case_sheet,
    escalations,
    legal_clocks,
    promises,
    remedy_limits,
    staff,
)
from care.services.case_moving import Done
from care.services.complaint_moves import Change
from care.services.context import Care
from care.services.staff import StaffView

E = TypeVar("E", bound=Labelled)


async def find(request: web.Request) -> web.Response:
    care, reader = _who(request)
    asked = read_query(request, case_bodies.CaseQuery)
    page = await case_list.find(
        care, reader, filters_of(asked), sort=asked.sort, after=asked.after, limit=asked.limit
    )
    return json_response(
        schemas.CasePage(
            [case_answers.line(item, reader.role) for item in page.items],
            page.next,
            page.total,
            [
                schemas.StateCount(state, state.label, page.states[state])
                for state in ComplaintState
                if state in page.states
            ],
        )
    )


async def terms(request: web.Request) -> web.Response:
    """What the forms let one choose from."""
    care, reader = _who(request)
    limits = await remedy_limits.limits(care)
    return json_response(
        schemas.CaseTerms(
            states=_choices(ComplaintState),
            grades=_choices(Grade),
            levels=_choices(Level),
            categories=_choices(ComplaintCategory),
            topics=[one for one in _choices(Topic) if one.value.startswith("complaint_")],
            channels=_choices(Channel),
            tiers=_choices(Tier),
            remedies=_choices(Remedy),
            link_kinds=_choices(LinkKind),
            root_causes=[
                schemas.CauseChoice(
                    cause.value,
                    cause.label,
                    [schemas.CaseChoice(detail.value, detail.label) for detail in DETAILS_OF[cause]],
                )
                for cause in RootCause
            ],
            owners=[Person(one.id, one.name) for one in await staff.list_staff(care) if one.active],
            limits=[schemas.LimitShown(role.value, role.label, limits[role]) for role in Role],
            my_limit=limits[reader.role],
        )
    )


async def read(request: web.Request) -> web.Response:
    """The whole case, masked by role; the look is logged."""
    care, reader = _who(request)
    found = await case_sheet.read(care, reader, _ref(request))
    return json_response(case_answers.sheet(found, reader))


async def events(request: web.Request) -> web.Response:
    care, reader = _who(request)
    return json_response(case_answers.events(*await case_events.read(care, reader, _ref(request))))


async def export(request: web.Request) -> web.StreamResponse:
    """The case as a labelled document; that it was taken is in the access log."""
    care, reader = _who(request)
    asked = read_query(request, case_bodies.ExportQuery)
    complaint_id = await case_access.find(care, reader, _ref(request))
    document = await case_document.render(care, complaint_id, reader=reader, format=asked.format)
    return web.Response(
        body=document.bytes,
        content_type=document.content_type,
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(document.name)}"},
    )


async def move(request: web.Request) -> web.Response:
    care, reader = _who(request)
    wish = await read_body(request, case_bodies.CaseMove)
    remedies = None
    if wish.remedies is not None:
        remedies = tuple(RemedyPart(one.kind, one.amount, one.note) for one in wish.remedies)
    change = Change(
        reason=wish.reason.strip(),
        approval_id=wish.approval,
        customer_yes=wish.customer_yes,
        yes_said=wish.yes_said.strip(),
        findings=wish.findings,
        root_cause_1=wish.root_cause_1,
        root_cause_2=wish.root_cause_2,
        proposal=wish.proposal,
        remedies=remedies,
        outside_ways_told=wish.outside_ways_told,
    )
    done = await case_moving.move(
        care,
        reader,
        _ref(request),
        wish.to,
        change=change,
        version=wish.version,
        key=wish.key,
        into=wish.merged_into,
    )
    return await _acted(care, reader, done)


async def merge(request: web.Request) -> web.Response:
    care, reader = _who(request)
    wish = await read_body(request, case_bodies.MergeCases)
    done = await case_moving.move(
        care,
        reader,
        _ref(request),
        ComplaintState.MERGED,
        change=Change(reason=wish.reason.strip()),
        version=wish.version,
        key=wish.key,
        into=wish.into,
    )
    return await _acted(care, reader, done)


async def note(request: web.Request) -> web.Response:
    care, reader = _who(request)
    wish = await read_body(request, case_bodies.NoteWish)
    return await _acted(
        care, reader, await case_acts.note(care, reader, _ref(request), wish.text, key=wish.key)
    )


async def grade(request: web.Request) -> web.Response:
    care, reader = _who(request)
    wish = await read_body(request, case_bodies.GradeWish)
    done = await case_acts.grade(
        care, reader, _ref(request), wish.grade, reason=wish.reason, version=wish.version, key=wish.key
    )
    return await _acted(care, reader, done)


async def assign(request: web.Request) -> web.Response:
    care, reader = _who(request)
    wish = await read_body(request, case_bodies.AssignWish)
    done = await case_acts.assign(
        care,
        reader,
        _ref(request),
        to=wish.to,
        level=wish.level,
        reason=wish.reason.strip(),
        version=wish.version,
        key=wish.key,
    )
    return await _acted(care, reader, done)


async def remind(request: web.Request) -> web.Response:
    care, reader = _who(request)
    wish = await read_body(request, case_bodies.RemindWish)
    return await _acted(care, reader, await case_acts.remind(care, reader, _ref(request), key=wish.key))


async def remedy_done(request: web.Request) -> web.Response:
    care, reader = _who(request)
    wish = await read_body(request, case_bodies.DoneWish)
    done = await case_acts.remedy_done(
        care, reader, _ref(request), part_id=wish.remedy, basis=wish.basis, key=wish.key
    )
    return await _acted(care, reader, done)


async def promise(request: web.Request) -> web.Response:
    care, reader = _who(request)
    wish = await read_body(request, case_bodies.PromiseWish)
    done = await case_acts.promise(
        care, reader, _ref(request), what=wish.what, due_at=wish.due_at, key=wish.key
    )
    return await _acted(care, reader, done)


async def promise_done(request: web.Request) -> web.Response:
    """What a colleague gave their word for on this case was done."""
    care, reader = _who(request)
    complaint_id = await case_access.find(care, reader, _ref(request))
    promise_id = int(request.match_info["id"])
    if promise_id not in {one.id for one in await promises.of_complaint(care, complaint_id)}:
        raise NotFound("没有找到这个承诺。")
    await promises.fulfil(care, promise_id, reader.login)
    return await _acted(care, reader, Done(complaint_id))


async def authority(request: web.Request) -> web.Response:
    """An authority has taken up the case: its terms and ours begin."""
    care, reader = _who(request)
    wish = await read_body(request, case_bodies.AuthorityWish)
    complaint_id = await case_access.find(care, reader, _ref(request))
    await legal_clocks.note_authority(care, complaint_id, received_at=wish.received_at, actor=reader.login)
    return await _acted(care, reader, Done(complaint_id))


async def escalation_steps(request: web.Request) -> web.Response:
    care, reader = _who(request)
    complaint_id = await case_access.find(care, reader, _ref(request))
    steps = await escalations.of_complaint(care, complaint_id)
    return json_response(
        schemas.EscalationSteps(
            [
                schemas.EscalationStep(
                    one.round, one.percent, one.level, one.level.label, one.due_at, one.done_at, one.ended_at
                )
                for one in steps
            ]
        )
    )


async def cause(request: web.Request) -> web.Response:
    care, reader = _who(request)
    wish = await read_body(request, case_bodies.CauseWish)
    done = await case_acts.cause(
        care,
        reader,
        _ref(request),
        findings=wish.findings,
        first=wish.root_cause_1,
        second=wish.root_cause_2,
        version=wish.version,
        key=wish.key,
    )
    return await _acted(care, reader, done)


async def correct(request: web.Request) -> web.Response:
    care, reader = _who(request)
    wish = await read_body(request, case_bodies.CaseCorrection)
    facts = case_acts.Facts(
        category=wish.category,
        topic=wish.topic,
        product=wish.product,
        batch=wish.batch,
        place=wish.place,
        occurred_at=wish.occurred_at,
        amount=wish.amount,
    )
    done = await case_acts.correct(
        care, reader, _ref(request), facts, reason=wish.reason.strip(), version=wish.version, key=wish.key
    )
    return await _acted(care, reader, done)


async def link(request: web.Request) -> web.Response:
    care, reader = _who(request)
    wish = await read_body(request, case_bodies.LinkWish)
    done = await case_links.link(
        care, reader, _ref(request), wish.case, wish.kind, reason=wish.reason, key=wish.key
    )
    return await _acted(care, reader, done)


async def unlink(request: web.Request) -> web.Response:
    care, reader = _who(request)
    wish = await read_body(request, case_bodies.UnlinkWish)
    done = await case_links.unlink(care, reader, _ref(request), wish.case, wish.kind, key=wish.key)
    return await _acted(care, reader, done)


async def case_approvals(request: web.Request) -> web.Response:
    care, reader = _who(request)
    found = await case_sheet.read(care, reader, _ref(request))
    number = found.item.complaint.case_number
    return json_response(
        schemas.Approvals([case_answers.approval(one, number, reader.role) for one in found.approvals])
    )


async def all_approvals(request: web.Request) -> web.Response:
    care, reader = _who(request)
    asked = read_query(request, case_bodies.ApprovalQuery)
    found = await case_sheet.approvals_for(care, reader, is_open_only=asked.open, limit=asked.limit)
    return json_response(schemas.Approvals([case_answers.approval(one, None, reader.role) for one in found]))


async def agree(request: web.Request) -> web.Response:
    """The second person's yes carries the act out."""
    care, reader = _who(request)
    wish = await read_body(request, case_bodies.Decide)
    complaint_id = await case_access.find(care, reader, _ref(request))
    await approvals.agree(care, complaint_id, _approval(request), reader.id, note=wish.note)
    return await _acted(care, reader, Done(complaint_id))


async def refuse(request: web.Request) -> web.Response:
    care, reader = _who(request)
    wish = await read_body(request, case_bodies.Decide)
    complaint_id = await case_access.find(care, reader, _ref(request))
    await approvals.refuse(care, complaint_id, _approval(request), reader.id, note=wish.note)
    return await _acted(care, reader, Done(complaint_id))


async def open_case(request: web.Request) -> web.Response:
    """A complaint that a customer tells the agent who holds the conversation."""
    care, reader = _who(request)
    wish = await read_body(request, case_bodies.OpenCase)
    done = await case_opening.open_case(
        care,
        reader,
        request.match_info["conversation"],
        topic=wish.topic,
        words=wish.words,
        order_number=wish.order,
        fields={
            "product_said": wish.product,
            "remedy_said": wish.remedy,
            "expectation_said": wish.expectation,
            "occurred_at": wish.occurred_at,
            "amount": wish.amount,
            "complainant": wish.complainant,
            "on_behalf_of": wish.on_behalf_of,
        },
        change=Change(customer_yes=wish.customer_yes, yes_said=wish.yes_said.strip()),
        key=wish.key,
    )
    return await _acted(care, reader, done)


async def _acted(care: Care, reader: StaffView, done: Done) -> web.Response:
    """The case as it stands after the act: also for whoever gave it away by it."""
    found = await case_sheet.read(care, reader, str(done.complaint_id), after_own_act=True)
    waiting = None
    if done.approval is not None:
        shown = next((one for one in found.approvals if one.view.id == done.approval.id), None)
        number = found.item.complaint.case_number
        waiting = None if shown is None else case_answers.approval(shown, number, reader.role)
    is_done = waiting is None or waiting.decision is not None
    return json_response(schemas.Acted(is_done, waiting, case_answers.sheet(found, reader)))


def filters_of(asked: case_bodies.CaseQuery) -> case_list.Filters:
    """The filters of the list. Raises `InvalidInput` for an option that there is not."""
    return case_list.Filters(
        states=_several(ComplaintState, "state", asked.state),
        is_open=asked.open,
        grades=_several(Grade, "grade", asked.grade),
        categories=_several(ComplaintCategory, "category", asked.category),
        channels=_several(Channel, "channel", asked.channel),
        levels=_several(Level, "level", asked.level),
        tiers=_several(Tier, "tier", asked.tier),
        product=asked.product,
        owner=asked.owner,
        clock=asked.clock,
        since=asked.since,
        until=asked.until,
        text=asked.q,
    )


def _several(kind: type[E], name: str, given: str) -> frozenset[E]:
    try:
        return frozenset(kind(one) for one in given.split(",") if one)
    except ValueError:
        raise InvalidInput(fields={name: "没有这个选项。"}) from None


def _choices(kind: type[Labelled]) -> list[schemas.CaseChoice]:
    return [schemas.CaseChoice(value, label) for value, label in kind.labels().items()]


def _ref(request: web.Request) -> str:
    return request.match_info["case"]


def _approval(request: web.Request) -> int:
    return int(request.match_info["id"])


def _who(request: web.Request) -> tuple[Care, StaffView]:
    return request.app[PARTS].care, request[SESSION].staff
