"""Words by their sound: voice input and hasty typing write 美滴 for 美的 and 洗依机 for 洗衣机."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import product

from pypinyin import lazy_pinyin

#: Readings beside the first one of characters that stand in names of goods and brands.
_EXTRA = {"的": ("di",), "乐": ("yue",), "行": ("xing",), "重": ("chong",), "长": ("zhang",), "调": ("diao",)}


@lru_cache(maxsize=8192)
def syllable(char: str) -> str:
    """The toneless pinyin of one Chinese character; any other character unchanged."""
    return str(lazy_pinyin(char)[0])


def syllables(text: str) -> tuple[str, ...]:
    return tuple(map(syllable, text))


def _readings(word: str) -> list[tuple[str, ...]]:
    """Every way to say a word: 美的 is měi de to a machine and měi dí to its customers."""
    chars = [list(dict.fromkeys([syllable(char), *_EXTRA.get(char, ())])) for char in word]
    return list(product(*chars))


class SoundBook:
    """Chinese words of at least `shortest` characters by what they sound like."""

    def __init__(self, words: Iterable[str], *, shortest: int) -> None:
        self._words: dict[tuple[str, ...], str] = {}
        for word in words:
            if len(word) >= shortest and all("\u4e00" <= char <= "\u9fff" for char in word):
                for sound in _readings(word):
                    self._words.setdefault(sound, word)
        self.lengths = tuple(sorted({len(sound) for sound in self._words}, reverse=True))

    def meant(self, said: str) -> str | None:
        """The word that sounds like `said`; None if there is none."""
        return self._words.get(syllables(said))

    def latin(self) -> dict[str, str]:
        """The words by their pinyin in Latin letters: xiaomi, huawei."""
        return {"".join(sound): word for sound, word in self._words.items()}
