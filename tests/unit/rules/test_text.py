from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from care.rules.text import neutralise_slash, normalise, tidy


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  你好  \t 世界 ", "你好 世界"),
        ("１２３ＡＢＣ", "123ABC"),
        ("订单\u200b号\ufeff8812\u00ad", "订单号8812"),
        ("a\x00b\x1bc\x07", "abc"),
        ("第一行\r\n第二行", "第一行 第二行"),
        ("\u202e反着写", "反着写"),
        ("\ud800坏的", "坏的"),
        ("\u3164\u2800 ", ""),
        ("", ""),
    ],
)
def test_text_is_cleaned_for_storing_and_understanding(raw: str, clean: str) -> None:
    assert normalise(raw) == clean


def test_lines_are_kept_when_asked_for() -> None:
    assert normalise(" 一 \r\n\n 二\u2028三 ", keep_lines=True) == "一\n二\n三"


def test_a_joined_emoji_stays_whole_but_a_joiner_hides_nothing() -> None:
    assert normalise("👨\u200d👩\u200d👧") == "👨\u200d👩\u200d👧"
    assert normalise("骗\u200d子") == "骗子"


def test_what_people_read_again_keeps_their_own_punctuation() -> None:
    assert tidy("真的吗？（我不信），“算了”！") == "真的吗？（我不信），“算了”！"
    assert tidy("单号８８１２") == "单号8812"
    assert normalise("真的吗？（我不信）") == "真的吗?(我不信)"


@pytest.mark.parametrize("clean", [normalise, tidy])
@given(text=st.text())
def test_cleaning_twice_changes_nothing(clean: Callable[[str], str], text: str) -> None:
    once = clean(text)
    assert clean(once) == once


@given(st.text())
def test_clean_text_can_be_stored_as_utf8_in_one_line(text: str) -> None:
    clean = normalise(text)
    assert clean.encode("utf-8").decode("utf-8") == clean
    assert "\n" not in clean
    assert "\x00" not in clean
    assert clean == clean.strip()


@pytest.mark.parametrize("typed", ["/restart", '/inform{"a":1}', "／restart", " //restart", "⁄restart"])
def test_a_typed_command_is_plain_text(typed: str) -> None:
    assert not neutralise_slash(normalise(typed)).lstrip().startswith("/")
    assert "restart" in neutralise_slash(typed) or "inform" in neutralise_slash(typed)


def test_only_a_leading_slash_is_touched() -> None:
    assert neutralise_slash("1/2 的价格") == "1/2 的价格"


@given(st.text())
def test_no_text_at_all_remains_a_command(text: str) -> None:
    safe = neutralise_slash(normalise(text))
    assert not safe.strip().startswith("/")
    assert not normalise(safe).startswith("/")
