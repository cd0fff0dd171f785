"""What the topic classifier reads of a message: its words, and the same with every found thing replaced by its kind.

The second form lets one example speak for all goods, days and sums: `8号买的电饭锅坏了` also reads as `D买的P坏了`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from bot.nlu.reading import LONG_NUMBER, reading_form

#: Entity → its sign in the masked form. A reading form has no capitals, so that a sign is never a letter.
SIGNS: Mapping[str, str] = {
    "product": "P",
    "model": "M",
    "date": "D",
    "amount": "A",
    "quantity": "Q",
    "address": "L",
    "name": "N",
    "carrier": "K",
    "order_number": LONG_NUMBER,
    "tracking_number": LONG_NUMBER,
    "phone": LONG_NUMBER,
}


class TopicReading(NamedTuple):
    """Two forms of one text; see the module."""

    plain: str
    masked: str

    def wrapped(self, opening: str, tail: str) -> TopicReading:
        return TopicReading(f"{opening}{self.plain}{tail}", f"{opening}{self.masked}{tail}")


def topic_reading(text: str, entities: Iterable[Mapping[str, Any]], *, offset: int = 0) -> TopicReading:
    """Both forms of `text`.

    Args:
        entities: found in the whole message, with `start` and `end` there; those outside are left aside.
        offset: where `text` begins in the message.
    """
    plain, pieces, at = reading_form(text), [], 0
    for entity in sorted(entities, key=lambda entity: int(entity["start"])):
        start, end = entity["start"] - offset, entity["end"] - offset
        if start < at or end > len(text) or entity["entity"] not in SIGNS:
            continue
        pieces += [reading_form(text[at:start]), SIGNS[entity["entity"]]]
        at = end
    if not pieces:
        return TopicReading(plain, plain)
    return TopicReading(plain, "".join([*pieces, reading_form(text[at:])]))
