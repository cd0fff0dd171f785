"""Tables of docs/understanding.md, each between two comments that name it."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "understanding.md"


def replace_block(name: str, text: str, page: Path = PAGE) -> None:
    """Puts `text` between ``<!-- name -->`` and ``<!-- /name -->``.

    Raises:
        ValueError: the page has no such place.
    """
    written = page.read_text(encoding="utf-8")
    place = re.compile(rf"(<!-- {re.escape(name)} -->\n).*?(<!-- /{re.escape(name)} -->)", re.DOTALL)
    if not place.search(written):
        raise ValueError(f"{page.name} has no place for {name}")
    page.write_text(place.sub(lambda found: f"{found[1]}{text}\n{found[2]}", written), encoding="utf-8")
