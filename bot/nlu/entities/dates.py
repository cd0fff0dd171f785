"""Dates, times of day and spans of time, however said; the value is ISO 8601 where it can be told.

`2026-11-18` a day · `2026-11` a month · `2026-11-16/2026-11-22` a range · `P3D` a span · `T08:00` a time of day.
What cannot be told (过年, 半个多月) keeps its words as the value.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from bot.nlu.entities.date_patterns import FIXED_FESTIVALS, JOINTS, PATTERNS, RANGE, SUFFIX
from bot.nlu.entities.found import Found
from bot.nlu.entities.numerals import number

DATE = "date"

_SHIFT = {"大前": -3, "前": -2, "昨": -1, "今": 0, "明": 1, "后": 2, "大后": 3}
_YEAR_SHIFT = {"大前年": -3, "前年": -2, "去年": -1, "今年": 0, "明年": 1}
_WHICH = {"上上": -2, "上": -1, "这": 0, "本": 0, "下": 1, "下下": 2}
_WEEKDAY = {
    day: index
    for index, days in enumerate(("一1", "二2", "三3", "四4", "五5", "六6", "日天7"))
    for day in days
}
_UNIT = {
    "天": "D", "日": "D", "晚上": "D", "周": "W", "星期": "W", "礼拜": "W", "月": "M", "年": "Y",
    "小时": "TH", "钟头": "TH", "钟": "TH", "分钟": "TM",
}  # fmt: skip
_HALVES = {"Y": "P6M", "M": "P15D", "TH": "PT30M"}
_LATE = re.compile(r"晚|夜|下午|傍晚")
#: Not part of the date as people mark it, but it moves the day.
_LONG_SUFFIX = re.compile(r"之前|以前|之后|以后")
_DAYS = {"D": 1, "W": 7}
#: No date is without one of these.
_HINT = re.compile(
    r"[年月日号天周早晚夜点时钟半上中下午凌傍期拜节秋春午庆元旦初末底头冬夏假\d双今昨明后前清五六除重七]"
)
#: 说好周二到周五还在路上: what was announced for Tuesday is no range of days.
_ANNOUNCED = re.compile(r"(?:说好?的?|约好?的?|通知|显示|承诺)$")
_DAYS_SAID = ("week_day", "day_word", "day")
_SPANS = ("span", "nth", "whole")


@dataclass(frozen=True)
class _Part:
    kind: str
    start: int
    end: int
    value: str | None
    weight: int


class DateFinder:
    """Finds dates; `today` is the day of the message in Asia/Shanghai."""

    def __init__(self, today: date) -> None:
        self.today = today
        self._readers: dict[str, Callable[[re.Match[str]], str | None]] = {
            "ymd": self._ymd, "ym": self._ym, "rel_md": self._rel_md, "month_day": self._month_day, "md": self._md,
            "week_day": self._week_day, "week": self._week, "day_word": self._day_word, "year": self._year,
            "span": self._span, "festival": self._festival, "short_year": self._short_year, "day": self._day, "clock": self._clock, "edge": self._edge,
        }  # fmt: skip

    def __call__(self, text: str) -> Iterator[Found]:
        if not _HINT.search(text):
            return
        for part in self._joined(text, self._parts(text)):
            value = part.value or text[part.start : part.end]
            yield Found(DATE, part.start, part.end, value, part.weight)

    def _parts(self, text: str) -> list[_Part]:
        """Parts that do not overlap, in the order of the text."""
        candidates = [
            _Part(name, match.start(), match.end(), self._value(name, match), weight)
            for name, (pattern, weight) in PATTERNS.items()
            for match in pattern.finditer(text)
            if _is_meant(name, match)
        ]
        parts: list[_Part] = []
        for part in sorted(candidates, key=lambda p: (-p.weight, p.start - p.end, p.start)):
            if all(part.end <= other.start or part.start >= other.end for other in parts):
                parts.append(part)
        return [self._with_suffix(text, part) for part in sorted(parts, key=lambda p: p.start)]

    def _with_suffix(self, text: str, part: _Part) -> _Part:
        suffix = SUFFIX.match(text, part.end) or _LONG_SUFFIX.match(text, part.end)
        if suffix is None or part.kind == "day_word":
            return part
        value = part.value
        moved = re.fullmatch(r"P(\d+)([DW])", value or "")
        if moved and suffix.group() in ("前", "之前", "以前", "后", "之后", "以后"):
            days = int(moved.group(1)) * _DAYS[moved.group(2)]
            value = (self.today + timedelta(days=-days if "前" in suffix.group() else days)).isoformat()
        end = part.end if len(suffix.group()) > 1 else suffix.end()
        return replace(part, end=end, value=value)

    @staticmethod
    def _joined(text: str, parts: list[_Part]) -> Iterator[_Part]:
        held: _Part | None = None
        for part in parts:
            if (
                held is not None
                and held.kind == part.kind == "span"
                and held.end == part.start
                and text[part.start] == "零"
            ):
                held = replace(held, end=part.end, value=_sum(held.value, part.value))
                continue
            if held is not None and held.kind not in _SPANS and part.kind not in _SPANS:
                gap = text[held.end : part.start]
                if RANGE.fullmatch(gap) and not (
                    gap.strip() == "到" and held.kind in _DAYS_SAID and _ANNOUNCED.search(text[: held.start])
                ):
                    value = f"{held.value}/{part.value}" if held.value and part.value else None
                    held = replace(
                        held, kind="range", end=part.end, value=value, weight=max(held.weight, part.weight)
                    )
                    continue
                if gap in JOINTS:
                    held = replace(
                        part,
                        start=held.start,
                        value=_combined(held, part, text[held.start : held.end]),
                        weight=max(held.weight, part.weight),
                    )
                    continue
            if held is not None:
                yield held
            held = part
        if held is not None:
            yield held

    def _value(self, name: str, match: re.Match[str]) -> str | None:
        reader = self._readers.get(name)
        try:
            return reader(match) if reader else None
        except (ValueError, OverflowError):
            return None

    def _ymd(self, match: re.Match[str]) -> str:
        year = int(match.group(1))
        return date(
            year if year > 99 else 2000 + year, _int(match.group(2)), _int(match.group(3))
        ).isoformat()

    def _ym(self, match: re.Match[str]) -> str:
        return _month(int(match.group(1)), _int(match.group(2)))

    def _rel_md(self, match: re.Match[str]) -> str:
        year, month = self.today.year + _YEAR_SHIFT[match.group(1)], _int(match.group(2))
        return date(year, month, _int(match.group(3))).isoformat() if match.group(3) else _month(year, month)

    def _month_day(self, match: re.Match[str]) -> str:
        year, month = self._shifted_month(_WHICH[match.group(1).rstrip("月").rstrip("个")])
        return date(year, month, _int(match.group(2))).isoformat()

    def _md(self, match: re.Match[str]) -> str:
        """In the nearest year: said in January, 11 月 is last year's."""
        month, year = _int(match.group(1)), self.today.year
        if abs(month - self.today.month) > 6:
            year += -1 if month > self.today.month else 1
        return date(year, month, _int(match.group(2))).isoformat() if match.group(2) else _month(year, month)

    def _week_day(self, match: re.Match[str]) -> str:
        monday = self._monday(_WHICH[match.group(1) or "本"])
        if match.group(2) == "末":
            return f"{(monday + timedelta(days=5)).isoformat()}/{(monday + timedelta(days=6)).isoformat()}"
        return (monday + timedelta(days=_WEEKDAY[match.group(2)])).isoformat()

    def _week(self, match: re.Match[str]) -> str | None:
        if match.group(2) == "月":
            return _month(*self._shifted_month(_WHICH[match.group(1)]))
        if match.group(2) == "季度":
            return None
        monday = self._monday(_WHICH[match.group(1)])
        return f"{monday.isoformat()}/{(monday + timedelta(days=6)).isoformat()}"

    def _day_word(self, match: re.Match[str]) -> str | None:
        said = match.group()
        shift = _SHIFT.get(said[:2], _SHIFT.get(said[:1]))
        return None if shift is None else (self.today + timedelta(days=shift)).isoformat()

    def _year(self, match: re.Match[str]) -> str:
        said = match.group()
        return str(self.today.year + _YEAR_SHIFT[said]) if said in _YEAR_SHIFT else said[:4]

    def _short_year(self, match: re.Match[str]) -> str:
        return f"20{match.group()[:2]}"

    def _day(self, match: re.Match[str]) -> str:
        """A bare day of the month: this month's, or last month's when this month's is far ahead."""
        day = _int(match.group(1))
        year, month = self.today.year, self.today.month
        if day - self.today.day > 15 or day > monthrange(year, month)[1]:
            year, month = self._shifted_month(-1)
        return date(year, month, day).isoformat()

    def _festival(self, match: re.Match[str]) -> str | None:
        """The festival nearest to today, last or next."""
        fixed = FIXED_FESTIVALS.get(match.group()) or FIXED_FESTIVALS.get(match.group().removesuffix("节"))
        if fixed is None:
            return None
        days = [date(self.today.year + shift, *fixed) for shift in (-1, 0, 1)]
        return min(days, key=lambda day: abs((day - self.today).days)).isoformat()

    def _span(self, match: re.Match[str]) -> str | None:
        unit = _UNIT.get(match.group(4))
        if unit is None:
            return None
        if match.group(1) == "半" and not match.group(3) and match.group()[-1] not in "多半":
            return _HALVES.get(unit)
        amount = number(match.group(1))
        if amount is None or match.group(3) or match.group()[-1] in "多半":
            return None
        return f"PT{amount}{unit[1]}" if len(unit) == 2 else f"P{amount}{unit}"

    def _edge(self, match: re.Match[str]) -> str | None:
        """上月底 as the last ten days of that month, 周末 as Saturday and Sunday, 年底 as December."""
        said = match.group()
        if match.group(2):
            year, month = self._shifted_month(_WHICH[match.group(1) or "本"])
            last = monthrange(year, month)[1]
            first_day, last_day = {"初": (1, 10), "中": (11, 20)}.get(match.group(2), (21, last))
            return f"{date(year, month, first_day).isoformat()}/{date(year, month, last_day).isoformat()}"
        if said == "周末":
            saturday = self._monday(0) + timedelta(days=5)
            return f"{saturday.isoformat()}/{(saturday + timedelta(days=1)).isoformat()}"
        return {"年初": _month(self.today.year, 1), "年底": _month(self.today.year, 12)}.get(said[:2])

    def _clock(self, match: re.Match[str]) -> str | None:
        half, said = match.groups()
        hour, _, rest = said.partition("点" if "点" in said else ":")
        minute = {"半": 30, "一刻": 15, "": 0, "钟": 0, "多": 0}.get(rest)
        hours, minutes = _int(hour), int(rest.rstrip("分")) if minute is None else minute
        if hours < 12 and half in ("下午", "傍晚", "晚上", "夜里"):
            hours += 12
        return f"T{hours:02d}:{minutes:02d}" if hours < 25 and minutes < 60 else None

    def _monday(self, weeks: int) -> date:
        return self.today - timedelta(days=self.today.weekday()) + timedelta(weeks=weeks)

    def _shifted_month(self, shift: int) -> tuple[int, int]:
        months = self.today.year * 12 + self.today.month - 1 + shift
        return months // 12, months % 12 + 1


def _is_meant(name: str, match: re.Match[str]) -> bool:
    """`三月` is a month and `三个月` a span; `一点` is a little unless a half of the day stands before it."""
    if name == "clock":
        hour = match.group(2)
        return bool(match.group(1)) or not re.fullmatch(r"[一几两1]点多?", hour)
    if name != "span":
        return True
    amount, classifier, unit = match.group(1), match.group(2), match.group(4)
    if unit == "月":
        return bool(classifier)
    if unit == "年":
        return not re.match(r"\d{4}", amount)
    if unit == "钟":
        return bool(classifier)
    if unit == "晚上":
        return not re.match(r"\d{3}", amount)  # 899晚上就759了: a price before an evening
    if unit == "天":
        return amount not in ("半", "大半")
    if unit == "日":
        return "工作日" in match.group() or not match.string[: match.start()].endswith("月")
    return True


def _combined(first: _Part, second: _Part, said_first: str) -> str | None:
    """The value of two parts said as one: the later one is the more exact."""
    if second.kind == "half_day":
        return first.value
    if not first.value or not second.value:
        return second.value or first.value
    if second.value.startswith("T") and re.fullmatch(r"\d{4}-\d\d-\d\d", first.value):
        hour = int(second.value[1:3])
        evening = 12 if hour < 12 and _LATE.search(said_first) else 0
        return f"{first.value}T{hour + evening:02d}{second.value[3:]}"
    if first.kind in ("year", "short_year") and re.match(r"\d{4}-", second.value):
        return first.value + second.value[4:]
    return second.value


def _sum(first: str | None, second: str | None) -> str | None:
    """两年零三个月: P2Y and P3M are P2Y3M."""
    whole = first and second and first[1] != "T" and second[1] != "T"
    return f"{first}{second[1:]}" if first and second and whole else None


def _int(text: str) -> int:
    value = number(text)
    if value is None:
        raise ValueError(text)
    return int(value)


def _month(year: int, month: int) -> str:
    if not 1 <= month <= 12:
        raise ValueError(month)
    return f"{year:04d}-{month:02d}"
