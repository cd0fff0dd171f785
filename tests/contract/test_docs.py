"""What the documents promise exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
COMMANDS = (
    "up", "train", "parse", "talk", "demo", "migrate", "staff", "doctor", "verify-log", "quality", "import", "export",
    "recompute",
)  # fmt: skip


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), f"{page.name} → {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_make_target_and_command_named_in_the_docs_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    text = page.read_text()
    assert set(re.findall(r"`make ([a-z]+)`", text)) <= targets
    known = {
        command.name or command.callback.__name__ for command in app.registered_commands if command.callback
    }
    known |= {group.name for group in app.registered_groups if group.name}
    assert set(re.findall(r"`zhike ([a-z-]+)", text)) <= known


@pytest.mark.parametrize("command", COMMANDS)
def test_every_promised_command_explains_itself(command: str) -> None:
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert re.search(r"[\u4e00-\u9fff]", result.output)


def test_wrong_use_ends_with_status_two() -> None:
    assert CliRunner().invoke(app, ["up", "--port", "many"]).exit_code == 2


def test_no_address_of_a_registry_stands_in_a_lock_file() -> None:
    locks = [
        *ROOT.glob("requirements*.lock"),
        ROOT / "ui/package-lock.json",
        ROOT / "tests/browser/package-lock.json",
    ]
    for lock in locks:
        assert not re.search(r'"resolved"|--index-url|^\s*https?://', lock.read_text(), re.M), lock.name
