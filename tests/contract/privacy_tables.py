"""The tables of docs/privacy.md, made from the rules. `python -m tests.contract.privacy_tables` writes them anew."""

from __future__ import annotations

import re
from pathlib import Path

from care.rules import field_access
from care.rules.retention import KEEPING, Kept, days_in_words
from care.rules.vocabulary import Role
from care.services.erasure_rows import TREATMENT

PAGE = Path(__file__).resolve().parents[2] / "docs" / "privacy.md"


def tables() -> dict[str, str]:
    """Name of the mark in the page → its table in Markdown."""
    return {
        "matrix": _table(
            ("datum", "资料", *(role.label for role in Role)),
            [(f"`{datum}`", name, *roles) for datum, name, roles in field_access.matrix()],
        ),
        "keeping": _table(
            ("资料", "保存", "可设为", "用途", "依据", "为什么"),
            [
                (
                    kind.label,
                    days_in_words(keeping.days),
                    f"{keeping.at_least}–{keeping.at_most} 天" if keeping.is_swept else "不可设置",
                    keeping.purpose,
                    keeping.legal_basis.label,
                    keeping.why,
                )
                for kind, keeping in ((kind, KEEPING[kind]) for kind in Kept)
            ],
        ),
        "deletion": _table(("table", "删除时"), [(f"`{name}`", what) for name, what in TREATMENT.items()]),
    }


def written(text: str) -> str:
    """The page with every marked table as the rules have it now."""
    for name, table in tables().items():
        mark = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.S)
        text = mark.sub(lambda found, table=table: f"{found[1]}{table}{found[2]}", text)  # type: ignore[misc]
    return text


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
