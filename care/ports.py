"""What lies outside, as Protocols. Each has an embedded adapter and a real one in `care.adapters`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

from care.rules.order_terms import (
    CancelOutcome,
    DaySlot,
    InvoiceKind,
    InvoiceState,
    ReturnKind,
    ReturnState,
    VisitKind,
    VisitState,
)
from care.rules.returns import GoodsKind
from care.rules.vocabulary import OrderState


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, aware, in UTC."""


class WorkCalendar(Protocol):
    def is_workday(self, day: date) -> bool:
        """Whether `day` (Asia/Shanghai) is a work day, public holidays and adjusted work days considered."""


class SmsSender(Protocol):
    async def send(self, phone: str, text: str, *, key: str | None = None) -> None:
        """Hands one message over. Raises `care.rules.errors.Unavailable` when it cannot be sent now.

        The same `key` again is the same message: a gateway that took it already sends it no second time.
        """


@dataclass(frozen=True)
class OrderLineView:
    sku: str
    name: str
    picture: str | None
    quantity: int
    unit_price: Decimal
    goods_kind: GoodsKind = GoodsKind.ORDINARY
    exclusion_confirmed: bool = False  # at purchase: a no-reason return does not apply


@dataclass(frozen=True)
class OrderEventView:
    at: datetime
    title: str
    detail: str


@dataclass(frozen=True)
class ShipmentView:
    carrier: str
    tracking_number: str
    shipped_at: datetime
    expected_at: datetime | None


@dataclass(frozen=True)
class OrderView:
    """One order as people see it. `receiver_*` are unmasked: mask before showing (care.rules.masking)."""

    number: str
    customer_ref: str  # Customer.public_id
    state: OrderState
    amount: Decimal
    placed_at: datetime
    promised_at: datetime | None
    delivered_at: datetime | None
    receiver_name: str
    receiver_phone: str
    receiver_address: str
    lines: tuple[OrderLineView, ...]
    shipments: tuple[ShipmentView, ...]
    events: tuple[OrderEventView, ...]
    deliver_on: date | None = None  # the wished day, Asia/Shanghai
    deliver_slot: DaySlot | None = None


@dataclass(frozen=True)
class DeliveryChange:
    """What shall be different about a delivery; `None` leaves a thing as it is. `on` is a day in Asia/Shanghai."""

    receiver_name: str | None = None
    receiver_phone: str | None = None
    receiver_address: str | None = None
    on: date | None = None
    slot: DaySlot | None = None


@dataclass(frozen=True)
class ReturnWish:
    """A return, exchange or refund of one line of an order.

    Attributes:
        is_allowed: what `care.rules.returns` decided; otherwise a person of the shop looks at it.
        ground: the code of that decision's ground.
        exchange_for: the SKU or words for what is wanted instead.
    """

    order_number: str
    sku: str
    quantity: int
    kind: ReturnKind
    reason: str
    is_allowed: bool
    ground: str
    exchange_for: str | None = None


@dataclass(frozen=True)
class ReturnView:
    number: str
    order_number: str
    sku: str
    product_name: str
    quantity: int
    kind: ReturnKind
    reason: str
    state: ReturnState
    amount: Decimal
    applied_at: datetime
    refund_due_at: datetime | None


@dataclass(frozen=True)
class VisitWish:
    """Somebody is to come: a repair (with the fault in the customer's words) or an installation."""

    kind: VisitKind
    order_number: str
    sku: str
    on: date
    slot: DaySlot
    fault: str = ""


@dataclass(frozen=True)
class VisitView:
    number: str
    kind: VisitKind
    order_number: str
    sku: str
    product_name: str
    on: date
    slot: DaySlot
    fault: str
    state: VisitState
    booked_at: datetime


@dataclass(frozen=True)
class InvoiceWish:
    order_number: str
    kind: InvoiceKind
    title: str
    tax_number: str | None = None
    email: str | None = None


@dataclass(frozen=True)
class InvoiceView:
    number: str
    order_number: str
    kind: InvoiceKind
    title: str
    tax_number: str | None
    email: str | None
    amount: Decimal
    state: InvoiceState
    requested_at: datetime


@dataclass(frozen=True)
class LoyaltyView:
    """Points and level; `expiring_points` are lost at the end of `expiring_on` (Asia/Shanghai)."""

    points: int
    level: str
    expiring_points: int
    expiring_on: date | None


class OrderSystem(Protocol):
    """The shop's orders. Every call names whose orders it may touch; a foreign one is as if it did not exist.

    Every writing call carries `key`: the same key again has no second effect and gets the first answer.
    Writing calls raise `NotFound` (foreign or missing), `Conflict` (the state does not allow it; the
    text says why), `InvalidInput`, and `Unavailable` when the system cannot be asked now.
    """

    async def recent_orders(self, customer_ref: str, *, limit: int = 5) -> Sequence[OrderView]:
        """Newest first. Raises `Unavailable` when the system cannot be asked now."""

    async def find_order(self, number: str, *, customer_ref: str) -> OrderView | None:
        """The order when it exists and belongs to `customer_ref`, else `None` (same answer for both)."""

    async def customer_of_order(self, number: str, *, phone_tail: str) -> str | None:
        """`customer_ref` when `phone_tail` (4 digits) is the end of the buyer's phone."""

    async def cancel_order(self, number: str, *, customer_ref: str, reason: str, key: str) -> CancelOutcome:
        """Cancels what has not left; tries to stop what is on its way; what arrived is told apart."""

    async def change_delivery(
        self, number: str, *, customer_ref: str, change: DeliveryChange, key: str
    ) -> OrderView:
        """Only before the parcel leaves; receiver and day."""

    async def urge_order(self, number: str, *, customer_ref: str, key: str) -> None:
        """Asks the warehouse or the carrier to hurry."""

    async def apply_return(self, wish: ReturnWish, *, customer_ref: str, key: str) -> ReturnView:
        """Takes down a return, exchange or refund."""

    async def cancel_return(self, number: str, *, customer_ref: str, key: str) -> ReturnView:
        """Takes it back while nothing was sent or refunded."""

    async def returns(self, customer_ref: str, *, limit: int = 10) -> Sequence[ReturnView]:
        """Newest first."""

    async def book_visit(self, wish: VisitWish, *, customer_ref: str, key: str) -> VisitView:
        """Books a repair or an installation."""

    async def move_visit(
        self, number: str, *, customer_ref: str, on: date, slot: DaySlot, key: str
    ) -> VisitView:
        """Another day or part of the day."""

    async def cancel_visit(self, number: str, *, customer_ref: str, key: str) -> VisitView:
        """Nobody shall come."""

    async def visits(self, customer_ref: str, *, limit: int = 10) -> Sequence[VisitView]:
        """Newest first."""

    async def request_invoice(self, wish: InvoiceWish, *, customer_ref: str, key: str) -> InvoiceView:
        """Asks for the invoice of an order; one that exists already is a `Conflict`."""

    async def correct_invoice(
        self, number: str, wish: InvoiceWish, *, customer_ref: str, key: str
    ) -> InvoiceView:
        """Voids an invoice and issues it again as wished (红冲重开)."""

    async def invoices(self, customer_ref: str, *, limit: int = 10) -> Sequence[InvoiceView]:
        """Newest first."""

    async def loyalty(self, customer_ref: str) -> LoyaltyView | None:
        """Points and level; `None` for a shop without a programme."""


class EventBus(Protocol):
    """Tells every web process at once that something happened; carries ids, never content."""

    async def publish(self, channel: str, data: dict[str, Any]) -> None: ...

    def subscribe(self, channel: str) -> AbstractAsyncContextManager[AsyncIterator[dict[str, Any]]]: ...
