"""The labelled messages that severity cues and emotions are learned from: `data/bearing/*.tsv`.

A line is a message, a tab and its labels; `## name` begins a block, `#` a comment. Lines of one block were
written in one sitting and resemble each other, so measuring keeps a block together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TypeVar

from care.rules.vocabulary import Cue, Emotion

CUES_FILE, EMOTION_FILE = "cues.tsv", "emotion.tsv"
_Label = TypeVar("_Label", bound=Enum)


class BearingDataError(ValueError):
    """A line of the labelled messages cannot be read; the text names file and line."""


@dataclass(frozen=True)
class CueLine:
    """A message, the severe things it states (none: an empty set) and the block it stands in."""

    text: str
    cues: frozenset[Cue]
    block: str


@dataclass(frozen=True)
class EmotionLine:
    """A message, how its writer feels and the block it stands in."""

    text: str
    emotion: Emotion
    block: str


def cue_lines(folder: Path) -> list[CueLine]:
    """Every line of `cues.tsv`.

    Raises:
        BearingDataError: the file is missing or a line is not `text TAB cue,cue`.
    """
    return [
        CueLine(text, frozenset(_label(Cue, name, path, at) for name in labels.split(",") if name), block)
        for path, at, text, labels, block in _lines(folder / CUES_FILE)
    ]


def emotion_lines(folder: Path) -> list[EmotionLine]:
    """Every line of `emotion.tsv`.

    Raises:
        BearingDataError: the file is missing or a line is not `text TAB emotion`.
    """
    return [
        EmotionLine(text, _label(Emotion, label, path, at), block)
        for path, at, text, label, block in _lines(folder / EMOTION_FILE)
    ]


def bearing_fingerprint(folder: Path) -> str:
    """Changes when any labelled line changes, so that Rasa's training cache notices."""
    digest = hashlib.sha256()
    for name in (CUES_FILE, EMOTION_FILE):
        path = folder / name
        digest.update(name.encode() + b"\0" + (path.read_bytes() if path.is_file() else b"") + b"\0")
    return digest.hexdigest()


def _lines(path: Path) -> Iterator[tuple[Path, int, str, str, str]]:
    if not path.is_file():
        raise BearingDataError(f"找不到标注数据 {path},请检查 config.yml 里的 data_path。")
    block = ""
    for at, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("## "):
            block = line[3:].strip()
        elif line.strip() and not line.startswith("#"):
            text, tab, labels = line.partition("\t")
            if not tab or not text.strip():
                raise BearingDataError(f"{path} 第 {at} 行不是“话 TAB 标签”:{line}")
            yield path, at, text, labels.strip(), block


def _label(kind: type[_Label], name: str, path: Path, at: int) -> _Label:
    try:
        return kind(name)
    except ValueError as error:
        raise BearingDataError(f"{path} 第 {at} 行的标签“{name}”不存在。") from error
