"""What a message holds of a complaint's answers: order or product, wished remedy, expected time.

Where a thing was asked for, almost any words are taken for it; elsewhere only what says it plainly, so that a long
first message leaves nothing to ask and a story in the middle does not change answers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from actions import expectation, reading
from actions.turn import Turn
from actions.which_order import full_name, meant, own_orders
from care.ports import OrderView
from care.rules.errors import NotVerified, Unavailable
from care.rules.vocabulary import Topic
from care.services import products

_BREAK = re.compile(r"[,。;!?~…\n]+|(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])")
_REMEDY_TOPICS = (Topic.REQUEST_RETURN, Topic.REQUEST_REPAIR, Topic.CANCEL_ORDER)
_LONG, _BARE_NONE, _SHORT_WISH, _SHORT_TIME = 40, 6, 10, 5
#: What can stand for a product by itself: words, not a mere size.
_NAME = re.compile(r"[\u4e00-\u9fff]{2}|[a-z]", re.I)
UNSAID = "未说明"
NO_ORDER = "和订单无关"


@dataclass(frozen=True)
class Answers:
    """Fields of the draft that the message answers, as `complaints.update_draft` takes them."""

    about: dict[str, Any] | None = None
    remedy: dict[str, Any] | None = None
    expectation: dict[str, Any] | None = None

    def of(self, slot: str) -> dict[str, Any] | None:
        """The answer to the question behind a slot of the form."""
        return {
            "complaint_about": self.about,
            "complaint_remedy": self.remedy,
            "complaint_expectation": self.expectation,
        }.get(slot)


async def heard(turn: Turn, asked: str | None = None, *, current: str | None = None) -> Answers:
    """Reads the message; `asked` is the slot of the question, `current` the order that is on record."""
    return Answers(
        about=await _about(turn, is_asked=asked == "complaint_about", current=current),
        remedy=await _remedy(turn, is_asked=asked == "complaint_remedy"),
        expectation=await _expectation(turn, is_asked=asked == "complaint_expectation"),
    )


async def about_in_own_words(turn: Turn) -> dict[str, Any]:
    """Whatever was written where order or product was asked for."""
    return {"product_said": await turn.written()}


async def _about(turn: Turn, *, is_asked: bool, current: str | None) -> dict[str, Any] | None:
    try:
        own = await own_orders(turn)
    except (NotVerified, Unavailable):
        own = []
    said = turn.order_said or (turn.digits.number if is_asked else None)
    corrects = reading.corrects_order(turn.text)
    order: OrderView | None = None
    if reading.has_none(turn.text) and said is None:
        own = []  # 和这几单没关系
    if is_asked and len(own) == 1 and reading.says_yes(turn.text):
        order = own[0]
    elif is_asked or corrects or turn.entity("product", "model") or said or _speaks_of_one(turn):
        order = await meant(turn, turn.words if not is_asked else turn.text, own, current=current)
    if order is not None:
        return {"order_number": order.number, "product_said": full_name(order)}
    if said is not None and said != turn.digits.tracking:
        return {"order_number": said, "product_said": await _product(turn)}
    if product := await _product(turn):
        return {"order_number": None, "product_said": product}
    if not is_asked:
        return None
    if turn.is_button or reading.has_none(turn.text):
        is_bare = turn.is_button or len(turn.text) <= _BARE_NONE
        return {"order_number": None, "product_said": NO_ORDER if is_bare else await turn.written()}
    return {"order_number": None, "product_said": UNSAID} if reading.does_not_know(turn.text) else None


def _speaks_of_one(turn: Turn) -> bool:
    return reading.means_order(turn.words) or reading.points_at_one(turn.words)


def goes_on(text: str) -> bool:
    """火已经灭了,先给我登记上: news perhaps, and that the form may go on; no answer to what it asks."""
    *told, last = [clause for clause in _BREAK.split(text) if clause.strip()] or [""]
    return reading.is_about_form(last) and not any(reading.names_remedy(clause) for clause in told)


async def _product(turn: Turn) -> str | None:
    """Of the things that were named the one that the shop sells: the washing machine, not the clothes in it."""
    names = turn.entities("model", "product")
    if reading.says_instead(turn.text):
        names.reverse()
    for name in names:
        matches = await products.find(turn.care, name)
        if matches and _NAME.search(name):
            return name
        if (one := products.the_one(matches)) is not None:
            return one.name  # 5.5升那个
    return names[0] if names and _NAME.search(names[0]) else None


async def _remedy(turn: Turn, *, is_asked: bool) -> dict[str, Any] | None:
    if goes_on(turn.text):
        return None
    if is_asked and (reading.does_not_know(turn.text) or reading.has_no_wish(turn.text)):
        return {"remedy_said": UNSAID}
    wished = [e for e in turn.message.get("entities") or [] if e.get("entity") == "remedy" and "start" in e]
    if not is_asked:
        span = reading.wish_clause(turn.text) if not turn.is_button else None
        if wished:
            return {"remedy_said": await _clause(turn, wished[0]["start"])}
        if turn.topic in _REMEDY_TOPICS and len(turn.text) <= _SHORT_WISH and turn.intent != "nlu_fallback":
            return {"remedy_said": await turn.written()}
        return {"remedy_said": await as_written(turn, *span)} if span else None
    if turn.is_button or (len(turn.text) <= _LONG and (wished or _may_be_remedy(turn))):
        return {"remedy_said": await turn.written()}
    return {"remedy_said": await _clause(turn, wished[0]["start"])} if wished else None


def _may_be_remedy(turn: Turn) -> bool:
    return reading.names_remedy(turn.text) or reading.wants(turn.text) or turn.topic in _REMEDY_TOPICS


async def _expectation(turn: Turn, *, is_asked: bool) -> dict[str, Any] | None:
    if is_asked and (reading.does_not_know(turn.text) or reading.has_no_wish(turn.text)):
        return _expected(UNSAID, None, None)
    if reading.points_at_one(turn.text):
        return None  # 到货五天的那个 tells which, not when
    score = expectation.score(turn.text) if is_asked else None
    dates = [e for e in turn.message.get("entities") or [] if e.get("entity") == "date"]
    clause = expectation.expectation_clause(turn.text, dates)
    if is_asked and (score or turn.is_button or reading.names_time(turn.text)) and len(turn.text) <= _LONG:
        clause = (0, len(turn.text))
    if clause is None and dates and len(turn.text) <= _SHORT_TIME and not turn.is_button:
        clause = (0, len(turn.text))  # 一周: nothing else is said
    if clause is None:
        return None
    text = turn.text[clause[0] : clause[1]]
    at = expectation.expected_at(text, dates, turn.care.clock.now(), is_workday=turn.care.calendar.is_workday)
    if not is_asked and at is None:
        return None
    return _expected(await as_written(turn, *clause), at, score)


def _expected(said: str, at: datetime | None, score: int | None) -> dict[str, Any]:
    return {"expectation_said": said, "expectation_at": at, "expectation_e": score}


async def _clause(turn: Turn, position: int) -> str:
    """The part of the message around `position`."""
    start = max((m.end() for m in _BREAK.finditer(turn.text, 0, position)), default=0)
    end = _BREAK.search(turn.text, position)
    return await as_written(turn, start, end.start() if end else len(turn.text))


async def as_written(turn: Turn, start: int, end: int) -> str:
    """A part of the message in the punctuation it was written with, where the two forms run alike."""
    written = await turn.written()
    return (written if len(written) == len(turn.text) else turn.text)[start:end].strip()
