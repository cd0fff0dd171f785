"""Customers, the fields of their record with where each value came from, consents and data-quality issues."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from care.records.base import Base, Json, UtcDateTime, enum_column
from care.records.encryption import BlindIndex, Encrypted, EncryptedJson
from care.rules.vocabulary import (
    Channel,
    ConsentPurpose,
    CustomerType,
    DataIssue,
    FieldSource,
    LegalBasis,
    LifecycleStage,
    Tier,
)


class Customer(Base):
    """One person or organisation, seen whole. `phone` is the E.164 national number, 11 digits in China.

    A record with `merged_into_id` is only a signpost: its ids lead to the record that it became part of
    (`care.services.customers.resolved`). Whatever counts or lists customers leaves it out.
    """

    __tablename__ = "customer"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(36), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    phone: Mapped[str | None] = mapped_column(String(20), index=True)
    type: Mapped[CustomerType] = enum_column(CustomerType, default=CustomerType.CONSUMER)
    tier: Mapped[Tier] = enum_column(Tier, default=Tier.GENERAL, index=True)
    tier_reason: Mapped[str | None] = mapped_column(String(200))
    segment: Mapped[str | None] = mapped_column(String(40))
    lifecycle_stage: Mapped[LifecycleStage] = enum_column(LifecycleStage, default=LifecycleStage.NEW)
    preferred_channel: Mapped[Channel | None] = enum_column(Channel, nullable=True)
    quiet_hours: Mapped[str | None] = mapped_column(String(11))  # "22:00-08:00", Asia/Shanghai
    account_manager_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    group_id: Mapped[str | None] = mapped_column(String(36), index=True)
    key_account_scores: Mapped[dict[str, int] | None] = mapped_column(Json)
    key_account_signed_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    external_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    is_demo: Mapped[bool] = mapped_column(Boolean, default=False, index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    merged_into_id: Mapped[int | None] = mapped_column(
        ForeignKey("customer.id", ondelete="CASCADE"), index=True
    )
    quality_score: Mapped[int | None] = mapped_column(Integer)  # 0–100, of the last check
    quality_checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    #: Deleted at the customer's wish: nothing personal is left here, and nobody signs in to it any more.
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    fields: Mapped[list[CustomerField]] = relationship(
        back_populates="customer", cascade="all, delete-orphan"
    )


class CustomerField(Base):
    """One typed value of the record: where it came from, how long it may be trusted, why it is kept."""

    __tablename__ = "customer_field"
    __table_args__ = (UniqueConstraint("customer_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(40))  # phone, email, address, birthday, invoice_title, …
    value: Mapped[str | None] = mapped_column(Encrypted("customer_field.value"))
    #: For finding equal values; it follows `value` by itself.
    value_index: Mapped[str | None] = mapped_column(
        BlindIndex(of="value"), index=True, default=lambda context: context.get_current_parameters()["value"]
    )
    source: Mapped[FieldSource] = enum_column(FieldSource)
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    confirmed_by_customer_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ttl_days: Mapped[int] = mapped_column(Integer)
    purpose: Mapped[str] = mapped_column(String(80))
    legal_basis: Mapped[LegalBasis] = enum_column(LegalBasis)
    sensitive: Mapped[bool] = mapped_column(Boolean, default=False)
    old_values: Mapped[list[dict[str, Any]]] = mapped_column(
        EncryptedJson("customer_field.old_values"), default=list
    )
    changed_by: Mapped[str | None] = mapped_column(String(80))
    #: The customer's line that last changed or confirmed it; the same line again changes nothing.
    source_message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="SET NULL"))

    customer: Mapped[Customer] = relationship(back_populates="fields")

    @validates("value")
    def _index_follows(self, _name: str, value: str | None) -> str | None:
        self.value_index = value
        return value


class Consent(Base):
    __tablename__ = "consent"
    __table_args__ = (Index("ix_consent_customer_purpose", "customer_id", "purpose"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    purpose: Mapped[ConsentPurpose] = enum_column(ConsentPurpose)
    notice_version: Mapped[str] = mapped_column(String(20))
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    evidence: Mapped[str] = mapped_column(String(200))
    #: The customer's lines that gave and withdrew it; the same line again has no second effect.
    given_message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="SET NULL"))
    withdrawn_message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="SET NULL"))


class DataQualityIssue(Base):
    """Something wrong with a record. It ends by `fixed_at`, or by `dismissed_at` when a person says that it is right.

    `score` (0–100) and `evidence` belong to a duplicate: how sure it is, and which facts say so.
    """

    __tablename__ = "data_quality_issue"
    __table_args__ = (Index("ix_data_quality_issue_issue_fixed", "issue", "fixed_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), index=True)
    issue: Mapped[DataIssue] = enum_column(DataIssue)
    field: Mapped[str] = mapped_column(String(40))
    detail: Mapped[str] = mapped_column(String(200))
    other_customer_id: Mapped[int | None] = mapped_column(
        ForeignKey("customer.id", ondelete="CASCADE"), index=True
    )
    found_by: Mapped[str] = mapped_column(String(80))
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    fixed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    score: Mapped[int | None] = mapped_column(Integer)
    evidence: Mapped[list[dict[str, Any]] | None] = mapped_column(Json)
    dismissed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_by: Mapped[str | None] = mapped_column(String(80))


class AccessLog(Base):
    """Every read of a customer's record: who, which role, which record and fields, what for."""

    __tablename__ = "access_log"

    id: Mapped[int] = mapped_column(primary_key=True)
    who: Mapped[str] = mapped_column(String(80))
    role: Mapped[str] = mapped_column(String(20))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), index=True)
    fields: Mapped[list[str]] = mapped_column(Json)
    purpose: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
