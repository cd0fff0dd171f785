"""What the staff's customer routes take and give: records by role, queues of bad data, merges, value."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

from care.ports import OrderView
from care.rules.complaint import ComplaintState, Level
from care.rules.field_access import Access, seen
from care.rules.seven_p import Figure, Tab
from care.rules.severity import Grade
from care.rules.tiers import KeyCriterion
from care.rules.times import format_amount
from care.rules.vocabulary import (
    Channel,
    CustomerType,
    DataIssue,
    HandledBy,
    Kind,
    LifecycleStage,
    Outcome,
    Role,
    Tier,
)
from care.services.customer_record import CustomerRecordView
from care.services.customer_search import CustomerItem
from care.services.customer_sheet import CustomerSheet
from care.services.customer_value import KeyAccount, ValueOfCustomer
from care.services.merging import MergeView
from care.services.quality import IssueView

_INT32 = 2**31 - 1
_Limit = Annotated[int, Meta(ge=1, le=200)]
_After = Annotated[int, Meta(ge=1, le=_INT32)]
_Ref = Annotated[str, Meta(min_length=1, max_length=36)]


class CustomerQuery(Struct, frozen=True):
    """`q`: name, phone or its end, mailbox, number, order. `after`: the `next` of the page before."""

    q: Annotated[str, Meta(max_length=80)] = ""
    type: CustomerType | None = None
    tier: Tier | None = None
    stage: LifecycleStage | None = None
    after: _After | None = None
    limit: _Limit = 50


class CustomerLine(Struct, frozen=True):
    public_id: str
    name: str | None
    phone: str | None
    type: CustomerType
    type_label: str
    tier: Tier
    tier_label: str
    stage: LifecycleStage
    stage_label: str
    segment: str | None
    quality_score: int | None
    created_at: datetime


class CustomerPage(Struct, frozen=True):
    """`next` is None on the last page."""

    items: list[CustomerLine]
    next: int | None


class SheetQuery(Struct, frozen=True):
    """`purpose` stands in the access log and in the customer's own export."""

    purpose: Annotated[str, Meta(min_length=1, max_length=80)]


class Field(Struct, frozen=True):
    name: str
    label: str
    value: str | None
    access: Access
    source_label: str
    verified_at: datetime | None
    is_stale: bool
    purpose: str
    basis_label: str
    sensitive: bool
    old_values: list[str]


class Record(Struct, frozen=True):
    """A value of None is unknown, or not for this role to see."""

    public_id: str
    name: str | None
    phone: str | None
    type: CustomerType
    type_label: str
    tier: Tier
    tier_label: str
    tier_reason: str | None
    stage: LifecycleStage
    stage_label: str
    segment: str | None
    preferred_channel: Channel | None
    quiet_hours: str | None
    external_id: str | None
    quality_score: int | None
    created_at: datetime
    fields: list[Field]


class Order(Struct, frozen=True):
    number: str
    state_label: str
    amount: str
    placed_at: datetime
    promised_at: datetime | None
    delivered_at: datetime | None
    receiver_name: str
    receiver_phone: str
    receiver_address: str
    items: list[str]


class Case(Struct, frozen=True):
    case_number: str
    state: ComplaintState
    state_label: str
    grade: Grade
    grade_label: str
    level: Level
    category: str
    order_number: str | None
    received_at: datetime | None
    solve_due_at: datetime | None
    closed_at: datetime | None
    owner: str | None


class PromiseMade(Struct, frozen=True):
    what: str
    promised_by: str
    due_at: datetime
    made_at: datetime
    kept_at: datetime | None
    broken_at: datetime | None


class Contact(Struct, frozen=True):
    started_at: datetime
    channel: Channel
    channel_label: str
    handled_by: HandledBy
    handled_by_label: str
    kind: Kind | None
    topics: list[str]
    order_number: str | None
    outcome: Outcome | None
    outcome_label: str | None


class RecordIssue(Struct, frozen=True):
    id: int
    issue: DataIssue
    issue_label: str
    field: str
    detail: str
    found_at: datetime


class FigureShown(Struct, frozen=True):
    """`value` is a number, words, or an amount ready to read; None when it cannot be told, and `how` says why."""

    name: str
    label: str
    value: float | str | None
    unit: str
    how: str
    rows: list[str]


class TabShown(Struct, frozen=True):
    tab: Tab
    label: str
    figures: list[FigureShown]


class ProposedScore(Struct, frozen=True):
    criterion: KeyCriterion
    label: str
    score: int | None
    why: str


class KeyAccountShown(Struct, frozen=True):
    """The signed scores are shown to managers only; `proposals` come from the rows."""

    scores: dict[str, int] | None
    score: float | None
    tier: Tier
    tier_label: str
    signed_by: str | None
    reason: str | None
    proposals: list[ProposedScore]


class SnapshotShown(Struct, frozen=True):
    as_of: date
    rfm: str
    clv: str
    spent: str
    p_alive: float | None
    stage_label: str
    tier_label: str


class Value(Struct, frozen=True):
    as_of: date
    tabs: list[TabShown]
    key_account: KeyAccountShown
    history: list[SnapshotShown]


class Sheet(Struct, frozen=True):
    """`orders` is None when the order system cannot be asked now."""

    record: Record
    orders: list[Order] | None
    cases: list[Case]
    promises: list[PromiseMade]
    contacts: list[Contact]
    issues: list[RecordIssue]
    value: Value


class FieldCorrection(Struct, frozen=True):
    """`name` as in `Field`; a phone is not changed here but by a code to the new number."""

    name: Annotated[str, Meta(min_length=1, max_length=40)]
    value: Annotated[str, Meta(min_length=1, max_length=200)]


class Scores(Struct, frozen=True):
    """Six scores of 0–5 by the name of the criterion, and why."""

    scores: dict[str, Annotated[int, Meta(ge=0, le=5)]]
    reason: Annotated[str, Meta(min_length=1, max_length=150)]


class IssueCount(Struct, frozen=True):
    issue: DataIssue
    label: str
    open: int


class IssueCounts(Struct, frozen=True):
    items: list[IssueCount]


class IssueQuery(Struct, frozen=True):
    after: _After | None = None
    limit: _Limit = 50


class EvidenceShown(Struct, frozen=True):
    fact: str
    bits: float


class Issue(Struct, frozen=True):
    """`score` (0–100) and `evidence` belong to duplicates, as does `other`."""

    id: int
    issue: DataIssue
    issue_label: str
    field: str
    field_label: str
    detail: str
    customer: str
    customer_name: str | None
    other: str | None
    other_name: str | None
    score: int | None
    evidence: list[EvidenceShown]
    found_by: str
    found_at: datetime


class IssuePage(Struct, frozen=True):
    items: list[Issue]
    next: int | None


class MergeWish(Struct, frozen=True):
    """`is_persons_word`: somebody looked at both and overrules what speaks against it."""

    survivor: _Ref
    loser: _Ref
    reason: Annotated[str, Meta(min_length=1, max_length=200)]
    is_persons_word: bool = False


class MergeQuery(Struct, frozen=True):
    customer: _Ref | None = None
    after: _After | None = None
    limit: _Limit = 50


class Merge(Struct, frozen=True):
    id: int
    survivor: str
    loser: str
    merged_at: datetime
    merged_by: str
    reason: str
    is_persons_word: bool
    undone_at: datetime | None
    undone_by: str | None


class MergePage(Struct, frozen=True):
    items: list[Merge]
    next: int | None


def customer_line(item: CustomerItem) -> CustomerLine:
    return CustomerLine(
        item.public_id, item.name, item.phone, item.type, item.type.label, item.tier, item.tier.label,
        item.lifecycle_stage, item.lifecycle_stage.label, item.segment, item.quality_score, item.created_at,
    )  # fmt: skip


def record(view: CustomerRecordView) -> Record:
    return Record(
        public_id=view.public_id,
        name=view.name,
        phone=view.phone,
        type=view.type,
        type_label=view.type.label,
        tier=view.tier,
        tier_label=view.tier.label,
        tier_reason=view.tier_reason,
        stage=view.lifecycle_stage,
        stage_label=view.lifecycle_stage.label,
        segment=view.segment,
        preferred_channel=view.preferred_channel,
        quiet_hours=view.quiet_hours,
        external_id=view.external_id,
        quality_score=view.quality_score,
        created_at=view.created_at,
        fields=[
            Field(
                one.name, one.label, one.value, one.access, one.source.label, one.verified_at, one.is_stale,
                one.purpose, one.legal_basis.label, one.sensitive, list(one.old_values),
            )
            for one in view.fields
        ],
    )  # fmt: skip


def sheet(found: CustomerSheet, worth: ValueOfCustomer, role: Role) -> Sheet:
    return Sheet(
        record=record(found.record),
        orders=None if found.orders is None else [_order(one) for one in found.orders],
        cases=[
            Case(
                one.case_number, one.state, one.state.label, one.grade, one.grade.label, one.level, one.category,
                one.order_number, one.received_at, one.solve_due_at, one.closed_at, one.owner,
            )
            for one in found.cases
        ],
        promises=[
            PromiseMade(one.what, one.promised_by, one.due_at, one.made_at, one.kept_at, one.broken_at)
            for one in found.promises
        ],
        contacts=[
            Contact(
                one.started_at, one.channel, one.channel.label, one.handled_by, one.handled_by.label, one.kind,
                list(one.topics), one.order_number, one.outcome, one.outcome.label if one.outcome else None,
            )
            for one in found.contacts
        ],
        issues=[
            RecordIssue(one.id, one.issue, one.issue.label, one.field, one.detail, one.found_at)
            for one in found.issues
        ],
        value=value(worth, role),
    )  # fmt: skip


def value(worth: ValueOfCustomer, role: Role) -> Value:
    return Value(
        as_of=worth.seven_p.as_of,
        tabs=[
            TabShown(tab, tab.label, [_figure(one) for one in figures])
            for tab, figures in worth.seven_p.tabs.items()
        ],
        key_account=key_account(worth.key_account, role),
        history=[
            SnapshotShown(
                one.as_of,
                f"{one.rfm.recency}-{one.rfm.frequency}-{one.rfm.money}",
                format_amount(one.clv),
                format_amount(one.spent),
                one.p_alive,
                one.stage.label,
                one.tier.label,
            )
            for one in worth.history
        ],
    )


def key_account(account: KeyAccount, role: Role) -> KeyAccountShown:
    scores = seen("customer.key_account_scores", role, account.scores or None)
    return KeyAccountShown(
        scores=scores,
        score=account.score if scores else None,
        tier=account.tier,
        tier_label=account.tier.label,
        signed_by=seen("customer.key_account_signed_by", role, account.signed_by),
        reason=seen("customer.tier_reason", role, account.reason),
        proposals=[
            ProposedScore(one.criterion, one.criterion.label, one.score, one.why) for one in account.proposals
        ]
        if scores or role is not Role.AGENT
        else [],
    )


def issue(view: IssueView, role: Role) -> Issue:
    return Issue(
        id=view.id,
        issue=view.issue,
        issue_label=view.issue.label,
        field=view.field,
        field_label=view.field_label,
        detail=view.detail,
        customer=view.customer_ref,
        customer_name=seen("customer.name", role, view.customer_name),
        other=view.other_ref,
        other_name=seen("customer.name", role, view.other_name),
        score=view.score,
        evidence=[EvidenceShown(str(one["fact"]), float(one["bits"])) for one in view.evidence],
        found_by=view.found_by,
        found_at=view.found_at,
    )


def merge(view: MergeView) -> Merge:
    return Merge(
        view.id, view.survivor, view.loser, view.merged_at, view.merged_by, view.rule, view.is_persons_word,
        view.undone_at, view.undone_by,
    )  # fmt: skip


def _order(order: OrderView) -> Order:
    return Order(
        number=order.number,
        state_label=order.state.label,
        amount=format_amount(order.amount),
        placed_at=order.placed_at,
        promised_at=order.promised_at,
        delivered_at=order.delivered_at,
        receiver_name=order.receiver_name,
        receiver_phone=order.receiver_phone,
        receiver_address=order.receiver_address,
        items=[f"{line.name} × {line.quantity}" for line in order.lines],
    )


def _figure(figure: Figure) -> FigureShown:
    shown = figure.value
    if isinstance(shown, Decimal):
        shown = format_amount(shown)
    return FigureShown(figure.name, figure.label, shown, figure.unit, figure.how, list(figure.rows))
