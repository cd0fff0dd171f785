"""`python -m tests.dialogue.transcripts`: plays the twelve difficult visits and writes what was said into docs/talk.md."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bot.chores import host_page_token
from care.rules.masking import mask_phone
from care.services.context import open_care
from care.settings import ROOT
from tests.dialogue.shoppers import USUAL, Shopper, new_shopper
from tests.dialogue.visiting import Visiting, load_visits
from tests.live.customer import customer
from tests.live.system import LiveSystem, live_system_in

PAGE = ROOT / "docs" / "talk.md"
FILE = "transcripts"
_INTRODUCTION = """\
# What a conversation sounds like

Twelve difficult visits, word for word as the demo shop's bot answered them. They are tests
(`tests/dialogue/visits/transcripts.yml`); this page is written by `python -m tests.dialogue.transcripts`, never by
hand. Numbers, codes and phones are replaced by fixed ones. In brackets: buttons; in angle brackets: cards;
nothing is said by the bot once a person is called. What a customer is told by itself, when a colleague has done
something with the case, stands as 通知.
"""
_BUTTONS = re.compile(r"((?: \[[^\]]+\])+)$")


def transcript_visits() -> list[dict[str, Any]]:
    return [visit for visit in load_visits() if visit["file"] == FILE]


async def play(system: LiveSystem) -> list[tuple[str, list[str]]]:
    """Each visit's name and its lines. Raises `GoalMissed` for a visit that does not reach its goal."""
    pages = []
    async with open_care(system.settings) as care:
        for visit in transcript_visits():
            shopper = await new_shopper(care, tuple(visit.get("orders", USUAL)))
            is_signed = visit.get("as") == "signed"
            identity = await host_page_token(system.settings, shopper.phone) if is_signed else None
            async with customer(system.base_url, identity=identity) as tab:
                visiting = Visiting(care, tab, shopper, system.code)
                await visiting.run(visit)
            pages.append((visit["visit"], [_anonymous(line, shopper) for line in visiting.transcript]))
    return pages


def page_of(pages: Iterable[tuple[str, list[str]]]) -> str:
    """The whole page in Markdown."""
    parts = [_INTRODUCTION]
    for name, lines in pages:
        parts.append(f"\n## {name}\n\n" + "\n".join(_spoken(line) for line in lines) + "\n")
    return "".join(parts)


def _spoken(line: str) -> str:
    """One bubble as a list item; its further lines stay in it."""
    if line.startswith("   （"):
        return f"- *{line.strip()}*"
    if line.startswith("  * "):
        return f"- **通知**　{line[4:]}"
    is_customer = line.startswith("客 ")
    text = line[2:] if is_customer else line.strip()
    buttons = _BUTTONS.search(text)
    if buttons and not is_customer:
        text = f"{text[: buttons.start()]} `{buttons[1].strip()}`"
    text = text.replace("<", "⟨").replace(">", "⟩").replace("*", "\\*")
    return f"- **{'客户' if is_customer else '知客'}**　" + text.replace("\n", "  \n  ")


def _anonymous(line: str, shopper: Shopper) -> str:
    fixed: Mapping[str, str] = {
        mask_phone(shopper.phone): "138****0001",
        shopper.phone: "13800000001",
        shopper.foreign: "88120260999",
        **{number: f"8812026010{place}" for place, number in enumerate(shopper.numbers.values(), start=1)},
    }
    for real, shown in fixed.items():
        line = line.replace(real, shown)
        spoken = str.maketrans("0123456789", "零一二三四五六七八九")
        line = line.replace(real.translate(spoken), shown.translate(spoken))
        line = re.sub(rf"(?<!\d){re.escape(real[-4:])}(?!\d)", shown[-4:], line)
    return re.sub(r"(?<!\d)(?!000000)\d{6}(?!\d)", "123456", line)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="zhike-talk-") as folder, live_system_in(Path(folder)) as system:
        PAGE.write_text(page_of(asyncio.run(play(system))), "utf-8")
    print(f"{PAGE.relative_to(ROOT)} written")


if __name__ == "__main__":
    main()
