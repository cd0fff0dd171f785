"""jieba with the shop's words, in an instance of its own."""

from __future__ import annotations

import logging
from pathlib import Path

import jieba

from bot.nlu.dictionary import content_fingerprint, word_files

jieba.setLogLevel(logging.WARNING)

_warm: dict[str, jieba.Tokenizer] = {}


def shared_segmenter(dictionary: Path, cache_dir: Path) -> jieba.Tokenizer:
    """A warm segmenter: the first customer does not wait for it.

    Components with the same words share one, since each holds some 350,000 words in memory.

    jieba keeps its parsed word list in a guessable file of the system's temporary folder and reads
    it with `marshal`: whoever writes there first decides what we run. So that file gets `cache_dir`,
    where only we write.
    """
    fingerprint = content_fingerprint(dictionary)
    if fingerprint not in _warm:
        _warm.clear()
        _warm[fingerprint] = _build(dictionary, cache_dir)
    return _warm[fingerprint]


def words_of(segmenter: jieba.Tokenizer, text: str) -> list[tuple[str, int, int]]:
    """`(word, start, end)` of every word that is not white space."""
    return [(word, start, end) for word, start, end in segmenter.tokenize(text) if not word.isspace()]


def _build(dictionary: Path, cache_dir: Path) -> jieba.Tokenizer:
    cache_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    segmenter = jieba.Tokenizer()
    segmenter.tmp_dir = str(cache_dir)
    segmenter.initialize()
    for path in word_files(dictionary):
        with path.open("rb") as words:
            segmenter.load_userdict(words)
    return segmenter
