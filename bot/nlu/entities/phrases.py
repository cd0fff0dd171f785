"""Many fixed phrases looked up in a text at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator


class PhraseBook:
    """Words of the dictionary; at every position the longest one counts.

    A pattern of thousands of alternatives would try each of them at each position; here the first two
    characters name the few that can begin there.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words = frozenset(word for word in words if word)
        lengths: dict[str, set[int]] = {}
        for word in self._words:
            lengths.setdefault(word[:2], set()).add(len(word))
        self._lengths = {start: sorted(known, reverse=True) for start, known in lengths.items()}

    def __contains__(self, word: str) -> bool:
        return word in self._words

    def at(self, text: str, start: int) -> int:
        """The end of the longest phrase that begins at `start`; `start` itself where none does."""
        return next(self._ends(text, start), start)

    def spans(
        self, text: str, accept: Callable[[int, int], bool] = lambda start, end: True
    ) -> Iterator[tuple[int, int]]:
        """`(start, end)` of the phrases from left to right; none overlaps another.

        At every position the longest phrase that `accept` lets pass counts: 电视 in 电视|机顶盒, though
        电视机 is a phrase too.
        """
        position = 0
        while position < len(text):
            end = next((end for end in self._ends(text, position) if accept(position, end)), position)
            if end > position:
                yield position, end
                position = end
            else:
                position += 1

    def _ends(self, text: str, start: int) -> Iterator[int]:
        """Where the phrases that begin at `start` end, the longest first."""
        for beginning in (text[start : start + 2], text[start : start + 1]):
            for length in self._lengths.get(beginning, ()):
                if start + length <= len(text) and text[start : start + length] in self._words:
                    yield start + length
