"""What the managers' console takes and gives; the addresses are in `routes_console`.

Every figure is a `Number`: value, unit, n, interval, how it was computed, and where its rows are. Shares are 0–1,
times are in seconds, days are those of Asia/Shanghai, `from` and `to` both included (at most 400 days; without
them the last 28 full days). A value of None is not 0: `note` says why nothing is shown.

    GET  /api/console/today                     → Today
    GET  /api/console/satisfaction              SatisfactionQuery → Satisfaction
    GET  /api/console/satisfaction/answers      AnswersQuery → AnswerPage
    GET  /api/console/service                   PeriodQuery → Service
    GET  /api/console/contacts                  ContactsQuery → ContactPage
    GET  /api/console/promises                  PromisesQuery → PromisePage
    GET  /api/console/bot                       PeriodQuery → Bot
    GET  /api/console/bot/unanswered            UnansweredQuery → UnansweredPage
    POST /api/console/bot/unanswered/{id}/answer   KnowledgeAnswer → KnowledgeWritten
    POST /api/console/bot/unanswered/{id}/dismiss  → Nothing
    GET  /api/console/team                      PeriodQuery → Team
    GET  /api/console/complaints/export         the filters of CaseQuery and `format` (csv, xlsx) → a file
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from msgspec import Meta, Struct

from care.rules.satisfaction import GapVerdict, Property
from care.rules.vocabulary import CarePart, Channel

_INT32 = 2**31 - 1
_Limit = Annotated[int, Meta(ge=1, le=200)]
_After = Annotated[int, Meta(ge=1, le=_INT32)]
_Word = Annotated[str, Meta(max_length=40)]

#: Which list a figure's rows are in; `Link.query` is that list's query.
_Page = Annotated[
    str, Meta(pattern="^(complaints|promises|alarms|customers|contacts|answers|queue|team|unanswered)$")
]


class Link(Struct, frozen=True):
    """The rows behind a figure.

    complaints /api/desk/complaints, promises /api/console/promises, alarms /api/desk/improve/alarms,
    customers /api/desk/customers, contacts /api/console/contacts, answers /api/console/satisfaction/answers,
    queue /api/desk/queue, team /api/console/team, unanswered /api/console/bot/unanswered.
    """

    page: _Page
    query: dict[str, str]


class Number(Struct, frozen=True):
    """One figure.

    `unit`: share (0–1), score, points, index (0–100), seconds, count. `low` and `high` are the 95 % interval by
    `method`. `note` says why there is no value, or what to bear in mind. `definition` is the formula in words.
    """

    key: str
    label: str
    value: float | None
    unit: str
    unit_label: str
    n: int | None
    low: float | None = None
    high: float | None = None
    method: str | None = None
    note: str | None = None
    definition: str | None = None
    link: Link | None = None


# Today.


class TodayFigure(Struct, frozen=True):
    """`usual` is the median of the same weekday up to this time of day over eight weeks, from `usual_n` days.

    `tone`: calm, warn or alarm.
    """

    number: Number
    tone: Annotated[str, Meta(pattern="^(calm|warn|alarm)$")]
    usual: float | None = None
    usual_n: int = 0


class Today(Struct, frozen=True):
    """Ordered by weight: keeping customers first. `demo`: the demo shop's rows are among what is counted."""

    as_of: datetime
    figures: list[TodayFigure]
    demo: bool


# Satisfaction.


class PeriodQuery(Struct, frozen=True, rename={"since": "from", "until": "to"}):
    since: date | None = None
    until: date | None = None


class SatisfactionQuery(Struct, frozen=True, rename={"since": "from", "until": "to"}):
    since: date | None = None
    until: date | None = None
    by: Annotated[str, Meta(pattern="^(topic|product|channel|agent|care_part)$")] = "care_part"


class Bounds(Struct, frozen=True):
    """Worst case: everybody who stayed silent unsatisfied (`low`), or satisfied (`high`)."""

    invited: int
    answered: int
    satisfied: int
    low: float | None
    high: float | None


class GapShown(Struct, frozen=True):
    """Expectation and perception on 1–7 side by side, and their mean difference with Student's interval."""

    key: str
    label: str
    expectation: Number
    perception: Number
    gap: Number
    verdict: GapVerdict | None
    verdict_label: str


class MatrixCell(Struct, frozen=True):
    """One cell of the care matrix, 0–100. `is_shown` is false below five answers: 样本不足."""

    part: CarePart
    property: Property
    property_label: str
    value: float | None
    n: int
    is_shown: bool
    source: str
    note: str | None
    link: Link | None


class MatrixRow(Struct, frozen=True):
    part: CarePart
    label: str
    value: float | None
    weight: float
    cells: list[MatrixCell]


class Matrix(Struct, frozen=True):
    """`worst` is the lowest filled cell; `advice` says what a cell of its kind asks for."""

    index: float | None
    filled: int
    cells: int
    rows: list[MatrixRow]
    worst_part: CarePart | None
    worst_property: Property | None
    worst_label: str | None
    advice: str | None


class TrendPoint(Struct, frozen=True):
    """One week from Monday. `low_limit` and `high_limit` are the control limits (3 sigma) for its own n.

    `is_partial`: the period covers only some of its days. `is_outside`: beyond its limits.
    """

    week: date
    until: date
    value: float | None
    n: int
    low_limit: float | None
    high_limit: float | None
    is_partial: bool
    is_outside: bool
    link: Link


class Trend(Struct, frozen=True):
    key: str
    label: str
    unit: str
    unit_label: str
    centre: float | None
    points: list[TrendPoint]


class BreakdownRow(Struct, frozen=True):
    """`shrunk` is the beta-binomial rate by which people are ranked; None for what is no person.

    A person with fewer than 20 answers shows no rate (`is_shown` false); their n is still there.
    """

    key: str
    label: str
    is_shown: bool
    invited: int
    answered: int
    csat: Number
    shrunk: float | None
    gap: Number
    link: Link


class Satisfaction(Struct, frozen=True, rename={"since": "from", "until": "to"}):
    """`prior_a` and `prior_b` draw agents' rates together; `prior_is_fitted`: from own data."""

    since: date
    until: date
    as_of: datetime
    numbers: list[Number]
    bounds: Bounds
    gaps: list[GapShown]
    matrix: Matrix
    trends: list[Trend]
    by: str
    breakdown: list[BreakdownRow]
    prior_a: float
    prior_b: float
    prior_is_fitted: bool


class AnswersQuery(Struct, frozen=True, rename={"since": "from", "until": "to"}):
    """The keys of a breakdown's rows, ``none`` for what has none.

    `verdict`: satisfied (4–5), highly (5), neutral (3) or unsatisfied (1–2). `state`: answered, or invited for all
    who were asked.
    """

    since: date | None = None
    until: date | None = None
    topic: _Word = ""
    product: Annotated[str, Meta(pattern=r"^(|none|[0-9]{1,9})$")] = ""
    channel: Channel | None = None
    agent: Annotated[str, Meta(pattern=r"^(|none|[0-9]{1,9})$")] = ""
    care_part: CarePart | None = None
    verdict: Annotated[str, Meta(pattern="^(|satisfied|highly|neutral|unsatisfied)$")] = ""
    state: Annotated[str, Meta(pattern="^(answered|invited)$")] = "answered"
    after: _After | None = None
    limit: _Limit = 50


class AnswerLine(Struct, frozen=True):
    """One invitation or answer; names and words masked by role. `conversation` and `case_number` lead on."""

    id: int
    invited_at: datetime | None
    answered_at: datetime | None
    channel_label: str | None
    topic_label: str | None
    care_part_label: str | None
    product: str | None
    agent: str | None
    customer: str | None
    customer_name: str | None
    conversation: str | None
    case_number: str | None
    expectation: int | None
    perception: int | None
    gap: int | None
    csat: int | None
    ces: int | None
    nps: int | None
    reason: str | None
    sample_rule: str


class AnswerPage(Struct, frozen=True):
    items: list[AnswerLine]
    next: int | None


# Service, contacts, promises.


class ReasonRow(Struct, frozen=True):
    """A reason for handing over: how often, and how often a person then came."""

    key: str
    label: str
    asked: int
    reached: int
    success: float | None
    link: Link


class DayPoint(Struct, frozen=True):
    """One day of Asia/Shanghai. Shares are None on a day without their n."""

    day: date
    contacts: int
    complaints: int
    offered: int
    answered_in_time: int
    abandoned: int
    service_level: float | None
    frt_median_s: float | None
    contained: int
    bot_sessions: int
    kept: int
    due: int


class Service(Struct, frozen=True, rename={"since": "from", "until": "to"}):
    """`answer_within_s`: what the service level counts as in time."""

    since: date
    until: date
    as_of: datetime
    answer_within_s: int
    numbers: list[Number]
    reasons: list[ReasonRow]
    days: list[DayPoint]
