"""Whether what was promised about an order, a return, a visit or an invoice has come true by its state."""

from __future__ import annotations

from collections.abc import Iterable

from care.rules.labelled import Labelled
from care.rules.order_terms import InvoiceState, OrderPromise, ReturnState, VisitState
from care.rules.vocabulary import OrderState


class Verdict(Labelled):
    OPEN = "open", "未到"
    KEPT = "kept", "已兑现"
    VOID = "void", "不再适用"


#: What the customer did themselves is no answer to the customer.
_CUSTOMERS_OWN = ("已催办", "收货信息已修改", "已申请拦截", "申请", "预约", "撤销", "换开")
_ENDED = (OrderState.CANCELLED, OrderState.RETURNED)
_ARRIVED = (OrderState.DELIVERED, OrderState.COMPLETED)
_FETCHED = (ReturnState.SENT_BACK, ReturnState.RECEIVED, ReturnState.REFUNDED, ReturnState.EXCHANGED)


def of_return(what: OrderPromise, state: ReturnState) -> Verdict:
    if state is ReturnState.CANCELLED:
        return Verdict.VOID
    is_kept = {
        OrderPromise.REVIEW: state is not ReturnState.UNDER_REVIEW,
        OrderPromise.PICK_UP: state in _FETCHED,
        OrderPromise.REFUND: state is ReturnState.REFUNDED,
    }.get(what, False)
    return Verdict.KEPT if is_kept else Verdict.OPEN


def of_visit(state: VisitState) -> Verdict:
    """Somebody came, whether or not it worked."""
    if state is VisitState.CANCELLED:
        return Verdict.VOID
    return Verdict.OPEN if state is VisitState.BOOKED else Verdict.KEPT


def of_invoice(state: InvoiceState) -> Verdict:
    if state is InvoiceState.VOID:
        return Verdict.VOID
    return Verdict.KEPT if state is InvoiceState.ISSUED else Verdict.OPEN


def is_news(title: str) -> bool:
    """Whether a step of the timeline comes from the shop or the carrier."""
    return not title.startswith(_CUSTOMERS_OWN)


def of_order(what: OrderPromise, state: OrderState, later_titles: Iterable[str]) -> Verdict:
    """`later_titles`: steps of the timeline since the promise was made."""
    titles = list(later_titles)
    if what is OrderPromise.INTERCEPT:
        return Verdict.KEPT if state in (*_ENDED, *_ARRIVED) else Verdict.OPEN
    if what is OrderPromise.REFUND:
        is_paid_back = any("退款" in title and "申请" not in title for title in titles)
        return Verdict.KEPT if is_paid_back else Verdict.OPEN
    if state in _ENDED:
        return Verdict.VOID
    return Verdict.KEPT if state in _ARRIVED or any(map(is_news, titles)) else Verdict.OPEN
