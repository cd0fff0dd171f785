"""jieba with the shop's words, in an instance of its own."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

import jieba

from bot.nlu.dictionary import word_files

jieba.setLogLevel(logging.WARNING)


def build_segmenter(dictionary: Path | None, cache_dir: Path | None = None) -> jieba.Tokenizer:
    """A warm segmenter: the first customer does not wait for it.

    jieba keeps its parsed word list in a shared, guessable file of the system's temporary folder,
    and loads it with `marshal`: whoever writes there first decides what we run. So the cache gets a
    folder that only we can write.
    """
    segmenter = jieba.Tokenizer()
    segmenter.tmp_dir = str(_private(cache_dir))
    segmenter.initialize()
    for path in word_files(dictionary) if dictionary else ():
        with path.open("rb") as words:
            segmenter.load_userdict(words)
    return segmenter


def words_of(segmenter: jieba.Tokenizer, text: str) -> list[tuple[str, int, int]]:
    """`(word, start, end)` of every word that is not white space."""
    return [(word, start, end) for word, start, end in segmenter.tokenize(text) if not word.isspace()]


def _private(cache_dir: Path | None) -> Path:
    if cache_dir is None:
        return Path(tempfile.mkdtemp(prefix="zhike-jieba-"))
    cache_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return cache_dir
