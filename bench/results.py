"""`bench/results.json`: one entry for each measurement, the latest run of each."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results.json"


def read_results(path: Path = RESULTS) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


def write_entry(name: str, data: dict[str, Any], path: Path = RESULTS) -> None:
    """Replaces the entry `name` and leaves the others as they are."""
    results = read_results(path)
    results[name] = {"measured_at": datetime.now(timezone.utc).isoformat(timespec="seconds"), **data}
    path.write_text(json.dumps(results, ensure_ascii=False, indent=2, sort_keys=True) + "\n")
