"""The trained model and the data it belongs to: named by a digest, so a stale one is never used by mistake."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

#: Everything a trained model depends on, relative to the project's root.
TRAINING_INPUTS = ("config.yml", "domain.yml", "data", "bot/nlu", "care/rules", "requirements.lock")
_SUFFIXES = {".yml", ".py", ".txt", ".tsv", ".lock", ".json", ".jsonl"}
#: Knowledge is searched, not learned: an edited answer needs no training.
_NOT_LEARNED = ("data/knowledge",)
_STARTING = re.compile(r"Starting to train component '([^']+)'")


class TrainingFailed(RuntimeError):
    """Rasa could not train; the text names the log that says why."""


def digest_of(root: Path) -> str:
    """Twelve hex digits over the names and contents of all that the model is made from."""
    digest = hashlib.sha256()
    for name in TRAINING_INPUTS:
        start = root / name
        files = [start] if start.is_file() else sorted(p for p in start.rglob("*") if p.suffix in _SUFFIXES)
        for file in files:
            relative = file.relative_to(root).as_posix()
            if not relative.startswith(_NOT_LEARNED):
                digest.update(relative.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def model_path(root: Path) -> Path:
    """Where the model of the present data lies, whether or not it was trained yet."""
    return root / "models" / f"zhike-{digest_of(root)}.tar.gz"


def rasa_environment(extra: dict[str, str] | None = None) -> dict[str, str]:
    """The environment for a quiet Rasa: no telemetry, no TensorFlow banner, one computing thread a core."""
    return {
        **os.environ,
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONWARNINGS": "ignore",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        **(extra or {}),
    }


async def train(root: Path, *, log: Path, on_step: Callable[[str], None] = lambda step: None) -> Path:
    """Trains the model of the present data with ``rasa train`` and returns its archive.

    `on_step` hears the name of each component as its training starts. The whole output goes
    to `log`. Archives of older data beyond the newest three are removed.

    Raises:
        TrainingFailed: Rasa ended with an error.
    """
    target = model_path(root)
    log.parent.mkdir(parents=True, exist_ok=True)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "rasa", "train", "--out", "models",
        "--fixed-model-name", target.name.removesuffix(".tar.gz"),
        cwd=root, env=rasa_environment(),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    with log.open("wb") as file:
        async for line in process.stdout:
            file.write(line)
            step = _STARTING.search(line.decode(errors="replace"))
            if step:
                on_step(step[1])
    if await process.wait() != 0 or not target.exists():
        raise TrainingFailed(f"训练没有完成，原因见 {log}")
    _forget_old(root / "models", keep=3)
    return target


def _forget_old(folder: Path, *, keep: int) -> None:
    archives = sorted(folder.glob("zhike-*.tar.gz"), key=lambda p: p.stat().st_mtime, reverse=True)
    for archive in archives[keep:]:
        archive.unlink(missing_ok=True)
