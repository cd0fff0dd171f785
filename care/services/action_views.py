"""What people and other layers see of a corrective action."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.improvement import CorrectiveAction, SurgeAlarm
from care.records.staff import Staff
from care.rules.corrective import ActionCause, ActionState, Aim, Figure, next_action_states
from care.rules.effect import Comparison, Sample, Verdict
from care.rules.satisfaction import Interval
from care.rules.times import shanghai_day
from care.services import action_log
from care.services.context import Care
from care.services.measures import Scope, scope_label

A = ActionState


@dataclass(frozen=True)
class SubTask:
    """One piece of the work. `owner` is a name as written, not an account: suppliers do some of it."""

    title: str
    owner: str | None = None
    due_on: date | None = None
    is_done: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "owner": self.owner,
            "due_on": None if self.due_on is None else self.due_on.isoformat(),
            "is_done": self.is_done,
        }

    @staticmethod
    def from_json(row: Mapping[str, Any]) -> SubTask:
        due = row["due_on"]
        return SubTask(
            row["title"], row["owner"], None if due is None else date.fromisoformat(due), row["is_done"]
        )


@dataclass(frozen=True)
class ActionEvent:
    kind: str
    from_state: ActionState | None
    to_state: ActionState | None
    actor: str
    data: dict[str, Any]
    at: datetime


@dataclass(frozen=True)
class ActionView:
    """An action as staff see it. `trail` is empty in a list; `is_intact` tells whether nobody changed it."""

    id: int
    title: str
    state: ActionState
    next_states: tuple[ActionState, ...]
    cause: ActionCause
    cause_note: str
    cause_refs: tuple[str, ...]
    alarm_ids: tuple[int, ...]
    improves: tuple[Aim, ...]
    owner: str
    owner_name: str
    due_on: date
    is_overdue: bool
    resources: str | None
    sub_tasks: tuple[SubTask, ...]
    hypothesis: str | None
    figure: Figure | None
    scope: Scope
    scope_label: str
    before: Sample | None
    after: Sample | None
    comparison: Comparison | None
    created_at: datetime
    done_at: datetime | None
    verified_by: str | None
    verified_at: datetime | None
    version: int
    trail: tuple[ActionEvent, ...] = ()
    is_intact: bool = True


def comparison_json(found: Comparison) -> dict[str, Any]:
    """As it is stored beside the two samples."""
    return {
        "verdict": found.verdict.value,
        "difference": found.difference,
        "interval": None if found.interval is None else [found.interval.low, found.interval.high],
        "why": found.why,
    }


async def whole(session: AsyncSession, care: Care, row: CorrectiveAction) -> ActionView:
    """The action with its trail."""
    events = await action_log.trail(session, row.id)
    shown = tuple(
        ActionEvent(
            kind=one.kind,
            from_state=None if one.from_state is None else ActionState(one.from_state),
            to_state=None if one.to_state is None else ActionState(one.to_state),
            actor=one.actor,
            data=dict(one.data),
            at=one.at,
        )
        for one in events
    )
    return await view_of(session, care, row, trail=shown, is_intact=action_log.is_intact(row, events))


async def view_of(
    session: AsyncSession,
    care: Care,
    row: CorrectiveAction,
    *,
    trail: tuple[ActionEvent, ...] = (),
    is_intact: bool = True,
) -> ActionView:
    """The action without its trail, as in a list."""
    owner = await session.get_one(Staff, row.owner_id)
    verifier = None if row.verified_by is None else await session.get_one(Staff, row.verified_by)
    alarms = await session.scalars(
        select(SurgeAlarm.id).where(SurgeAlarm.corrective_action_id == row.id).order_by(SurgeAlarm.id)
    )
    scope = Scope.from_json(row.scope)
    is_settled = row.state not in (A.PLANNED, A.DOING)
    return ActionView(
        id=row.id,
        title=row.title,
        state=row.state,
        next_states=next_action_states(row.state),
        cause=row.cause,
        cause_note=row.cause_note,
        cause_refs=tuple(row.cause_refs),
        alarm_ids=tuple(alarms),
        improves=tuple(Aim(aim) for aim in row.improves),
        owner=owner.login,
        owner_name=owner.name,
        due_on=row.due_on,
        is_overdue=not is_settled and row.due_on < shanghai_day(care.clock.now()),
        resources=row.resources,
        sub_tasks=tuple(SubTask.from_json(task) for task in row.sub_tasks),
        hypothesis=row.hypothesis,
        figure=row.figure,
        scope=scope,
        scope_label=await scope_label(session, scope),
        before=None if row.before is None else Sample.from_json(row.before),
        after=None if row.after is None else Sample.from_json(row.after),
        comparison=None if row.comparison is None else comparison_from(row.comparison),
        created_at=row.created_at,
        done_at=row.done_at,
        verified_by=None if verifier is None else verifier.name,
        verified_at=row.verified_at,
        version=row.state_version,
        trail=trail,
        is_intact=is_intact,
    )


def comparison_from(row: Mapping[str, Any]) -> Comparison:
    """What `comparison_json` wrote."""
    interval = row["interval"]
    return Comparison(
        Verdict(row["verdict"]),
        row["difference"],
        None if interval is None else Interval(*interval),
        row["why"],
    )
