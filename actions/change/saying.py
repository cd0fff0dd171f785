"""How values of a change are shown: days, parts of a day, masked phones, Chinese punctuation."""

from __future__ import annotations

import re
from datetime import date, datetime

from actions.turn import Turn
from care.rules.order_terms import DaySlot
from care.rules.times import format_day, format_moment, shanghai_day

_BESIDE_CHINESE = re.compile(r"(?<=[\u4e00-\u9fff”）》\d%])([,;:?!])(?=[\u4e00-\u9fff“（《]|$)")
_PARENTHESES = re.compile(r"\(((?!周[一二三四五六日]\))[^()]*[\u4e00-\u9fff][^()]*)\)")
_FULL = str.maketrans(",;:?!", "，；：？！")


def chinese(text: str) -> str:
    """A customer's or a rule's own words with full-width punctuation among Chinese."""
    text = _PARENTHESES.sub(r"（\1）", text)
    return _BESIDE_CHINESE.sub(lambda found: found[1].translate(_FULL), text)


def moment(turn: Turn, at: datetime) -> str:
    return format_moment(at, now=turn.care.clock.now())


def today(turn: Turn) -> date:
    return shanghai_day(turn.care.clock.now())


def day(turn: Turn, value: str | date | None) -> str:
    on = date.fromisoformat(value) if isinstance(value, str) else value
    return format_day(on, today=today(turn)) if on else ""


def part_of_day(value: str | DaySlot | None) -> str:
    """``下午`` without its hours; they stand on the button."""
    return DaySlot(value).label.split("(")[0] if value else ""


def slot_title(value: DaySlot) -> str:
    return chinese(value.label)


def email(address: str) -> str:
    """Nothing of Chinese punctuation is made of it."""
    return address.strip()
