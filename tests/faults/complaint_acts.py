"""What a worker of the storm does with a case: mostly what its state asks for, at times anything else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

from sqlalchemy import select

from care.records.case_work import CaseApproval
from care.records.complaint import Complaint
from care.rules.complaint_terms import ComplaintState, Remedy
from care.rules.remedies import RemedyPart
from care.rules.severity import Grade
from care.services import approvals, case_acts, case_moving, case_talk
from care.services.complaint_moves import Change
from care.services.context import Care
from care.services.staff import StaffView

S = ComplaintState
_GRADES = tuple(Grade)
_CAUSE = {"root_cause_1": "technology", "root_cause_2": "manufacture"}
_ON = {
    S.RECEIVED: S.ACKNOWLEDGED,
    S.ACKNOWLEDGED: S.ASSESSED,
    S.ASSESSED: S.INVESTIGATING,
    S.REOPENED: S.ASSESSED,
}


@dataclass(frozen=True)
class Seen:
    """A case as a worker saw it, outside any lock: by the time of its act it may have moved."""

    id: int
    number: str | None
    conversation_id: int
    state: S
    version: int
    grade: Grade
    owner_id: int | None
    is_remedy_done: bool
    waiting_approval: int | None


async def look(care: Care, case_id: int) -> Seen:
    async with care.sessions.read() as session:
        case = await session.get_one(Complaint, case_id)
        waiting = await session.scalar(
            select(CaseApproval.id)
            .where(CaseApproval.complaint_id == case_id, CaseApproval.decision.is_(None))
            .order_by(CaseApproval.id)
            .limit(1)
        )
        return Seen(
            case.id, case.case_number, case.conversation_id or 0, case.state, case.state_version, case.grade,
            case.owner_id, case.remedy_done_at is not None, waiting,
        )  # fmt: skip


def choose(seen: Seen, chance: Random, people: int, cases: int) -> dict[str, Any]:
    """An act with everything needed to do exactly the same again after a crash."""
    act = _choose(seen, chance, cases)
    return {"case": seen.id, "person": chance.randrange(people), "version": seen.version, **act}


def _choose(seen: Seen, chance: Random, cases: int) -> dict[str, Any]:
    if seen.waiting_approval is not None and chance.random() < 0.6:
        yes = chance.random() < 0.8
        return {"act": "agree" if yes else "refuse", "approval": seen.waiting_approval}
    if chance.random() < 0.2:
        return _anything(seen, chance, cases)
    if seen.state is S.DRAFT:
        return {"act": "move", "to": "withdrawn" if chance.random() < 0.02 else "received", "yes": True}
    if seen.state in _ON:
        return {"act": "move", "to": _ON[seen.state].value}
    if seen.state is S.INVESTIGATING:
        if chance.random() < 0.12:
            return {"act": "move", "to": "waiting_customer"}
        return {"act": "move", "to": "proposed", "amount": chance.choice([0, 150, 150, 900, 5_000])}
    if seen.state is S.WAITING_CUSTOMER:
        return {"act": "add_words"} if chance.random() < 0.7 else {"act": "move", "to": "investigating"}
    if seen.state is S.PROPOSED:
        return {"act": "answer", "accepts": chance.random() < 0.7}
    if seen.state is S.EXECUTING:
        if not seen.is_remedy_done:
            return {"act": "remedy_done"} if chance.random() < 0.8 else {"act": "cause"}
        return chance.choice(
            [{"act": "content"}, {"act": "move", "to": "closed", "yes": True}, {"act": "dispute"}]
        )
    if seen.state in (S.CLOSED, S.UNRESOLVED):
        return {"act": "reopen"} if chance.random() < 0.3 else {"act": "cause"}
    return _anything(seen, chance, cases)


def _anything(seen: Seen, chance: Random, cases: int) -> dict[str, Any]:
    other = seen.id % cases + 1
    grade = chance.choice([grade for grade in _GRADES if grade is not seen.grade])
    return chance.choice(
        [
            {"act": "move", "to": chance.choice([state.value for state in S if state is not S.MERGED])},
            {"act": "move", "to": "merged", "into": other},
            {"act": "move", "to": "reclassified"},
            {"act": "grade", "to": grade.value},
            {"act": "grade", "to": grade.value},
            {"act": "assign"},
            {"act": "promise"},
            {"act": "note"},
            {"act": "remind"},
            {"act": "wish"},
        ]
    )  # fmt: skip


def db_key(act: dict[str, Any], people: list[StaffView], key: str, message: int) -> str | None:
    """Under which key the act is found in the trail when it was done."""
    person = people[act["person"]]
    if act["act"] in ("add_words", "answer", "content", "dispute", "reopen", "wish"):
        return f"case:{message}"
    if act["act"] in ("agree", "refuse"):
        return f"approval:{act['approval']}" if act["act"] == "agree" else None
    if act["act"] == "promise":
        return f"promise:{act['case']}:{person.id}:{key}"
    return f"desk:{act['case']}:{person.id}:{key}"


async def do(
    care: Care, act: dict[str, Any], people: list[StaffView], *, key: str, message: int
) -> int | None:
    """Carries the act out; the id of the approval that it led to, if any. Raises what the services raise."""
    who, ref, version = people[act["person"]], str(act["case"]), act["version"]
    match act["act"]:
        case "move":
            change, into = _change(act), act.get("into")
            done = await case_moving.move(
                care, who, ref, S(act["to"]), change=change, version=version, key=key,
                into=None if into is None else str(into),
            )  # fmt: skip
            return None if done.approval is None else done.approval.id
        case "grade":
            done = await case_acts.grade(
                care, who, ref, Grade(act["to"]), reason="复核后", version=version, key=key
            )
            return None if done.approval is None else done.approval.id
        case "assign":
            other = people[(act["person"] + 1) % len(people)]
            await case_acts.assign(
                care, who, ref, to=other.id, level=None, reason="轮班", version=version, key=key
            )
        case "promise":
            due = care.clock.now() + timedelta(days=2)
            await case_acts.promise(care, who, ref, what="两天内回电", due_at=due, key=key)
        case "note":
            await case_acts.note(care, who, ref, "已看过材料", key=key)
        case "remind":
            await case_acts.remind(care, who, ref, key=key)
        case "remedy_done":
            await case_acts.remedy_done(care, who, ref, part_id=None, basis="单号 1", key=key)
        case "cause":
            await case_acts.cause(
                care, who, ref, findings="抽检属实", first=_CAUSE["root_cause_1"], second=_CAUSE["root_cause_2"],
                version=version, key=key,
            )  # fmt: skip
        case "agree":
            await approvals.agree(care, act["case"], act["approval"], who.id)
        case "refuse":
            await approvals.refuse(care, act["case"], act["approval"], who.id, note="依据不足")
        case _:
            await _as_customer(care, act, message)
    return None


def _change(act: dict[str, Any]) -> Change:
    to = S(act["to"])
    amount = Decimal(act.get("amount", 0))
    return Change(
        reason="按材料处理",
        customer_yes=act.get("yes", False),
        yes_said="客户来电说可以" if act.get("yes") else "",
        proposal="换新并补偿" if to is S.PROPOSED else None,
        remedies=(
            RemedyPart(Remedy.EXCHANGE), *((RemedyPart(Remedy.COMPENSATION, amount),) if amount else ()),
        ) if to is S.PROPOSED else None,
        root_cause_1=_CAUSE["root_cause_1"] if to is S.CLOSED else None,
        root_cause_2=_CAUSE["root_cause_2"] if to is S.CLOSED else None,
    )  # fmt: skip


async def _as_customer(care: Care, act: dict[str, Any], message: int) -> None:
    async with care.sessions.read() as session:
        case = await session.get_one(Complaint, act["case"])
        place, number = case.conversation_id or 0, case.case_number or ""
    said = {"words": "我想好了", "source_message_id": message}
    match act["act"]:
        case "add_words":
            await case_talk.add_words(care, place, number, **said)
        case "answer":
            await case_talk.answer_proposal(care, place, number, accepts=act["accepts"], **said)
        case "content":
            await case_talk.answer_content(care, place, number, is_content=True, **said)
        case "dispute":
            await case_talk.answer_content(care, place, number, is_content=False, **said)
        case "reopen":
            await case_talk.reopen(care, place, number, **said)
        case "wish":
            await case_talk.wish_withdrawal(care, place, number, **said)
        case other:
            raise ValueError(f"no such act: {other}")
