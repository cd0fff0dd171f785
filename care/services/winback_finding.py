"""Finding the customers to win back, out of the rows, and seeing who came back. Run by the clockwork.

May run again and on two nodes at once: a customer has one open case (`open_key`), an order wins it once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.customer import Customer
from care.records.improvement import WinbackStep
from care.records.interaction import CareInteraction, Feedback, WinbackCase
from care.records.order import Order
from care.records.staff import Staff
from care.records.value import CustomerValue
from care.rules.times import shanghai_day
from care.rules.vocabulary import ConsentPurpose
from care.rules.winback import (
    ALIVE_BELOW,
    FRESH_DAYS,
    LOW_CSAT,
    LOW_GAP,
    REPEATED_DAYS,
    REPEATED_FROM,
    WINBACK_FINAL,
    WON_WITHIN,
    CustomerFacts,
    Found,
    WinbackState,
    next_step,
    result_of,
    trigger_of,
)
from care.services import consents
from care.services.context import Care
from care.services.customers import is_live
from care.services.same_cause import NO_CASE
from care.services.value_facts import STANDING

W = WinbackState
#: So many new cases in one run at most: the rest waits for the next one.
MOST_AT_ONCE = 200


@dataclass
class FindReport:
    """`looked_at` customers gave a reason to look; `won` came back by an order."""

    looked_at: int = 0
    opened: int = 0
    won: int = 0


async def find(care: Care) -> FindReport:
    """Opens cases for who needs one, and closes those whose customer has bought again."""
    report = FindReport()
    report.won = await settle(care)
    now = care.clock.now()
    async with care.sessions.read() as session:
        wanted = await _candidates(session, now)
    for customer_id in wanted:
        report.looked_at += 1
        if report.opened < MOST_AT_ONCE and await _open(care, customer_id, now):
            report.opened += 1
    return report


async def settle(care: Care) -> int:
    """Marks as won who ordered within 90 days of the opening; how many. Also of ended cases without an answer."""
    now = care.clock.now()
    async with care.sessions.read() as session:
        rows = await session.scalars(
            select(WinbackCase.id).where(
                WinbackCase.opened_at >= now - WON_WITHIN,
                WinbackCase.state.in_([state for state in W if state not in WINBACK_FINAL]),
            )
        )
        ids = sorted(rows)
    won = 0
    for case_id in ids:
        async with care.sessions.write() as session:
            case = await session.get(WinbackCase, case_id, with_for_update=True, populate_existing=True)
            if case is not None and case.state not in WINBACK_FINAL:
                won += await win_by_order(session, case, now)
    return won


async def win_by_order(session: AsyncSession, case: WinbackCase, now: datetime) -> bool:
    """Closes the case as won when its customer has a new order that stands; the caller holds the row."""
    number = await new_order(session, case)
    if number is None:
        return False
    before, case.state = case.state, W.WON
    case.won_order_number = number
    close(case, now)
    session.add(step(case, "state", before, W.WON, "system", f"客户再次下单 {number}", now))
    return True


def close(case: WinbackCase, now: datetime) -> None:
    """What every end has in common; the state is set already."""
    result = result_of(case.state, contacts=case.contacts)
    case.result = None if result is None else result.value
    case.closed_at, case.open_key = now, None
    case.next_step = case.next_due_at = None


def step(
    case: WinbackCase,
    kind: str,
    before: WinbackState | None,
    to: WinbackState | None,
    actor: str,
    note: str | None,
    at: datetime,
) -> WinbackStep:
    return WinbackStep(
        case_id=case.id,
        kind=kind,
        from_state=None if before is None else before.value,
        to_state=None if to is None else to.value,
        actor=actor,
        note=note,
        at=at,
    )


async def new_order(session: AsyncSession, case: WinbackCase) -> str | None:
    """The first standing order after the opening and within 90 days of it."""
    number: str | None = await session.scalar(
        select(Order.number)
        .where(
            Order.customer_id == case.customer_id,
            Order.state.in_(STANDING),
            Order.placed_at > case.opened_at,
            Order.placed_at <= case.opened_at + WON_WITHIN,
        )
        .order_by(Order.placed_at)
        .limit(1)
    )
    return number


async def _candidates(session: AsyncSession, now: datetime) -> list[int]:
    """Everybody whom one of the triggers may hold for: looked at closely one by one."""
    found: set[int] = set()
    repeated = (
        select(Complaint.customer_id)
        .where(
            Complaint.customer_id.is_not(None),
            Complaint.received_at > now - timedelta(days=REPEATED_DAYS),
            Complaint.state.not_in(NO_CASE),
        )
        .group_by(Complaint.customer_id)
        .having(func.count() >= REPEATED_FROM)
    )
    found |= {one for one in await session.scalars(repeated) if one is not None}
    low = (Feedback.csat <= LOW_CSAT) | (Feedback.perception_p - Feedback.expectation_e <= LOW_GAP)
    for table, column in ((CareInteraction, Feedback.interaction_id), (Complaint, Feedback.complaint_id)):
        rows = await session.scalars(
            select(table.customer_id)
            .join(Feedback, column == table.id)
            .where(
                low, Feedback.answered_at > now - timedelta(days=FRESH_DAYS), table.customer_id.is_not(None)
            )
        )
        found |= {one for one in rows if one is not None}
    newest = select(func.max(CustomerValue.as_of)).scalar_subquery()
    silent = CustomerValue.is_silent.is_(True) | (CustomerValue.p_alive < ALIVE_BELOW)
    found |= set(
        await session.scalars(select(CustomerValue.customer_id).where(CustomerValue.as_of == newest, silent))
    )
    busy = set(
        await session.scalars(
            select(WinbackCase.customer_id).where(WinbackCase.closed_at.is_(None)).distinct()
        )
    )
    return sorted(found - busy)


async def _open(care: Care, customer_id: int, now: datetime) -> bool:
    async with care.sessions.read() as session:
        customer = await session.scalar(select(Customer).where(Customer.id == customer_id, is_live()))
        if customer is None:
            return False
        facts = await facts_of(session, customer, now)
    found = trigger_of(facts)
    if found is None:
        return False
    try:
        async with care.sessions.write() as session:
            await _write(session, customer, facts, found, now)
    except IntegrityError:
        return False  # another process was first
    return True


async def _write(
    session: AsyncSession, customer: Customer, facts: CustomerFacts, found: Found, now: datetime
) -> None:
    owner = (
        None
        if customer.account_manager_id is None
        else await session.scalar(
            select(Staff.id).where(Staff.id == customer.account_manager_id, Staff.active)
        )
    )
    first = next_step(W.OPEN, now)
    assert first is not None
    case = WinbackCase(
        customer_id=customer.id,
        open_key=f"customer:{customer.id}",
        trigger=found.trigger.value,
        trigger_why=found.why,
        basis=found.basis,
        state=W.OPEN,
        owner_id=owner,
        has_consent=facts.may_be_marketed,
        opened_on=shanghai_day(now),
        opened_at=now,
        contacts=0,
        next_step=first[0],
        next_due_at=first[1],
    )
    session.add(case)
    await session.flush()
    session.add(step(case, "opened", None, W.OPEN, "system", found.why, now))


async def facts_of(session: AsyncSession, customer: Customer, now: datetime) -> CustomerFacts:
    """What the triggers look at, of one customer."""
    value = await latest_value(session, customer.id)
    answers = await _answers(session, customer.id, now - timedelta(days=FRESH_DAYS))
    gaps = [p - e for _, e, p in answers if e is not None and p is not None]
    scores = [csat for csat, _, _ in answers if csat is not None]
    complained = list(
        await session.scalars(
            select(Complaint.received_at).where(
                Complaint.customer_id == customer.id,
                Complaint.received_at > now - timedelta(days=REPEATED_DAYS),
                Complaint.state.not_in(NO_CASE),
            )
        )
    )
    cases = (
        await session.execute(select(WinbackCase.closed_at).where(WinbackCase.customer_id == customer.id))
    ).scalars()
    ends = list(cases)
    return CustomerFacts(
        now=now,
        tier=customer.tier,
        clv=None if value is None else value.clv,
        p_alive=None if value is None else value.p_alive,
        is_silent=None if value is None else value.is_silent,
        repeats=0 if value is None else value.orders - 1,
        lowest_csat=min(scores, default=None),
        lowest_gap=min(gaps, default=None),
        complaints_90d=len(complained),
        last_complaint_at=max((one for one in complained if one is not None), default=None),
        has_open_case=None in ends,
        last_case_ended_at=max((one for one in ends if one is not None), default=None),
        may_be_marketed=await consents.is_given(session, customer.id, ConsentPurpose.MARKETING),
    )


async def latest_value(session: AsyncSession, customer_id: int) -> CustomerValue | None:
    found: CustomerValue | None = await session.scalar(
        select(CustomerValue)
        .where(CustomerValue.customer_id == customer_id)
        .order_by(CustomerValue.as_of.desc())
        .limit(1)
    )
    return found


async def remaining_value(session: AsyncSession, customer_id: int) -> Decimal | None:
    """The lifetime value of the last snapshot, in yuan."""
    value = await latest_value(session, customer_id)
    return None if value is None else value.clv


async def _answers(
    session: AsyncSession, customer_id: int, since: datetime
) -> Sequence[tuple[int | None, int | None, int | None]]:
    found: list[tuple[int | None, int | None, int | None]] = []
    sources: Iterable[tuple[type[CareInteraction] | type[Complaint], object]] = (
        (CareInteraction, Feedback.interaction_id),
        (Complaint, Feedback.complaint_id),
    )
    for table, column in sources:
        rows = await session.execute(
            select(Feedback.csat, Feedback.expectation_e, Feedback.perception_p)
            .join(table, column == table.id)
            .where(table.customer_id == customer_id, Feedback.answered_at > since)
        )
        found += [(csat, e, p) for csat, e, p in rows]
    return found
