"""The clerk's sentences: variants in ``wording.yml``, chosen so that a repeated turn says the same."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from zlib import crc32

from ruamel.yaml import YAML

_FILE = Path(__file__).with_name("wording.yml")


@lru_cache(maxsize=1)
def sentences() -> dict[str, list[str]]:
    """Key → variants. Every key has at least one."""
    loaded = YAML(typ="safe").load(_FILE.read_text(encoding="utf-8"))
    return {key: [value] if isinstance(value, str) else list(value) for key, value in loaded.items()}


def say(key: str, seed: str, **values: object) -> str:
    """The variant of `key` that `seed` (the message's id) chooses, with `values` filled in.

    Raises:
        KeyError: no such sentence, or a value that it names is missing.
    """
    variants = sentences()[key]
    return variants[crc32(f"{seed}:{key}".encode()) % len(variants)].format(**values)
