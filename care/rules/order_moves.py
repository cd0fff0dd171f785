"""What may be done with an order, a return, a visit or an invoice, and what is possible instead.

Each `..._refusal` answers None when the thing may be done. The order system asks them again under
its own lock: a state may change between the talk and the act.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import ClassVar, Protocol

from care.rules.errors import Conflict
from care.rules.labelled import Labelled
from care.rules.order_terms import (
    CancelOutcome,
    DaySlot,
    InvoiceState,
    ReturnState,
    VisitKind,
    VisitState,
)
from care.rules.vocabulary import OrderState

#: Somebody may be asked to come, or a parcel to arrive, so many days ahead.
DAYS_AHEAD = 30
#: The shop issues an invoice for a year after the order.
INVOICE_DAYS = 365
#: Hurrying again within this time reaches the warehouse as one wish.
URGE_AGAIN = timedelta(hours=4)


class Refusal(Labelled):
    """Why a state does not allow something; the label also says what the customer can do instead."""

    ALREADY_SHIPPED = "already_shipped", "订单已经发出，收货信息不能再改；可以让快递改派，或拒收后退货。"
    ALREADY_ARRIVED = "already_arrived", "订单已经签收；如不想要，可以申请退货或换货。"
    ORDER_ENDED = "order_ended", "这个订单已经取消或退货，不能再办理这项业务。"
    CANCEL_INSTEAD = "cancel_instead", "订单还没有发出，可以直接取消，款项原路退回。"
    NOT_PAID = "not_paid", "订单还没有付款，付款后才能办理。"
    NOT_ARRIVED = "not_arrived", "商品还没有签收，签收后就可以办理。"
    ALREADY_APPLIED = "already_applied", "这件商品已有退换申请在办理；可以查它的进度，或先撤销它。"
    RETURN_UNDER_WAY = "return_under_way", "退换已经在办理(已寄回或已退款)，不能再撤销；需要时可由人工处理。"
    ALREADY_BOOKED = "already_booked", "这件商品已经约了上门；可以改时间，或先取消。"
    VISIT_OVER = "visit_over", "这次上门已经结束或取消；需要时可以重新预约。"
    ALREADY_INVOICED = "already_invoiced", "这个订单已有发票；抬头或税号有误可以换开。"
    INVOICE_VOID = "invoice_void", "这张发票已经作废；可以查同一订单的新发票。"
    INVOICE_TOO_OLD = "invoice_too_old", "下单已超过一年，需要人工为您补开发票。"
    INVOICE_OTHER_YEAR = "invoice_other_year", "跨年的发票需要人工为您换开。"


class Refused(Conflict):
    """The state does not allow it; `reason` is the code, the text is its label."""

    code: ClassVar[str] = "refused"

    def __init__(self, reason: Refusal) -> None:
        self.reason = reason
        super().__init__(reason.label)


class Stated(Protocol):
    @property
    def state(self) -> OrderState: ...


_WAITING = (OrderState.CREATED, OrderState.PAID)
_ARRIVED = (OrderState.DELIVERED, OrderState.COMPLETED)
_ENDED = (OrderState.CANCELLED, OrderState.RETURNED)

RETURN_OPEN = (
    ReturnState.APPLIED,
    ReturnState.APPROVED,
    ReturnState.UNDER_REVIEW,
    ReturnState.SENT_BACK,
    ReturnState.RECEIVED,
)
#: Nothing was sent or refunded yet.
RETURN_UNTOUCHED = (ReturnState.APPLIED, ReturnState.APPROVED, ReturnState.UNDER_REVIEW)


def may_cancel(order: Stated) -> CancelOutcome:
    """What becomes of the wish to cancel: done before dispatch, tried on the way, too late after arrival."""
    if order.state in _WAITING or order.state is OrderState.CANCELLED:
        return CancelOutcome.CANCELLED
    return CancelOutcome.INTERCEPTING if order.state is OrderState.SHIPPED else CancelOutcome.TOO_LATE


def may_change(order: Stated) -> Refusal | None:
    """Receiver and day of delivery can be changed until the parcel leaves."""
    if order.state is OrderState.SHIPPED:
        return Refusal.ALREADY_SHIPPED
    if order.state in _ARRIVED:
        return Refusal.ALREADY_ARRIVED
    return Refusal.ORDER_ENDED if order.state in _ENDED else None


def may_urge(order: Stated) -> Refusal | None:
    """Somebody is still to send or to bring it."""
    if order.state in _ARRIVED:
        return Refusal.ALREADY_ARRIVED
    if order.state is OrderState.CREATED:
        return Refusal.NOT_PAID
    return Refusal.ORDER_ENDED if order.state in _ENDED else None


def return_refusal(
    order: Stated, earlier: Iterable[ReturnState], *, is_whole_line_back: bool
) -> Refusal | None:
    """Whether a return, exchange or refund of one line can be taken down at all.

    Whether it is granted is another question (`care.rules.returns`); a person answers it in doubt.

    Args:
        earlier: states of the requests that the line has already.
        is_whole_line_back: finished requests cover every piece of the line.
    """
    if order.state in _WAITING:
        return Refusal.CANCEL_INSTEAD
    if order.state in _ENDED or is_whole_line_back:
        return Refusal.ORDER_ENDED
    return Refusal.ALREADY_APPLIED if any(state in RETURN_OPEN for state in earlier) else None


def cancel_return_refusal(state: ReturnState) -> Refusal | None:
    """A request that is taken back already stays so: asking twice is no mistake."""
    if state is ReturnState.CANCELLED or state in RETURN_UNTOUCHED:
        return None
    return Refusal.RETURN_UNDER_WAY


def first_return_state(*, is_allowed: bool) -> ReturnState:
    """What the rules allow is agreed at once; about the rest a person decides."""
    return ReturnState.APPROVED if is_allowed else ReturnState.UNDER_REVIEW


def visit_refusal(order: Stated, kind: VisitKind, earlier: Iterable[VisitState]) -> Refusal | None:
    """A repair needs the goods to have arrived; an installation can be booked while they are on their way.

    Args:
        earlier: states of the visits of that kind that the line has already.
    """
    if order.state in _ENDED:
        return Refusal.ORDER_ENDED
    if order.state is OrderState.CREATED:
        return Refusal.NOT_PAID
    if kind is VisitKind.REPAIR and order.state not in _ARRIVED:
        return Refusal.NOT_ARRIVED
    return Refusal.ALREADY_BOOKED if VisitState.BOOKED in earlier else None


def move_visit_refusal(state: VisitState) -> Refusal | None:
    return None if state is VisitState.BOOKED else Refusal.VISIT_OVER


def cancel_visit_refusal(state: VisitState) -> Refusal | None:
    return None if state in (VisitState.BOOKED, VisitState.CANCELLED) else Refusal.VISIT_OVER


def invoice_refusal(
    order: Stated, placed_on: date, today: date, earlier: Iterable[InvoiceState]
) -> Refusal | None:
    """One valid invoice an order, within a year; days in Asia/Shanghai."""
    if order.state is OrderState.CREATED:
        return Refusal.NOT_PAID
    if order.state in _ENDED:
        return Refusal.ORDER_ENDED
    if any(state is not InvoiceState.VOID for state in earlier):
        return Refusal.ALREADY_INVOICED
    return Refusal.INVOICE_TOO_OLD if today > placed_on + timedelta(days=INVOICE_DAYS) else None


def correct_invoice_refusal(state: InvoiceState, requested_on: date, today: date) -> Refusal | None:
    """An invoice of another year is corrected by a person: its tax period is closed."""
    if state is InvoiceState.VOID:
        return Refusal.INVOICE_VOID
    if state is InvoiceState.ISSUED and requested_on.year != today.year:
        return Refusal.INVOICE_OTHER_YEAR
    return None


def day_problem(day: date, today: date) -> str | None:
    """Chinese text when nobody can come or deliver on `day`, else None. Days in Asia/Shanghai."""
    if day <= today:
        return "请选明天或以后的日期。"
    if day > today + timedelta(days=DAYS_AHEAD):
        return f"最多可以约 {DAYS_AHEAD} 天以内的日期。"
    return None


def free_days(today: date, *, days: int = 5) -> list[tuple[date, DaySlot]]:
    """The parts of the next `days` days, the nearest first."""
    return [(today + timedelta(days=n), slot) for n in range(1, days + 1) for slot in DaySlot]
