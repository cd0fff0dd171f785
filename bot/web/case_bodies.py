"""What the staff's complaint routes take: queries and bodies. What they give, and how to read both, is in `case_schemas`.

`version` is that of the case as it was seen; another one is a conflict that says who moved it to what.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

from care.rules.complaint_terms import ComplaintCategory, ComplaintState, Level, Remedy
from care.rules.link_terms import LinkKind
from care.rules.root_causes import RootCause, RootCauseDetail
from care.rules.severity import Grade
from care.rules.vocabulary import Topic

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
