"""Words around cases that several kinds say."""

from __future__ import annotations

from actions.change.saying import chinese
from actions.turn import Turn
from care.rules.outside_ways import WAYS

_SHORT = 60


def short(text: str) -> str:
    """A customer's or a colleague's words in one line, as they fit into a sentence."""
    text = chinese("；".join(line.strip() for line in text.split("\n") if line.strip())).rstrip("。；，")
    return text if len(text) <= _SHORT else f"{text[: _SHORT - 1]}…"


def outside_ways(turn: Turn) -> None:
    """The ways outside the shop, one a line and none recommended."""
    turn.say("case_outside_ways")
    turn.say_text("\n".join(f"{place}. {way}" for place, way in enumerate(WAYS, 1)))
