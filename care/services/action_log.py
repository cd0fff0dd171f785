"""The trail of a corrective action: append-only events, each sealed with the hash of the one before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.improvement import CorrectiveAction, CorrectiveActionEvent
from care.rules.corrective import ActionState
from care.rules.hashchain import GENESIS, Link, event_hash, first_broken
from care.services.context import Care

_SEALED = ("action_id", "seq", "kind", "from_state", "to_state", "actor", "data", "at")


def sealed_event(
    *,
    action_id: int,
    seq: int,
    kind: str,
    actor: str,
    at: datetime,
    previous_hash: str = GENESIS,
    from_state: ActionState | None = None,
    to_state: ActionState | None = None,
    data: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The column values of one event, its hash included. `at` is aware."""
    row: dict[str, Any] = {
        "action_id": action_id,
        "seq": seq,
        "kind": kind,
        "from_state": None if from_state is None else from_state.value,
        "to_state": None if to_state is None else to_state.value,
        "actor": actor,
        "data": dict(data or {}),
        "at": at.astimezone(timezone.utc),
        "previous_hash": previous_hash,
    }
    row["hash"] = event_hash(previous_hash, {name: row[name] for name in _SEALED})
    return row


async def append(
    session: AsyncSession,
    action: CorrectiveAction,
    kind: str,
    *,
    actor: str,
    at: datetime,
    from_state: ActionState | None = None,
    to_state: ActionState | None = None,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Adds the next event inside the caller's transaction; the caller holds the action's lock."""
    last = await session.scalar(
        select(CorrectiveActionEvent)
        .where(CorrectiveActionEvent.action_id == action.id)
        .order_by(CorrectiveActionEvent.seq.desc())
        .limit(1)
    )
    event = CorrectiveActionEvent(
        **sealed_event(
            action_id=action.id,
            seq=1 if last is None else last.seq + 1,
            kind=kind,
            actor=actor,
            at=at,
            previous_hash=GENESIS if last is None else last.hash,
            from_state=from_state,
            to_state=to_state,
            data=data,
        )
    )
    session.add(event)
    action.state_version = event.seq
    await session.flush()


async def trail(session: AsyncSession, action_id: int) -> list[CorrectiveActionEvent]:
    """Every event of an action, the oldest first."""
    rows = await session.scalars(
        select(CorrectiveActionEvent)
        .where(CorrectiveActionEvent.action_id == action_id)
        .order_by(CorrectiveActionEvent.seq)
    )
    return list(rows)


async def verify(care: Care) -> list[str]:
    """The titles of the actions whose trail was changed, cut or swapped, by id; empty when all are sound."""
    async with care.sessions.one_picture() as session:
        actions = (await session.scalars(select(CorrectiveAction).order_by(CorrectiveAction.id))).all()
        return [
            f"{action.id} {action.title}"
            for action in actions
            if not is_intact(action, await trail(session, action.id))
        ]


def is_intact(action: CorrectiveAction, events: list[CorrectiveActionEvent]) -> bool:
    """Whether no event was changed, removed or swapped; a cut tail shows in the action's version."""
    links = [
        Link({name: getattr(event, name) for name in _SEALED}, event.previous_hash, event.hash)
        for event in events
    ]
    in_order = [event.seq for event in events] == list(range(1, len(events) + 1))
    return in_order and len(events) == action.state_version and first_broken(links) is None
