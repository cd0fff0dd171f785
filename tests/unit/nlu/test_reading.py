"""The forms in which a text is read, and where it is cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.nlu.clauses import clause_spans
from bot.nlu.reading import aligned_form, fluent_form, reading_form


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("我想問一下運費", "我想问一下运费"),
        ("那个那个我想问一下", "那个我想问一下"),
        ("转人工转人工转人工", "转人工"),
        ("急急急急急", "急急"),
        ("ＷＩＦＩ连不上", "wifi连不上"),
        ("订单88120231105到哪了", "订单№到哪了"),
        ("881 2023 1105", "№"),
        ("YT8801937745120", "№"),
        ("我买了2台\n要3号到", "我买了2台 要3号到"),
        ("退\u200b款", "退款"),
        ("   ", ""),
    ],
)
def test_reading_form(written: str, read: str) -> None:
    assert reading_form(written) == read


def test_short_numbers_stay_because_they_mean_something() -> None:
    assert reading_form("12315") == "12315"


@given(st.text(max_size=60))
def test_the_aligned_form_keeps_every_position(text: str) -> None:
    assert len(aligned_form(text)) == len(text)


@pytest.mark.parametrize(
    ("written", "fluent"),
    [
        ("我要退退退款", "我要退款"),
        ("那个那个洗衣机,洗衣机不转了", "那个洗衣机不转了"),
        ("退\u200b款吧", "退款吧"),
        ("三天三天又三天", "三天三天又三天"),
        ("八八八一二零", "八八八一二零"),
        ("888888", "888888"),
        ("妈妈说等等", "妈妈说等等"),
        ("我想買電視", "我想买电视"),
    ],
)
def test_the_fluent_form_has_no_stutter_and_knows_where_it_came_from(written: str, fluent: str) -> None:
    form, places = fluent_form(written)
    assert form == fluent
    assert [aligned_form(written)[place] for place in places] == list(form)


@given(st.text(alphabet="退款我要那个 ,\u200b一八aA８電", max_size=40))
def test_the_fluent_form_keeps_the_order(text: str) -> None:
    form, places = fluent_form(text)
    assert len(form) == len(places)
    assert list(places) == sorted(set(places))


@example("0000000")
@given(st.text(max_size=60))
def test_reading_a_reading_changes_little_and_never_fails(text: str) -> None:
    assert len(reading_form(reading_form(text))) <= len(reading_form(text))


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("你好,我要退货", ["你好,我要退货"]),
        ("我要退货,顺便问下双十一还降吗", ["我要退货", "顺便问下双十一还降吗"]),
        ("怎么还没到 都五天了", ["怎么还没到", "都五天了"]),
        ("改下地址另外发票也要", ["改下地址", "另外发票也要"]),
        ("好", ["好"]),
        ("", []),
    ],
)
def test_clauses(text: str, clauses: list[str]) -> None:
    assert [text[start:end] for start, end in clause_spans(text)] == clauses


def test_a_number_written_with_spaces_stays_in_one_clause() -> None:
    text = "单号 881 2023 1105 查一下到哪"
    whole = (3, 16)
    assert [text[a:b] for a, b in clause_spans(text, [whole])] == ["单号 881 2023 1105", "查一下到哪"]


@given(st.text(max_size=60))
def test_clauses_lie_in_order_within_the_text(text: str) -> None:
    spans = clause_spans(text)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(first[1] <= second[0] for first, second in pairwise(spans))
