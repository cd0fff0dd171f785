"""One thing found in a message."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Found:
    """Positions are those of the message as written; `value` is the normalised form.

    `weight` settles overlaps: the heavier stays, then the longer, then the earlier.
    """

    entity: str
    start: int
    end: int
    value: str
    weight: int = 0
