"""docs/privacy.md says what the rules do: who sees what, how long each thing is kept, what a deletion leaves."""

from __future__ import annotations

from tests.contract.privacy_tables import PAGE, tables, written


def test_the_tables_of_the_page_are_those_of_the_rules() -> None:
    """After a change of the rules: `python -m tests.contract.privacy_tables`."""
    text = PAGE.read_text(encoding="utf-8")
    for name in tables():
        assert f"<!-- {name} -->" in text
        assert f"<!-- /{name} -->" in text
    assert written(text) == text


def test_a_changed_table_would_be_seen() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert written(text.replace("| 账户存续期间 |", "| 永远 |", 1)) == text
