"""Terms of law on real rows: begun by facts, never paused, met or missed, and filled in from the official text."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from care.ports import VisitWish
from care.records.clocks import LegalClock
from care.records.complaint import Complaint
from care.records.order_request import ReturnRequest
from care.rules.complaint import ComplaintState, Remedy
from care.rules.errors import Conflict, InvalidInput, NotFound
from care.rules.legal_clocks import NOT_FILLED, LegalKind, LegalTerm, end_of_day
from care.rules.order_terms import DaySlot, ReturnKind, ReturnState, VisitKind
from care.rules.times import shanghai_day
from care.services import legal_clocks, legal_watch, notices, returns, service_visits
from care.services.complaints import CaseView
from care.services.context import Care
from care.services.legal_clocks import LegalClockView
from tests.conftest import ManualClock
from tests.integration.clock_shop import events, received, row, team, walked
from tests.integration.conftest import Shop
from tests.integration.order_shop import DELIVERED, WASHER, Buyer, buyer

K = LegalKind
S = ComplaintState


async def case_about(care: Care, shop: Shop, who: Buyer, *remedies: Remedy) -> CaseView:
    case = await received(care, shop, "洗衣机漏水")
    async with care.sessions.write() as session:
        await session.execute(
            update(Complaint)
            .where(Complaint.id == case.id)
            .values(
                customer_id=who.customer.id, order_number=DELIVERED, order_is_own=True,
                requested_remedies=[remedy.value for remedy in remedies],
            )
        )  # fmt: skip
    return case


def by_kind(views: list[LegalClockView]) -> dict[LegalKind, LegalClockView]:
    return {view.kind: view for view in views}


async def applied(care: Care, who: Buyer) -> str:
    advice = await returns.decide(care, who.conversation_id, DELIVERED, WASHER, kind=ReturnKind.RETURN)
    done = await returns.apply(
        care, who.conversation_id, advice.wish(reason="不合适"), source_message_id=await who.says("退货")
    )
    return done.view.number


async def becomes(care: Care, number: str, state: ReturnState) -> None:
    async with care.sessions.write() as session:
        await session.execute(update(ReturnRequest).where(ReturnRequest.number == number).values(state=state))


async def the_clock(care: Care, subject: str) -> LegalClockView:
    (view,) = await legal_clocks.of_subject(care, subject)
    return view


async def test_a_complaint_of_quality_has_its_terms_from_the_day_of_receipt(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    who = await buyer(shop)
    case = await case_about(care, shop, who)
    await legal_watch.follow(care)
    views = by_kind(await legal_clocks.of_complaint(care, case.id))
    day = shanghai_day(clock.now()) - timedelta(days=5)
    assert set(views) == {
        K.NO_REASON_RETURN, K.QUALITY_RETURN, K.THREEBAGS_RETURN, K.THREEBAGS_REPLACE, K.PROOF,
    }  # fmt: skip
    assert views[K.QUALITY_RETURN].due_at == end_of_day(day + timedelta(days=7))
    assert views[K.THREEBAGS_REPLACE].due_at == end_of_day(day + timedelta(days=15))
    assert views[K.QUALITY_RETURN].met_at == case.received_at  # the complaint makes the claim
    assert views[K.NO_REASON_RETURN].met_at is None  # nobody asked for the money back
    assert views[K.PROOF].met_at is None
    assert await legal_watch.follow(care) == 0
    assert len(await legal_clocks.of_complaint(care, case.id)) == 5


async def test_who_wants_the_money_back_in_time_has_claimed_the_return_without_reason(
    care: Care, shop: Shop
) -> None:
    case = await case_about(care, shop, await buyer(shop), Remedy.REFUND)
    await legal_watch.follow(care)
    views = by_kind(await legal_clocks.of_complaint(care, case.id))
    assert views[K.NO_REASON_RETURN].met_at == case.received_at


async def test_a_pause_of_ours_moves_no_term_of_law(care: Care, shop: Shop, clock: ManualClock) -> None:
    case = await case_about(care, shop, await buyer(shop))
    await legal_watch.follow(care)
    before = await legal_clocks.of_complaint(care, case.id)
    case = await walked(care, case, S.ASSESSED, S.INVESTIGATING, S.WAITING_CUSTOMER)
    clock.advance(days=1)
    await walked(care, case, S.INVESTIGATING)
    assert await legal_clocks.of_complaint(care, case.id) == before


async def test_a_customers_time_ends_and_nobody_has_missed_it(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    case = await case_about(care, shop, await buyer(shop))
    await legal_watch.follow(care)
    clock.advance(days=200)
    await legal_watch.follow(care)
    views = await legal_clocks.of_complaint(care, case.id)
    assert [view for view in views if view.missed_at] == []
    assert by_kind(views)[K.PROOF].ended_at == by_kind(views)[K.PROOF].due_at


async def test_the_refund_runs_from_the_day_the_goods_are_back(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    people = await team(care)
    who = await buyer(shop)
    number = await applied(care, who)
    subject = f"return:{number}"
    clock.advance(days=2)
    await legal_watch.follow(care)
    waiting = await the_clock(care, subject)
    assert (waiting.starts_at, waiting.due_at, waiting.note) == (None, None, "")

    await becomes(care, number, ReturnState.RECEIVED)
    await legal_watch.follow(care)
    running = await the_clock(care, subject)
    assert running.starts_at == clock.now()
    assert running.due_at == end_of_day(shanghai_day(clock.now()) + timedelta(days=7))
    assert running.basis == "消法25"

    clock.advance(days=6)
    await legal_watch.follow(care)
    await legal_watch.follow(care)
    (warned,) = await notices.of_staff(care, people.lead)
    assert number in warned.text
    await becomes(care, number, ReturnState.REFUNDED)
    await legal_watch.follow(care)
    met = await the_clock(care, subject)
    assert (met.met_at, met.missed_at) == (clock.now(), None)


async def test_a_refund_that_does_not_come_is_missed_and_stays_so(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    people = await team(care)
    number = await applied(care, await buyer(shop))
    await becomes(care, number, ReturnState.RECEIVED)
    await legal_watch.follow(care)
    clock.advance(days=8)
    await legal_watch.follow(care)
    missed = await the_clock(care, f"return:{number}")
    assert missed.missed_at == missed.due_at
    assert [n.kind.value for n in await notices.of_staff(care, people.lead)] == ["overdue"]
    await becomes(care, number, ReturnState.REFUNDED)
    await legal_watch.follow(care)
    assert (await the_clock(care, f"return:{number}")).met_at is None


async def test_a_return_taken_back_has_no_term_any_more(care: Care, shop: Shop) -> None:
    number = await applied(care, await buyer(shop))
    await becomes(care, number, ReturnState.CANCELLED)
    await legal_watch.follow(care)
    assert (await the_clock(care, f"return:{number}")).ended_at is not None


async def test_a_repair_has_thirty_days_from_its_booking(care: Care, shop: Shop, clock: ManualClock) -> None:
    who = await buyer(shop)
    visit = await service_visits.book(
        care,
        who.conversation_id,
        VisitWish(
            kind=VisitKind.REPAIR, order_number=DELIVERED, sku=WASHER,
            on=shanghai_day(clock.now()) + timedelta(days=1), slot=DaySlot.MORNING, fault="漏水",
        ),
        source_message_id=await who.says("报修"),
    )  # fmt: skip
    view = await the_clock(care, f"visit:{visit.number}")
    assert view.kind is K.THREEBAGS_REPAIR
    assert view.due_at == end_of_day(shanghai_day(clock.now()) + timedelta(days=30))
    clock.advance(days=31)
    await legal_watch.follow(care)
    assert (await the_clock(care, f"visit:{visit.number}")).missed_at == view.due_at


async def test_an_authority_has_seven_work_days_and_what_is_not_filled_in_has_no_end(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    case = await received(care, shop)
    for _ in range(2):
        views = by_kind(
            await legal_clocks.note_authority(care, case.id, received_at=clock.now(), actor="lead1")
        )
    assert len(views) == 4
    assert views[K.AUTHORITY_ANSWER].due_at is not None
    assert views[K.AUTHORITY_ANSWER].due_at.isoformat() == "2026-12-03T10:00:00+00:00"
    for kind in (K.AUTHORITY_ACCEPT, K.AUTHORITY_MEDIATE, K.TRADER_REPLY):
        assert (views[kind].due_at, views[kind].note) == (None, NOT_FILLED)
    assert len(await events(care, case.id, "authority")) == 1
    clock.advance(days=500)
    await legal_watch.follow(care)
    after = by_kind(await legal_clocks.of_complaint(care, case.id))
    assert after[K.TRADER_REPLY].missed_at is None
    assert after[K.AUTHORITY_ANSWER].missed_at is not None


async def test_a_term_once_filled_in_is_applied_to_what_waited_for_it(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    assert [(t.days, t.source) for t in await legal_clocks.terms(care)] == [(None, NOT_FILLED)] * 3
    case = await received(care, shop)
    await legal_clocks.note_authority(care, case.id, received_at=clock.now(), actor="lead1")
    await legal_clocks.fill_term(
        care, LegalTerm.TRADER_REPLY, days=3, in_workdays=True, source="第○条", actor="manager1"
    )
    views = by_kind(await legal_clocks.of_complaint(care, case.id))
    assert views[K.TRADER_REPLY].due_at is not None
    assert views[K.TRADER_REPLY].due_at.isoformat() == "2026-11-27T10:00:00+00:00"
    assert views[K.AUTHORITY_MEDIATE].due_at is None
    filled = {t.term: t for t in await legal_clocks.terms(care)}
    assert (filled[LegalTerm.TRADER_REPLY].days, filled[LegalTerm.TRADER_REPLY].filled_by) == (3, "manager1")
    assert filled[LegalTerm.ACCEPT].source == NOT_FILLED


async def test_what_was_done_is_noted_in_time_or_too_late(care: Care, shop: Shop, clock: ManualClock) -> None:
    case = await received(care, shop)
    views = by_kind(await legal_clocks.note_authority(care, case.id, received_at=clock.now(), actor="lead1"))
    answer = views[K.AUTHORITY_ANSWER].id
    met = await legal_clocks.meet(care, answer, at=clock.now() + timedelta(days=2))
    assert met.met_at is not None
    with pytest.raises(Conflict):
        await legal_clocks.meet(care, answer, at=clock.now())
    with pytest.raises(NotFound):
        await legal_clocks.meet(care, 10**6, at=clock.now())


@pytest.mark.parametrize(("days", "source"), [(0, "第三条"), (400, "第三条"), (5, "  ")])
async def test_a_term_without_days_or_article_is_refused(care: Care, days: int, source: str) -> None:
    with pytest.raises(InvalidInput):
        await legal_clocks.fill_term(
            care, LegalTerm.ACCEPT, days=days, in_workdays=True, source=source, actor="manager1"
        )
    async with care.sessions.read() as session:
        assert (await session.scalars(select(LegalClock))).all() == []


async def test_an_authority_cannot_come_tomorrow_nor_to_a_draft(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    case = await received(care, shop)
    with pytest.raises(InvalidInput):
        await legal_clocks.note_authority(
            care, case.id, received_at=clock.now() + timedelta(days=1), actor="lead1"
        )
    assert (await row(care, case.id)).state is S.ACKNOWLEDGED
    with pytest.raises(NotFound):
        await legal_clocks.note_authority(care, 10**6, received_at=clock.now(), actor="lead1")
