"""Numbers in a customer's words: order, tracking number, phone and its tail, one-time code. Pure.

Digits come as they come: spoken (八八一…), in groups of four, two numbers in one message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SPOKEN = str.maketrans("零〇一二两三四五六七八九幺", "0012234567891")
#: Three signs may be a word (一一二); four in a row are read out digit by digit.
_SPOKEN_RUN = re.compile(r"[零〇一二两三四五六七八九幺](?:[ 、,-]?[零〇一二两三四五六七八九幺\d]){3,}")
_PHONE = re.compile(r"(?<!\d)(?:\+?86[ -]?)?(1[3-9]\d[ -]?\d{4}[ -]?\d{4})(?!\d)")
_TRACKING = re.compile(r"(?<![A-Za-z])[A-Za-z]{2,4}\d{9,16}(?!\d)")
_CALLED_TRACKING = re.compile(r"(?:运单号?|快递单号?|物流单号?|快递号)\D{0,4}(\d{10,18})(?!\d)")
_GROUPS = re.compile(r"(?<!\d)\d+(?:[ -]\d+)*(?!\d)")
_CALLED_ORDER = re.compile(r"(?:订单号?|單號|单号|編號|编号|order)\D{0,6}(\d{10,20})(?!\d)", re.I)
_LONG = re.compile(r"(?<!\d)\d{10,20}(?!\d)")
_CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")
_TAIL = re.compile(r"(?<!\d)\d{4}(?![\d年])")


@dataclass(frozen=True)
class Digits:
    """What was found; each is `None` when it was not said."""

    phone: str | None = None
    order: str | None = None
    #: Some long number that may be an order's where one was asked for.
    number: str | None = None
    tracking: str | None = None
    #: The last four digits of a phone, said alone.
    tail: str | None = None
    code: str | None = None

    @property
    def reference(self) -> str | None:
        """What names an order: its own number, or its parcel's."""
        return self.order or self.tracking


def read_digits(text: str, order_pattern: str) -> Digits:
    """Every number that `text` (normalised) holds; `order_pattern` is the shop's own kind of order number."""
    rest = _SPOKEN_RUN.sub(_plain, text)
    tracking, rest = _take(_TRACKING, rest)
    if tracking is None:
        tracking, rest = _take(_CALLED_TRACKING, rest, unless=order_pattern)
    order, tail, rest = _order(rest, order_pattern)
    phone, rest = _take(_PHONE, rest)
    if order is None:
        order, rest = _take(_CALLED_ORDER, rest)
    number, rest = _take(_LONG, rest)
    code, rest = _take(_CODE, _joined(rest))
    if tail is None:
        tail, rest = _take(_TAIL, rest)
    return Digits(
        phone=re.sub(r"[ -]", "", phone) if phone else None,
        order=order,
        number=order or number,
        tracking=tracking.upper() if tracking else None,
        tail=tail,
        code=code,
    )


def _plain(found: re.Match[str]) -> str:
    return re.sub(r"[ 、,-]", "", found[0]).translate(_SPOKEN)


def _take(pattern: re.Pattern[str], text: str, *, unless: str | None = None) -> tuple[str | None, str]:
    """What `pattern` finds first, and the text without it."""
    found = pattern.search(text)
    if found is None:
        return None, text
    value = found[1] if pattern.groups else found[0]
    if unless is not None and re.fullmatch(unless, value):
        return None, text
    return value, f"{text[: found.start()]} {text[found.end() :]}"


def _order(text: str, pattern: str) -> tuple[str | None, str | None, str]:
    """The shop's own number, also in groups, also with a phone's last four digits behind it."""
    own = re.search(rf"(?<!\d)(?:{pattern})(?!\d)", text)
    if own:
        return own[0], None, f"{text[: own.start()]} {text[own.end() :]}"
    for group in _GROUPS.finditer(text):
        digits = re.sub(r"\D", "", group[0])
        found = re.match(pattern, digits)
        if found is None or len(digits) - found.end() not in (0, 4):
            continue
        return found[0], digits[found.end() :] or None, f"{text[: group.start()]} {text[group.end() :]}"
    return None, None, text


def _joined(text: str) -> str:
    """`1 2 3 4 5 6` is a code when the message holds nothing else."""
    return text.replace(" ", "") if re.fullmatch(r"[\d ]+", text.strip() or "-") else text
