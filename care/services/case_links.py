"""Cases that belong together: links made by people, and what might belong together, found in the rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.case_work import CaseLink
from care.records.complaint import Complaint
from care.rules.complaint import FINAL_STATES, ComplaintState
from care.rules.errors import InvalidInput, NotFound
from care.rules.link_terms import LinkKind
from care.services import complaint_log
from care.services.case_access import id_of, visible_to
from care.services.case_moving import Done, act_key
from care.services.complaint_moves import locked
from care.services.context import Care
from care.services.staff import StaffView

DUPLICATE_WITHIN = timedelta(days=30)
SAME_CAUSE_WITHIN = timedelta(hours=24)
_MOST_SUGGESTIONS = 10
_NO_CASE = (
    ComplaintState.DRAFT,
    ComplaintState.MERGED,
    ComplaintState.RECLASSIFIED,
    ComplaintState.WITHDRAWN,
)


@dataclass(frozen=True)
class Linked:
    """Another case and how it belongs to this one: a link's kind, merged_into, merged_from, or duplicate (suggested)."""

    complaint: Complaint
    kind: str
    label: str
    reason: str


async def link(
    care: Care, reader: StaffView, ref: str, other: str, kind: LinkKind, *, reason: str, key: str
) -> Done:
    """Links two cases, seen from either; linking them again changes nothing.

    Raises:
        NotFound, Forbidden: as `case_access.accessed`, for either case.
        InvalidInput: a case with itself.
    """

    async def act(session: AsyncSession, own: Complaint, another: Complaint, click: str) -> None:
        one_id, other_id = sorted((own.id, another.id))
        if await _link(session, one_id, other_id, kind) is not None:
            return
        now = care.clock.now()
        session.add(
            CaseLink(
                one_id=one_id,
                other_id=other_id,
                kind=kind,
                reason=" ".join(reason.split())[:200],
                made_by=reader.login,
                made_at=now,
            )
        )
        await _tell_both(care, session, own, another, "linked", kind, reader, click, reason)

    return await _on_both(care, reader, ref, other, key, act)


async def unlink(care: Care, reader: StaffView, ref: str, other: str, kind: LinkKind, *, key: str) -> Done:
    """Takes a link away. Raises `NotFound` when there is none, and as `link`."""

    async def act(session: AsyncSession, own: Complaint, another: Complaint, click: str) -> None:
        one_id, other_id = sorted((own.id, another.id))
        found = await _link(session, one_id, other_id, kind)
        if found is None:
            raise NotFound("两件投诉没有这样的关联。")
        await session.delete(found)
        await _tell_both(care, session, own, another, "unlinked", kind, reader, click, "")

    return await _on_both(care, reader, ref, other, key, act)


async def of_case(session: AsyncSession, complaint: Complaint) -> list[Linked]:
    """Every case that is linked to this one, was merged into it, or that it was merged into."""
    found: list[Linked] = []
    rows = await session.execute(
        select(CaseLink, Complaint)
        .join(
            Complaint,
            or_(
                and_(CaseLink.one_id == complaint.id, Complaint.id == CaseLink.other_id),
                and_(CaseLink.other_id == complaint.id, Complaint.id == CaseLink.one_id),
            ),
        )
        .order_by(CaseLink.made_at, CaseLink.id)
    )
    for row, other in rows:
        found.append(Linked(other, row.kind.value, row.kind.label, row.reason))
    if complaint.merged_into_id is not None:
        survivor = await session.get(Complaint, complaint.merged_into_id)
        if survivor is not None:
            found.append(Linked(survivor, "merged_into", "已并入", ""))
    for other in await merged_into(session, complaint.id):
        found.append(Linked(other, "merged_from", "由此并入", ""))
    return found


async def merged_into(session: AsyncSession, complaint_id: int) -> list[Complaint]:
    """The cases that were merged into this one, in the order of their opening."""
    rows = await session.scalars(
        select(Complaint)
        .where(Complaint.merged_into_id == complaint_id)
        .order_by(Complaint.opened_at, Complaint.id)
    )
    return list(rows)


async def suggestions(session: AsyncSession, reader: StaffView, complaint: Complaint) -> list[Linked]:
    """Cases that may be the same complaint told twice, or have the same cause; those linked already are left out.

    The same: customer, order and topic within 30 days. The same cause: product (or batch) and category within 24 h.
    """
    seen = {complaint.id, *(one.complaint.id for one in await of_case(session, complaint))}
    found: list[Linked] = []
    if (same := _same_complaint(complaint)) is not None and complaint.state not in FINAL_STATES:
        open_ones = Complaint.state.not_in(FINAL_STATES)
        for other in await _near(session, reader, complaint, and_(same, open_ones), DUPLICATE_WITHIN):
            found.append(Linked(other, "duplicate", "可能是重复登记", "同一客户、订单与主题，30 天内"))
    if (cause := _same_cause(complaint)) is not None:
        for other in await _near(session, reader, complaint, cause, SAME_CAUSE_WITHIN):
            found.append(Linked(other, "same_cause", "可能是同一原因", "同一商品或批次与类别，24 小时内"))
    # What may be a duplicate need not be named as of the same cause too.
    first_of_each = {one.complaint.id: one for one in reversed(found) if one.complaint.id not in seen}
    return [one for one in found if first_of_each.get(one.complaint.id) is one][:_MOST_SUGGESTIONS]


def _same_complaint(complaint: Complaint) -> ColumnElement[bool] | None:
    if complaint.customer_id is None or not complaint.order_number:
        return None
    return and_(
        Complaint.customer_id == complaint.customer_id,
        Complaint.order_number == complaint.order_number,
        Complaint.topic == complaint.topic,
    )


def _same_cause(complaint: Complaint) -> ColumnElement[bool] | None:
    same = []
    if complaint.product_id is not None:
        same.append(Complaint.product_id == complaint.product_id)
    if complaint.batch:
        same.append(Complaint.batch == complaint.batch)
    return and_(Complaint.category == complaint.category, or_(*same)) if same else None


async def _near(
    session: AsyncSession,
    reader: StaffView,
    complaint: Complaint,
    which: ColumnElement[bool],
    within: timedelta,
) -> list[Complaint]:
    rows = await session.scalars(
        select(Complaint)
        .where(
            Complaint.id != complaint.id,
            which,
            visible_to(reader),
            Complaint.state.not_in(_NO_CASE),
            Complaint.opened_at.between(complaint.opened_at - within, complaint.opened_at + within),
        )
        .order_by(Complaint.opened_at.desc(), Complaint.id.desc())
        .limit(_MOST_SUGGESTIONS)
    )
    return list(rows)


async def _link(session: AsyncSession, one_id: int, other_id: int, kind: LinkKind) -> CaseLink | None:
    found: CaseLink | None = await session.scalar(
        select(CaseLink).where(
            CaseLink.one_id == one_id, CaseLink.other_id == other_id, CaseLink.kind == kind
        )
    )
    return found


async def _on_both(
    care: Care,
    reader: StaffView,
    ref: str,
    other_ref: str,
    key: str,
    act: Callable[[AsyncSession, Complaint, Complaint, str], Awaitable[None]],
) -> Done:
    """`act` under both locks, taken in the order of the ids."""
    async with care.sessions.write() as session:
        own_id, other_id = await id_of(session, reader, ref), await id_of(session, reader, other_ref)
        if own_id == other_id:
            raise InvalidInput(fields={"case": "不能与自己关联。"})
        held = {case_id: await locked(session, case_id) for case_id in sorted((own_id, other_id))}
        own, another = held[own_id], held[other_id]
        click = act_key(own, reader, key)
        if await complaint_log.event_of_key(session, click) is None:
            await act(session, own, another, click)
        return Done(own_id)


async def _tell_both(
    care: Care,
    session: AsyncSession,
    own: Complaint,
    another: Complaint,
    kind: str,
    link_kind: LinkKind,
    reader: StaffView,
    click: str,
    reason: str,
) -> None:
    for case, other, key in ((own, another, click), (another, own, None)):
        data = {"case": other.case_number, "complaint": other.id, "link": link_kind.value, "reason": reason}
        await complaint_log.append(
            session, case, kind, actor=reader.login, at=care.clock.now(), data=data, idempotency_key=key
        )
