"""The words of the message being read, cut once for all finders."""

from __future__ import annotations

import jieba

from bot.nlu.segmenter import words_of

#: What a thing is made of, looks like or is for: 皮沙发, 白袜子, 男手表.
_OF_WHAT = frozenset("皮布木铁铜金银白黑红蓝绿灰粉紫大小新旧男女童电")


class Words:
    """jieba's words of one text with their borders."""

    def __init__(self, text: str, segmenter: jieba.Tokenizer) -> None:
        self.all = words_of(segmenter, text)
        # jieba makes words up from rare neighbours (书买错, 床晃); they are no reason to overlook 书 and 床.
        invented = [
            p for said, start, end in self.all if said not in segmenter.FREQ for p in range(start, end)
        ]
        self.starts = frozenset([start for _, start, _ in self.all] + invented)
        self.ends = frozenset([end for _, _, end in self.all] + [position + 1 for position in invented])

    def are_whole(self, start: int, end: int) -> bool:
        """Whether `start` to `end` cuts no word: 手机 in 手机号 does."""
        return start in self.starts and end in self.ends

    def ends_noun(self, start: int, end: int) -> bool:
        """Whether `start` to `end` is the head of one longer word: 沙发 in 皮沙发."""
        return any(
            begin == start - 1 and stop == end and word[0] in _OF_WHAT for word, begin, stop in self.all
        )


class WordCutter:
    """Cuts a text into words; the finders ask for the same text one after the other."""

    def __init__(self, segmenter: jieba.Tokenizer) -> None:
        self._segmenter = segmenter
        self._text: str | None = None
        self._words: Words | None = None

    def __call__(self, text: str) -> Words:
        if self._words is None or text != self._text:
            self._text, self._words = text, Words(text, self._segmenter)
        return self._words
