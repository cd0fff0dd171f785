"""The internal clock of a demo case: its steps, who heard of them, and the rounds of a reopened one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from care.demo.base import Row
from care.rules.complaint import FINAL_STATES, ComplaintState, Level
from care.rules.deadlines import escalations
from care.rules.notice_terms import NoticeKind
from care.rules.times import format_moment

S = ComplaintState
_LEVELS = tuple(Level)
#: The clockwork looks twice a minute.
_SEEN_AFTER = timedelta(seconds=20)
#: What is older has been read long ago.
_UNREAD = timedelta(days=6)
_TOLD: dict[Level, tuple[str, ...]] = {
    Level.L1: (),
    Level.L2: ("lead1",),
    Level.L3: ("manager1",),
    Level.L4: ("manager1",),
}


def step_rows(
    events: list[dict[str, Any]], columns: Row, rounds: list[tuple[datetime, datetime]], *, now: datetime
) -> list[Row]:
    """The steps of each round (begin and deadline); those told before `now` are put among the `events`.

    Raises the level in `columns` as the clockwork would have. Each row names under ``told`` who heard of it.
    """
    ends = _ends(events, len(rounds))
    paused_at = columns.get("paused_at")
    rows: list[Row] = []
    for number, (start, due) in enumerate(rounds):
        for step in escalations(start, due):
            end = ends[number]
            row: Row = {
                "round": number, "percent": step.percent, "level": step.level, "due_at": step.at,
                "done_at": None, "ended_at": None, "told": (),
            }  # fmt: skip
            until = min(moment for moment in (end, paused_at, now) if moment is not None)
            if step.at + _SEEN_AFTER < until:
                row["done_at"] = step.at + _SEEN_AFTER
                row["told"] = _tell(events, row, step.level, columns)
            elif end is not None:
                row["ended_at"] = end
            rows.append(row)
    events.sort(key=lambda event: event["at"])
    columns["level"] = max(
        (columns["level"], *(row["level"] for row in rows if row["done_at"])), key=_LEVELS.index
    )
    return rows


def notice_rows(case: Row, columns: Row, steps: list[Row], *, complaint_id: int, now: datetime) -> list[Row]:
    """What the last days told the team, not read yet; ``agent_id`` is a login."""
    rows = []
    for step in steps:
        if step["done_at"] is None or now - step["done_at"] > _UNREAD:
            continue
        is_overdue = step["percent"] >= 100
        by = format_moment(columns["solve_due_at"], now=now)
        used = f"已超过时限（用时 {step['percent']}%）" if is_overdue else f"已用去 {step['percent']}% 的时间"
        for login in step["told"]:
            rows.append(
                {
                    "agent_id": login,
                    "kind": NoticeKind.OVERDUE if is_overdue else NoticeKind.ESCALATION,
                    "text": f"投诉 {case['case_number']}（{case['grade'].label}）{used}，期限 {by}，请{step['level'].label}跟进。",
                    "key": f"escalation:{complaint_id}:{step['round']}:{step['percent']}",
                    "complaint_id": complaint_id,
                    "conversation_id": None,
                    "at": step["done_at"],
                    "read_at": None,
                }
            )
    return rows


def _tell(events: list[dict[str, Any]], row: Row, level: Level, columns: Row) -> tuple[str, ...]:
    owner = next(
        (
            event["data"]["owner"]
            for event in reversed(events)
            if event["kind"] == "assigned" and event["at"] <= row["done_at"]
        ),
        columns["owner_id"],
    )
    told = tuple(dict.fromkeys((owner, *_TOLD[level])))
    events.append(
        {
            "kind": "escalated",
            "actor": "clockwork",
            "at": row["done_at"],
            "from_state": None,
            "to_state": None,
            "data": {
                "percent": row["percent"],
                "round": row["round"],
                "level": level.value,
                "due_at": row["due_at"].isoformat(),
                "told": sorted(told),
            },
        }
    )
    return told


def _ends(events: list[dict[str, Any]], rounds: int) -> list[datetime | None]:
    """When each round was over: the remedy done, the case ended, or opened again."""
    ends: list[datetime | None] = [None] * rounds
    number = 0
    for event in events:
        if event["to_state"] is S.REOPENED:
            number += 1
        elif event["kind"] == "remedy_done" or event["to_state"] in FINAL_STATES:
            ends[number] = ends[number] or event["at"]
    return ends
