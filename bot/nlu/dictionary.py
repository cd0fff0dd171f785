"""The shop's words: `data/dict/*.txt` in jieba's format (`word [frequency] [tag]`), a file per kind.

`products.txt`, `carriers.txt` and `places.txt` also name entities; `aliases.tsv` says how a spoken word is
properly called. All of it is data of the shop; the code knows only the files' names.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

ALIASES = "aliases.tsv"


class DictionaryError(ValueError):
    """A line of the shop's dictionary cannot be read; the text names file and line."""


@dataclass(frozen=True)
class Dictionary:
    """Words by kind (the file's name without ending) and proper names by spoken word, in aligned form."""

    words: dict[str, tuple[str, ...]]
    aliases: dict[str, str]

    def proper_name(self, spoken: str) -> str:
        return self.aliases.get(spoken, spoken)


def load_dictionary(folder: Path) -> Dictionary:
    """Reads a dictionary folder.

    Raises:
        DictionaryError: the folder is missing or a line of `aliases.tsv` has no tab.
    """
    if not folder.is_dir():
        raise DictionaryError(f"词典目录不存在:{folder}")
    words = {path.stem: _first_words(path) for path in sorted(folder.glob("*.txt"))}
    return Dictionary(words, _aliases(folder / ALIASES))


def word_files(folder: Path) -> list[Path]:
    """The files that jieba reads, in a fixed order."""
    return sorted(folder.glob("*.txt"))


def content_fingerprint(folder: Path) -> str:
    """Changes when any word changes, so that Rasa's training cache notices."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.is_file():
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def copy_dictionary(source: Path, target: Path) -> None:
    """The files of one dictionary folder into another folder (a trained model's)."""
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.iterdir()):
        if path.is_file():
            shutil.copyfile(path, target / path.name)


def _first_words(path: Path) -> tuple[str, ...]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return tuple(dict.fromkeys(line.split()[0].lower() for line in lines if line.strip()))


def _aliases(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    aliases: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        spoken, tab, proper = line.partition("\t")
        if not tab or not spoken.strip() or not proper.strip():
            raise DictionaryError(f"{path.name} 第 {number} 行应为「口语说法<制表符>正式名称」:{line!r}")
        aliases[spoken.strip().lower()] = proper.strip()
    return aliases
