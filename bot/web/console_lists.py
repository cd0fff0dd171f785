"""What the console's lists, its bot page and its team page take and give; figures are in `console_schemas`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from msgspec import Meta, Struct

from bot.web.case_bodies import CaseQuery
from bot.web.console_schemas import Link, Number
from care.rules.vocabulary import Channel, HandledBy, Kind, Outcome, Role, Topic

_INT32 = 2**31 - 1
_Limit = Annotated[int, Meta(ge=1, le=200)]
_After = Annotated[int, Meta(ge=1, le=_INT32)]
_Word = Annotated[str, Meta(max_length=40)]


class ContactsQuery(Struct, frozen=True, rename={"since": "from", "until": "to"}):
    """`which` narrows to the rows of a figure: offered, waiting_abandoned, contained, handed_over, bot_only."""

    since: date | None = None
    until: date | None = None
    kind: Kind | None = None
    topic: _Word = ""
    channel: Channel | None = None
    handled_by: HandledBy | None = None
    outcome: Outcome | None = None
    agent: Annotated[str, Meta(pattern=r"^(|[0-9]{1,9})$")] = ""
    reason: _Word = ""
    which: Annotated[
        str, Meta(pattern="^(|offered|waiting_abandoned|contained|bot_only|handed_over|low_confidence)$")
    ] = ""
    after: _After | None = None
    limit: _Limit = 50


class ContactLine(Struct, frozen=True):
    """`conversation` is the public id of the transcript; the name is masked by role."""

    id: int
    started_at: datetime
    ended_at: datetime | None
    channel_label: str
    handled_by: HandledBy
    handled_by_label: str
    agent: str | None
    kind_label: str | None
    topic_labels: list[str]
    care_part_label: str | None
    emotion_label: str
    outcome: Outcome | None
    outcome_label: str | None
    basis_label: str | None
    handoff_wait_s: int | None
    customer: str | None
    customer_name: str | None
    conversation: str | None
    order_number: str | None


class ContactPage(Struct, frozen=True):
    items: list[ContactLine]
    next: int | None


class PromisesQuery(Struct, frozen=True, rename={"since": "from", "until": "to"}):
    """`state`: due_today, overdue (open and late), open, kept, broken. `from` and `to` are days of falling due."""

    state: Annotated[str, Meta(pattern="^(|due_today|overdue|open|kept|broken)$")] = ""
    since: date | None = None
    until: date | None = None
    after: _After | None = None
    limit: _Limit = 50


class PromiseLine(Struct, frozen=True):
    id: int
    what: str
    promised_by: str
    made_at: datetime
    due_at: datetime
    kept_at: datetime | None
    broken_at: datetime | None
    is_overdue: bool
    case_number: str | None
    subject: str | None
    conversation: str | None
    customer: str | None
    customer_name: str | None
    owner: str | None


class PromisePage(Struct, frozen=True):
    items: list[PromiseLine]
    next: int | None


# The bot.


class TopicRow(Struct, frozen=True):
    """Lines on a topic: how many, how surely they were understood, and what became of the contacts."""

    topic: Topic
    label: str
    lines: int
    mean_confidence: float | None
    low_share: float | None
    contacts: int
    contained: int
    link: Link


class ModelRow(Struct, frozen=True):
    """A model on disk. `macro_f1` and `worst_topics` only where a measurement of that very model is kept."""

    name: str
    trained_at: datetime
    size_bytes: int
    is_in_use: bool | None
    macro_f1: float | None
    measured_n: int | None
    worst_topics: list[str]
    note: str | None


class UnansweredRow(Struct, frozen=True):
    """A question that nothing answered, numbers of people in it masked."""

    id: int
    question: str
    topic: Topic | None
    topic_label: str | None
    count: int
    first_at: datetime
    last_at: datetime
    last_conversation: str | None


class Bot(Struct, frozen=True, rename={"since": "from", "until": "to"}):
    """`low_confidence`: below this the bot asks back or hands over."""

    since: date
    until: date
    as_of: datetime
    low_confidence: float
    numbers: list[Number]
    topics: list[TopicRow]
    unanswered: list[UnansweredRow]
    unanswered_open: int
    models: list[ModelRow]


class UnansweredQuery(Struct, frozen=True):
    topic: Topic | None = None
    offset: Annotated[int, Meta(ge=0, le=100_000)] = 0
    limit: _Limit = 50


class UnansweredPage(Struct, frozen=True):
    items: list[UnansweredRow]
    total: int


class KnowledgeAnswer(Struct, frozen=True):
    """The answer to a question, as `docs/knowledge.md` describes an entry; `source` says where it is written."""

    question: Annotated[str, Meta(min_length=2, max_length=200)]
    answer: Annotated[str, Meta(min_length=2, max_length=500)]
    source: Annotated[str, Meta(min_length=2, max_length=120)]
    topics: Annotated[list[Topic], Meta(min_length=1, max_length=5)]
    variants: Annotated[list[Annotated[str, Meta(min_length=1, max_length=200)]], Meta(max_length=30)] = []
    expires: date | None = None


class KnowledgeWritten(Struct, frozen=True):
    """`remarks` say what is not wrong but worth a look. It speaks once the bot has read the knowledge anew."""

    entry: str
    file: str
    remarks: list[str]


# The ledger.


class ExportQuery(CaseQuery, frozen=True):
    """The filters of the list of complaints; `sort`, `after` and `limit` do not matter: all rows are written."""

    format: Annotated[str, Meta(pattern="^(csv|xlsx)$")] = "xlsx"


# The team.


class TeamRow(Struct, frozen=True):
    """One colleague. Times never stand alone: without reviews `quality` says so."""

    id: int
    name: str
    role: Role
    role_label: str
    presence: str
    presence_label: str
    load: int
    capacity: int
    open_cases: int
    overdue_cases: int
    handled: Number
    frt: Number
    aht: Number
    csat: Number
    shrunk: float | None
    quality: Number
    hostile: Number
    link: Link


class Team(Struct, frozen=True, rename={"since": "from", "until": "to"}):
    since: date
    until: date
    as_of: datetime
    members: list[TeamRow]
