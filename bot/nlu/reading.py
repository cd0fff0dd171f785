"""Two forms of a customer's text: the reading form for topics, the aligned form for entities.

Neither ever replaces the message: what people see and what is stored stays as it was written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

from care.rules.text import normalise

#: Stands for a run of seven or more digits: any order, tracking or phone number reads alike.
LONG_NUMBER = "№"

_LONG_NUMBER = re.compile(r"[a-z]{0,3}\d(?:[ -]?\d){6,}")
_ONE_CHARACTER_RUN = re.compile(r"([^\d])\1{2,}")
_NO_DIGIT = "(?![零〇一二两三四五六七八九十幺])[\\u4e00-\\u9fff]"
#: What is said again right after: 退退(退), 那个(那个). A single character must come three times.
_SAID_AGAIN = re.compile(rf"({_NO_DIGIT})\1+(?=\1)(?<=\1\1)|((?:{_NO_DIGIT}){{2,5}})[,、…\s]*(?=\2)")
_STUTTER = re.compile(r"([\u4e00-\u9fff]{2,5})(?:[,，、…\s]*\1)+")


class _Converter(Protocol):
    def convert(self, text: str) -> str: ...


@lru_cache(maxsize=1)
def _simplifier() -> _Converter:
    import opencc

    converter: _Converter = opencc.OpenCC("t2s")
    return converter


def simplified(text: str) -> str:
    """Traditional characters as simplified ones; everything else unchanged."""
    return text if text.isascii() else _simplifier().convert(text)


def reading_form(text: str) -> str:
    """What the topic classifier reads: cleaned, simplified, lower case, without stutter.

    `那个那个我想问一下` (voice input) reads as `那个我想问一下`, `急急急急` as `急急`, and every long
    number as one sign.
    """
    # Compatibility folding would spell the sign out as `no`: a reading must read as itself.
    text = simplified(LONG_NUMBER.join(normalise(part) for part in text.split(LONG_NUMBER))).lower()
    text = _ONE_CHARACTER_RUN.sub(r"\1\1", text)
    text = _STUTTER.sub(r"\1", text)
    return _LONG_NUMBER.sub(LONG_NUMBER, text)


def aligned_form(text: str) -> str:
    """The text with half-width, simplified, lower-case characters, **position by position**.

    Entities are looked for here, so that their start and end hold in the text as it was written.
    """
    folded = "".join(_one_for_one(char) for char in text)
    plain = simplified(folded)
    return plain if len(plain) == len(text) else folded


def fluent_form(text: str) -> tuple[str, Sequence[int]]:
    """The aligned form without stutter and invisible characters, and where each character stands in `text`.

    `我要退退退款` reads as `我要退款`; of what is said again the last time counts, so that a quoted part of
    `text` is whole. Spoken digits are left alone: 八八八 is a number.
    """
    aligned = aligned_form(text)
    cuts = [match.span() for match in _SAID_AGAIN.finditer(aligned)]
    hidden = [
        i for i, char in enumerate(aligned) if not char.isascii() and unicodedata.category(char) == "Cf"
    ]
    if not cuts and not hidden:
        return aligned, range(len(aligned))
    dropped = {i for start, end in cuts for i in range(start, end)} | set(hidden)
    kept = [i for i in range(len(aligned)) if i not in dropped]
    return "".join(aligned[i] for i in kept), kept


@lru_cache(maxsize=4096)
def _one_for_one(char: str) -> str:
    folded = unicodedata.normalize("NFKC", char).lower()
    if len(folded) != 1:
        return char
    return " " if folded.isspace() else folded
