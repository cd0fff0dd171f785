"""The shop's words beside its entries: products that a question may name, and words of one meaning.

`subjects.tsv` and `synonyms.tsv` in the folder of the entries; in each line the first word stands for all
of them. Both files may be missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from care.rules.text import normalise

SUBJECTS_FILE = "subjects.tsv"
SYNONYMS_FILE = "synonyms.tsv"
#: A question of less than this without its product would say nothing at all.
_LEAST_LEFT = 2


@dataclass(frozen=True)
class WordTable:
    """Finds words and says which word each stands for; the longest word wins."""

    meaning: Mapping[str, str]
    pattern: re.Pattern[str] | None

    @classmethod
    def of(cls, rows: Iterable[Iterable[str]]) -> WordTable:
        meaning: dict[str, str] = {}
        for row in rows:
            words = [normalise(word).lower() for word in row if word.strip()]
            for word in words:
                meaning.setdefault(word, words[0])
        longest_first = sorted(meaning, key=len, reverse=True)
        return cls(meaning, re.compile("|".join(map(re.escape, longest_first))) if meaning else None)

    @classmethod
    def read(cls, path: Path) -> WordTable:
        lines = path.read_text("utf-8-sig").splitlines() if path.exists() else []
        return cls.of(line.split("\t") for line in lines if not line.startswith("#"))

    def found_in(self, text: str) -> frozenset[str]:
        if self.pattern is None:
            return frozenset()
        return frozenset(self.meaning[match] for match in self.pattern.findall(text))

    def rewritten(self, text: str) -> str:
        return text if self.pattern is None else self.pattern.sub(lambda m: self.meaning[m.group()], text)

    def without(self, text: str) -> str:
        return text if self.pattern is None else self.pattern.sub(" ", text)


@dataclass(frozen=True)
class ShopWords:
    """How a question is read before it is compared."""

    subjects: WordTable
    synonyms: WordTable

    @classmethod
    def read(cls, folder: Path) -> ShopWords:
        return cls(WordTable.read(folder / SUBJECTS_FILE), WordTable.read(folder / SYNONYMS_FILE))

    @classmethod
    def none(cls) -> ShopWords:
        return cls(WordTable.of(()), WordTable.of(()))

    def compared(self, plain: str) -> str:
        """`plain` in words of one meaning, without the products it names.

        What is asked must match, not the product: “咖啡机能用胶囊吗” is not answered by the one entry
        that speaks of 咖啡机. Whether the product fits is decided apart, see `subjects`.
        """
        left = self.subjects.without(plain)
        kept = left if sum(not c.isspace() for c in left) >= _LEAST_LEFT else plain
        return self.synonyms.rewritten(kept)
