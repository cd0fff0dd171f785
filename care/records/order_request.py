"""What customers asked the order system to do, mirrored like the orders: returns, visits, invoices, points."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from care.records.base import Base, Json, UtcDateTime, enum_column
from care.records.encryption import Encrypted
from care.records.order import Money, Order, OrderLine
from care.rules.order_terms import (
    DaySlot,
    InvoiceKind,
    InvoiceState,
    ReturnKind,
    ReturnState,
    VisitKind,
    VisitState,
)


class ReturnRequest(Base):
    """A return, exchange or refund of one order line. `ground` is the code of the decision's ground."""

    __tablename__ = "return_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(24), unique=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id", ondelete="CASCADE"), index=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id", ondelete="CASCADE"), index=True)
    quantity: Mapped[int] = mapped_column(Integer)
    kind: Mapped[ReturnKind] = enum_column(ReturnKind)
    reason: Mapped[str] = mapped_column(String(500))
    ground: Mapped[str] = mapped_column(String(40))
    exchange_for: Mapped[str | None] = mapped_column(String(200))
    state: Mapped[ReturnState] = enum_column(ReturnState)
    amount: Mapped[Decimal] = mapped_column(Money)
    applied_at: Mapped[datetime] = mapped_column(UtcDateTime)
    refund_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    order: Mapped[Order] = relationship(lazy="joined", innerjoin=True)
    line: Mapped[OrderLine] = relationship(lazy="joined", innerjoin=True)


class ServiceVisit(Base):
    """Somebody comes to repair or to install. `visit_on` is a day in Asia/Shanghai."""

    __tablename__ = "service_visit"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(24), unique=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id", ondelete="CASCADE"), index=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id", ondelete="CASCADE"), index=True)
    kind: Mapped[VisitKind] = enum_column(VisitKind)
    visit_on: Mapped[date] = mapped_column(Date)
    slot: Mapped[DaySlot] = enum_column(DaySlot)
    fault: Mapped[str] = mapped_column(String(500), default="")
    state: Mapped[VisitState] = enum_column(VisitState)
    booked_at: Mapped[datetime] = mapped_column(UtcDateTime)

    order: Mapped[Order] = relationship(lazy="joined", innerjoin=True)
    line: Mapped[OrderLine] = relationship(lazy="joined", innerjoin=True)


class Invoice(Base):
    """`replaces_id` is the invoice that this one corrects (红冲重开); that one is void."""

    __tablename__ = "invoice"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(24), unique=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id", ondelete="CASCADE"), index=True)
    kind: Mapped[InvoiceKind] = enum_column(InvoiceKind)
    title: Mapped[str] = mapped_column(String(120))
    tax_number: Mapped[str | None] = mapped_column(Encrypted("invoice.tax_number"))
    email: Mapped[str | None] = mapped_column(Encrypted("invoice.email"))
    amount: Mapped[Decimal] = mapped_column(Money)
    state: Mapped[InvoiceState] = enum_column(InvoiceState)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id", ondelete="SET NULL"))

    order: Mapped[Order] = relationship(lazy="joined", innerjoin=True)


class LoyaltyAccount(Base):
    """The membership of one customer; the points are the sum of the entries (care.rules.loyalty)."""

    __tablename__ = "loyalty_account"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), unique=True)
    level: Mapped[str] = mapped_column(String(20))

    entries: Mapped[list[LoyaltyEntry]] = relationship(cascade="all, delete-orphan", lazy="selectin")


class LoyaltyEntry(Base):
    """Points won (positive, lost at the end of `expires_on`) or spent (negative)."""

    __tablename__ = "loyalty_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("loyalty_account.id", ondelete="CASCADE"), index=True)
    points: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_on: Mapped[date | None] = mapped_column(Date)


class OrderWrite(Base):
    """A writing call that was carried out, so that the same key never writes twice.

    `request` is a digest: what was asked for lies in the tables already and is not kept a second time.
    `answer` holds the number or outcome that the call led to.
    """

    __tablename__ = "order_write"
    __table_args__ = (Index("ix_order_write_at", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(160), unique=True)
    operation: Mapped[str] = mapped_column(String(40))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), index=True)
    request: Mapped[str] = mapped_column(String(64))
    answer: Mapped[dict[str, Any]] = mapped_column(Json)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
