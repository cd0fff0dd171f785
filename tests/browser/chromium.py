"""Finds a real Chromium: the machine's own, or the one that a pinned npm package unpacks."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent.parent
#: Without a zygote and a sandbox it also runs as root in a container. Each test has a context of
#: its own, and with --single-process the first context that closes takes the browser with it.
ARGUMENTS = ("--headless=shell", "--no-sandbox", "--no-zygote")

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_WHERE = "import c from '@sparticuz/chromium'; console.log(await c.executablePath())"


@cache
def find_chromium() -> str | None:
    """Path of the program, or None where there is neither a browser nor Node with the package."""
    for name in _NAMES:
        if found := shutil.which(name):
            return found
    if not (FOLDER / "node_modules" / "@sparticuz").is_dir():
        return None
    node = subprocess.run(
        [ROOT / "deploy" / "bring-node"], check=True, capture_output=True, text=True
    ).stdout.strip()
    unpacked = subprocess.run(
        ["node", "--input-type=module", "-e", _WHERE],
        cwd=FOLDER,
        env={**os.environ, "PATH": f"{node}:{os.environ['PATH']}" if node else os.environ["PATH"]},
        check=True,
        capture_output=True,
        text=True,
    )
    return unpacked.stdout.strip()


def axe_source() -> str | None:
    """The accessibility checker's script, or None when it is not installed."""
    script = FOLDER / "node_modules" / "axe-core" / "axe.min.js"
    return script.read_text(encoding="utf-8") if script.is_file() else None
