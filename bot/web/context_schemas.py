"""What is passed on with a conversation: `GET /api/desk/conversations/{conversation}/context`.

Personal data are masked by role as everywhere. A value of None is unknown, or not for this role to see.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from bot.web.customer_schemas import Case, PromiseMade
from care.rules.vocabulary import (
    Channel,
    Emotion,
    HandledBy,
    LifecycleStage,
    Outcome,
    Tier,
    Topic,
    VerifiedBy,
)


class TopicShown(Struct, frozen=True):
    topic: Topic
    label: str


class AskedShown(Struct, frozen=True):
    """A question that the assistant asked, and the customer's next words; None: not answered yet."""

    question: str
    answer: str | None


class FactShown(Struct, frozen=True):
    """Something the customer said that need not be asked again: an order number, an amount, a date."""

    kind: str
    label: str
    value: str


class EmotionPoint(Struct, frozen=True):
    seq: int
    emotion: Emotion
    label: str


class Summary(Struct, frozen=True):
    """Only what stands in the transcript and the records, in its own words.

    `lines` is the whole in short Chinese lines, ready to show; the rest are its parts. `done` says what the
    assistant wrote into the records, `failures` where it did not understand or could not answer.
    """

    lines: list[str]
    wish: str | None
    asked: list[AskedShown]
    facts: list[FactShown]
    done: list[str]
    failures: list[str]
    emotion: Emotion
    emotion_label: str
    emotions: list[EmotionPoint]
    topics: list[TopicShown]


class ToConfirm(Struct, frozen=True):
    """A field to ask about when it fits. `problem`: missing, outdated, inaccurate; `value` is what stands there now."""

    name: str
    label: str
    problem: str
    problem_label: str
    value: str | None
    detail: str


class CustomerCard(Struct, frozen=True):
    """`verified_now` is false when the proof is too old: verify again before reading on or writing."""

    public_id: str
    name: str | None
    phone: str | None
    type_label: str
    tier: Tier
    tier_label: str
    tier_why: str | None
    stage: LifecycleStage
    stage_label: str
    segment: str | None
    preferred_channel: Channel | None
    quiet_hours: str | None
    verified_by: VerifiedBy | None
    verified_by_label: str | None
    verified_at: datetime | None
    verified_now: bool
    to_confirm: list[ToConfirm]


class OrderStep(Struct, frozen=True):
    at: datetime
    title: str
    detail: str


class OrderShown(Struct, frozen=True):
    """`mentioned`: the customer named it in this conversation. `timeline` is oldest first."""

    number: str
    state: str
    state_label: str
    amount: str
    placed_at: datetime
    promised_at: datetime | None
    delivered_at: datetime | None
    overdue: bool
    mentioned: bool
    items: list[str]
    carrier: str | None
    tracking_number: str | None
    receiver_name: str
    receiver_phone: str
    receiver_address: str
    timeline: list[OrderStep]


class ContactShown(Struct, frozen=True):
    """One earlier contact with what the customer answered afterwards; a score of None was not given."""

    started_at: datetime
    channel: Channel
    channel_label: str
    handled_by: HandledBy
    handled_by_label: str
    agent: str | None
    topics: list[str]
    order_number: str | None
    emotion: Emotion
    emotion_label: str
    outcome: Outcome | None
    outcome_label: str | None
    csat: int | None
    ces: int | None
    nps: int | None
    expected: int | None
    perceived: int | None
    reason_text: str | None


class Suggestion(Struct, frozen=True):
    """A reply from the shop's own knowledge or product table, to accept or edit.

    `source` names where it stands and of which day; `basis`: knowledge or product; `confidence` 0–1 is the
    probability that the entry answers the question (1 for a product that was named).
    """

    text: str
    source: str
    basis: str
    confidence: float


class NextQuestion(Struct, frozen=True):
    """The one fact that the topic still needs. `about`: order, product, fault, remedy, phone, …"""

    about: str
    text: str


class Handover(Struct, frozen=True):
    """Why and since when a person is wanted; None while nobody asked."""

    reason: str
    reason_label: str
    requested_at: datetime
    taken_at: datetime | None


class Context(Struct, frozen=True):
    """`orders_note` says in words why orders are missing or not complete; None when they are.

    `customer` is None until somebody is known; then orders, cases, promises and contacts are empty, except what
    was written in this very conversation.
    """

    conversation: str
    summary: Summary
    customer: CustomerCard | None
    orders: list[OrderShown]
    orders_note: str | None
    cases: list[Case]
    promises: list[PromiseMade]
    contacts: list[ContactShown]
    suggestion: Suggestion | None
    next_question: NextQuestion | None
    handover: Handover | None
