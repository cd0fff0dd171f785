"""Questions, statements and commands, each as a customer might write it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from care.rules.sentence_mood import Mood, find_mood

CASES = [
    tuple(line.split("\t"))
    for line in Path(__file__).with_name("mood_cases.tsv").read_text("utf-8").splitlines()
]


def test_there_are_many_cases_of_every_mood() -> None:
    moods = Counter(mood for mood, _ in CASES)
    assert sum(moods.values()) >= 150
    assert min(moods[mood.value] for mood in Mood) >= 40


@pytest.mark.parametrize(("mood", "text"), CASES)
def test_mood(mood: str, text: str) -> None:
    assert find_mood(text).value == mood


def test_the_last_clause_that_asks_or_demands_decides() -> None:
    assert find_mood("冰箱坏了,帮我登记,几点能来?") is Mood.QUESTION
    assert find_mood("几点能来?算了,帮我取消") is Mood.COMMAND
    assert find_mood("几点能来?我在家,谢谢") is Mood.QUESTION


def test_an_empty_text_states_nothing() -> None:
    assert find_mood("") is find_mood("  ") is find_mood("?") is Mood.STATEMENT


def test_full_width_signs_are_read_alike() -> None:
    assert find_mood("发货了？") is find_mood("发货了?") is Mood.QUESTION
