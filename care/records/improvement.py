"""Surge alarms, corrective actions with their trail, and the steps of win-back work."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, Date, Float, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, mapped_column

from care.records.base import Base, Json, UtcDateTime, enum_column
from care.rules.corrective import ActionCause, ActionState, Figure
from care.rules.surge_charts import SurgeMethod
from care.rules.surge_terms import SurgeDimension


class SurgeAlarm(Base):
    """More complaints than chance allows, of one value of a dimension; at most one open alarm each (`open_key`).

    `day`, `method`, `count`, `baseline`, `statistic` and `limit` are of the first crossing; `crossings`
    holds them all. Days are those of Asia/Shanghai.
    """

    __tablename__ = "surge_alarm"
    __table_args__ = (Index("ix_surge_alarm_dimension_value", "dimension", "value"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    dimension: Mapped[SurgeDimension] = enum_column(SurgeDimension)
    value: Mapped[str] = mapped_column(String(80))
    label: Mapped[str] = mapped_column(String(160))
    open_key: Mapped[str | None] = mapped_column(String(120), unique=True)
    method: Mapped[SurgeMethod] = enum_column(SurgeMethod)
    day: Mapped[date] = mapped_column(Date, index=True)
    since: Mapped[date] = mapped_column(Date)  # the first day of the rise
    last_day: Mapped[date] = mapped_column(Date)
    count: Mapped[int] = mapped_column(Integer)
    baseline: Mapped[float] = mapped_column(Float)
    statistic: Mapped[float] = mapped_column(Float)
    limit: Mapped[float] = mapped_column(Float)
    dispersion: Mapped[float] = mapped_column(Float)
    crossings: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    acknowledged_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cause: Mapped[str | None] = mapped_column(String(200))
    corrective_action_id: Mapped[int | None] = mapped_column(
        ForeignKey("corrective_action.id", ondelete="SET NULL")
    )
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    close_note: Mapped[str | None] = mapped_column(String(500))


class CorrectiveAction(Base):
    """One improvement: why, who, by when, of what it consists, and whether the figure it was to move has moved.

    `before` and `after` are measurements (`care.rules.effect.Sample`) of `figure` over the rows of `scope`.
    """

    __tablename__ = "corrective_action"
    __table_args__ = (Index("ix_corrective_action_state_due", "state", "due_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    state: Mapped[ActionState] = enum_column(ActionState)
    state_version: Mapped[int] = mapped_column(Integer, default=0)
    cause: Mapped[ActionCause] = enum_column(ActionCause)
    cause_note: Mapped[str] = mapped_column(String(500))
    cause_refs: Mapped[list[str]] = mapped_column(Json, default=list)  # case numbers, a cell of the matrix
    improves: Mapped[list[str]] = mapped_column(Json, default=list)  # of Aim
    owner_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    due_on: Mapped[date] = mapped_column(Date)
    resources: Mapped[str | None] = mapped_column(String(500))
    sub_tasks: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    hypothesis: Mapped[str | None] = mapped_column(LongText)
    figure: Mapped[Figure | None] = enum_column(Figure, nullable=True)
    scope: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    before: Mapped[dict[str, Any] | None] = mapped_column(Json)
    after: Mapped[dict[str, Any] | None] = mapped_column(Json)
    comparison: Mapped[dict[str, Any] | None] = mapped_column(Json)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    verified_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_demo: Mapped[bool] = mapped_column(Boolean, default=False)


class CorrectiveActionEvent(Base):
    """Append-only. `hash` covers this row and the hash of the one before (care.rules.hashchain)."""

    __tablename__ = "corrective_action_event"
    __table_args__ = (UniqueConstraint("action_id", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    action_id: Mapped[int] = mapped_column(ForeignKey("corrective_action.id", ondelete="CASCADE"), index=True)
    seq: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(40))
    from_state: Mapped[str | None] = mapped_column(String(20))
    to_state: Mapped[str | None] = mapped_column(String(20))
    actor: Mapped[str] = mapped_column(String(80))
    data: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class WinbackStep(Base):
    """What was done on a win-back case, in order; never changed."""

    __tablename__ = "winback_step"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("winback_case.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    from_state: Mapped[str | None] = mapped_column(String(20))
    to_state: Mapped[str | None] = mapped_column(String(20))
    actor: Mapped[str] = mapped_column(String(80))
    note: Mapped[str | None] = mapped_column(String(500))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
