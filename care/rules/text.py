"""The two ways a text is cleaned: `tidy` before it is stored, `normalise` before it is understood."""

from __future__ import annotations

import re
import unicodedata

_ZERO_WIDTH_JOINER = "\u200d"
_VARIATION_SELECTOR = "\ufe0f"
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")  # letters by category, invisible to people
_SLASHES = "/\uff0f\u2044\u2215\u29f8"
#: Looks like a slash, survives NFKC, and is not Rasa's prefix for a typed intent.
_HARMLESS_SLASH = "\u2215"
#: Full-width ０-９ Ａ-Ｚ ａ-ｚ → ASCII; full-width punctuation is our language and stays.
_PLAIN_LETTERS = {
    wide: wide - 0xFEE0
    for start, end in ((0xFF10, 0xFF19), (0xFF21, 0xFF3A), (0xFF41, 0xFF5A))
    for wide in range(start, end + 1)
}
_LEADING_SLASHES = re.compile(rf"^\s*[{_SLASHES}]+")


def tidy(text: str, *, keep_lines: bool = False) -> str:
    """What somebody wrote, as people should read it again: their own punctuation and wording stay.

    Canonical composition (NFC), full-width letters and digits made plain (so that numbers are
    found and masked), no control, zero-width or half-surrogate characters, white space collapsed
    and trimmed.

    Args:
        text: anything a client sent.
        keep_lines: keep single line breaks (for a transcript) instead of turning them into spaces.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    text = unicodedata.normalize("NFC", _without_invisible(text)).translate(_PLAIN_LETTERS)
    if keep_lines:
        lines = (" ".join(line.split()) for line in text.split("\n"))
        return "\n".join(line for line in lines if line)
    return " ".join(text.split())


def normalise(text: str, *, keep_lines: bool = False) -> str:
    """`tidy`, and every compatibility form folded (NFKC): for understanding and comparing, not for reading."""
    return tidy(unicodedata.normalize("NFKC", _without_invisible(text)), keep_lines=keep_lines)


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
