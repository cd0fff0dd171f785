"""Corrective actions: from a cause to a figure that has moved, judged by somebody else than the owner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.improvement import CorrectiveAction, SurgeAlarm
from care.records.staff import Staff
from care.rules.corrective import (
    FINAL_ACTION_STATES,
    ActionCause,
    ActionFacts,
    ActionState,
    Aim,
    Figure,
    check_action_move,
)
from care.rules.effect import Sample, Verdict, compare
from care.rules.errors import Conflict, InvalidInput, NotFound
from care.rules.times import shanghai_day
from care.services import action_log
from care.services.action_views import (
    ActionEvent,
    ActionView,
    SubTask,
    comparison_json,
    view_of,
    whole,
)
from care.services.context import Care
from care.services.measures import Scope, measure
from care.services.staff import StaffView

A = ActionState
_MOST_TASKS = 30


@dataclass(frozen=True)
class ActionDraft:
    """What a person fills in. Of a change, None leaves a field as it is."""

    title: str | None = None
    cause: ActionCause | None = None
    cause_note: str | None = None
    cause_refs: Sequence[str] | None = None
    improves: Sequence[Aim] | None = None
    owner: str | None = None
    due_on: date | None = None
    resources: str | None = None
    sub_tasks: Sequence[SubTask] | None = None
    hypothesis: str | None = None
    figure: Figure | None = None
    scope: Scope | None = None
    alarm_id: int | None = None


async def actions(
    care: Care, *, state: ActionState | None = None, after: int | None = None, limit: int = 50
) -> list[ActionView]:
    """Actions, the newest first; `after` is the id of the last one seen."""
    wanted = select(CorrectiveAction).order_by(CorrectiveAction.id.desc()).limit(limit)
    if state is not None:
        wanted = wanted.where(CorrectiveAction.state == state)
    if after is not None:
        wanted = wanted.where(CorrectiveAction.id < after)
    async with care.sessions.read() as session:
        return [await view_of(session, care, row) for row in (await session.scalars(wanted)).all()]


async def action(care: Care, action_id: int) -> ActionView:
    """One action with its trail. Raises `NotFound`."""
    async with care.sessions.read() as session:
        return await whole(session, care, await _found(session, action_id))


async def create(care: Care, by: StaffView, draft: ActionDraft) -> ActionView:
    """A new planned action.

    Raises:
        InvalidInput: title, cause, aim, owner or due day is missing or wrong; `fields` says which.
        NotFound: the alarm is not there.
    """
    now = care.clock.now()
    problems = _problems(draft, shanghai_day(now))
    async with care.sessions.write() as session:
        owner = await _owner(session, draft.owner)
        if owner is None:
            problems["owner"] = "请指定一位在岗的负责人。"
        if problems:
            raise InvalidInput(fields=problems)
        assert owner is not None
        row = CorrectiveAction(
            title=str(draft.title).strip(),
            state=A.PLANNED,
            state_version=0,
            cause=draft.cause,
            cause_note=str(draft.cause_note).strip(),
            cause_refs=list(draft.cause_refs or ()),
            improves=[aim.value for aim in Aim if aim in (draft.improves or ())],
            owner_id=owner.id,
            due_on=draft.due_on,
            resources=draft.resources,
            sub_tasks=[task.as_json() for task in draft.sub_tasks or ()],
            hypothesis=draft.hypothesis,
            figure=draft.figure,
            scope=(draft.scope or Scope()).as_json(),
            created_by=by.id,
            created_at=now,
        )
        session.add(row)
        await session.flush()
        if draft.alarm_id is not None:
            await _link(session, draft.alarm_id, row)
        data = {"title": row.title, "owner": owner.login, "due_on": row.due_on.isoformat()}
        await action_log.append(
            session, row, "created", actor=by.login, at=now, to_state=A.PLANNED, data=data
        )
        return await whole(session, care, row)


async def change(
    care: Care, by: StaffView, action_id: int, draft: ActionDraft, *, version: int
) -> ActionView:
    """Changes what stands in `draft`. Figure and scope are fixed with the first measurement.

    Raises:
        NotFound: no such action, or alarm.
        Conflict: it was changed by somebody else, or has ended, or was measured already.
        InvalidInput: a value is wrong.
    """
    now = care.clock.now()
    async with care.sessions.write() as session:
        row = await _found(session, action_id, lock=True)
        _check_version(row, version)
        if row.state in FINAL_ACTION_STATES:
            raise Conflict(f"改进措施已是“{row.state.label}”，不能再修改。")
        if row.before is not None and (draft.figure is not None or draft.scope is not None):
            raise Conflict("已经测量过，指标和范围不能再改。")
        problems = _problems(draft, shanghai_day(now), is_new=False)
        owner = None if draft.owner is None else await _owner(session, draft.owner)
        if draft.owner is not None and owner is None:
            problems["owner"] = "请指定一位在岗的负责人。"
        if problems:
            raise InvalidInput(fields=problems)
        changed = _apply(row, draft)
        if owner is not None and owner.id != row.owner_id:
            row.owner_id = owner.id
            changed["owner"] = owner.login
        if draft.alarm_id is not None:
            await _link(session, draft.alarm_id, row)
            changed["alarm_id"] = draft.alarm_id
        if changed:
            await action_log.append(session, row, "changed", actor=by.login, at=now, data=changed)
        return await whole(session, care, row)


async def measure_before(
    care: Care, by: StaffView, action_id: int, since: date, until: date, *, version: int
) -> ActionView:
    """Measures the figure before anything is done; only while planned.

    Raises:
        Conflict: not planned any more, no figure chosen, or changed by somebody else.
        InvalidInput: the period is wrong or not over.
    """
    now = care.clock.now()
    async with care.sessions.write() as session:
        row = await _found(session, action_id, lock=True)
        _check_version(row, version)
        if row.state is not A.PLANNED:
            raise Conflict("只有在计划阶段才能测量实施前的数值。")
        sample = await _measured(session, row, since, until, now)
        row.before, row.after, row.comparison = sample.as_json(), None, None
        await action_log.append(
            session, row, "measured_before", actor=by.login, at=now, data=sample.as_json()
        )
        return await whole(session, care, row)


async def measure_after(
    care: Care, by: StaffView, action_id: int, since: date, until: date, *, version: int
) -> ActionView:
    """Measures again and compares; while verifying, as often as more data come.

    Raises:
        Conflict: not being verified, or changed by somebody else.
        InvalidInput: the period is wrong, not over, or begins before the action was carried out.
    """
    now = care.clock.now()
    async with care.sessions.write() as session:
        row = await _found(session, action_id, lock=True)
        _check_version(row, version)
        if row.state is not A.VERIFYING or row.before is None or row.figure is None:
            raise Conflict("只有在验证阶段才能测量实施后的数值。")
        if row.done_at is not None and since <= shanghai_day(row.done_at):
            raise InvalidInput(
                fields={"since": f"须从实施完成的次日（{shanghai_day(row.done_at):%Y-%m-%d} 之后）算起。"}
            )
        sample = await _measured(session, row, since, until, now)
        found = compare(Sample.from_json(row.before), sample, high_is_good=row.figure.high_is_good)
        row.after, row.comparison = sample.as_json(), comparison_json(found)
        data = {"after": row.after, "comparison": row.comparison}
        await action_log.append(session, row, "measured_after", actor=by.login, at=now, data=data)
        return await whole(session, care, row)


async def move(
    care: Care, by: StaffView, action_id: int, to: ActionState, *, version: int, reason: str = ""
) -> ActionView:
    """Moves the action on; of two moves at once exactly one wins.

    Raises:
        NotFound: no such action.
        Conflict: somebody else was first (`version`).
        IllegalMove: not from this state, or a condition is not met.
    """
    now = care.clock.now()
    async with care.sessions.write() as session:
        row = await _found(session, action_id, lock=True)
        _check_version(row, version)
        owner = await session.get_one(Staff, row.owner_id)
        facts = ActionFacts(
            actor=by.login,
            owner=owner.login,
            today=shanghai_day(now),
            has_hypothesis=bool((row.hypothesis or "").strip()),
            has_figure=row.figure is not None,
            has_before=row.before is not None and row.before["value"] is not None,
            open_tasks=sum(not task["is_done"] for task in row.sub_tasks),
            measure_from=None if row.done_at is None else shanghai_day(row.done_at) + timedelta(days=1),
            verdict=None if row.comparison is None else Verdict(row.comparison["verdict"]),
            reason=reason,
        )
        before = row.state
        check_action_move(before, to, facts)
        row.state = to
        if to is A.DONE:
            row.done_at = now
        elif to in (A.VERIFIED, A.INEFFECTIVE):
            row.verified_by, row.verified_at = by.id, now
        elif to is A.PLANNED:  # another try: what was measured after the first one stays in the trail
            row.done_at = row.verified_by = row.verified_at = None
            row.before = row.after = row.comparison = None
        await action_log.append(
            session,
            row,
            "state",
            actor=by.login,
            at=now,
            from_state=before,
            to_state=to,
            data={"reason": reason.strip()} if reason.strip() else {},
        )
        return await whole(session, care, row)


async def _measured(
    session: AsyncSession, row: CorrectiveAction, since: date, until: date, now: datetime
) -> Sample:
    if row.figure is None:
        raise Conflict("先选定衡量的指标。")
    return await measure(session, row.figure, Scope.from_json(row.scope), since, until, now=now)


async def _found(session: AsyncSession, action_id: int, *, lock: bool = False) -> CorrectiveAction:
    wanted = select(CorrectiveAction).where(CorrectiveAction.id == action_id)
    found: CorrectiveAction | None = await session.scalar(wanted.with_for_update() if lock else wanted)
    if found is None:
        raise NotFound("没有找到这项改进措施。")
    return found


def _check_version(row: CorrectiveAction, version: int) -> None:
    if row.state_version != version:
        raise Conflict


async def _owner(session: AsyncSession, login: str | None) -> Staff | None:
    found: Staff | None = await session.scalar(select(Staff).where(Staff.login == login, Staff.active))
    return found


async def _link(session: AsyncSession, alarm_id: int, row: CorrectiveAction) -> None:
    alarm = await session.get(SurgeAlarm, alarm_id, with_for_update=True)
    if alarm is None:
        raise NotFound("没有找到这次激增。")
    alarm.corrective_action_id = row.id
    await session.flush()


def _problems(draft: ActionDraft, today: date, *, is_new: bool = True) -> dict[str, str]:
    problems = {}
    for name, value, text in (
        ("title", draft.title, "请写明做什么。"),
        ("cause_note", draft.cause_note, "请写明原因。"),
    ):
        if (value is None and is_new) or (value is not None and not value.strip()):
            problems[name] = text
    if is_new and draft.cause is None:
        problems["cause"] = "请选择来源。"
    if (draft.improves is None and is_new) or (draft.improves is not None and not draft.improves):
        problems["improves"] = "请选择改善成本、质量、服务、速度中的至少一项。"
    if draft.due_on is None and is_new:
        problems["due_on"] = "请填写完成日期。"
    elif draft.due_on is not None and draft.due_on < today:
        problems["due_on"] = "完成日期不能早于今天。"
    if draft.sub_tasks is not None and (
        len(draft.sub_tasks) > _MOST_TASKS or any(not task.title.strip() for task in draft.sub_tasks)
    ):
        problems["sub_tasks"] = f"每项分解任务都要有名称，最多 {_MOST_TASKS} 项。"
    return problems


def _apply(row: CorrectiveAction, draft: ActionDraft) -> dict[str, Any]:
    """Writes what the draft holds; what has really changed, for the trail."""
    wanted: dict[str, Any] = {
        "title": draft.title,
        "cause": draft.cause,
        "cause_note": draft.cause_note,
        "cause_refs": None if draft.cause_refs is None else list(draft.cause_refs),
        "improves": None if draft.improves is None else [aim.value for aim in Aim if aim in draft.improves],
        "due_on": draft.due_on,
        "resources": draft.resources,
        "sub_tasks": None if draft.sub_tasks is None else [task.as_json() for task in draft.sub_tasks],
        "hypothesis": draft.hypothesis,
        "figure": draft.figure,
        "scope": None if draft.scope is None else draft.scope.as_json(),
    }
    changed: dict[str, Any] = {}
    for name, value in wanted.items():
        if value is not None and value != getattr(row, name):
            setattr(row, name, value)
            changed[name] = value.isoformat() if isinstance(value, date) else value
    return changed


__all__ = [
    "ActionDraft",
    "ActionEvent",
    "ActionView",
    "SubTask",
    "action",
    "actions",
    "change",
    "create",
    "measure_after",
    "measure_before",
    "move",
]
