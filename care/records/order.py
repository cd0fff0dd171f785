"""Products and orders as mirrored from the order system. The bot changes them only through its port."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Boolean, Date, ForeignKey, Index, Integer, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from care.records.base import Base, Json, UtcDateTime, enum_column
from care.records.encryption import Encrypted
from care.rules.order_terms import DaySlot
from care.rules.returns import GoodsKind
from care.rules.vocabulary import OrderState

Money = Numeric(12, 2)


class Product(Base):
    __tablename__ = "product"

    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    brand: Mapped[str] = mapped_column(String(40))
    model: Mapped[str] = mapped_column(String(40), index=True)
    category: Mapped[str] = mapped_column(String(40), index=True)
    price: Mapped[Decimal] = mapped_column(Money)
    stock: Mapped[int] = mapped_column(Integer)
    picture: Mapped[str | None] = mapped_column(String(200))
    spoken_names: Mapped[list[str]] = mapped_column(Json, default=list)
    attributes: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    warranty_months: Mapped[int] = mapped_column(Integer, default=12)
    goods_kind: Mapped[GoodsKind] = enum_column(GoodsKind, default=GoodsKind.ORDINARY)
    is_demo: Mapped[bool] = mapped_column(Boolean, default=False)


class Order(Base):
    __tablename__ = "order"
    __table_args__ = (Index("ix_order_customer_placed", "customer_id", "placed_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(32), unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    state: Mapped[OrderState] = enum_column(OrderState)
    amount: Mapped[Decimal] = mapped_column(Money)
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    promised_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    receiver_name: Mapped[str] = mapped_column(String(80))
    receiver_phone: Mapped[str] = mapped_column(String(20))
    receiver_address: Mapped[str] = mapped_column(Encrypted("order.receiver_address"))
    deliver_on: Mapped[date | None] = mapped_column(Date)  # Asia/Shanghai, as the customer wished
    deliver_slot: Mapped[DaySlot | None] = enum_column(DaySlot, nullable=True)
    is_demo: Mapped[bool] = mapped_column(Boolean, default=False)

    lines: Mapped[list[OrderLine]] = relationship(cascade="all, delete-orphan", lazy="selectin")
    shipments: Mapped[list[Shipment]] = relationship(cascade="all, delete-orphan", lazy="selectin")
    events: Mapped[list[OrderEvent]] = relationship(
        cascade="all, delete-orphan", lazy="selectin", order_by="OrderEvent.at, OrderEvent.id"
    )


class OrderLine(Base):
    __tablename__ = "order_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id", ondelete="CASCADE"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    quantity: Mapped[int] = mapped_column(Integer)
    unit_price: Mapped[Decimal] = mapped_column(Money)
    #: The customer's own confirmation at purchase that a no-reason return does not apply (消法 §25).
    exclusion_confirmed: Mapped[bool] = mapped_column(Boolean, default=False)

    product: Mapped[Product] = relationship(lazy="selectin")


class Shipment(Base):
    __tablename__ = "shipment"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id", ondelete="CASCADE"), index=True)
    carrier: Mapped[str] = mapped_column(String(40))
    tracking_number: Mapped[str] = mapped_column(String(40), index=True)
    shipped_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expected_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class OrderEvent(Base):
    """One step on the order's timeline, oldest first."""

    __tablename__ = "order_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    title: Mapped[str] = mapped_column(String(60))
    detail: Mapped[str] = mapped_column(String(200), default="")
