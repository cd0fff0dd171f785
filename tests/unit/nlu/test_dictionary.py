"""The shop's words: read, copied, fingerprinted; and jieba with them."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from bot.nlu.dictionary import DictionaryError, content_fingerprint, copy_dictionary, load_dictionary
from bot.nlu.segmenter import shared_segmenter, words_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "dict"
    folder.mkdir()
    (folder / "products.txt").write_text("破壁机 20000 n\n电饭煲\n", encoding="utf-8")
    (folder / "aliases.tsv").write_text("电饭锅\t电饭煲\n", encoding="utf-8")
    return folder


def test_words_by_kind_and_proper_names(folder: Path) -> None:
    dictionary = load_dictionary(folder)
    assert dictionary.words == {"products": ("破壁机", "电饭煲")}
    assert dictionary.proper_name("电饭锅") == "电饭煲"
    assert dictionary.proper_name("破壁机") == "破壁机"


def test_a_changed_word_changes_the_fingerprint(folder: Path, tmp_path: Path) -> None:
    before = content_fingerprint(folder)
    copy_dictionary(folder, tmp_path / "copy")
    assert content_fingerprint(tmp_path / "copy") == before
    (folder / "products.txt").write_text("破壁机 20000 n\n电饭锅\n", encoding="utf-8")
    assert content_fingerprint(folder) != before


def test_a_broken_alias_is_named_with_its_line(folder: Path) -> None:
    (folder / "aliases.tsv").write_text("电饭锅\t电饭煲\n顺风 顺丰\n", encoding="utf-8")
    with pytest.raises(DictionaryError, match="第 2 行"):
        load_dictionary(folder)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DictionaryError, match="不存在"):
        load_dictionary(tmp_path / "none")


def test_the_segmenter_knows_the_shops_words_and_keeps_its_cache_private(tmp_path: Path) -> None:
    folder, cache = tmp_path / "dict", tmp_path / "cache"
    folder.mkdir()
    (folder / "products.txt").write_text("云雀降噪豆 20000 n\n", encoding="utf-8")
    segmenter = shared_segmenter(folder, cache)
    assert [word for word, _, _ in words_of(segmenter, "我的云雀降噪豆 坏了")] == [
        "我",
        "的",
        "云雀降噪豆",
        "坏",
        "了",
    ]
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    assert list(cache.iterdir())
    assert shared_segmenter(folder, cache) is segmenter
