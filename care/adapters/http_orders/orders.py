"""The order-system port over HTTP. Whose data an answer holds is checked here, whatever the ERP was asked."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from datetime import date
from typing import Any, TypeVar

from care.adapters.http_orders.answers import Envelope, Outcome
from care.adapters.http_orders.client import ErpClient
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

LARGEST_PAGE = 50
_MOST_PAGES = 5
#: What cannot be a number of anything is not asked for: it may be an attempt at something else.
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_\-]{0,31}")

_NO_ORDER = "没有找到这个订单。"
_NO_RETURN = "没有找到这个退换申请。"
_NO_VISIT = "没有找到这个预约。"
_NO_INVOICE = "没有找到这张发票。"
_STRANGE = "订单系统的回答有误，还不能确定这次是否办成；请过几分钟查一下进度，或转人工。"


class HttpOrders:
    def __init__(self, erp: ErpClient) -> None:
        self._erp = erp

    async def recent_orders(self, customer_ref: str, *, limit: int = 5) -> Sequence[OrderView]:
        orders = await self._list(customer_ref, "orders", Envelope[list[OrderView]], limit)
        return [order for order in orders if _is_of(order.customer_ref, customer_ref)]

    async def find_order(self, number: str, *, customer_ref: str) -> OrderView | None:
        if not _NUMBER.fullmatch(number):
            return None
        answer = await self._erp.get(("customers", customer_ref, "orders", number), Envelope[OrderView])
        if answer is None or not _is_of(answer.customer_ref, customer_ref):
            return None
        order = answer.data
        return order if _is_of(order.customer_ref, customer_ref) and order.number == number else None

    async def customer_of_order(self, number: str, *, phone_tail: str) -> str | None:
        if not _NUMBER.fullmatch(number) or not re.fullmatch(r"[0-9]{4}", phone_tail):
            return None
        # In the body: addresses are logged along the way.
        answer = await self._erp.ask(
            ("order-owner",), Envelope[None], {"number": number, "phone_tail": phone_tail}
        )
        return None if answer is None or not answer.customer_ref else answer.customer_ref

    async def cancel_order(self, number: str, *, customer_ref: str, reason: str, key: str) -> CancelOutcome:
        done = await self._write(
            ("customers", customer_ref, "orders", _number(number, _NO_ORDER), "cancel"),
            Envelope[Outcome],
            {"reason": reason},
            key,
            _NO_ORDER,
        )
        if done.outcome not in CancelOutcome.labels():
            raise Unavailable(_STRANGE)
        return CancelOutcome(done.outcome)

    async def change_delivery(
        self, number: str, *, customer_ref: str, change: DeliveryChange, key: str
    ) -> OrderView:
        path = ("customers", customer_ref, "orders", _number(number, _NO_ORDER), "delivery")
        order = await self._write(path, Envelope[OrderView], change, key, _NO_ORDER)
        if not _is_of(order.customer_ref, customer_ref) or order.number != number:
            raise Unavailable(_STRANGE)
        return order

    async def urge_order(self, number: str, *, customer_ref: str, key: str) -> None:
        path = ("customers", customer_ref, "orders", _number(number, _NO_ORDER), "urge")
        await self._write(path, Envelope[None], {}, key, _NO_ORDER)

    async def apply_return(self, wish: ReturnWish, *, customer_ref: str, key: str) -> ReturnView:
        _number(wish.order_number, _NO_ORDER)
        path = ("customers", customer_ref, "returns")
        return _about(await self._write(path, Envelope[ReturnView], wish, key, _NO_ORDER), wish.order_number)

    async def cancel_return(self, number: str, *, customer_ref: str, key: str) -> ReturnView:
        path = ("customers", customer_ref, "returns", _number(number, _NO_RETURN), "cancel")
        return _numbered(await self._write(path, Envelope[ReturnView], {}, key, _NO_RETURN), number)

    async def returns(self, customer_ref: str, *, limit: int = 10) -> Sequence[ReturnView]:
        return await self._list(customer_ref, "returns", Envelope[list[ReturnView]], limit)

    async def book_visit(self, wish: VisitWish, *, customer_ref: str, key: str) -> VisitView:
        _number(wish.order_number, _NO_ORDER)
        path = ("customers", customer_ref, "visits")
        return _about(await self._write(path, Envelope[VisitView], wish, key, _NO_ORDER), wish.order_number)

    async def move_visit(
        self, number: str, *, customer_ref: str, on: date, slot: DaySlot, key: str
    ) -> VisitView:
        path = ("customers", customer_ref, "visits", _number(number, _NO_VISIT), "move")
        body = {"on": on, "slot": slot.value}
        return _numbered(await self._write(path, Envelope[VisitView], body, key, _NO_VISIT), number)

    async def cancel_visit(self, number: str, *, customer_ref: str, key: str) -> VisitView:
        path = ("customers", customer_ref, "visits", _number(number, _NO_VISIT), "cancel")
        return _numbered(await self._write(path, Envelope[VisitView], {}, key, _NO_VISIT), number)

    async def visits(self, customer_ref: str, *, limit: int = 10) -> Sequence[VisitView]:
        return await self._list(customer_ref, "visits", Envelope[list[VisitView]], limit)

    async def request_invoice(self, wish: InvoiceWish, *, customer_ref: str, key: str) -> InvoiceView:
        _number(wish.order_number, _NO_ORDER)
        path = ("customers", customer_ref, "invoices")
        return _about(await self._write(path, Envelope[InvoiceView], wish, key, _NO_ORDER), wish.order_number)

    async def correct_invoice(
        self, number: str, wish: InvoiceWish, *, customer_ref: str, key: str
    ) -> InvoiceView:
        path = ("customers", customer_ref, "invoices", _number(number, _NO_INVOICE), "correct")
        return _about(
            await self._write(path, Envelope[InvoiceView], wish, key, _NO_INVOICE), wish.order_number
        )

    async def invoices(self, customer_ref: str, *, limit: int = 10) -> Sequence[InvoiceView]:
        return await self._list(customer_ref, "invoices", Envelope[list[InvoiceView]], limit)

    async def loyalty(self, customer_ref: str) -> LoyaltyView | None:
        answer = await self._erp.get(("customers", customer_ref, "loyalty"), Envelope[LoyaltyView])
        return answer.data if answer is not None and _is_of(answer.customer_ref, customer_ref) else None

    async def _list(
        self, customer_ref: str, what: str, wanted: type[Envelope[list[T]]], limit: int
    ) -> list[T]:
        """Page after page until `limit` or the end; a page of another customer ends it."""
        found: list[T] = []
        query = {"limit": str(max(1, min(limit, LARGEST_PAGE)))}
        for _ in range(_MOST_PAGES):
            page = await self._erp.get(("customers", customer_ref, what), wanted, query)
            if page is None or not _is_of(page.customer_ref, customer_ref):
                break
            found += page.data
            if len(found) >= limit or page.next_cursor is None:
                break
            query = {**query, "cursor": page.next_cursor}
        return found[:limit]

    async def _write(
        self, path: tuple[str, ...], wanted: type[Envelope[T]], body: Any, key: str, missing: str
    ) -> T:
        try:
            answer = await self._erp.write(path, wanted, body, key=key)
        except NotFound:
            raise NotFound(missing) from None
        if not _is_of(answer.customer_ref, path[1]):
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


N = TypeVar("N", ReturnView, VisitView, InvoiceView)


def _numbered(view: N, number: str) -> N:
    if view.number != number:
        raise Unavailable(_STRANGE)
    return view


def _about(view: N, order_number: str) -> N:
    if view.order_number != order_number:
        raise Unavailable(_STRANGE)
    return view
