"""What lies outside, as Protocols. Each has an embedded adapter and a real one in `care.adapters`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

from care.rules.vocabulary import OrderState


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, aware, in UTC."""


class WorkCalendar(Protocol):
    def is_workday(self, day: date) -> bool:
        """Whether `day` (Asia/Shanghai) is a work day, public holidays and adjusted work days considered."""


class SmsSender(Protocol):
    async def send(self, phone: str, text: str) -> None:
        """Hands one message over. Raises `care.rules.errors.Unavailable` when it cannot be sent now."""


@dataclass(frozen=True)
class OrderLineView:
    sku: str
    name: str
    picture: str | None
    quantity: int
    unit_price: Decimal


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


class OrderSystem(Protocol):
    """The shop's orders. Every call names whose orders it may touch; a foreign one is `None`."""

    async def recent_orders(self, customer_ref: str, *, limit: int = 5) -> Sequence[OrderView]:
        """Newest first. Raises `Unavailable` when the system cannot be asked now."""

    async def find_order(self, number: str, *, customer_ref: str) -> OrderView | None:
        """The order when it exists and belongs to `customer_ref`, else `None` (same answer for both)."""

    async def customer_of_order(self, number: str, *, phone_tail: str) -> str | None:
        """`customer_ref` when `phone_tail` (4 digits) is the end of the buyer's phone."""


class EventBus(Protocol):
    """Tells every web process at once that something happened; carries ids, never content."""

    async def publish(self, channel: str, data: dict[str, Any]) -> None: ...

    def subscribe(self, channel: str) -> AbstractAsyncContextManager[AsyncIterator[dict[str, Any]]]: ...
