"""What the order system shows about terms of law, and who hears before the shop misses one of its own."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.ports import OrderView, ReturnView, VisitView
from care.records.clocks import LegalClock
from care.records.complaint import Complaint
from care.records.customer import Customer
from care.rules.complaint import FINAL_STATES, ComplaintCategory, ComplaintState, Remedy
from care.rules.errors import Unavailable
from care.rules.legal_clocks import WARN_BEFORE, LegalKind, Party, of_complaint, party_of, span
from care.rules.notice_terms import NoticeKind
from care.rules.order_terms import ReturnKind, ReturnState, VisitState
from care.rules.returns import Purchase, no_reason_return
from care.rules.times import format_moment, shanghai_day
from care.rules.vocabulary import Role
from care.services import legal_clocks, notices
from care.services.context import Care

log = logging.getLogger(__name__)

_AT_ONCE = 200
#: The goods themselves are complained of.
_QUALITY = (ComplaintCategory.DEFECT, ComplaintCategory.SAFETY)
_BACK = (ReturnState.RECEIVED, ReturnState.REFUNDED, ReturnState.EXCHANGED)
_OPEN = (LegalClock.met_at.is_(None), LegalClock.missed_at.is_(None), LegalClock.ended_at.is_(None))


async def follow(care: Care) -> int:
    """Begins, meets, misses and announces terms by what is known now; returns how many changed.

    While the order system cannot be asked, clocks run on and are only not met yet.
    """
    changed = 0
    try:
        changed += await _begin_of_complaints(care)
        changed += await _look_at_orders(care)
    except Unavailable:
        log.warning("terms of law wait: the order system does not answer")
    return changed + await _run_out(care) + await _warn(care)


async def _begin_of_complaints(care: Care) -> int:
    """Clocks of open cases about an own order that has been delivered."""
    async with care.sessions.read() as session:
        cases = (
            await session.execute(
                select(Complaint.id, Complaint.order_number, Customer.public_id)
                .join(Customer, Customer.id == Complaint.customer_id)
                .where(
                    Complaint.order_is_own,
                    Complaint.order_number.is_not(None),
                    Complaint.received_at.is_not(None),
                    Complaint.state.not_in((*FINAL_STATES, ComplaintState.DRAFT)),
                    Complaint.locked_at.is_(None),
                    ~select(LegalClock.id)
                    .where(
                        LegalClock.complaint_id == Complaint.id,
                        LegalClock.kind.in_((LegalKind.NO_REASON_RETURN, LegalKind.PROOF)),
                    )
                    .exists(),
                )
                .order_by(Complaint.id.desc())
                .limit(_AT_ONCE)
            )
        ).all()
    begun = 0
    for complaint_id, number, ref in cases:
        order = await care.orders.find_order(number, customer_ref=ref)
        if order is not None and order.delivered_at is not None:
            begun += await _begin(care, complaint_id, order)
    return begun


async def _begin(care: Care, complaint_id: int, order: OrderView) -> int:
    async with care.sessions.write() as session:
        complaint = await session.get(Complaint, complaint_id, with_for_update=True)
        if complaint is None or complaint.received_at is None or order.delivered_at is None:
            return 0
        is_quality = complaint.category in _QUALITY
        received_on = shanghai_day(order.delivered_at)
        applies = any(
            no_reason_return(
                Purchase(line.goods_kind, received_on, exclusion_confirmed=line.exclusion_confirmed),
                received_on,
            ).is_allowed
            for line in order.lines
        )
        spans = of_complaint(
            delivered_at=order.delivered_at,
            is_quality=is_quality,
            no_reason_applies=applies,
            is_workday=care.calendar.is_workday,
        )
        claims_back = Remedy.REFUND.value in complaint.requested_remedies
        for one in spans:
            # A complaint of quality makes the claim; a return without a reason must be asked for.
            is_claim = (
                claims_back if one.kind is LegalKind.NO_REASON_RETURN else one.kind is not LegalKind.PROOF
            )
            await legal_clocks.write(
                session,
                [one],
                subject=legal_clocks.subject_of(complaint.id),
                complaint_id=complaint.id,
                customer_id=complaint.customer_id,
                met_at=complaint.received_at if is_claim else None,
            )
        return len(spans)


async def _look_at_orders(care: Care) -> int:
    """Refunds begin when the goods are back and end when they are paid; repairs end when somebody came."""
    async with care.sessions.read() as session:
        rows = (
            await session.execute(
                select(LegalClock.id, LegalClock.subject, Customer.public_id)
                .join(Customer, Customer.id == LegalClock.customer_id)
                .where(*_OPEN, or_(LegalClock.subject.like("return:%"), LegalClock.subject.like("visit:%")))
                .order_by(Customer.public_id, LegalClock.id)
                .limit(_AT_ONCE)
            )
        ).all()
    by_customer: dict[str, list[tuple[int, str]]] = {}
    for clock_id, subject, ref in rows:
        by_customer.setdefault(ref, []).append((clock_id, subject))
    changed = 0
    for ref, clocks in by_customer.items():
        nouns = {subject.partition(":")[0] for _, subject in clocks}
        returns = {v.number: v for v in await care.orders.returns(ref, limit=50)} if "return" in nouns else {}
        visits = {v.number: v for v in await care.orders.visits(ref, limit=50)} if "visit" in nouns else {}
        for clock_id, subject in clocks:
            changed += int(await _settle(care, clock_id, subject.partition(":")[2], returns, visits))
    return changed


async def _settle(
    care: Care,
    clock_id: int,
    number: str,
    returns: Mapping[str, ReturnView],
    visits: Mapping[str, VisitView],
) -> bool:
    now = care.clock.now()
    async with care.sessions.write() as session:
        clock = await session.get(LegalClock, clock_id, with_for_update=True)
        if clock is None or clock.met_at or clock.missed_at or clock.ended_at:
            return False
        if clock.subject.startswith("visit:"):
            return _settle_visit(clock, visits.get(number), now)
        view = returns.get(number)
        if view is None:
            return False
        if view.state is ReturnState.CANCELLED or view.kind is ReturnKind.EXCHANGE:
            clock.ended_at = now
            return True
        has_changed = False
        if clock.starts_at is None and view.state in _BACK:
            one = span(clock.kind, now, is_workday=care.calendar.is_workday)
            clock.starts_at, clock.due_at, has_changed = one.starts_at, one.due_at, True
        if view.state is ReturnState.REFUNDED:
            legal_clocks.settle(clock, now)
            return True
        return has_changed


def _settle_visit(clock: LegalClock, view: VisitView | None, now: datetime) -> bool:
    if view is None or view.state is VisitState.BOOKED:
        return False
    if view.state is VisitState.CANCELLED:
        clock.ended_at = now
    else:
        legal_clocks.settle(clock, now)
    return True


async def _run_out(care: Care) -> int:
    """A duty whose time is over is missed; a customer's time to claim has simply ended."""
    now = care.clock.now()
    done = 0
    for clock_id in await _ids(care, LegalClock.due_at <= now):
        async with care.sessions.write() as session:
            clock = await _held(session, clock_id)
            if clock is None or clock.due_at is None:
                continue
            done += 1
            if party_of(clock.kind) is Party.CUSTOMER:
                clock.ended_at = clock.due_at
                continue
            clock.missed_at = clock.due_at
            await _tell(care, session, clock, NoticeKind.OVERDUE, "已超过法定期限")
    return done


async def _warn(care: Care) -> int:
    now = care.clock.now()
    duties = [kind for kind in LegalKind if party_of(kind) is Party.SHOP]
    ids = await _ids(
        care,
        LegalClock.kind.in_(duties),
        LegalClock.warned_at.is_(None),
        LegalClock.due_at > now,
        LegalClock.due_at <= now + WARN_BEFORE,
    )
    done = 0
    for clock_id in ids:
        async with care.sessions.write() as session:
            clock = await _held(session, clock_id)
            if clock is not None and clock.warned_at is None:
                clock.warned_at = now
                await _tell(care, session, clock, NoticeKind.PROMISE_DUE, "的法定期限将到")
                done += 1
    return done


async def _ids(care: Care, *which: ColumnElement[bool]) -> list[int]:
    async with care.sessions.read() as session:
        rows = await session.scalars(
            select(LegalClock.id)
            .where(*_OPEN, *which)
            .order_by(LegalClock.due_at, LegalClock.id)
            .limit(_AT_ONCE)
        )
        return list(rows)


async def _held(session: AsyncSession, clock_id: int) -> LegalClock | None:
    """The clock, still open, held until the transaction ends; its case is held first."""
    complaint_id = await session.scalar(select(LegalClock.complaint_id).where(LegalClock.id == clock_id))
    if complaint_id is not None:
        held = select(Complaint.id).where(Complaint.id == complaint_id).with_for_update(skip_locked=True)
        if await session.scalar(held) is None:
            return None
    clock: LegalClock | None = await session.scalar(
        select(LegalClock).where(LegalClock.id == clock_id, *_OPEN).with_for_update(skip_locked=True)
    )
    return clock


async def _tell(
    care: Care, session: AsyncSession, clock: LegalClock, kind: NoticeKind, what_happens: str
) -> None:
    """The owner of the case; for a return or a visit the team leads."""
    complaint = await session.get(Complaint, clock.complaint_id) if clock.complaint_id else None
    customer = await session.get(Customer, clock.customer_id) if clock.customer_id else None
    if complaint is not None and complaint.owner_id is not None:
        told = [complaint.owner_id]
    else:
        told = await notices.people_of(
            session, [Role.LEAD], is_demo=customer is not None and customer.is_demo
        )
    number = complaint.case_number if complaint is not None else clock.subject.partition(":")[2]
    by = "" if clock.due_at is None else format_moment(clock.due_at, now=care.clock.now())
    await notices.tell(
        session,
        care,
        staff_ids=told,
        kind=kind,
        text=f"{number} 的“{clock.kind.label}”（{clock.basis}）{what_happens}，截至 {by}。",
        key=f"legal:{clock.id}:{kind.value}",
        complaint_id=clock.complaint_id,
    )
