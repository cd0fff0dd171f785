"""The clerk's sentences: variants in ``wording*.yml``, chosen so that a repeated turn says the same."""

from __future__ import annotations

from collections.abc import Container
from functools import lru_cache
from pathlib import Path
from zlib import crc32

from ruamel.yaml import YAML

_FOLDER = Path(__file__).parent


@lru_cache(maxsize=1)
def sentences() -> dict[str, list[str]]:
    """Key → variants. Every key has at least one."""
    loaded = {
        key: value
        for path in sorted(_FOLDER.glob("wording*.yml"))
        for key, value in YAML(typ="safe").load(path.read_text(encoding="utf-8")).items()
    }
    return {key: [value] if isinstance(value, str) else list(value) for key, value in loaded.items()}


def say(key: str, seed: str, *, unlike: Container[str] = (), **values: object) -> str:
    """The variant of `key` that `seed` (the message's id) chooses, with `values` filled in.

    One that is in `unlike` is passed over as long as there is another.

    Raises:
        KeyError: no such sentence, or a value that it names is missing.
    """
    variants = sentences()[key]
    first = crc32(f"{seed}:{key}".encode()) % len(variants)
    texts = [variant.format(**values) for variant in (*variants[first:], *variants[:first])]
    return next((text for text in texts if text not in unlike), texts[0])
