"""By when what is promised about orders is done. Our own terms, except where a law is named; all in UTC."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone

from care.rules.deadlines import IsWorkday, end_of_workday
from care.rules.order_terms import DaySlot, InvoiceKind, OrderPromise, ReturnKind
from care.rules.times import SHANGHAI

ANSWER_HOURS = 24
INVOICE_HOURS = 24
SPECIAL_INVOICE_WORKDAYS = 3

#: When a part of the day is over, Asia/Shanghai.
SLOT_ENDS = {DaySlot.MORNING: time(12, 0), DaySlot.AFTERNOON: time(18, 0), DaySlot.EVENING: time(21, 0)}


def refund_due_at(now: datetime, *, is_workday: IsWorkday) -> datetime:
    """The shop pays back by the end of the next work day; the bank's own time comes after."""
    return end_of_workday(now, 1, is_workday=is_workday)


def answer_due_at(now: datetime) -> datetime:
    """Whether the parcel was stopped, and what hurrying led to: within 24 hours."""
    return now + timedelta(hours=ANSWER_HOURS)


def return_promise(
    kind: ReturnKind, now: datetime, *, is_allowed: bool, is_workday: IsWorkday
) -> tuple[OrderPromise, datetime]:
    """The next step of a return: a pick-up or a refund when it is allowed, else a person's answer."""
    due = end_of_workday(now, 1, is_workday=is_workday)
    if not is_allowed:
        return OrderPromise.REVIEW, due
    return (OrderPromise.REFUND if kind is ReturnKind.REFUND else OrderPromise.PICK_UP), due


def visit_due_at(on: date, slot: DaySlot) -> datetime:
    """The end of that part of the day."""
    return datetime.combine(on, SLOT_ENDS[slot], SHANGHAI).astimezone(timezone.utc)


def invoice_due_at(
    kind: InvoiceKind, now: datetime, *, is_delivered: bool, is_correction: bool, is_workday: IsWorkday
) -> datetime | None:
    """24 hours, a correction one work day, a special one three; None before the goods have arrived."""
    if kind is InvoiceKind.SPECIAL:
        return end_of_workday(now, SPECIAL_INVOICE_WORKDAYS, is_workday=is_workday)
    if is_correction:
        return end_of_workday(now, 1, is_workday=is_workday)
    return now + timedelta(hours=INVOICE_HOURS) if is_delivered else None
