"""The order-system port over HTTP. Whose data an answer holds is checked here, whatever the ERP was asked."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar

from care.adapters.http_orders.answers import Envelope, Outcome
from care.adapters.http_orders.client import ErpClient
from care.adapters.http_orders.ids import CustomerIds
from care.ports import (
    DeliveryChange,
    InvoiceView,
    InvoiceWish,
    LoyaltyView,
    OrderView,
    ReturnView,
    ReturnWish,
    VisitView,
    VisitWish,
)
from care.rules.errors import NotFound, Unavailable
from care.rules.order_terms import CancelOutcome, DaySlot

log = logging.getLogger(__name__)
T = TypeVar("T")
N = TypeVar("N", ReturnView, VisitView, InvoiceView)

LARGEST_PAGE = 50
#: Pages may be smaller than asked for, but not so small that reading them has no end.
_SMALLEST_PAGE = 10
#: What cannot be a number of anything is not asked for: it may be an attempt at something else.
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_\-]{0,31}")

_NO_ORDER = "没有找到这个订单。"
_NO_RETURN = "没有找到这个退换申请。"
_NO_VISIT = "没有找到这个预约。"
_NO_INVOICE = "没有找到这张发票。"
_STRANGE = "订单系统的回答有误，还不能确定这次是否办成；请过几分钟查一下进度，或转人工。"


class HttpOrders:
    """`ids` turns our customers' ids into the ERP's and back."""

    def __init__(self, erp: ErpClient, ids: CustomerIds) -> None:
        self._erp, self._ids = erp, ids

    async def recent_orders(self, customer_ref: str, *, limit: int = 5) -> Sequence[OrderView]:
        erp_id = await self._ids.outward(customer_ref)
        orders = await self._list(customer_ref, "orders", Envelope[list[OrderView]], limit)
        return [
            replace(order, customer_ref=customer_ref)
            for order in orders
            if _is_of(order.customer_ref, erp_id)
        ]

    async def find_order(self, number: str, *, customer_ref: str) -> OrderView | None:
        if not _NUMBER.fullmatch(number):
            return None
        erp_id = await self._ids.outward(customer_ref)
        answer = await self._erp.get(("customers", erp_id, "orders", number), Envelope[OrderView])
        if answer is None or not _is_of(answer.customer_ref, erp_id):
            return None
        order = answer.data
        if not _is_of(order.customer_ref, erp_id) or order.number != number:
            return None
        return replace(order, customer_ref=customer_ref)

    async def customer_of_order(self, number: str, *, phone_tail: str) -> str | None:
        if not _NUMBER.fullmatch(number) or not re.fullmatch(r"[0-9]{4}", phone_tail):
            return None
        # In the body: addresses are logged along the way.
        answer = await self._erp.ask(
            ("order-owner",), Envelope[None], {"number": number, "phone_tail": phone_tail}
        )
        return None if answer is None else await self._ids.inward(answer.customer_ref)

    async def cancel_order(self, number: str, *, customer_ref: str, reason: str, key: str) -> CancelOutcome:
        tail = ("orders", _number(number, _NO_ORDER), "cancel")
        done = await self._write(customer_ref, tail, Envelope[Outcome], {"reason": reason}, key, _NO_ORDER)
        if done.outcome not in CancelOutcome.labels():
            raise Unavailable(_STRANGE)
        return CancelOutcome(done.outcome)

    async def change_delivery(
        self, number: str, *, customer_ref: str, change: DeliveryChange, key: str
    ) -> OrderView:
        tail = ("orders", _number(number, _NO_ORDER), "delivery")
        order = await self._write(customer_ref, tail, Envelope[OrderView], change, key, _NO_ORDER)
        erp_id = await self._ids.outward(customer_ref)
        if not _is_of(order.customer_ref, erp_id) or order.number != number:
            raise Unavailable(_STRANGE)
        return replace(order, customer_ref=customer_ref)

    async def urge_order(self, number: str, *, customer_ref: str, key: str) -> None:
        tail = ("orders", _number(number, _NO_ORDER), "urge")
        await self._write(customer_ref, tail, Envelope[None], {}, key, _NO_ORDER)

    async def apply_return(self, wish: ReturnWish, *, customer_ref: str, key: str) -> ReturnView:
        _number(wish.order_number, _NO_ORDER)
        view = await self._write(customer_ref, ("returns",), Envelope[ReturnView], wish, key, _NO_ORDER)
        return _about(view, wish.order_number)

    async def cancel_return(self, number: str, *, customer_ref: str, key: str) -> ReturnView:
        tail = ("returns", _number(number, _NO_RETURN), "cancel")
        view = await self._write(customer_ref, tail, Envelope[ReturnView], {}, key, _NO_RETURN)
        return _numbered(view, number)

    async def returns(self, customer_ref: str, *, limit: int = 10) -> Sequence[ReturnView]:
        return await self._list(customer_ref, "returns", Envelope[list[ReturnView]], limit)

    async def book_visit(self, wish: VisitWish, *, customer_ref: str, key: str) -> VisitView:
        _number(wish.order_number, _NO_ORDER)
        view = await self._write(customer_ref, ("visits",), Envelope[VisitView], wish, key, _NO_ORDER)
        return _about(view, wish.order_number)

    async def move_visit(
        self, number: str, *, customer_ref: str, on: date, slot: DaySlot, key: str
    ) -> VisitView:
        tail = ("visits", _number(number, _NO_VISIT), "move")
        body = {"on": on, "slot": slot.value}
        view = await self._write(customer_ref, tail, Envelope[VisitView], body, key, _NO_VISIT)
        return _numbered(view, number)

    async def cancel_visit(self, number: str, *, customer_ref: str, key: str) -> VisitView:
        tail = ("visits", _number(number, _NO_VISIT), "cancel")
        view = await self._write(customer_ref, tail, Envelope[VisitView], {}, key, _NO_VISIT)
        return _numbered(view, number)

    async def visits(self, customer_ref: str, *, limit: int = 10) -> Sequence[VisitView]:
        return await self._list(customer_ref, "visits", Envelope[list[VisitView]], limit)

    async def request_invoice(self, wish: InvoiceWish, *, customer_ref: str, key: str) -> InvoiceView:
        _number(wish.order_number, _NO_ORDER)
        view = await self._write(customer_ref, ("invoices",), Envelope[InvoiceView], wish, key, _NO_ORDER)
        return _about(view, wish.order_number)

    async def correct_invoice(
        self, number: str, wish: InvoiceWish, *, customer_ref: str, key: str
    ) -> InvoiceView:
        tail = ("invoices", _number(number, _NO_INVOICE), "correct")
        view = await self._write(customer_ref, tail, Envelope[InvoiceView], wish, key, _NO_INVOICE)
        return _about(view, wish.order_number)

    async def invoices(self, customer_ref: str, *, limit: int = 10) -> Sequence[InvoiceView]:
        return await self._list(customer_ref, "invoices", Envelope[list[InvoiceView]], limit)

    async def loyalty(self, customer_ref: str) -> LoyaltyView | None:
        erp_id = await self._ids.outward(customer_ref)
        answer = await self._erp.get(("customers", erp_id, "loyalty"), Envelope[LoyaltyView])
        return answer.data if answer is not None and _is_of(answer.customer_ref, erp_id) else None

    async def _list(
        self, customer_ref: str, what: str, wanted: type[Envelope[list[T]]], limit: int
    ) -> list[T]:
        """Page after page until `limit` or the end; a page of another customer ends it."""
        erp_id = await self._ids.outward(customer_ref)
        found: list[T] = []
        query = {"limit": str(max(1, min(limit, LARGEST_PAGE)))}
        for _ in range(limit // _SMALLEST_PAGE + 1):
            page = await self._erp.get(("customers", erp_id, what), wanted, query)
            if page is None or not _is_of(page.customer_ref, erp_id):
                break
            found += page.data
            if len(found) >= limit or page.next_cursor is None:
                break
            query = {**query, "cursor": page.next_cursor}
        return found[:limit]

    async def _write(
        self,
        customer_ref: str,
        tail: tuple[str, ...],
        wanted: type[Envelope[T]],
        body: Any,
        key: str,
        missing: str,
    ) -> T:
        erp_id = await self._ids.outward(customer_ref)
        try:
            answer = await self._erp.write(("customers", erp_id, *tail), wanted, body, key=key)
        except NotFound:
            raise NotFound(missing) from None
        if not _is_of(answer.customer_ref, erp_id):
            raise Unavailable(_STRANGE)
        return answer.data


def _is_of(answered: str, asked: str) -> bool:
    if answered != asked:
        log.error("order system: answered with another customer's data; it was thrown away")
    return answered == asked


def _number(number: str, missing: str) -> str:
    if not _NUMBER.fullmatch(number):
        raise NotFound(missing)
    return number


def _numbered(view: N, number: str) -> N:
    if view.number != number:
        raise Unavailable(_STRANGE)
    return view


def _about(view: N, order_number: str) -> N:
    if view.order_number != order_number:
        raise Unavailable(_STRANGE)
    return view
