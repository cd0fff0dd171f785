"""What the staff's complaint routes take and give; the addresses are in `routes_cases`.

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

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from msgspec import Meta, Struct

from bot.web.desk_schemas import Person
from care.rules.approval_terms import ApprovalWhat, Decision
from care.rules.complaint_terms import ComplaintCategory, ComplaintState, Level, Remedy
from care.rules.link_terms import LinkKind
from care.rules.root_causes import RootCause, RootCauseDetail
from care.rules.severity import Grade
from care.rules.vocabulary import Channel, Tier, Topic

_INT32 = 2**31 - 1
At = Annotated[datetime, Meta(tz=True)]
Id = Annotated[int, Meta(ge=1, le=_INT32)]
Version = Annotated[int, Meta(ge=0, le=_INT32)]
#: A UUID or another word of the sender's; the same one again has no second effect.
Key = Annotated[str, Meta(min_length=8, max_length=40, pattern=r"^[A-Za-z0-9._-]+$")]
CaseRef = Annotated[str, Meta(pattern=r"^(TS-[0-9]{8}-[0-9]{4,6}|[0-9]{1,9})$")]
Word = Annotated[str, Meta(max_length=40)]
Short = Annotated[str, Meta(max_length=200)]
Long = Annotated[str, Meta(max_length=4000)]


# Reading: the list.


class CaseQuery(Struct, frozen=True):
    """All filters together.

    `state`, `grade`, `category`, `level`, `channel`, `tier` take several values with commas between. `owner` is a
    member of staff's id, ``me`` or ``none``; `product` an article number. `since` and `until` are Shanghai days of
    receipt, both included. `after` is the `next` of the page before, under the same sort.
    """

    state: Short = ""
    open: bool | None = None
    grade: Word = ""
    category: Short = ""
    product: Word = ""
    channel: Short = ""
    owner: Annotated[str, Meta(pattern=r"^(|me|none|[0-9]{1,9})$")] = ""
    tier: Short = ""
    level: Word = ""
    clock: Annotated[str, Meta(pattern="^(|overdue|due_today|ok)$")] = ""
    since: date | None = None
    until: date | None = None
    q: Annotated[str, Meta(max_length=80)] = ""
    sort: Annotated[str, Meta(pattern="^(newest|oldest|due|grade|amount)$")] = "newest"
    after: Annotated[str, Meta(max_length=120)] = ""
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


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


# Writing. `version` is that of the case as it was seen; another one is a conflict that says who moved it to what.


class RemedyWish(Struct, frozen=True, forbid_unknown_fields=True):
    kind: Remedy
    amount: Decimal = Decimal(0)
    note: Short = ""


class CaseMove(Struct, frozen=True):
    """`yes_said`: how the customer said yes (asked with `customer_yes`). `approval`: the agreed one, where one was needed."""

    to: ComplaintState
    version: Version
    key: Key
    reason: Short = ""
    findings: Long | None = None
    root_cause_1: RootCause | None = None
    root_cause_2: RootCauseDetail | None = None
    proposal: Long | None = None
    remedies: list[RemedyWish] | None = None
    customer_yes: bool = False
    yes_said: Short = ""
    outside_ways_told: bool = False
    merged_into: CaseRef | None = None
    approval: Id | None = None


class NoteWish(Struct, frozen=True):
    text: Annotated[str, Meta(min_length=1, max_length=2000)]
    key: Key


class GradeWish(Struct, frozen=True):
    grade: Grade
    version: Version
    key: Key
    reason: Short = ""


class AssignWish(Struct, frozen=True):
    """To a colleague, or to whoever of a level has the fewest cases; one of the two."""

    version: Version
    key: Key
    to: Id | None = None
    level: Level | None = None
    reason: Short = ""


class RemindWish(Struct, frozen=True):
    key: Key


class DoneWish(Struct, frozen=True):
    """`basis` is the order system's number (of the refund, the new parcel …), or how it was done. Without `remedy` all open parts."""

    basis: Annotated[str, Meta(min_length=1, max_length=120)]
    key: Key
    remedy: Id | None = None


class PromiseWish(Struct, frozen=True):
    what: Annotated[str, Meta(min_length=2, max_length=120)]
    due_at: At
    key: Key


class AuthorityWish(Struct, frozen=True):
    """When the authority (12315) took the case up."""

    received_at: At


class CauseWish(Struct, frozen=True):
    """Findings and root cause outside a move."""

    version: Version
    key: Key
    findings: Long | None = None
    root_cause_1: RootCause | None = None
    root_cause_2: RootCauseDetail | None = None


class CaseCorrection(Struct, frozen=True):
    """Facts put right; what is not given stays. `product` is an article number."""

    version: Version
    key: Key
    reason: Short = ""
    category: ComplaintCategory | None = None
    topic: Topic | None = None
    product: Word | None = None
    batch: Word | None = None
    place: Word | None = None
    occurred_at: At | None = None
    amount: Decimal | None = None


class MergeCases(Struct, frozen=True):
    """This case goes into `into`, once a second person agrees."""

    into: CaseRef
    reason: Annotated[str, Meta(min_length=2, max_length=200)]
    version: Version
    key: Key


class LinkWish(Struct, frozen=True):
    case: CaseRef
    kind: LinkKind
    key: Key
    reason: Short = ""


class UnlinkWish(Struct, frozen=True):
    case: CaseRef
    kind: LinkKind
    key: Key


class Decide(Struct, frozen=True):
    """A refusal says why in `note`."""

    note: Short = ""


class OpenCase(Struct, frozen=True):
    """A complaint told to a person. With `customer_yes` (and how, in `yes_said`) it is received at once, else it stays a draft."""

    topic: Topic
    words: Annotated[str, Meta(min_length=4, max_length=4000)]
    key: Key
    order: Word | None = None
    product: Short | None = None
    remedy: Short | None = None
    expectation: Short | None = None
    occurred_at: At | None = None
    amount: Decimal | None = None
    complainant: Word | None = None
    on_behalf_of: Word | None = None
    customer_yes: bool = False
    yes_said: Short = ""


class ApprovalQuery(Struct, frozen=True):
    """`open`: those that wait; all of the last days otherwise."""

    open: bool = True
    limit: Annotated[int, Meta(ge=1, le=200)] = 100


class ExportQuery(Struct, frozen=True):
    format: Annotated[str, Meta(pattern="^(pdf|docx)$")] = "pdf"


class Acted(Struct, frozen=True):
    done: bool
    approval: Approval | None
    case: CaseSheet
