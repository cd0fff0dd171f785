"""How a demo case came to where it stands: columns, sealed events, promises and feedback, step by step."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from care.demo import clocks
from care.demo.base import Anchor, Row
from care.demo.words import BLAME_REASONS, FINDINGS, PRAISE_REASONS, PROPOSALS
from care.rules.complaint import CloseKind, ComplaintState, Level, Remedy, next_level
from care.rules.deadlines import promised
from care.rules.severity import Grade
from care.rules.survey import OPEN_FOR, RULE_VERSION, SurveyKind, SurveyState
from care.services.complaint_owner import first_level
from care.services.promises import What

S = ComplaintState
_MAIN = (S.ASSESSED, S.INVESTIGATING, S.PROPOSED, S.EXECUTING, S.CLOSED)
_KEEPS = {
    S.ACKNOWLEDGED: What.ACKNOWLEDGE,
    S.ASSESSED: What.PERSON,
    S.PROPOSED: What.FIRST_RESULT,
    S.CLOSED: What.SOLVE,
}


@dataclass
class Trail:
    """`columns` complete the complaint's row, `events` wait for its id to be sealed."""

    columns: Row = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    promises: list[Row] = field(default_factory=list)
    steps: list[Row] = field(default_factory=list)
    feedback: Row | None = None


def walk(case: Row, anchor: Anchor, rng: random.Random, is_workday: Callable[[date], bool]) -> Trail:
    """The whole way of one case from its draft to its `goal`; nothing happens after the anchor."""
    return _Walk(case, anchor, rng, is_workday).to_goal()


class _Walk:
    def __init__(
        self, case: Row, anchor: Anchor, rng: random.Random, is_workday: Callable[[date], bool]
    ) -> None:
        self.case, self.anchor, self.rng, self.is_workday = case, anchor, rng, is_workday
        self.trail = Trail()
        self.at: datetime = case["opened_at"]
        self.state = S.DRAFT
        self.grade: Grade = case["grade"]
        self.level: Level = Level.L1
        self.owner = "agent1"
        self.trail.columns = dict.fromkeys(("complainant", "on_behalf_of", "received_at", "received_by", "occurred_at", "owner_id", "acknowledge_due_at", "solve_due_at", "acknowledged_at", "findings", "root_cause_1", "root_cause_2", "proposal", "remedy", "remedy_done_at", "external_recourse_told_at", "close_kind", "closed_at", "merged_into_id", "clock_started_at", "paused_at", "remind_at"))  # fmt: skip
        self.trail.columns |= {"refusals": 0, "reopen_count": 0, "clock_round": 0, "level": Level.L1}
        self.rounds: list[tuple[datetime, datetime]] = []
        self._event("opened", "customer", to=S.DRAFT, data={"own_words": case["own_words"], "topic": case["topic"],
                    "category": case["category"].value, "cues": case["cues"], "emotion": case["emotion"].value,
                    "order_number": case["order_number"], "grade": self.grade.value})  # fmt: skip

    def to_goal(self) -> Trail:
        goal: S = self.case["goal"]
        if goal is not S.DRAFT:
            self._receive()
            if goal is not S.RECEIVED:
                self.at += timedelta(seconds=2)
                self.trail.columns["acknowledged_at"] = self.at
                self._move(S.ACKNOWLEDGED, "bot")
            self._work(goal)
        self.trail.columns |= {
            "state": self.state,
            "level": self.level,
            "owner_id": None if goal is S.DRAFT else self.owner,
        }
        self.trail.steps = clocks.step_rows(
            self.trail.events, self.trail.columns, self.rounds, now=self.anchor.now
        )
        self.trail.columns["state_version"] = len(self.trail.events)
        self._settle_promises()
        return self.trail

    def _receive(self) -> None:
        self.at += timedelta(minutes=4)
        due = promised(self.grade, self.at, is_workday=self.is_workday)
        self.trail.columns |= {
            "received_at": self.at,
            "received_by": "bot",
            "acknowledge_due_at": due.acknowledge,
            "solve_due_at": due.solve,
            "clock_started_at": self.at,
        }
        self.rounds.append((self.at, due.solve))
        self._move(
            S.RECEIVED,
            "customer",
            data={
                "case_number": self.case["case_number"],
                "grade": self.grade.value,
                "acknowledge_due_at": due.acknowledge.isoformat(),
                "first_result_at": due.first_result.isoformat(),
                "solve_due_at": due.solve.isoformat(),
            },
        )
        self._promise(
            {
                What.ACKNOWLEDGE: due.acknowledge,
                What.PERSON: due.person,
                What.FIRST_RESULT: due.first_result,
                What.SOLVE: due.solve,
            }
        )
        self._assign(first_level(self.grade), "system")

    def _promise(self, whats: dict[What, datetime | None]) -> None:
        self.trail.promises += [
            {
                "customer": self.case["customer"],
                "promised_by": "bot",
                "what": what.value,
                "due_at": due_at,
                "source_message_id": None,
                "made_at": self.at,
                "kept_at": None,
                "broken_at": None,
                "clock_round": self.trail.columns["clock_round"],
            }
            for what, due_at in whats.items()
            if due_at is not None
        ]

    def _reopen(self) -> None:
        """Open again: another round of the clock, with promises of its own beside the old ones."""
        due = promised(self.grade, self.at, is_workday=self.is_workday)
        self.trail.columns |= {
            "clock_round": 1,
            "clock_started_at": self.at,
            "solve_due_at": due.solve,
        }
        self.rounds.append((self.at, due.solve))
        data = {
            "reopen_count": 1,
            "reason": "同一问题再次出现",
            "first_result_at": due.first_result.isoformat(),
            "solve_due_at": due.solve.isoformat(),
        }
        self._move(S.REOPENED, "customer", data=data)
        self._promise({What.PERSON: due.person, What.FIRST_RESULT: due.first_result, What.SOLVE: due.solve})

    def _work(self, goal: S) -> None:
        if goal in (S.RECEIVED, S.ACKNOWLEDGED):
            return
        if goal in (S.WITHDRAWN, S.RECLASSIFIED, S.MERGED):
            self._pause(0.3)
            data = {
                "reason": {S.WITHDRAWN: "客户撤回", S.RECLASSIFIED: "实为咨询", S.MERGED: "同一问题重复登记"}[
                    goal
                ],
                "second_person": "manager1",
            }
            self._move(goal, self.owner, data=data)
            return
        refusals = {S.UNRESOLVED: 2, S.REOPENED: 0}.get(goal, int(self.rng.random() < 0.12))
        last = S.CLOSED if goal is S.REOPENED else goal
        for state in _MAIN:
            self._step(state, goal)
            if state is S.INVESTIGATING and goal is S.WAITING_CUSTOMER:
                self._pause(0.3)
                self.trail.columns["paused_at"] = self.at
                data = {"reason": "请客户补充照片", "clock_paused_at": self.at.isoformat()}
                self._move(S.WAITING_CUSTOMER, self.owner, data=data)
                return
            while state is S.PROPOSED and refusals and goal in (S.CLOSED, S.UNRESOLVED, S.REOPENED):
                refusals -= 1
                if self._refuse(is_last=goal is S.UNRESOLVED and not refusals):
                    return
            if state is last:
                break
        if goal is S.REOPENED:
            self._pause(2)
            self.trail.columns |= {
                "reopen_count": 1,
                "closed_at": None,
                "close_kind": None,
                "remedy_done_at": None,
                "refusals": 0,
            }
            self._reopen()

    def _step(self, state: S, goal: S) -> None:
        """One move of the main line with what comes with it; a slow owner breaks the promise."""
        if state is S.ASSESSED and self.grade is Grade.P1:
            self._pause(0.015)  # somebody looks at an urgent case within minutes
        else:
            self._pause(0.55 if self.rng.random() < 0.85 else 3.5)
        columns, data = self.trail.columns, {}
        finding, cause, detail = FINDINGS[self.case["category"].value]
        if state is S.PROPOSED:
            remedy = Remedy(self.case["requested_remedies"][0])
            columns |= {"findings": finding, "root_cause_1": cause, "root_cause_2": detail, "remedy": remedy}
            columns["proposal"] = PROPOSALS[remedy.value]
            data = {
                "findings": finding,
                "root_cause_1": cause,
                "root_cause_2": detail,
                "proposal": columns["proposal"],
                "remedy": remedy.value,
            }
        if state is S.CLOSED:
            columns["remedy_done_at"] = self.at
            self._keep(What.SOLVE)
            self._event(
                "remedy_done",
                self.owner,
                data={"detail": columns["proposal"], "remedy": columns["remedy"].value},
            )
            is_silent = self.rng.random() < 0.2 and self.anchor.now - self.at > timedelta(days=20)
            if is_silent:
                for _ in range(3):
                    self.at += timedelta(days=1)
                    self._event("reminder", self.owner)
                self.at += timedelta(days=7)
            else:
                self._pause(0.1)
            kind = CloseKind.SILENT if is_silent else CloseKind.CONFIRMED
            columns |= {"closed_at": self.at, "close_kind": kind}
            data = {"close_kind": kind.value}
            self._invite(kind)
        self._move(state, "customer" if state is S.EXECUTING else self.owner, data=data)

    def _refuse(self, *, is_last: bool) -> bool:
        """The customer says no: one level higher and again, or the end with the outside ways told."""
        self._pause(0.5)
        columns = self.trail.columns
        columns["refusals"] += 1
        if is_last:
            columns |= {"external_recourse_told_at": self.at, "closed_at": self.at}
            self._move(
                S.UNRESOLVED, self.owner, data={"refusals": columns["refusals"], "outside_ways_told": True}
            )
            self._invite(None)
            return True
        self._move(
            S.INVESTIGATING, self.owner, data={"refusals": columns["refusals"], "reason": "客户不接受方案"}
        )
        self._assign(next_level(self.level), self.owner)
        self._step(S.PROPOSED, S.CLOSED)
        return False

    def _assign(self, level: Level, actor: str) -> None:
        names = {"agent1": "王晓彤", "agent2": "陈立", "lead1": "周敏", "manager1": "何建平"}
        self.level = level
        self.owner = {Level.L1: self.rng.choice(("agent1", "agent2")), Level.L2: "lead1"}.get(
            level, "manager1"
        )
        self._event(
            "assigned", actor, data={"owner": self.owner, "name": names[self.owner], "level": level.value}
        )

    def _move(self, to: S, actor: str, data: Row | None = None) -> None:
        self._event("state", actor, to=to, before=self.state, data=data)
        self.state = to
        if (what := _KEEPS.get(to)) is not None:
            self._keep(what)

    def _keep(self, what: What) -> None:
        for promise in self.trail.promises:
            is_open = promise["kept_at"] is None and promise["broken_at"] is None
            if promise["what"] == what.value and is_open:
                if self.at <= promise["due_at"]:
                    promise["kept_at"] = self.at
                else:
                    promise["broken_at"] = promise["due_at"]

    def _event(
        self, kind: str, actor: str, *, to: S | None = None, before: S | None = None, data: Row | None = None
    ) -> None:
        self.trail.events.append(
            {
                "kind": kind,
                "actor": actor,
                "at": self.at,
                "from_state": before,
                "to_state": to,
                "data": data or {},
            }
        )

    def _settle_promises(self) -> None:
        """Overdue and not kept is broken; what no longer binds a withdrawn case is gone."""
        is_off = self.state in (S.WITHDRAWN, S.RECLASSIFIED, S.MERGED)
        left = []
        for promise in self.trail.promises:
            if promise["kept_at"] is None and promise["broken_at"] is None:
                paused_at = self.trail.columns["paused_at"]
                if paused_at is not None and paused_at <= promise["due_at"]:
                    pass  # its clock stands still
                elif promise["due_at"] < (self.at if is_off else self.anchor.now):
                    promise["broken_at"] = promise["due_at"]
                elif is_off:
                    continue
            left.append(promise)
        self.trail.promises = left

    def _invite(self, kind: CloseKind | None) -> None:
        answered = self.rng.random() < (0.5 if kind is CloseKind.CONFIRMED else 0.2)
        pleased = kind is CloseKind.CONFIRMED and self.rng.random() < 0.72
        csat = self.rng.choice((4, 4, 5, 5, 5) if pleased else (1, 2, 2, 3, 3)) if answered else None
        answered_at = (
            None
            if csat is None
            else self.at + min(timedelta(hours=self.rng.uniform(0.1, 30)), (self.anchor.now - self.at) / 2)
        )
        is_over = self.at + OPEN_FOR <= self.anchor.now
        state = SurveyState.UNANSWERED if is_over else SurveyState.INVITED
        self.trail.feedback = {
            "state": state if answered_at is None else SurveyState.ANSWERED,
            "closes_at": self.at + OPEN_FOR,
            "finished_at": answered_at,
            "agent_id": self.owner,
            "expectation_e": self.case["expectation_e"],
            "expectation_source": self.rng.choice(("ad", "promise", "past", "others")),
            "perception_p": None if csat is None else max(1, min(7, csat + self.rng.choice((0, 1, 2)))),
            "csat": csat,
            "ces": None if csat is None else max(1, min(7, csat + self.rng.choice((-1, 0, 1, 2)))),
            "nps": None if csat is None else max(0, min(10, csat * 2 + self.rng.choice((-2, -1, 0)))),
            "reason_text": None
            if csat is None
            else self.rng.choice(PRAISE_REASONS if csat >= 4 else BLAME_REASONS),
            "kind": SurveyKind.CASE,
            "sample_rule": f"{RULE_VERSION}/case",
            "sample_share": 1.0,
            "invited_at": self.at,
            "answered_at": answered_at,
        }

    def _pause(self, days: float) -> None:
        """Time goes on, slower near the anchor: what is still to come must find room before it."""
        left = self.anchor.now - self.at
        self.at += min(timedelta(days=self.rng.uniform(0.3, 1.3) * days), left / 4)
