"""Which fields a draft takes from the conversation, cleaned to what the record can hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from care.records.complaint import Complaint
from care.rules.complaint import category_of_topic
from care.rules.vocabulary import Cue, Emotion, Topic
from care.services.complaint_grading import add_cues, remedies_in, stronger_emotion


def _text(longest: int) -> Callable[[Any], str | None]:
    def clean(value: Any) -> str | None:
        text = "" if value is None else " ".join(str(value).split())
        return text[:longest] or None

    return clean


def _score(value: Any) -> int | None:
    return None if value is None else min(7, max(1, int(value)))


def _moment(value: Any) -> datetime | None:
    if value is not None and (not isinstance(value, datetime) or value.tzinfo is None):
        raise TypeError(f"{value!r} is not an aware datetime")
    return value


def _amount(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value)).quantize(Decimal("0.01"))


#: Field → how it is cleaned. ``own_words``, ``cues`` and ``emotion`` add to what is there.
FIELDS: Mapping[str, Callable[[Any], Any]] = {
    "own_words": str,
    "order_number": _text(32),
    "product_said": _text(120),
    "remedy_said": _text(200),
    "expectation_said": _text(200),
    "expectation_at": _moment,
    "expectation_e": _score,
    "occurred_at": _moment,
    "amount": _amount,
    "on_behalf_of": _text(80),
    "complainant": _text(80),
    "cues": lambda cues: [Cue(cue) for cue in cues or ()],
    "emotion": Emotion,
    "topic": Topic,
}


def read_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Cleaned values. Raises `TypeError` for a field that a draft does not have."""
    unknown = set(fields) - set(FIELDS)
    if unknown:
        raise TypeError(f"a draft has no {', '.join(sorted(unknown))}; it has {', '.join(FIELDS)}")
    return {name: FIELDS[name](value) for name, value in fields.items()}


def apply_fields(draft: Complaint, values: Mapping[str, Any]) -> dict[str, Any]:
    """Writes cleaned values (the order number excepted); returns what changed, fit for the trail."""
    changed: dict[str, Any] = {}
    for name, value in values.items():
        if name == "order_number":
            continue
        if name == "cues":
            if add_cues(draft, value):
                changed["cues"] = list(draft.cues)
        elif name == "emotion":
            if stronger_emotion(draft.emotion, value) is not draft.emotion:
                draft.emotion = value
                changed["emotion"] = value.value
        elif name == "own_words":
            if value and value not in draft.own_words:
                draft.own_words = f"{draft.own_words}\n{value}"
                changed["own_words"] = value
        elif name == "topic":
            if value.value != draft.topic:
                draft.topic = changed["topic"] = value.value
        elif getattr(draft, name) != value:
            setattr(draft, name, value)
            changed[name] = value if value is None or isinstance(value, int) else str(value)
    if "remedy_said" in changed:
        draft.requested_remedies = [remedy.value for remedy in remedies_in(draft.remedy_said or "")]
        changed["requested_remedies"] = list(draft.requested_remedies)
    if {"cues", "own_words", "topic"} & set(changed):
        draft.category = category_of_topic(
            Topic(draft.topic), frozenset(Cue(cue) for cue in draft.cues), draft.own_words
        )
    return changed
