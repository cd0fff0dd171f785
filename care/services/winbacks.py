"""Win-back work by people: contact, answer, offer, end. Who came back is told by an order alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.customer import Customer
from care.records.improvement import WinbackStep
from care.records.interaction import WinbackCase
from care.records.staff import Staff
from care.rules.complaint import FINAL_STATES, ComplaintState
from care.rules.errors import Conflict, InvalidInput, NotFound
from care.rules.money import checked_amount
from care.rules.vocabulary import ConsentPurpose, LifecycleStage, Tier
from care.rules.winback import (
    WINBACK_FINAL,
    ContactBasis,
    WinbackFacts,
    WinbackReason,
    WinbackResult,
    WinbackState,
    WinbackTrigger,
    check_winback_move,
    next_step,
    next_winback_states,
    offer_limit,
)
from care.services import access_log, consents
from care.services.context import Care
from care.services.staff import StaffView
from care.services.winback_finding import close, new_order, remaining_value, step, win_by_order

W = WinbackState
PURPOSE = "挽回客户"


@dataclass(frozen=True)
class StepView:
    kind: str
    from_state: WinbackState | None
    to_state: WinbackState | None
    actor: str
    note: str | None
    at: datetime


@dataclass(frozen=True)
class WinbackView:
    """A case. `may_contact` and `may_offer` tell what the consents allow now; `offer_limit` is the reader's own.

    `customer_name` is unmasked: mask it by role before showing. `steps` is empty in a list.
    """

    id: int
    customer: str
    customer_name: str
    tier: Tier
    stage: LifecycleStage
    clv: Decimal | None
    trigger: WinbackTrigger
    trigger_why: str | None
    basis: ContactBasis
    state: WinbackState
    next_states: tuple[WinbackState, ...]
    reason: WinbackReason | None
    owner: str | None
    owner_name: str | None
    offer: str | None
    offer_amount: Decimal | None
    offer_limit: Decimal | None
    may_contact: bool
    may_offer: bool
    contacts: int
    last_contact_at: datetime | None
    next_step: str | None
    next_due_at: datetime | None
    is_overdue: bool
    opened_at: datetime
    result: WinbackResult | None
    won_order_number: str | None
    closed_at: datetime | None
    steps: tuple[StepView, ...] = ()


@dataclass(frozen=True)
class WinbackMove:
    """What goes with a move: the reason found out, the offer and its amount in yuan, a note."""

    reason: WinbackReason | None = None
    offer: str = ""
    amount: Decimal | None = None
    note: str = ""


async def cases(
    care: Care,
    reader: StaffView,
    *,
    state: WinbackState | None = None,
    is_open: bool | None = None,
    owner: str | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[WinbackView]:
    """Cases, the newest first; `after` is the id of the last one seen. The look is logged."""
    wanted = select(WinbackCase).order_by(WinbackCase.id.desc()).limit(limit)
    if state is not None:
        wanted = wanted.where(WinbackCase.state == state)
    if is_open is not None:
        wanted = wanted.where(
            WinbackCase.closed_at.is_(None) if is_open else WinbackCase.closed_at.is_not(None)
        )
    if owner is not None:
        wanted = wanted.join(Staff, Staff.id == WinbackCase.owner_id).where(Staff.login == owner)
    if after is not None:
        wanted = wanted.where(WinbackCase.id < after)
    async with care.sessions.read() as session:
        rows = (await session.scalars(wanted)).all()
        found = [await _view(session, care, reader, row) for row in rows]
    await access_log.note_look(care, reader, {row.customer_id for row in rows}, ["name"], purpose=PURPOSE)
    return found


async def case(care: Care, reader: StaffView, case_id: int) -> WinbackView:
    """One case with its steps; the look is logged. Raises `NotFound`."""
    async with care.sessions.read() as session:
        row = await _found(session, case_id)
        view = await _whole(session, care, reader, row)
    await access_log.note_look(care, reader, {row.customer_id}, ["name"], purpose=PURPOSE)
    return view


async def assign(care: Care, by: StaffView, case_id: int, owner: str) -> WinbackView:
    """Gives the case to a colleague.

    Raises:
        NotFound: no such case or colleague.
        Conflict: the case has ended.
    """
    now = care.clock.now()
    async with care.sessions.write() as session:
        row = await _found(session, case_id, lock=True)
        if row.state in WINBACK_FINAL:
            raise Conflict(f"挽回已是“{row.state.label}”。")
        found = await session.scalar(select(Staff).where(Staff.login == owner, Staff.active))
        if found is None:
            raise NotFound("没有找到这位同事。")
        row.owner_id = found.id
        session.add(step(row, "assigned", None, None, by.login, found.name, now))
        return await _whole(session, care, by, row)


async def move(
    care: Care, by: StaffView, case_id: int, to: WinbackState, change: WinbackMove, *, state: WinbackState
) -> WinbackView:
    """Moves a case on from `state`, the one the person saw; of two moves at once exactly one wins.

    Raises:
        NotFound: no such case.
        Conflict: the case is in another state by now.
        IllegalMove: not from this state, no consent, quiet hours, too often, over the limit.
        InvalidInput: the offer's text is too long, or its amount is none.
    """
    if len(change.offer) > 200 or len(change.note) > 500:
        raise InvalidInput(fields={"offer": "方案最多 200 字，说明最多 500 字。"})
    amount = None if change.amount is None else checked_amount(change.amount)
    now = care.clock.now()
    async with care.sessions.write() as session:
        row = await _found(session, case_id, lock=True)
        if row.state is not state:
            raise Conflict
        customer = await session.get_one(Customer, row.customer_id)
        clv = await remaining_value(session, customer.id)
        marketed = await consents.is_given(session, customer.id, ConsentPurpose.MARKETING)
        known = change.reason or (None if row.reason is None else WinbackReason(row.reason))
        facts = WinbackFacts(
            now=now,
            role=by.role,
            basis=row.basis,
            may_be_marketed=marketed,
            has_open_complaint=await _has_open_complaint(session, customer.id),
            quiet_hours=customer.quiet_hours,
            contacts=row.contacts,
            last_contact_at=row.last_contact_at,
            reason=known,
            offer=change.offer,
            amount=amount,
            clv=clv,
            new_order=await new_order(session, row),
            note=change.note,
        )
        if facts.new_order is not None and to is not W.WON:
            # The customer was quicker: what is to be said now is thanks.
            await win_by_order(session, row, now)
            return await _whole(session, care, by, row)
        check_winback_move(row.state, to, facts)
        before, row.state = row.state, to
        row.reason = None if known is None else known.value
        if to is W.CONTACTED:
            row.contacts, row.last_contact_at = row.contacts + 1, now
        if to is W.OFFERED:
            row.offer, row.offer_amount, row.has_consent = change.offer.strip(), amount, marketed
        if row.owner_id is None:
            row.owner_id = by.id
        following = next_step(to, now)
        if following is None:
            close(row, now)
        else:
            row.next_step, row.next_due_at = following
        kind = "contact" if to is W.CONTACTED else "state"
        note = change.note.strip() or change.offer.strip() or None
        session.add(step(row, kind, before, to, by.login, note, now))
        return await _whole(session, care, by, row)


async def _found(session: AsyncSession, case_id: int, *, lock: bool = False) -> WinbackCase:
    wanted = select(WinbackCase).where(WinbackCase.id == case_id)
    found: WinbackCase | None = await session.scalar(wanted.with_for_update() if lock else wanted)
    if found is None:
        raise NotFound("没有找到这个挽回任务。")
    return found


async def _has_open_complaint(session: AsyncSession, customer_id: int) -> bool:
    open_ones = await session.scalar(
        select(func.count())
        .select_from(Complaint)
        .where(
            Complaint.customer_id == customer_id,
            Complaint.state.not_in((*FINAL_STATES, ComplaintState.DRAFT)),
        )
    )
    return bool(open_ones)


async def _whole(session: AsyncSession, care: Care, reader: StaffView, row: WinbackCase) -> WinbackView:
    await session.flush()
    rows = await session.scalars(
        select(WinbackStep).where(WinbackStep.case_id == row.id).order_by(WinbackStep.id)
    )
    steps = [
        StepView(
            one.kind,
            None if one.from_state is None else W(one.from_state),
            None if one.to_state is None else W(one.to_state),
            one.actor,
            one.note,
            one.at,
        )
        for one in rows
    ]
    return await _view(session, care, reader, row, steps)


async def _view(
    session: AsyncSession, care: Care, reader: StaffView, row: WinbackCase, steps: Sequence[StepView] = ()
) -> WinbackView:
    customer = await session.get_one(Customer, row.customer_id)
    owner = None if row.owner_id is None else await session.get_one(Staff, row.owner_id)
    clv = await remaining_value(session, customer.id)
    marketed = await consents.is_given(session, customer.id, ConsentPurpose.MARKETING)
    is_open = row.state not in WINBACK_FINAL
    return WinbackView(
        id=row.id,
        customer=customer.public_id,
        customer_name=customer.name,
        tier=customer.tier,
        stage=customer.lifecycle_stage,
        clv=clv,
        trigger=WinbackTrigger(row.trigger),
        trigger_why=row.trigger_why,
        basis=row.basis,
        state=row.state,
        next_states=next_winback_states(row.state),
        reason=None if row.reason is None else WinbackReason(row.reason),
        owner=None if owner is None else owner.login,
        owner_name=None if owner is None else owner.name,
        offer=row.offer,
        offer_amount=row.offer_amount,
        offer_limit=offer_limit(reader.role, clv),
        may_contact=is_open and (row.basis is ContactBasis.SERVICE or marketed),
        may_offer=is_open and marketed and not await _has_open_complaint(session, customer.id),
        contacts=row.contacts,
        last_contact_at=row.last_contact_at,
        next_step=row.next_step,
        next_due_at=row.next_due_at,
        is_overdue=row.next_due_at is not None and row.next_due_at < care.clock.now(),
        opened_at=row.opened_at,
        result=None if row.result is None else WinbackResult(row.result),
        won_order_number=row.won_order_number,
        closed_at=row.closed_at,
        steps=tuple(steps),
    )
