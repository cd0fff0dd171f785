"""What the staff's complaint routes give; what they take is in `case_bodies`, the addresses in `routes_cases`.

Money is a string of yuan with two decimals (``"199.00"``), times are aware ISO 8601. `{case}` is the case number,
or the internal id of a draft, which has none. Every act answers with `Acted`: the case as it now stands and, where
a second person has to agree first, the approval that waits (`done` is then false).

    GET  /api/desk/complaints                     CaseQuery → CasePage
    GET  /api/desk/complaint_terms                → CaseTerms
    GET  /api/desk/complaints/{case}              → CaseSheet
    GET  …/{case}/events                          → CaseEvents
    GET  …/{case}/approvals                       → Approvals
    GET  …/{case}/export                          ExportQuery → a file
    POST …/{case}/move                            CaseMove → Acted
    POST …/{case}/note | remind | remedy_done     NoteWish | RemindWish | DoneWish → Acted
    POST …/{case}/grade | assign | promises       GradeWish | AssignWish | PromiseWish → Acted
    GET  …/{case}/escalations                     → EscalationSteps
    POST …/{case}/promises/{id}/done              → Acted
    POST …/{case}/authority                       AuthorityWish → Acted
    POST …/{case}/cause | correct                 CauseWish | CaseCorrection → Acted
    POST …/{case}/merge | link | unlink           MergeCases | LinkWish | UnlinkWish → Acted
    POST …/{case}/approvals/{id}/(agree|refuse)   Decide → Acted
    GET  /api/desk/approvals                      ApprovalQuery → Approvals
    POST /api/desk/conversations/{c}/complaint    OpenCase → Acted
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from bot.web.desk_schemas import Person
from care.rules.approval_terms import ApprovalWhat, Decision
from care.rules.complaint_terms import ComplaintCategory, ComplaintState, Level, Remedy
from care.rules.severity import Grade
from care.rules.vocabulary import Channel, Tier

# Reading: the list.


class CaseCustomer(Struct, frozen=True):
    """`id` is the public one; `name` is masked by role."""

    id: str
    name: str | None
    tier: Tier
    tier_label: str


class CaseProduct(Struct, frozen=True):
    sku: str
    name: str


class CaseLine(Struct, frozen=True):
    """One line of the list. `due_at` is the nearest clock that still runs; `words` is an excerpt."""

    id: int
    case_number: str | None
    state: ComplaintState
    state_label: str
    grade: Grade
    grade_label: str
    level: Level
    level_label: str
    category: ComplaintCategory
    category_label: str
    topic_label: str
    channel: Channel
    channel_label: str
    customer: CaseCustomer | None
    owner: Person | None
    product: CaseProduct | None
    order_number: str | None
    words: str | None
    amount: Decimal | None
    opened_at: datetime
    received_at: datetime | None
    closed_at: datetime | None
    due_at: datetime | None
    is_overdue: bool
    reopen_count: int
    open_approvals: int
    version: int
    is_open: bool


class StateCount(Struct, frozen=True):
    state: ComplaintState
    label: str
    count: int


class CasePage(Struct, frozen=True):
    """`total` and `states` count everything the filters let through (`states` without the state filter)."""

    items: list[CaseLine]
    next: str | None
    total: int
    states: list[StateCount]


# Reading: one case.


class CaseClock(Struct, frozen=True):
    """`state` is running, paused, met, missed (late or still open past its time)."""

    kind: str
    label: str
    due_at: datetime
    met_at: datetime | None
    state: str


class EscalationStep(Struct, frozen=True):
    """`done_at` when it was told, `ended_at` when it no longer applies; `round` grows with a reopening."""

    round: int
    percent: int
    level: Level
    level_label: str
    due_at: datetime
    done_at: datetime | None
    ended_at: datetime | None


class EscalationSteps(Struct, frozen=True):
    items: list[EscalationStep]


class LegalClock(Struct, frozen=True):
    kind: str
    label: str
    due_at: datetime | None
    basis: str
    state: str
    detail: str = ""


class CasePromise(Struct, frozen=True):
    id: int
    what: str
    label: str
    by: str
    made_at: datetime
    due_at: datetime
    kept_at: datetime | None
    broken_at: datetime | None


class RemedyShown(Struct, frozen=True):
    id: int
    kind: Remedy
    label: str
    amount: Decimal
    note: str
    done_at: datetime | None
    done_by: str | None
    basis: str | None


class CaseMoney(Struct, frozen=True):
    """`promised` is the present remedy, `paid` what is done of it and of earlier ones; `limit` is the reader's own (null: none)."""

    disputed: Decimal | None
    promised: Decimal
    paid: Decimal
    limit: Decimal | None
    remedies: list[RemedyShown]


class MoveNeed(Struct, frozen=True):
    """`field` of `CaseMove` that this move wants filled in; `required` ones are not optional."""

    field: str
    label: str
    required: bool


class NextMove(Struct, frozen=True):
    """`blocked` says in Chinese why it cannot be done yet; `approval` which second word it takes."""

    to: ComplaintState
    label: str
    needs: list[MoveNeed]
    blocked: str | None
    approval: ApprovalWhat | None


class Approval(Struct, frozen=True):
    """`payload` is what would be done, in readable lines; `may_decide`: this reader may agree or refuse."""

    id: int
    case: str
    what: ApprovalWhat
    what_label: str
    asked_by: str
    reason: str
    lines: list[str]
    asked_at: datetime
    decision: Decision | None
    decision_label: str | None
    decided_by: str | None
    decided_at: datetime | None
    note: str | None
    may_decide: bool


class Approvals(Struct, frozen=True):
    items: list[Approval]


class CaseLink(Struct, frozen=True):
    """`kind` is same_cause, related, merged_into, merged_from, or a suggestion: duplicate, same_cause."""

    case: str
    kind: str
    label: str
    state: ComplaintState
    state_label: str
    grade: Grade
    category_label: str
    opened_at: datetime
    words: str | None
    reason: str


class CaseEvidence(Struct, frozen=True):
    id: str
    name: str
    url: str
    kind: str
    size: int
    by: str
    at: datetime


class SeverityPart(Struct, frozen=True):
    name: str
    label: str
    value: int


class CaseMay(Struct, frozen=True):
    """Which buttons this reader has on this case."""

    act: bool
    raise_grade: bool
    lower_grade: bool
    assign: bool
    take: bool
    correct: bool
    merge: bool
    link: bool
    export: bool


class CaseSheet(Struct, frozen=True):
    """The whole case, masked by role."""

    line: CaseLine
    conversation: str | None
    topic: str
    own_words: str | None
    complainant: str | None
    on_behalf_of: str | None
    occurred_at: datetime | None
    place: str | None
    batch: str | None
    product_said: str | None
    order_is_own: bool
    recurrent: bool
    remedy_said: str | None
    requested: list[str]
    expectation: str | None
    care_part_label: str
    care_stage_label: str
    emotion_label: str
    cues: list[str]
    legal_flags: list[str]
    severity: list[SeverityPart]
    findings: str | None
    root_cause_1: str | None
    root_cause_1_label: str | None
    root_cause_2: str | None
    root_cause_2_label: str | None
    proposal: str | None
    refusals: int
    outside_ways_told_at: datetime | None
    close_kind_label: str | None
    received_by: str | None
    is_locked: bool
    clocks: list[CaseClock]
    legal_clocks: list[LegalClock]
    promises: list[CasePromise]
    money: CaseMoney
    moves: list[NextMove]
    may: CaseMay
    approvals: list[Approval]
    links: list[CaseLink]
    suggestions: list[CaseLink]
    evidence: list[CaseEvidence]


class CaseEvent(Struct, frozen=True):
    """`lines` tell the event in Chinese; `data` is what was written, the customer's words masked by role."""

    seq: int
    kind: str
    kind_label: str
    actor: str
    actor_name: str
    at: datetime
    from_state_label: str | None
    to_state_label: str | None
    lines: list[str]
    data: dict[str, Any]
    hash: str
    is_sound: bool


class MergedTrail(Struct, frozen=True):
    case: str
    items: list[CaseEvent]


class CaseEvents(Struct, frozen=True):
    """`faults` is empty while every link of the chain holds."""

    case: str
    is_sound: bool
    faults: list[str]
    items: list[CaseEvent]
    merged: list[MergedTrail]


class CaseChoice(Struct, frozen=True):
    value: str
    label: str


class CauseChoice(Struct, frozen=True):
    value: str
    label: str
    details: list[CaseChoice]


class LimitShown(Struct, frozen=True):
    role: str
    label: str
    amount: Decimal | None


class CaseTerms(Struct, frozen=True):
    """Everything that a form on a case lets one choose from."""

    states: list[CaseChoice]
    grades: list[CaseChoice]
    levels: list[CaseChoice]
    categories: list[CaseChoice]
    topics: list[CaseChoice]
    channels: list[CaseChoice]
    tiers: list[CaseChoice]
    remedies: list[CaseChoice]
    link_kinds: list[CaseChoice]
    root_causes: list[CauseChoice]
    owners: list[Person]
    limits: list[LimitShown]
    my_limit: Decimal | None


class Acted(Struct, frozen=True):
    done: bool
    approval: Approval | None
    case: CaseSheet
