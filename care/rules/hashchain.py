"""A chain of SHA-256 hashes over append-only events: a changed, removed or swapped row breaks it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timezone
from decimal import Decimal
from enum import Enum
from typing import Any

#: What stands as the previous hash of the first event.
GENESIS = "0" * 64


@dataclass(frozen=True)
class Link:
    """One stored event: what it says, and the two hashes written beside it."""

    payload: Mapping[str, Any]
    previous_hash: str
    hash: str


def event_hash(previous_hash: str, payload: Mapping[str, Any]) -> str:
    """SHA-256 (hex) over the previous hash and the canonical JSON of `payload`.

    Keys are sorted; aware datetimes are taken in UTC, so that a row reads the same from every
    database; decimals are taken as numbers, not as written (``5.0`` equals ``5.00``).

    Raises:
        ValueError: a naive datetime, or a float that is not finite.
        TypeError: a value without a canonical form, or a key that is not text.
    """
    text = json.dumps(_canonical(payload), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{previous_hash}\n{text}".encode()).hexdigest()


def first_broken(links: Iterable[Link]) -> int | None:
    """Index of the first link, oldest first, that does not follow from the one before; `None` when all do."""
    previous = GENESIS
    for index, link in enumerate(links):
        if link.previous_hash != previous or link.hash != event_hash(previous, link.payload):
            return index
        previous = link.hash
    return None


def _canonical(value: Any) -> Any:
    if isinstance(value, Enum):
        return _canonical(value.value)
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} has no canonical form")
        return value
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()} has no time zone")
        return value.astimezone(timezone.utc).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"key {key!r} is not text")
        return {str(key): _canonical(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_canonical(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no canonical form")
