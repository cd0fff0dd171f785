"""One complaint's trail told again from its events alone, by a table of moves of its own (care.md §3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

_SIDE = {"withdrawn", "reclassified", "merged"}
NEXT: dict[str, set[str]] = {
    "draft": {"received"} | _SIDE,
    "received": {"acknowledged"} | _SIDE,
    "acknowledged": {"assessed"} | _SIDE,
    "assessed": {"investigating"} | _SIDE,
    "investigating": {"waiting_customer", "proposed"} | _SIDE,
    "waiting_customer": {"investigating"} | _SIDE,
    "proposed": {"executing", "investigating", "unresolved"} | _SIDE,
    "executing": {"closed"} | _SIDE,
    "closed": {"reopened"},
    "unresolved": {"reopened"},
    "reopened": {"assessed"} | _SIDE,
    **{side: set() for side in _SIDE},
}
_LEVELS = ("L1", "L2", "L3", "L4")
_BEYOND_ASSESSED = {"investigating", "waiting_customer", "proposed", "executing", "closed", "unresolved"}
_LIMITS = {"agent": 200, "lead": 2_000, "manager": 20_000}
_CUSTOMERS_WORDS = ("customer_added", "customer_content", "remedy_disputed", "withdrawal_wished")
_WHAT = {"withdrawn": "withdraw", "reclassified": "reclassify", "merged": "merge"}
_WEEK, _REOPEN_WITHIN = timedelta(days=7), timedelta(days=30)

Row = Mapping[str, Any]


@dataclass
class Replay:
    """What the events say the case is, and what is wrong in them."""

    approvals: Mapping[int, Row]
    staff: Mapping[str, Row]
    faults: list[str] = field(default_factory=list)
    length: int = 0
    state: str | None = None
    grade: str | None = None
    level: str = "L1"
    owner: str | None = None
    refusals: int = 0
    reopenings: int = 0
    paid: Decimal = Decimal(0)
    is_received: bool = False
    is_assessed: bool = False
    is_remedy_done: bool = False
    is_content: bool = False
    were_outside_ways_told: bool = False
    ended_at: datetime | None = None
    close_kind: str | None = None
    merged_into: int | None = None
    last_word: datetime | None = None
    reminders: list[datetime] = field(default_factory=list)
    promised: set[int] = field(default_factory=set)
    level_owed: str | None = None

    def tell(self, event: Row) -> None:
        kind, data = event["kind"], event["data"]
        self.length += 1
        if event["seq"] != self.length:
            self.faults.append(f"event {event['seq']} stands in place {self.length}")
        is_owed = self.level_owed not in (None, self.level)
        if is_owed and (kind != "assigned" or data["level"] != self.level_owed):
            self.faults.append(f"refused, and not given to {self.level_owed}")
        self.level_owed = None
        if event["actor"] == "customer":
            self.last_word = event["at"]
        if event["to_state"] is not None:
            self._move(event)
        if kind in ("opened", "draft_updated", "state"):
            self.grade = data.get("grade", self.grade)
        elif kind == "graded":
            self._grade(event)
        elif kind == "assigned":
            self.level, self.owner = data["level"], data["owner"] or self.owner
        elif kind == "escalated":
            self.level = max(self.level, data["level"])
        elif kind == "reminder":
            self.reminders.append(event["at"])
        elif kind == "remedy_done":
            if self.state != "executing":
                self.faults.append("a remedy was done that nobody agreed to")
            self.is_remedy_done = data["is_all"]
            self.paid += sum((Decimal(part["amount"]) for part in data["parts"]), Decimal(0))
        elif kind == "remedy_disputed":
            self.is_remedy_done = self.is_content = False
        elif kind == "customer_content":
            self.is_content = True
        elif kind == "outside_ways_told":
            self.were_outside_ways_told = True
        elif kind == "promised":
            self.promised.add(data["promise"])

    def _move(self, event: Row) -> None:
        to, data = event["to_state"], event["data"]
        if event["kind"] == "opened":
            if self.state is not None:
                self.faults.append("opened twice")
            self.state = to
            return
        if event["from_state"] != self.state or to not in NEXT[self.state or "merged"]:
            self.faults.append(f"moved from {event['from_state']} to {to} while {self.state}")
        before, self.state = self.state, to
        if to in _BEYOND_ASSESSED and not self.is_assessed:
            self.faults.append(f"{to} without being assessed")
        self.were_outside_ways_told |= bool(data.get("outside_ways_told"))
        if to == "received":
            self.is_received = True
        elif to == "assessed":
            self.is_assessed = True
        elif to == "proposed":
            self.is_content = False
            self._check_money(event)
        elif to in ("investigating", "unresolved") and before == "proposed":
            self.refusals += 1
            if to == "investigating":
                self.level_owed = _LEVELS[min(_LEVELS.index(self.level) + 1, 3)]
            elif self.refusals < 2 or not self.were_outside_ways_told:
                self.faults.append("unresolved without two refusals and the outside ways")
        elif to == "closed":
            self._check_closing(event)
        elif to == "reopened":
            if self.ended_at is None or event["at"] - self.ended_at > _REOPEN_WITHIN:
                self.faults.append(f"reopened at {event['at']}, ended at {self.ended_at}")
            self.reopenings += 1
            self.refusals, self.close_kind = 0, None
            self.is_assessed = self.is_remedy_done = self.is_content = False
        elif to in _SIDE:
            self._check_side(event, before)
        if to in ("closed", "unresolved"):
            self.ended_at = event["at"]

    def _check_closing(self, event: Row) -> None:
        self.close_kind = event["data"]["close_kind"]
        if not self.is_remedy_done:
            self.faults.append("closed before the remedy was done")
        if self.close_kind == "confirmed":
            if not (event["actor"] == "customer" or event["data"].get("yes_said") or self.is_content):
                self.faults.append("closed as confirmed without the customer's yes")
            return
        sent = [at for at in self.reminders if self.last_word is None or at > self.last_word]
        runs = zip(sent, sent[2:])  # noqa: B905 - three in a row
        if not any(third - first <= _WEEK and event["at"] - first >= _WEEK for first, third in runs):
            self.faults.append(f"closed as silent after reminders at {sent}")

    def _check_side(self, event: Row, before: str | None) -> None:
        to, data = event["to_state"], event["data"]
        self.merged_into = data.get("merged_into")
        if before == "draft" and to == "withdrawn" and "approval_id" not in data:
            if event["actor"] != "customer" and not data.get("yes_said"):
                self.faults.append("a draft was dropped without the customer")
            return
        self._check_agreed(event, _WHAT[to])

    def _check_agreed(self, event: Row, what: str) -> Row | None:
        data = event["data"]
        number = data.get("approval_id") or (event["idempotency_key"] or "").removeprefix("approval:")
        approval = self.approvals.get(int(number)) if str(number).isdecimal() else None
        if approval is None or approval["what"].value != what or approval["decision"].value != "agreed":
            self.faults.append(f"{what} without a second person")
            return None
        second = data.get("second_person")
        if second != approval["decided_by"] or second == event["actor"] or not self.staff[second]["active"]:
            self.faults.append(f"{what} by {event['actor']} with {second}")
        return approval

    def _check_money(self, event: Row) -> None:
        data = event["data"]
        cost = self.paid + sum((Decimal(part["amount"]) for part in data.get("remedies", ())), Decimal(0))
        person = self.staff.get(event["actor"])
        limit = None if person is None else _LIMITS.get(person["role"].value)
        if person is None or (limit is not None and cost > limit):
            self._check_agreed(event, "remedy_over_limit")

    def _grade(self, event: Row) -> None:
        before, after = event["data"]["from"], event["data"]["to"]
        # The events of a draft do not name every grade that a fact gave it.
        if self.is_received and before != self.grade:
            self.faults.append(f"graded from {before} while {self.grade}")
        if after > before:  # P4 is the mildest
            approval = self._check_agreed(event, "lower_grade")
            if approval is not None and (approval["payload"]["from"], approval["payload"]["to"]) != (
                before,
                after,
            ):
                self.faults.append(f"lowered {before} → {after}; agreed was {approval['payload']}")
        self.grade = after


def replay(events: Sequence[Row], approvals: Mapping[int, Row], staff: Mapping[str, Row]) -> Replay:
    """Tells `events`, in the order of their numbers."""
    told = Replay(approvals, staff)
    for event in events:
        told.tell(event)
    return told
