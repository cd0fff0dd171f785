"""Chinese numerals as customers write them: 三千二, 一万二, 两百五, 十几, 1.2万, 3k, 八八一…"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

DIGIT = "零〇一二两三四五六七八九幺俩"
#: A numeral in characters; the first character is a digit or 十, so that 千万 and 万一 are no numbers.
SPOKEN = rf"[{DIGIT}十][{DIGIT}十百千万亿]*"
WRITTEN = r"\d+(?:,\d{3})*(?:\.\d+)?"

_VALUES = {
    char: value
    for value, chars in enumerate(("零〇", "一幺", "二两俩", "三", "四", "五", "六", "七", "八", "九"))
    for char in chars
}
_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
_MULTIPLES = {"万": 10_000, "w": 10_000, "千": 1000, "k": 1000, "百": 100, "亿": 100_000_000}
_MIXED_TAIL = re.compile(r"(\d+)([千百万wk])(\d)")
_MIXED = re.compile(rf"({WRITTEN})\s*([万千百亿wk])?")


def number(text: str) -> Decimal | None:
    """The value of one numeral, written or spoken; None for an open one (几十) or no numeral.

    >>> number("三千二"), number("一万二"), number("1.2万"), number("两百零五")
    (Decimal('3200'), Decimal('12000'), Decimal('12000.0'), Decimal('205'))
    """
    text = text.strip().lower()
    if tailed := _MIXED_TAIL.fullmatch(text):  # 3千8 is 3800
        size = _MULTIPLES[tailed.group(2)]
        return Decimal(int(tailed.group(1)) * size + int(tailed.group(3)) * size // 10)
    mixed = _MIXED.fullmatch(text)
    if mixed:
        try:
            value = Decimal(mixed.group(1).replace(",", ""))
        except InvalidOperation:
            return None
        return value * _MULTIPLES.get(mixed.group(2) or "", 1)
    return _spoken_number(text)


def digits(text: str) -> str | None:
    """A number read out digit by digit (八八一二零, 幺三八, 881 2023) as plain digits; None if it is not one."""
    out: list[str] = []
    for char in text:
        if char in " -—_.":
            continue
        if char.isascii() and char.isdigit():
            out.append(char)
        elif char in _VALUES:
            out.append(str(_VALUES[char]))
        else:
            return None
    return "".join(out) or None


def _spoken_number(text: str) -> Decimal | None:
    if not text or any(char not in _VALUES and char not in _UNITS for char in text):
        return None
    if not any(char in _UNITS for char in text):
        plain = digits(text)
        return Decimal(plain) if plain else None
    total, section, digit, unit = 0, 0, 0, 1
    seen_zero = False
    for char in text:
        if char in _VALUES:
            digit, seen_zero = _VALUES[char], seen_zero or _VALUES[char] == 0
            if digit == 0:
                unit = 1
            continue
        size = _UNITS[char]
        if size >= 10_000:
            total += (section + digit or 1) * size
            section = 0
        else:
            section += (digit or 1) * size
        digit, unit, seen_zero = 0, size, False
    # 三千二 is 3200: a last digit without a unit counts in the next smaller one, unless 零 stands before it.
    tail = digit * (unit // 10) if unit > 10 and not seen_zero else digit
    return Decimal(total + section + tail)
