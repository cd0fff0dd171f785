"""What people and other layers see of a complaint."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from care.records.complaint import Complaint
from care.rules.complaint import ComplaintState, Level
from care.rules.severity import Grade


@dataclass(frozen=True)
class DraftView:
    """A complaint being told. `missing` names what is not known yet, in the order to ask for it."""

    id: int
    topic: str
    own_words: str
    order_number: str | None
    product_said: str | None
    remedy_said: str | None
    expectation_said: str | None
    expectation_at: datetime | None
    grade: Grade
    missing: tuple[str, ...]
    emotion: str
    cues: tuple[str, ...]


@dataclass(frozen=True)
class Receipt:
    """What the customer is told when the complaint is received. Times are aware UTC.

    `expected_at`: by when the customer hoped for an answer, where the words said it.
    """

    complaint_id: int
    case_number: str
    grade: Grade
    acknowledge_due_at: datetime
    first_result_at: datetime
    solve_due_at: datetime
    owner_name: str | None
    expected_at: datetime | None = None


@dataclass(frozen=True)
class CaseView:
    """One case as its customer may see it."""

    id: int
    case_number: str
    state: ComplaintState
    grade: Grade
    level: Level
    topic: str
    category_label: str
    own_words: str
    order_number: str | None
    received_at: datetime
    solve_due_at: datetime | None
    first_result_at: datetime | None
    closed_at: datetime | None
    owner_name: str | None
    proposal: str | None
    version: int

    @property
    def state_label(self) -> str:
        return self.state.label


#: Asked in this order; a customer who does not know an answer may leave it out.
DRAFT_FIELDS: tuple[str, ...] = ("own_words", "order_or_product", "remedy_said", "expectation_said")

#: Words that only say that there is a complaint and not which.
_BARE = frozenset(
    {
        "我要投诉",
        "投诉",
        "要投诉",
        "我想投诉",
        "我要举报",
        "举报",
        "差评",
        "给差评",
        "投诉你们",
        "我要投诉你们",
    }
)


def says_what_happened(own_words: str) -> bool:
    """Whether the words tell the matter, beyond the mere wish to complain."""
    bare = re.sub(r"[\W_]+", "", own_words)
    return len(bare) >= 4 and bare not in _BARE


def draft_view(complaint: Complaint) -> DraftView:
    known = {
        "own_words": says_what_happened(complaint.own_words),
        "order_or_product": bool(complaint.order_number or complaint.product_said),
        "remedy_said": bool(complaint.remedy_said),
        "expectation_said": bool(complaint.expectation_said),
    }
    return DraftView(
        id=complaint.id,
        topic=complaint.topic,
        own_words=complaint.own_words,
        order_number=complaint.order_number,
        product_said=complaint.product_said,
        remedy_said=complaint.remedy_said,
        expectation_said=complaint.expectation_said,
        expectation_at=complaint.expectation_at,
        grade=complaint.grade,
        missing=tuple(field for field in DRAFT_FIELDS if not known[field]),
        emotion=complaint.emotion.value,
        cues=tuple(complaint.cues),
    )
