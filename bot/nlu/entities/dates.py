"""Dates, times of day and spans of time, however said; the value is ISO 8601 where it can be told.

`2026-11-18` a day · `2026-11` a month · `2026-11-16/2026-11-22` a week · `P3D` a span · `T08:00` a time of day.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta

from bot.nlu.entities.found import Found
from bot.nlu.entities.numerals import DIGIT, SPOKEN, number

DATE = "date"

_N = rf"(?:\d{{1,4}}|[{DIGIT}十]{{1,3}})"
_HALF_DAY = "(?:大?清早|一大早|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|半夜|凌晨|大半夜)"
_CLOCK = rf"(?:(?:\d{{1,2}}|[{DIGIT}十]{{1,3}})点(?:半|一刻|钟|\d{{1,2}}分?)?|\d{{1,2}}:\d{{2}})"
_RELATIVE_DAY = {"今": 0, "昨": -1, "前": -2, "大前": -3, "明": 1, "后": 2, "大后": 3}
_DAY_WORD = r"(?:大前|大后|今|昨|前|明|后)(?:天|儿个|儿)|今日|昨日|明日|今早|今晚|昨晚|昨夜|昨儿|明早|明晚|前晚|当天|当日|次日|隔天|第二天|改天"
_FESTIVALS = {
    "双十一": (11, 11), "双11": (11, 11), "11.11": (11, 11), "双十二": (12, 12), "双12": (12, 12), "12.12": (12, 12),
    "618": (6, 18), "6.18": (6, 18), "六一八": (6, 18), "元旦": (1, 1), "五一": (5, 1), "国庆": (10, 1),
    "圣诞": (12, 25), "情人节": (2, 14), "六一": (6, 1), "妇女节": (3, 8), "教师节": (9, 10),
}  # fmt: skip
_LUNAR = "春节|过年|除夕|年三十|大年三十|大年初一|元宵|清明|端午|中秋|七夕|重阳|冬至|母亲节|父亲节|黑五|暑假|寒假|开学"
_WEEKDAY = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6, "末": 5, "1": 0, "2": 1, "3": 2, "4": 3, "5": 4, "6": 5, "7": 6}  # fmt: skip
_WHICH = {"上上": -2, "上": -1, "这": 0, "本": 0, "下": 1, "下下": 2}
_UNIT = {"天": "D", "日": "D", "晚上": "D", "宿": "D", "工作日": "D", "周": "W", "星期": "W", "礼拜": "W", "月": "M", "年": "Y", "小时": "H", "钟头": "H", "分钟": "m", "季度": "Q"}  # fmt: skip

_PATTERNS: tuple[tuple[str, re.Pattern[str], int], ...] = (
    ("ymd", re.compile(rf"(?<!\d)(20\d\d|\d\d)(?:年|[-/.])({_N})(?:月|[-/.])({_N})(?:[号日](?!线)|(?!\d))"), 8),
    ("ym", re.compile(rf"(?<!\d)(20\d\d)年({_N})月(?:份)?"), 7),
    ("rel_md", re.compile(rf"(去年|今年|明年|前年)({_N})月(?:份)?(?:({_N})[号日]?)?"), 8),
    ("month_day", re.compile(rf"((?:上上|上|这|本|下)个?月)({_N})[号日]"), 8),
    ("md", re.compile(rf"(?<![\d{DIGIT}十个])({_N})月(?:份(?!量))?(?:({_N})(?:[号日](?!线)|(?![\d个台件点天])))?"), 6),
    ("week_day", re.compile(r"(上上|下下|上|这|本|下)?个?(?:周|星期|礼拜)([一二三四五六日天末1-7])(?![\d年个])"), 7),
    ("week", re.compile(r"(上上|下下|上|这|本|下)一?个?(周|星期|礼拜|月|季度)(?:[初底末])?"), 6),
    ("day_word", re.compile(rf"(?:{_DAY_WORD})(?:的)?(?:{_HALF_DAY})?(?:{_CLOCK})?"), 7),
    ("year", re.compile(r"去年|今年|明年|前年|大前年|(?<!\d)20[012]\d年"), 5),
    ("edge", re.compile(r"(?:上|这|本|下)?个?月[初底末中](?!间)|周末|年[初底末](?!终)|年前|年后|月底前"), 5),
    ("nth", re.compile(rf"第({_N})(?:个)?(?:天|晚上|周|星期|礼拜|个月|年)"), 6),
    ("span", re.compile(
        rf"(?:不到)?((?:大?半|好?几|{SPOKEN}|\d{{1,4}})(?:多|来|几)?)(个)?(多|半)?(?:工作)?"
        r"(天|日(?!期|常)|晚上|宿|小时|钟头|分钟|周(?!年)|星期|礼拜|月(?!租|饼|底|初)|年(?!级|代|轻))(?:多|半(?!夜|路))?(?:时间)?"), 5),
    ("festival", re.compile("|".join([*map(re.escape, sorted(_FESTIVALS, key=len, reverse=True)), _LUNAR]) + ""), 5),
    ("day", re.compile(rf"(?<![\d{DIGIT}十.第])({_N})号(?![楼线门店机码床栋院仓柜电铺])"), 5),
    ("clock", re.compile(rf"(?<!\d)(?:{_HALF_DAY})?({_CLOCK})(?![\d个半儿])"), 5),
    ("half_day", re.compile(_HALF_DAY), 4),
)  # fmt: skip


class DateFinder:
    """Finds dates; `today` is the day of the message in Asia/Shanghai."""

    def __init__(self, today: date) -> None:
        self._today = today

    def __call__(self, text: str) -> Iterator[Found]:
        for name, pattern, weight in _PATTERNS:
            for match in pattern.finditer(text):
                if name == "span" and not _is_span(match):
                    continue
                value = self._value(name, match) or match.group()
                yield Found(DATE, match.start(), match.end(), value, weight)

    def _value(self, name: str, match: re.Match[str]) -> str | None:
        try:
            reader = getattr(self, f"_{name}")
        except AttributeError:
            return None
        try:
            value: str | None = reader(match)
        except (ValueError, OverflowError):
            return None
        return value

    def _ymd(self, match: re.Match[str]) -> str:
        year = int(match.group(1))
        return date(
            year if year > 99 else 2000 + year, _int(match.group(2)), _int(match.group(3))
        ).isoformat()

    def _ym(self, match: re.Match[str]) -> str:
        return _month(int(match.group(1)), _int(match.group(2)))

    def _rel_md(self, match: re.Match[str]) -> str:
        year = self._today.year + {"前年": -2, "去年": -1, "今年": 0, "明年": 1}[match.group(1)]
        month = _int(match.group(2))
        return date(year, month, _int(match.group(3))).isoformat() if match.group(3) else _month(year, month)

    def _month_day(self, match: re.Match[str]) -> str:
        year, month = self._shifted_month(_WHICH[match.group(1).rstrip("月").rstrip("个")])
        return date(year, month, _int(match.group(2))).isoformat()

    def _md(self, match: re.Match[str]) -> str:
        """The nearest year: 11 月 in January is last year's."""
        month = _int(match.group(1))
        year = self._today.year
        if month - self._today.month > 6:
            year -= 1
        elif self._today.month - month > 6:
            year += 1
        return date(year, month, _int(match.group(2))).isoformat() if match.group(2) else _month(year, month)

    def _week_day(self, match: re.Match[str]) -> str:
        monday = self._today - timedelta(days=self._today.weekday())
        weekday = _WEEKDAY[match.group(2)]
        if match.group(2) == "末":
            start = monday + timedelta(weeks=_WHICH.get(match.group(1) or "本", 0), days=5)
            return f"{start.isoformat()}/{(start + timedelta(days=1)).isoformat()}"
        return (monday + timedelta(weeks=_WHICH.get(match.group(1) or "本", 0), days=weekday)).isoformat()

    def _week(self, match: re.Match[str]) -> str | None:
        shift = _WHICH[match.group(1)]
        if match.group(2) == "月":
            return _month(*self._shifted_month(shift))
        if match.group(2) == "季度":
            return None
        monday = self._today - timedelta(days=self._today.weekday()) + timedelta(weeks=shift)
        return f"{monday.isoformat()}/{(monday + timedelta(days=6)).isoformat()}"

    def _day_word(self, match: re.Match[str]) -> str | None:
        said = match.group()
        for word in sorted(_RELATIVE_DAY, key=len, reverse=True):
            if said.startswith(word):
                return (self._today + timedelta(days=_RELATIVE_DAY[word])).isoformat()
        return None

    def _year(self, match: re.Match[str]) -> str:
        said = match.group()
        shift = {"大前年": -3, "前年": -2, "去年": -1, "今年": 0, "明年": 1}.get(said)
        return said[:4] if shift is None else str(self._today.year + shift)

    def _day(self, match: re.Match[str]) -> str:
        """A bare day of the month: this month's if it has come, else last month's unless only days away."""
        day = _int(match.group(1))
        this = date(self._today.year, self._today.month, min(day, self._days_of(self._today)))
        if this.day != day:
            raise ValueError(day)
        if (this - self._today).days > 15:
            year, month = self._shifted_month(-1)
            return date(year, month, day).isoformat()
        return this.isoformat()

    def _festival(self, match: re.Match[str]) -> str | None:
        fixed = _FESTIVALS.get(match.group())
        if fixed is None:
            return None
        near = min(
            (date(self._today.year + shift, *fixed) for shift in (-1, 0, 1)),
            key=lambda day: abs((day - self._today).days),
        )
        return near.isoformat()

    def _span(self, match: re.Match[str]) -> str | None:
        amount, unit = number(match.group(1).rstrip("多来几")), _UNIT[match.group(4)]
        if amount is None or match.group(1)[-1] in "多来几":
            return None
        return f"PT{amount}{unit.upper()}" if unit in ("H", "m") else f"P{amount}{unit}"

    def _clock(self, match: re.Match[str]) -> str | None:
        hour, _, minute = match.group(1).partition("点" if "点" in match.group(1) else ":")
        hours = _int(hour)
        minutes = 30 if minute == "半" else 15 if minute == "一刻" else int(minute.rstrip("分钟") or 0)
        if hours < 12 and re.match("下午|傍晚|晚上|夜里", match.group()):
            hours += 12
        return f"T{hours:02d}:{minutes:02d}" if hours < 25 and minutes < 60 else None

    def _shifted_month(self, shift: int) -> tuple[int, int]:
        months = self._today.year * 12 + self._today.month - 1 + shift
        return months // 12, months % 12 + 1

    @staticmethod
    def _days_of(day: date) -> int:
        return monthrange(day.year, day.month)[1]


def _int(text: str) -> int:
    value = number(text)
    if value is None:
        raise ValueError(text)
    return int(value)


def _month(year: int, month: int) -> str:
    if not 1 <= month <= 12:
        raise ValueError(month)
    return f"{year:04d}-{month:02d}"


def _is_span(match: re.Match[str]) -> bool:
    """`三月` is a month and `2号` a day; `三个月` and `半年` are spans."""
    unit, has_classifier = match.group(4), bool(match.group(2))
    if unit == "月":
        return has_classifier
    if unit == "年":
        return not re.match(r"\d{4}", match.group(1))
    if unit == "日":
        return (
            "工作日" in match.group()
            or (match.group(1)[0] not in "十"
            and not match.string[: match.start()].endswith("月"))
        )
    return True
