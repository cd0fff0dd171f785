"""What each state of an order, a return, a visit and an invoice allows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from care.rules.order_moves import (
    Refusal,
    Refused,
    cancel_return_refusal,
    cancel_visit_refusal,
    correct_invoice_refusal,
    day_problem,
    first_return_state,
    free_days,
    invoice_refusal,
    may_cancel,
    may_change,
    may_urge,
    move_visit_refusal,
    return_refusal,
    visit_refusal,
)
from care.rules.order_terms import (
    CancelOutcome,
    DaySlot,
    InvoiceState,
    ReturnState,
    VisitKind,
    VisitState,
)
from care.rules.vocabulary import OrderState as S

TODAY = date(2026, 11, 24)


@dataclass(frozen=True)
class Order:
    state: S


@pytest.mark.parametrize(
    ("state", "cancel", "change", "urge", "give_back", "repair", "install", "invoice"),
    [
        (S.CREATED, CancelOutcome.CANCELLED, None, Refusal.NOT_PAID, Refusal.CANCEL_INSTEAD,
         Refusal.NOT_PAID, Refusal.NOT_PAID, Refusal.NOT_PAID),
        (S.PAID, CancelOutcome.CANCELLED, None, None, Refusal.CANCEL_INSTEAD, Refusal.NOT_ARRIVED, None, None),
        (S.SHIPPED, CancelOutcome.INTERCEPTING, Refusal.ALREADY_SHIPPED, None, None,
         Refusal.NOT_ARRIVED, None, None),
        (S.DELIVERED, CancelOutcome.TOO_LATE, Refusal.ALREADY_ARRIVED, Refusal.ALREADY_ARRIVED, None,
         None, None, None),
        (S.COMPLETED, CancelOutcome.TOO_LATE, Refusal.ALREADY_ARRIVED, Refusal.ALREADY_ARRIVED, None,
         None, None, None),
        (S.CANCELLED, CancelOutcome.CANCELLED, Refusal.ORDER_ENDED, Refusal.ORDER_ENDED, Refusal.ORDER_ENDED,
         Refusal.ORDER_ENDED, Refusal.ORDER_ENDED, Refusal.ORDER_ENDED),
        (S.RETURNED, CancelOutcome.TOO_LATE, Refusal.ORDER_ENDED, Refusal.ORDER_ENDED, Refusal.ORDER_ENDED,
         Refusal.ORDER_ENDED, Refusal.ORDER_ENDED, Refusal.ORDER_ENDED),
    ],
)  # fmt: skip
def test_what_an_order_allows(
    state: S,
    cancel: CancelOutcome,
    change: Refusal | None,
    urge: Refusal | None,
    give_back: Refusal | None,
    repair: Refusal | None,
    install: Refusal | None,
    invoice: Refusal | None,
) -> None:
    order = Order(state)
    assert may_cancel(order) is cancel
    assert may_change(order) is change
    assert may_urge(order) is urge
    assert return_refusal(order, (), is_whole_line_back=False) is give_back
    assert visit_refusal(order, VisitKind.REPAIR, ()) is repair
    assert visit_refusal(order, VisitKind.INSTALLATION, ()) is install
    assert invoice_refusal(order, TODAY, TODAY, ()) is invoice


def test_every_state_of_an_order_is_answered() -> None:
    for state in S:
        assert may_cancel(Order(state)) in CancelOutcome


@pytest.mark.parametrize("state", ReturnState)
def test_a_return_can_be_taken_back_until_something_was_sent_or_paid(state: ReturnState) -> None:
    untouched = {ReturnState.APPLIED, ReturnState.APPROVED, ReturnState.UNDER_REVIEW, ReturnState.CANCELLED}
    expected = None if state in untouched else Refusal.RETURN_UNDER_WAY
    assert cancel_return_refusal(state) is expected


@pytest.mark.parametrize("state", ReturnState)
def test_an_open_return_keeps_a_second_one_away_and_an_ended_one_does_not(state: ReturnState) -> None:
    ended = state in (ReturnState.REFUNDED, ReturnState.EXCHANGED, ReturnState.CANCELLED)
    expected = None if ended else Refusal.ALREADY_APPLIED
    assert return_refusal(Order(S.DELIVERED), (state,), is_whole_line_back=False) is expected


def test_what_is_wholly_given_back_cannot_be_given_back_again() -> None:
    assert (
        return_refusal(Order(S.DELIVERED), (ReturnState.REFUNDED,), is_whole_line_back=True)
        is Refusal.ORDER_ENDED
    )


def test_what_the_rules_do_not_allow_waits_for_a_person() -> None:
    assert first_return_state(is_allowed=True) is ReturnState.APPROVED
    assert first_return_state(is_allowed=False) is ReturnState.UNDER_REVIEW


@pytest.mark.parametrize("state", VisitState)
def test_only_a_booked_visit_moves_and_cancelling_twice_is_no_mistake(state: VisitState) -> None:
    booked = state is VisitState.BOOKED
    assert move_visit_refusal(state) is (None if booked else Refusal.VISIT_OVER)
    assert cancel_visit_refusal(state) is (
        None if booked or state is VisitState.CANCELLED else Refusal.VISIT_OVER
    )
    assert visit_refusal(Order(S.DELIVERED), VisitKind.REPAIR, (state,)) is (
        Refusal.ALREADY_BOOKED if booked else None
    )


@pytest.mark.parametrize(
    ("placed_on", "earlier", "expected"),
    [
        (TODAY - timedelta(days=365), (), None),
        (TODAY - timedelta(days=366), (), Refusal.INVOICE_TOO_OLD),
        (TODAY, (InvoiceState.VOID,), None),
        (TODAY, (InvoiceState.VOID, InvoiceState.CORRECTING), Refusal.ALREADY_INVOICED),
        (TODAY, (InvoiceState.ISSUED,), Refusal.ALREADY_INVOICED),
    ],
)
def test_one_valid_invoice_within_a_year(
    placed_on: date, earlier: tuple[InvoiceState, ...], expected: Refusal | None
) -> None:
    assert invoice_refusal(Order(S.COMPLETED), placed_on, TODAY, earlier) is expected


@pytest.mark.parametrize(
    ("state", "requested_on", "expected"),
    [
        (InvoiceState.ISSUED, date(2026, 1, 1), None),
        (InvoiceState.ISSUED, date(2025, 12, 31), Refusal.INVOICE_OTHER_YEAR),
        (InvoiceState.REQUESTED, date(2025, 12, 31), None),
        (InvoiceState.VOID, TODAY, Refusal.INVOICE_VOID),
    ],
)
def test_an_invoice_is_corrected_within_its_year(
    state: InvoiceState, requested_on: date, expected: Refusal | None
) -> None:
    assert correct_invoice_refusal(state, requested_on, TODAY) is expected


@pytest.mark.parametrize(("days", "is_fine"), [(-1, False), (0, False), (1, True), (30, True), (31, False)])
def test_days_from_tomorrow_to_thirty_ahead(days: int, is_fine: bool) -> None:
    assert (day_problem(TODAY + timedelta(days=days), TODAY) is None) is is_fine


def test_what_is_offered_can_be_booked() -> None:
    offered = free_days(TODAY)
    assert len(set(offered)) == 5 * len(DaySlot)
    assert all(day_problem(day, TODAY) is None for day, _ in offered)


def test_a_refusal_says_why_in_chinese_and_carries_its_code() -> None:
    error = Refused(Refusal.ALREADY_SHIPPED)
    assert (error.status, error.reason, error.message) == (
        409,
        Refusal.ALREADY_SHIPPED,
        Refusal.ALREADY_SHIPPED.label,
    )
    assert all(reason.label.endswith("。") for reason in Refusal)
