"""By when what is promised about orders is done."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest

from care.rules.order_due import answer_due_at, invoice_due_at, refund_due_at, return_promise, visit_due_at
from care.rules.order_terms import DaySlot, InvoiceKind, OrderPromise, ReturnKind

FRIDAY = datetime(2026, 11, 27, 13, 30, tzinfo=timezone.utc)  # 21:30 in Shanghai
MONDAY_18 = datetime(2026, 11, 30, 10, 0, tzinfo=timezone.utc)


def is_workday(day: date) -> bool:
    return day.weekday() < 5


def test_money_goes_back_by_the_end_of_the_next_work_day() -> None:
    assert refund_due_at(FRIDAY, is_workday=is_workday) == MONDAY_18


def test_an_answer_comes_within_a_day_also_at_the_weekend() -> None:
    assert answer_due_at(FRIDAY) == FRIDAY + timedelta(hours=24)


@pytest.mark.parametrize(
    ("kind", "is_allowed", "what"),
    [
        (ReturnKind.RETURN, True, OrderPromise.PICK_UP),
        (ReturnKind.EXCHANGE, True, OrderPromise.PICK_UP),
        (ReturnKind.REFUND, True, OrderPromise.REFUND),
        (ReturnKind.RETURN, False, OrderPromise.REVIEW),
        (ReturnKind.REFUND, False, OrderPromise.REVIEW),
    ],
)
def test_the_next_step_of_a_return(kind: ReturnKind, is_allowed: bool, what: OrderPromise) -> None:
    assert return_promise(kind, FRIDAY, is_allowed=is_allowed, is_workday=is_workday) == (what, MONDAY_18)


@pytest.mark.parametrize(
    ("slot", "hour"), [(DaySlot.MORNING, 4), (DaySlot.AFTERNOON, 10), (DaySlot.EVENING, 13)]
)
def test_a_visit_is_due_by_the_end_of_its_part_of_the_day(slot: DaySlot, hour: int) -> None:
    assert visit_due_at(date(2026, 11, 28), slot) == datetime(2026, 11, 28, hour, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("kind", "is_delivered", "is_correction", "due"),
    [
        (InvoiceKind.PERSONAL, True, False, FRIDAY + timedelta(hours=24)),
        (InvoiceKind.COMPANY, False, False, None),
        (InvoiceKind.COMPANY, True, True, MONDAY_18),
        (InvoiceKind.SPECIAL, False, False, MONDAY_18 + timedelta(days=2)),
    ],
)
def test_invoices_are_due_as_the_shop_says(
    kind: InvoiceKind, is_delivered: bool, is_correction: bool, due: datetime | None
) -> None:
    found = invoice_due_at(
        kind, FRIDAY, is_delivered=is_delivered, is_correction=is_correction, is_workday=is_workday
    )
    assert found == due
