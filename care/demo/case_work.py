"""Second persons' words and remedies in parts of the demo cases: what their trails tell, as rows and events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from care.demo.base import Anchor, Row
from care.demo.cases import Cases
from care.demo.trails import Trail
from care.rules.approval_terms import ApprovalWhat, Decision
from care.rules.complaint import ComplaintState, Remedy
from care.rules.remedies import DEFAULT_LIMITS, PAID, is_within
from care.rules.severity import Grade
from care.rules.vocabulary import Role

S = ComplaintState

_ROLES = {"agent1": Role.AGENT, "agent2": Role.AGENT, "lead1": Role.LEAD, "manager1": Role.MANAGER}
_SIDE = {
    S.WITHDRAWN: ApprovalWhat.WITHDRAW,
    S.RECLASSIFIED: ApprovalWhat.RECLASSIFY,
    S.MERGED: ApprovalWhat.MERGE,
}
#: So many approvals of each kind wait.
_WAITING = 3
_LITTLE = Decimal("50.00")
_A_REFUND = Decimal("99.00")


@dataclass
class CaseWork:
    """Rows with `case`, the position of their complaint, and logins for staff."""

    remedies: list[Row] = field(default_factory=list)
    approvals: list[Row] = field(default_factory=list)


def case_work(found: Cases, trails: Sequence[Trail], anchor: Anchor) -> CaseWork:
    """Reads the finished trails, adds the events of approvals to them, and gives the rows beside them.

    What is here follows from the trails alone, so that the rest of the demo shop stays as it was sown.
    """
    work = CaseWork()
    for position, (case, trail) in enumerate(zip(found.complaints, trails, strict=True)):
        _side_move(work, position, trail)
        _remedies(work, position, case, trail)
    _wait(work, found, trails, anchor)
    for trail in trails:
        trail.columns["state_version"] = len(trail.events)
    return work


def _side_move(work: CaseWork, position: int, trail: Trail) -> None:
    last = trail.events[-1]
    what = _SIDE.get(last["to_state"])
    if what is not None:
        asked_at = trail.events[-2]["at"] + (last["at"] - trail.events[-2]["at"]) / 2
        reason = str(last["data"]["reason"])
        _agreed(
            work,
            position,
            trail,
            len(trail.events) - 1,
            what,
            last["actor"],
            reason,
            asked_at,
            last["at"],
            {},
        )


def _remedies(work: CaseWork, position: int, case: Row, trail: Trail) -> None:
    """Parts of the last proposal; a dear one was agreed to by somebody with the limit for it."""
    proposed = [n for n, event in enumerate(trail.events) if event["to_state"] is S.PROPOSED]
    if not proposed:
        return
    number = proposed[-1]
    event = trail.events[number]
    done = next((e for e in reversed(trail.events) if e["kind"] == "remedy_done"), None)
    parts = _parts(Remedy(event["data"]["remedy"]), case, position)
    event["data"]["remedies"] = [
        {"kind": kind.value, "amount": str(amount), "note": ""} for kind, amount in parts
    ]
    for kind, amount in parts:
        is_done = done is not None and done["at"] > event["at"]
        work.remedies.append(
            {
                "case": position,
                "kind": kind,
                "amount": amount,
                "note": "",
                "proposed_by": event["actor"],
                "proposed_at": event["at"],
                "dropped_at": None,
                "done_at": done["at"] if is_done and done else None,
                "done_by": done["actor"] if is_done and done else None,
                "basis": f"{'TK' if kind in PAID else 'YD'}{event['at']:%Y%m%d}{position:04d}"
                if is_done
                else None,
            }
        )
    cost = sum((amount for _, amount in parts), Decimal(0))
    if not is_within(cost, DEFAULT_LIMITS[_ROLES[event["actor"]]]):
        before = trail.events[number - 1]["at"]
        payload = {
            "proposal": event["data"]["proposal"],
            "remedies": event["data"]["remedies"],
            "total": str(cost),
        }
        asked_at = before + (event["at"] - before) / 2
        what = ApprovalWhat.REMEDY_OVER_LIMIT
        reason = f"方案合计 ¥{cost}，超出本人额度"
        _agreed(
            work, position, trail, number, what, event["actor"], reason, asked_at, event["at"], payload, cost
        )


def _parts(remedy: Remedy, case: Row, position: int) -> list[tuple[Remedy, Decimal]]:
    amount = Decimal(0).quantize(_LITTLE)
    if remedy is Remedy.REFUND:
        amount = case["amount"] or _A_REFUND
    elif remedy is Remedy.COMPENSATION:
        amount = _LITTLE
    parts = [(remedy, amount)]
    if position % 4 == 0 and remedy is not Remedy.APOLOGY:
        parts.append((Remedy.APOLOGY, Decimal("0.00")))
    if position % 7 == 0 and remedy is not Remedy.COMPENSATION:
        parts.append((Remedy.COMPENSATION, _LITTLE))
    return parts


def _agreed(
    work: CaseWork,
    position: int,
    trail: Trail,
    at_event: int,
    what: ApprovalWhat,
    asker: str,
    reason: str,
    asked_at: datetime,
    at: datetime,
    payload: dict[str, Any],
    cost: Decimal = Decimal(0),
) -> None:
    """An approval that was given at the moment of the act, with its two events before it."""
    decider = next(
        login
        for login in ("lead1", "manager1", "admin")
        if login != asker and is_within(cost, DEFAULT_LIMITS[_ROLES.get(login, Role.ADMIN)])
    )
    trail.events[at_event]["data"]["second_person"] = decider
    asked = _event("approval_asked", asker, asked_at, {"what": what.value, "reason": reason, **payload})
    decided = _event("approval_decided", decider, at, {"what": what.value, "decision": Decision.AGREED.value})
    trail.events[at_event:at_event] = [asked, decided]
    row = _row(position, what, asker, reason, asked_at, payload)
    work.approvals.append(
        {**row, "decided_by": decider, "decision": Decision.AGREED, "decided_at": at, "note": "情况属实"}
    )


def _wait(work: CaseWork, found: Cases, trails: Sequence[Trail], anchor: Anchor) -> None:
    """The newest suitable cases have something that waits for a second person."""
    wishes: tuple[tuple[ApprovalWhat, Callable[[Row, Trail], bool]], ...] = (
        (
            ApprovalWhat.REMEDY_OVER_LIMIT,
            lambda case, trail: (
                trail.columns["state"] is S.INVESTIGATING and _ROLES[trail.columns["owner_id"]] is Role.AGENT
            ),
        ),
        (
            ApprovalWhat.LOWER_GRADE,
            lambda case, trail: (
                trail.columns["state"] in (S.ASSESSED, S.INVESTIGATING) and case["grade"] is not Grade.P4
            ),
        ),
        (ApprovalWhat.WITHDRAW, lambda case, trail: trail.columns["state"] in (S.ACKNOWLEDGED, S.ASSESSED)),
    )
    taken: set[int] = set()
    for what, suits in wishes:
        fitting = [
            n
            for n in range(len(trails) - 1, -1, -1)
            if n not in taken and suits(found.complaints[n], trails[n])
        ]
        for position in fitting[:_WAITING]:
            taken.add(position)
            case, trail = found.complaints[position], trails[position]
            owner = trail.columns["owner_id"]
            asker, reason, payload = _wish(what, case, owner)
            at = min(trail.events[-1]["at"] + timedelta(minutes=40), anchor.now)
            trail.events.append(
                _event("approval_asked", asker, at, {"what": what.value, "reason": reason, **payload})
            )
            work.approvals.append(_row(position, what, asker, reason, at, payload))


def _wish(what: ApprovalWhat, case: Row, owner: str) -> tuple[str, str, dict[str, Any]]:
    if what is ApprovalWhat.WITHDRAW:
        return "customer", "客户在会话中要求撤回", {}
    if what is ApprovalWhat.LOWER_GRADE:
        grades = list(Grade)
        lower = grades[grades.index(case["grade"]) + 1]
        return owner, "核实后影响有限", {"to": lower.value, "from": case["grade"].value}
    remedies = [
        {"kind": Remedy.REFUND.value, "amount": "880.00", "note": "部分退款"},
        {"kind": Remedy.APOLOGY.value, "amount": "0.00", "note": ""},
    ]
    payload = {"proposal": "退还部分货款并正式道歉。", "remedies": remedies, "total": "880.00"}
    return owner, "方案合计 ¥880.00，超出本人额度", payload


def _row(
    position: int, what: ApprovalWhat, asker: str, reason: str, at: datetime, payload: dict[str, Any]
) -> Row:
    return {
        "case": position,
        "what": what,
        "asked_by": asker,
        "reason": reason,
        "payload": payload,
        "asked_at": at,
        "key": None,
        "decided_by": None,
        "decision": None,
        "decided_at": None,
        "note": None,
    }


def _event(kind: str, actor: str, at: datetime, data: dict[str, Any]) -> dict[str, Any]:
    return {"kind": kind, "actor": actor, "at": at, "from_state": None, "to_state": None, "data": data}
