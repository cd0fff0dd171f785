"""期望答复: by when the customer expects an answer, in their words and, where it can be told, as a moment. Pure."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from care.rules.times import SHANGHAI, to_shanghai

#: A day means its working hours; whoever says evening means the evening.
_END_OF_WORK, _END_OF_EVENING, _END_OF_DAY = time(18), time(22), time(23, 59)
_CLAUSE = re.compile(r"[^,。;!?~…\n\s]+")
#: A clause with a time is an expectation when it asks for something by then…
_ASKS = re.compile(
    r"前|内|必须|务必|给我|给个|答复|回复|回电|解决|处理|结果|说法|到账|退给?|修好|送到|搞定|等到|最[晚迟]"
)
#: … and tells nothing that has been.
_TELLS = re.compile(
    r"坏|漏|用了|买了?|才|刚|已经|过了|上[周个次]|昨|前天|以前|当时|到现在|了[^吧]*[天周月年]了?$|说好|答应|承诺"
)
_UNIT = {"H": "hours", "M": "minutes"}
_SCORE = re.compile(r"^\D{0,4}([1-7])\s*分?$")


def expectation_clause(text: str, dates: Sequence[Mapping[str, Any]]) -> tuple[int, int] | None:
    """Where in a longer message it says by when: 明天之前给我答复; `None` when it does not.

    `dates`: the `date` entities of the message.
    """
    for clause in _CLAUSE.finditer(text):
        start, end = clause.span()
        is_dated = any(start <= found.get("start", -1) < end for found in dates)
        if is_dated and _ASKS.search(clause[0]) and not _TELLS.search(clause[0]):
            return start, end
    return None


def expected_at(
    text: str, dates: Sequence[Mapping[str, Any]], now: datetime, *, is_workday: Callable[[date], bool]
) -> datetime | None:
    """The moment that `text` hopes for, aware; `None` for 越快越好 and whatever cannot be told or is past.

    Args:
        text: the answer, or the clause of a longer message.
        dates: the `date` entities of the message (values are ISO 8601), those outside `text` left out.
        now: aware.
    """
    evening = re.search(r"晚|夜", text) is not None
    here = to_shanghai(now)
    for value in [str(found["value"]) for found in dates if str(found.get("text") or text) in text]:
        days = re.fullmatch(r"P(\d+)D", value)
        if days and "工作日" in text:
            moment: datetime | None = _at(_workdays_on(here.date(), int(days[1]), is_workday), _END_OF_WORK)
        else:
            moment = _moment(value, here, evening=evening)
        if moment is not None and moment > now:
            return moment
    return None


def score(text: str) -> int | None:
    """An expectation given as 1–7."""
    found = _SCORE.match(text.strip())
    return int(found[1]) if found else None


def _moment(value: str, now: datetime, *, evening: bool) -> datetime | None:
    """`now` is Shanghai's."""
    value = value.rsplit("/", 1)[-1]
    if value.startswith(("半小时", "半个小时")):
        return now + timedelta(minutes=30)
    if value in ("月底", "这个月底", "本月底"):
        return _at(date(now.year, now.month, monthrange(now.year, now.month)[1]), _END_OF_WORK)
    clock = re.fullmatch(r"(?:(\d{4}-\d\d-\d\d))?T(\d\d):(\d\d)", value)
    if clock:
        day = date.fromisoformat(clock[1]) if clock[1] else now.date()
        hour = int(clock[2]) + (12 if evening and int(clock[2]) < 12 else 0)
        return _at(day, time(hour % 24, int(clock[3])))
    if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        day = date.fromisoformat(value)
        if day < now.date() and now.date() - day < timedelta(days=7):
            day += timedelta(days=7)  # 周一 said on a Tuesday is the next one
        ends = (_END_OF_EVENING, _END_OF_DAY) if evening else (_END_OF_WORK, _END_OF_DAY)
        return next((at for end in ends if (at := _at(day, end)) > now), None)
    span = re.fullmatch(r"PT(\d+)([HM])", value)
    if span:
        return now + timedelta(**{_UNIT[span[2]]: int(span[1])})
    days = re.fullmatch(r"P(\d+)([DWM])", value)
    if days:
        count = int(days[1]) * {"D": 1, "W": 7, "M": 30}[days[2]]
        return _at(now.date() + timedelta(days=count), _END_OF_WORK)
    return None


def _workdays_on(day: date, count: int, is_workday: Callable[[date], bool]) -> date:
    while count > 0:
        day += timedelta(days=1)
        count -= is_workday(day)
    return day


def _at(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, SHANGHAI)
