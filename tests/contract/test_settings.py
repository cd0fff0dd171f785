"""docs/settings.md and care/settings.py name the same settings, and nothing else reads the environment."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from care.settings import SettingsError, load_settings

ROOT = Path(__file__).resolve().parents[2]
#: These hand the environment on to child processes; they take no setting from it.
PASSES_ENVIRONMENT_ON = {"bot/up/model.py", "bot/dialogue/server.py"}


def settings_read() -> set[str]:
    source = (ROOT / "care/settings.py").read_text()
    return {f"ZHIKE_{name}" for name in re.findall(r'(?:text|maybe)\("([A-Z_]+)"', source)}


def test_every_setting_is_documented_and_nothing_else_is() -> None:
    documented = set(re.findall(r"^\| `(ZHIKE_[A-Z_]+)`", (ROOT / "docs/settings.md").read_text(), re.M))
    assert documented == settings_read()


def test_only_the_settings_module_reads_the_environment() -> None:
    readers = set()
    for package in ("care", "bot", "actions"):
        for file in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}:
                    readers.add(file.relative_to(ROOT).as_posix())
    assert readers - PASSES_ENVIRONMENT_ON == {"care/settings.py"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ZHIKE_PORT", "http"),
        ("ZHIKE_PORT", "70000"),
        ("ZHIKE_DATABASE_URL", "mysql://root@localhost/zhike"),
        ("ZHIKE_DEMO", "maybe"),
        ("ZHIKE_SMS", "pigeon"),
        ("ZHIKE_LOG", "xml"),
        ("ZHIKE_ORDER_SYSTEM", "excel"),
    ],
)
def test_an_unusable_value_is_named_in_the_error(name: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=name):
        load_settings({name: value, "ZHIKE_VAR_DIR": str(tmp_path)}, root=tmp_path)


def test_the_secret_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    first = load_settings({}, root=tmp_path).secret_key
    assert load_settings({}, root=tmp_path).secret_key == first
    assert (tmp_path / "var/secret_key").stat().st_mode & 0o077 == 0
    assert len(first) >= 48


def test_demo_data_are_the_default_only_with_the_embedded_database(tmp_path: Path) -> None:
    assert load_settings({}, root=tmp_path).demo
    assert not load_settings({"ZHIKE_DATABASE_URL": "postgresql://u:p@h/d"}, root=tmp_path).demo
