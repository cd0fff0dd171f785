"""Shapes of the desk, the same over `/ws/desk` and under `/api/desk/…`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

from bot.web.frames import ClientMsgId, Seq
from care.rules.desk_terms import Presence
from care.rules.permissions import Permission
from care.rules.severity import Grade
from care.rules.vocabulary import (
    CarePart,
    Channel,
    Emotion,
    Outcome,
    Owner,
    Role,
    Tier,
    Topic,
    VerifiedBy,
)

_PLAIN_LINE = r"^[^\x00-\x1f]*$"
ShortText = Annotated[str, Meta(max_length=40, pattern=_PLAIN_LINE)]
LongText = Annotated[str, Meta(max_length=20_000)]
StaffId = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class Person(Struct, frozen=True):
    """A member of staff, as much of them as everyone at the desk sees."""

    id: int
    name: str


class Me(Struct, frozen=True):
    id: int
    login: str
    name: str
    role: Role
    presence: Presence
    capacity: int
    load: int
    permissions: list[Permission]


class Colleague(Struct, frozen=True):
    """`load` counts conversations that are held and not snoozed."""

    id: int
    name: str
    role: Role
    presence: Presence
    load: int
    capacity: int
    skills: list[str]


class ItemCustomer(Struct, frozen=True):
    """`id` is the customer's public id; everything is null while nobody is verified."""

    id: str | None
    name: str | None
    tier: Tier | None
    tier_label: str | None
    verified_by: VerifiedBy | None


class LastLine(Struct, frozen=True, rename={"speaker": "from"}):
    text: str
    speaker: str
    at: datetime


class Item(Struct, frozen=True):
    """One conversation in the lists. `seq` is the number of its last line."""

    conversation: str
    owner: Owner
    agent: Person | None
    mine: bool
    customer: ItemCustomer
    last: LastLine | None
    unread: int
    waiting_since: datetime | None
    position: int | None
    reason: str | None
    reason_label: str | None
    grade: Grade | None
    emotion: Emotion | None
    topic: Topic | None
    topic_label: str | None
    due_at: datetime | None
    overdue: bool
    snoozed_until: datetime | None
    skill: str | None
    channel: Channel
    opened_at: datetime
    seq: int


class Understood(Struct, frozen=True):
    topic: str | None
    topic_label: str | None
    confidence: float | None
    emotion: str | None
    cues: list[str]
    entities: list[dict[str, Any]]


class Evidence(Struct, frozen=True):
    id: str
    name: str
    url: str
    kind: str
    size: int


class Line(Struct, frozen=True, rename={"speaker": "from"}):
    """`from` is customer, bot, agent, system or note. A note has no `seq` and keeps its place by `at`."""

    id: str
    seq: int | None
    speaker: str
    agent: Person | None
    text: str
    buttons: list[dict[str, str]]
    card: dict[str, Any] | None
    at: datetime
    understood: Understood | None
    evidence: list[Evidence]


class Notice(Struct, frozen=True):
    id: int
    kind: str
    kind_label: str
    text: str
    conversation: str | None
    case_number: str | None
    at: datetime
    read: bool


class WrapUp(Struct, frozen=True):
    """Root causes are words of the shop's own two-level list; a complaint names at least the first."""

    topic: Topic
    outcome: Outcome
    care_part: CarePart
    root_cause_1: ShortText | None = None
    root_cause_2: ShortText | None = None
    note: Annotated[str, Meta(max_length=500)] | None = None


# Bodies of the acts under `/api/desk/conversations/{conversation}/…`.


class NoteBody(Struct, frozen=True):
    client_msg_id: ClientMsgId
    text: LongText


class TransferBody(Struct, frozen=True):
    """Exactly one of `to_staff` and `to_skill`."""

    note: Annotated[str, Meta(max_length=500)] = ""
    to_staff: StaffId | None = None
    to_skill: ShortText | None = None


class ReturnBody(Struct, frozen=True):
    note: Annotated[str, Meta(max_length=500)] | None = None


class AskLeadBody(Struct, frozen=True):
    note: Annotated[str, Meta(min_length=1, max_length=500)]


class CloseBody(Struct, frozen=True):
    wrap_up: WrapUp | None = None


class SnoozeBody(Struct, frozen=True):
    until: datetime


class DraftBody(Struct, frozen=True):
    text: LongText


class ReadBody(Struct, frozen=True):
    seq: Seq


class PresenceBody(Struct, frozen=True):
    presence: Presence


# Queries and answers.


class ConversationsQuery(Struct, frozen=True):
    """`before` is the `opened_at` of the last item of the page before (closed ones only are paged)."""

    scope: Annotated[str, Meta(pattern="^(mine|waiting|bot|others|closed)$")] = "mine"
    q: Annotated[str, Meta(max_length=80)] = ""
    before: datetime | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 100


class Conversations(Struct, frozen=True):
    items: list[Item]


class LinesQuery(Struct, frozen=True):
    """What is after a number, or the page before one; with neither the newest 200."""

    after: Seq = 0
    before: Seq | None = None


class Lines(Struct, frozen=True):
    conversation: str
    lines: list[Line]
    seq: int
    has_older: bool
    draft: str = ""


class WrapUpDraft(Struct, frozen=True):
    """What is known already when a conversation is closed; every value may be changed."""

    topic: Topic | None
    outcome: Outcome
    care_part: CarePart | None
    is_complaint: bool
    root_cause_1: str | None
    root_cause_2: str | None
    topics: list[dict[str, str]]
    outcomes: list[dict[str, str]]
    care_parts: list[dict[str, str]]


class Notices(Struct, frozen=True):
    items: list[Notice]


class Skill(Struct, frozen=True):
    """A group that a conversation can be handed to: who is there for it, and how many wait for it."""

    name: str
    staff: int
    online: int
    waiting: int


class Skills(Struct, frozen=True):
    items: list[Skill]
