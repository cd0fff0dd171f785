"""Tax numbers for invoices: the unified social credit code with its check character, and the old 15 digits."""

from __future__ import annotations

import re
import unicodedata

#: GB 32100-2015: digits and letters without I, O, S, V, Z, in this order.
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = tuple(3**position % 31 for position in range(17))
_OLD = re.compile(r"\d{6}[0-9A-Z]{9}")


def clean_tax_number(text: str) -> str:
    """As typed, without spaces and dashes, full-width characters made half-width, letters large."""
    return re.sub(r"[\s\-]", "", unicodedata.normalize("NFKC", text)).upper()


def tax_number_problem(text: str) -> str | None:
    """Chinese text saying what is wrong with a tax number, or None when it can be right.

    18 characters: unified social credit code, weights 3^i mod 31, check character
    31 − (Σ cᵢ·wᵢ mod 31), 31 being 0 (GB 32100-2015). 15 characters: the tax registration
    number used before 2015, which has no check over the whole.
    """
    number = clean_tax_number(text)
    if len(number) == 15:
        return None if _OLD.fullmatch(number) else "15 位税号应为 6 位数字加 9 位数字或字母，请核对。"
    if len(number) != 18:
        return f"税号应为 18 位(或旧式 15 位)，现在是 {len(number)} 位，请核对。"
    wrong = sorted(set(number) - set(_ALPHABET))
    if wrong:
        return f"税号里不会有“{'、'.join(wrong)}”，请核对(数字 0、1、2、5 常被写成字母 O、I、Z、S)。"
    if number[17] != check_character(number[:17]):
        return "税号的校验位不对，可能有一位写错了，请核对。"
    return None


def check_character(first_17: str) -> str:
    """The 18th character of a unified social credit code.

    Raises:
        ValueError: not 17 characters of the code's alphabet.
    """
    if len(first_17) != 17:
        raise ValueError(f"{len(first_17)} characters are not 17")
    total = sum(
        _ALPHABET.index(character) * weight for character, weight in zip(first_17, _WEIGHTS, strict=True)
    )
    return _ALPHABET[-total % 31]
