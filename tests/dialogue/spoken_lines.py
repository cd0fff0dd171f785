"""A visit's transcript as a page shows it: list items, and nobody's numbers in them."""

from __future__ import annotations

import re

from tests.dialogue.shoppers import Shopper

_BUTTONS = re.compile(r"((?: \[[^\]]+\])+)$")
_SPOKEN = str.maketrans("0123456789", "零一二三四五六七八九")
_TOKEN = re.compile(r"(?<=/api/me/export/)[\w-]{43}")


def page_lines(transcript: list[str], shopper: Shopper) -> list[str]:
    """One item for each line of `Visiting.transcript`."""
    return [_item(_anonymous(line, shopper)) for line in transcript]


def _item(line: str) -> str:
    """One bubble; its further lines stay in it."""
    if line.startswith("   （"):
        return f"- *{line.strip()}*"
    is_customer = line.startswith("客 ")
    text = line[2:] if is_customer else line.strip()
    buttons = None if is_customer else _BUTTONS.search(text)
    if buttons:
        text = f"{text[: buttons.start()]} `{buttons[1].strip()}`"
    text = text.replace("<", "⟨").replace(">", "⟩").replace("*", "\\*")
    return f"- **{'客户' if is_customer else '知客'}**　" + text.replace("\n", "  \n  ")


def _anonymous(line: str, shopper: Shopper) -> str:
    fixed = {
        shopper.phone: "13800000001",
        shopper.new_phone: "13900000002",
        f"{shopper.phone[:3]}****{shopper.phone[-4:]}": "138****0001",
        f"{shopper.new_phone[:3]}****{shopper.new_phone[-4:]}": "139****0002",
        shopper.foreign: "88120260999",
        **{number: f"8812026010{place}" for place, number in enumerate(shopper.numbers.values(), start=1)},
    }
    for real, shown in fixed.items():
        line = line.replace(real, shown).replace(real.translate(_SPOKEN), shown.translate(_SPOKEN))
    # Ends alone come last: they stand in whole numbers too.
    for real, shown in fixed.items():
        line = re.sub(rf"(?<!\d){re.escape(real[-4:])}(?!\d)", shown[-4:], line)
    line = re.sub(r"(?<!\d)(?!000000)\d{6}(?!\d)", "123456", line)
    return _TOKEN.sub("…", line)
