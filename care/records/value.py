"""What a customer was worth to the shop on a day, recomputable from the rows at any time."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Boolean, Date, Float, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from care.records.base import Base, Json, UtcDateTime, enum_column
from care.records.order import Money
from care.rules.vocabulary import LifecycleStage, Tier


class CustomerValue(Base):
    """A dated snapshot. `basis` says from what each figure was computed (parameters, counts); money is yuan."""

    __tablename__ = "customer_value"
    __table_args__ = (UniqueConstraint("customer_id", "as_of"), Index("ix_customer_value_as_of", "as_of"))

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    as_of: Mapped[date] = mapped_column(Date)  # the day in Asia/Shanghai
    computed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recency: Mapped[int] = mapped_column(Integer)
    frequency: Mapped[int] = mapped_column(Integer)
    money: Mapped[int] = mapped_column(Integer)
    orders: Mapped[int] = mapped_column(Integer)
    spent: Mapped[Decimal] = mapped_column(Money)
    margin_a_year: Mapped[Decimal] = mapped_column(Money)
    clv: Mapped[Decimal] = mapped_column(Money)
    p_alive: Mapped[float | None] = mapped_column(Float)
    alive_by: Mapped[str | None] = mapped_column(String(12))  # bg_nbd, silence
    is_silent: Mapped[bool | None] = mapped_column(Boolean)
    next_due_on: Mapped[date | None] = mapped_column(Date)
    stage: Mapped[LifecycleStage] = enum_column(LifecycleStage)
    tier: Mapped[Tier] = enum_column(Tier)
    key_score: Mapped[float | None] = mapped_column(Float)
    basis: Mapped[dict[str, Any]] = mapped_column(Json)


class ValueModel(Base):
    """Parameters of the BG/NBD model as fitted on a day, and how well they tell the orders that came after."""

    __tablename__ = "value_model"

    id: Mapped[int] = mapped_column(primary_key=True)
    fitted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    customers: Mapped[int] = mapped_column(Integer)
    r: Mapped[float] = mapped_column(Float)
    alpha: Mapped[float] = mapped_column(Float)
    a: Mapped[float] = mapped_column(Float)
    b: Mapped[float] = mapped_column(Float)
    log_likelihood: Mapped[float] = mapped_column(Float)
