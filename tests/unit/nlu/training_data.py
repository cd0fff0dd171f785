"""The hand-written examples as `(text, intent, file)`."""

from __future__ import annotations

from pathlib import Path

from ruamel.yaml import YAML

FOLDER = Path(__file__).resolve().parents[3] / "data" / "nlu"


def examples() -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    for path in sorted(FOLDER.glob("*.yml")):
        for block in YAML(typ="safe").load(path.read_text(encoding="utf-8"))["nlu"]:
            found += [
                (line[2:].strip(), block["intent"], path.name)
                for line in block["examples"].splitlines()
                if line.startswith("- ")
            ]
    return found
