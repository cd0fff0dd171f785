"""The one way a customer's text is cleaned before it is stored or understood."""

from __future__ import annotations

import re
import unicodedata

_ZERO_WIDTH_JOINER = "\u200d"
_VARIATION_SELECTOR = "\ufe0f"
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")  # letters by category, invisible to people
_SLASHES = "/\uff0f\u2044\u2215\u29f8"
#: Looks like a slash, survives NFKC, and is not Rasa's prefix for a typed intent.
_HARMLESS_SLASH = "\u2215"
_LEADING_SLASHES = re.compile(rf"^\s*[{_SLASHES}]+")


def normalise(text: str, *, keep_lines: bool = False) -> str:
    """NFKC, without control, zero-width and half-surrogate characters, white space collapsed and trimmed.

    Args:
        text: anything a client sent.
        keep_lines: keep single line breaks (for a transcript) instead of turning them into spaces.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    text = unicodedata.normalize("NFKC", _without_invisible(text))
    if keep_lines:
        lines = (" ".join(line.split()) for line in text.split("\n"))
        return "\n".join(line for line in lines if line)
    return " ".join(text.split())


def neutralise_slash(text: str) -> str:
    """`text` that Rasa reads as words: a leading slash would make it a typed intent or `/restart`.

    The sign at the start is replaced by one that looks alike; everything else stays. Apply it
    after `normalise`, because NFKC turns a full-width slash into a plain one.
    """
    return _LEADING_SLASHES.sub(lambda m: _HARMLESS_SLASH * len(m.group().strip()), text)


def _without_invisible(text: str) -> str:
    kept: list[str] = []
    for index, char in enumerate(text):
        if char in _BLANK_LETTERS:
            continue
        category = unicodedata.category(char)
        if char == _ZERO_WIDTH_JOINER:
            if _joins_emoji(text, index):
                kept.append(char)
        elif category == "Cc":
            if char.isspace():
                kept.append("\n" if char == "\n" else " ")
        elif category not in ("Cf", "Cs"):
            kept.append(char)
    return "".join(kept)


def _joins_emoji(text: str, index: int) -> bool:
    """A joiner inside 👨‍👩‍👧 stays, or the picture falls apart; anywhere else it only hides something."""
    if not 0 < index < len(text) - 1:
        return False
    before, after = text[index - 1], text[index + 1]
    return (
        before == _VARIATION_SELECTOR or unicodedata.category(before) in ("So", "Sk")
    ) and unicodedata.category(after) == "So"
