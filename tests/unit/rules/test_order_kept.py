"""By what state of the order system a promise has come true."""

from __future__ import annotations

import pytest

from care.rules.order_kept import Verdict, is_news, of_invoice, of_order, of_return, of_visit
from care.rules.order_terms import InvoiceState, OrderPromise, ReturnState, VisitState
from care.rules.vocabulary import OrderState

OPEN, KEPT, VOID = Verdict.OPEN, Verdict.KEPT, Verdict.VOID


@pytest.mark.parametrize(
    ("state", "review", "pick_up", "refund"),
    [
        (ReturnState.APPLIED, KEPT, OPEN, OPEN),
        (ReturnState.UNDER_REVIEW, OPEN, OPEN, OPEN),
        (ReturnState.APPROVED, KEPT, OPEN, OPEN),
        (ReturnState.SENT_BACK, KEPT, KEPT, OPEN),
        (ReturnState.RECEIVED, KEPT, KEPT, OPEN),
        (ReturnState.REFUNDED, KEPT, KEPT, KEPT),
        (ReturnState.EXCHANGED, KEPT, KEPT, OPEN),
        (ReturnState.CANCELLED, VOID, VOID, VOID),
    ],
)
def test_returns(state: ReturnState, review: Verdict, pick_up: Verdict, refund: Verdict) -> None:
    assert of_return(OrderPromise.REVIEW, state) is review
    assert of_return(OrderPromise.PICK_UP, state) is pick_up
    assert of_return(OrderPromise.REFUND, state) is refund


def test_visits_and_invoices() -> None:
    assert [of_visit(state) for state in VisitState] == [OPEN, KEPT, KEPT, VOID]
    assert [of_invoice(state) for state in InvoiceState] == [OPEN, KEPT, OPEN, VOID]


@pytest.mark.parametrize(
    ("what", "state", "titles", "expected"),
    [
        (OrderPromise.HURRY, OrderState.PAID, (), OPEN),
        (OrderPromise.HURRY, OrderState.PAID, ("已催办", "收货信息已修改"), OPEN),
        (OrderPromise.HURRY, OrderState.SHIPPED, ("商品已出库",), KEPT),
        (OrderPromise.HURRY, OrderState.DELIVERED, (), KEPT),
        (OrderPromise.HURRY, OrderState.CANCELLED, ("订单已取消",), VOID),
        (OrderPromise.INTERCEPT, OrderState.SHIPPED, ("运输中",), OPEN),
        (OrderPromise.INTERCEPT, OrderState.DELIVERED, (), KEPT),
        (OrderPromise.INTERCEPT, OrderState.CANCELLED, (), KEPT),
        (OrderPromise.REFUND, OrderState.CANCELLED, (), OPEN),
        (OrderPromise.REFUND, OrderState.CANCELLED, ("申请退款",), OPEN),
        (OrderPromise.REFUND, OrderState.CANCELLED, ("退款完成",), KEPT),
    ],
)
def test_orders(what: OrderPromise, state: OrderState, titles: tuple[str, ...], expected: Verdict) -> None:
    assert of_order(what, state, titles) is expected


def test_what_the_customer_did_is_no_news_to_the_customer() -> None:
    assert not any(map(is_news, ("已催办", "申请退货", "预约维修", "换开发票", "撤销退货")))
    assert all(map(is_news, ("商品已出库", "派送中", "已签收", "退款完成")))
