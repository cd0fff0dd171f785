"""What of a personal datum may be shown, and what must never be stored at all.

Functions named after one datum mask a whole value; `mask_cards` and `mask_phones` search running text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

_DIGITS = re.compile(r"\d")
_RUN = re.compile(r"(?<![\dA-Za-z])\d(?:[ \u00a0\u3000\-]?\d)*(?:[ \-]?[Xx](?![A-Za-z]))?(?!\d)")
_TOKEN = re.compile(r"\d+[Xx]?|[Xx]")
_MOBILE_IN_TEXT = re.compile(r"(?<!\d)(1[3-9]\d)([ \-]?)(\d{4})([ \-]?)(\d{4})(?!\d)")
_CALLED_ORDER = re.compile(
    r"(?:订单|訂單|单号|單號|运单|運單|快递|物流|流水号|工单|编号|序列号|order)[^\d,，。;；?？!！\n]{0,6}$",
    re.I,
)
_AREA = re.compile(
    r"^(?P<area>(?:[^省市区县旗\d]{2,8}?(?:省|自治区|特别行政区))?(?:[^省市区县旗\d]{1,10}?(?:市|自治州|盟|地区))?"
    r"(?:[^省市区县旗\d]{1,8}?(?:区|县|旗|市))?)"
)
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECK = "10X98765432"


def mask_phone(phone: str) -> str:
    """``13800000001`` → ``138****0001``; other numbers keep at most their last four digits."""
    digits = "".join(_DIGITS.findall(phone))
    if digits.startswith("86") and len(digits) == 13:
        digits = digits[2:]
    if len(digits) == 11:
        return f"{digits[:3]}****{digits[-4:]}"
    if len(digits) >= 7:
        return f"****{digits[-4:]}"
    return "*" * len(digits)


def mask_name(name: str) -> str:
    """``张伟`` and ``张小明`` → ``张*``: one star, so that the length tells nothing."""
    name = name.strip()
    return f"{name[0]}*" if name else ""


def mask_address(address: str) -> str:
    """Province, city and district stay; street and house do not: ``浙江省杭州市西湖区****``."""
    address = address.strip()
    if not address:
        return ""
    found = _AREA.match(address)
    area = found["area"] if found else ""
    return f"{area or address[:2]}****"


def mask_receiver(name: str, phone: str, address: str) -> str:
    """One line for an order's receiver, each part masked."""
    return " ".join(part for part in (mask_name(name), mask_phone(phone), mask_address(address)) if part)


def mask_phones(text: str) -> str:
    """Every mobile number in running text as ``138****0001``."""
    return _MOBILE_IN_TEXT.sub(r"\1****\5", text)


def mask_cards(text: str, *, order_number_pattern: str | None = None) -> str:
    """Bank cards and identity cards in running text made unreadable; the rest is returned untouched.

    A bank card is 13–19 digits that pass the Luhn check (ISO/IEC 7812-1), in one piece or in the
    usual groups; its last four digits stay. An identity card is 17 digits and a check sign with a
    possible birth date (GB 11643); its first three and last two signs stay.

    Args:
        order_number_pattern: the shop's own order numbers (a regular expression), never masked.
            Neither is a number that the sentence itself calls an order or tracking number,
            except when it is a valid identity card.
    """
    own = re.compile(order_number_pattern) if order_number_pattern else None
    pieces: list[str] = []
    done = 0
    for run in _RUN.finditer(text):
        called_order = _CALLED_ORDER.search(text[: run.start()]) is not None
        for start, end, masked in _masked_parts(run.group(), own, called_order=called_order):
            pieces.append(text[done : run.start() + start] + masked)
            done = run.start() + end
    return "".join(pieces) + text[done:]


def _masked_parts(
    run: str, own: re.Pattern[str] | None, *, called_order: bool
) -> Iterator[tuple[int, int, str]]:
    """Non-overlapping (start, end, replacement) within one run of digits and separators, left to right."""
    tokens = list(_TOKEN.finditer(run))
    index = 0
    while index < len(tokens):
        for last in range(len(tokens) - 1, index - 1, -1):
            group = [t.group() for t in tokens[index : last + 1]]
            joined = "".join(group).upper()
            if not 13 <= len(joined) <= 19 or (own and own.fullmatch(joined)):
                continue
            masked = None
            if is_identity_card(joined):
                masked = f"{joined[:3]}{'*' * 13}{joined[-2:]}"
            elif not called_order and _is_grouped_like_a_card(group) and is_bank_card(joined):
                masked = f"{'*' * (len(joined) - 4)}{joined[-4:]}"
            if masked:
                yield tokens[index].start(), tokens[last].end(), masked
                index = last
                break
        index += 1


def _is_grouped_like_a_card(group: list[str]) -> bool:
    """One piece; or fours (4-6-5 on some cards); or the six digits of the issuer and the rest."""
    if len(group) == 1:
        return True
    if len(group) == 2:
        return len(group[0]) in (4, 6, 8)
    return all(len(part) <= 7 for part in group) and len(group[0]) >= 3


def is_bank_card(digits: str) -> bool:
    """13–19 digits whose Luhn sum (ISO/IEC 7812-1) is a multiple of ten and that are not all one digit.

    Short numbers beginning with 0, 1, 7, 8 or 9 are times and article numbers, not cards.
    """
    if not (digits.isdecimal() and 13 <= len(digits) <= 19) or len(set(digits)) == 1:
        return False
    values = [int(d) for d in digits]
    if len(values) < 16 and values[0] not in (2, 3, 4, 5, 6):
        return False
    total = 0
    for place, value in enumerate(reversed(values)):
        doubled = value * 2 if place % 2 else value
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def is_identity_card(number: str) -> bool:
    """18 signs with a possible birth date and the right check sign (GB 11643, ISO 7064 MOD 11-2)."""
    number = number.upper()
    if len(number) != 18 or not number[:17].isdecimal() or number[0] in "09０９":
        return False
    values = [int(d) for d in number[:17]]
    try:
        born = date(
            int("".join(map(str, values[6:10]))), values[10] * 10 + values[11], values[12] * 10 + values[13]
        )
    except ValueError:
        return False
    last = number[17] if number[17] == "X" else str(int(number[17])) if number[17].isdecimal() else ""
    check = _ID_CHECK[sum(w * v for w, v in zip(_ID_WEIGHTS, values, strict=True)) % 11]
    return born.year >= 1900 and last == check
