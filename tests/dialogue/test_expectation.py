"""By when a customer expects an answer: found in a story, and told as a moment where it can be."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from actions import expectation
from care.rules.times import SHANGHAI

#: Tuesday 24 November 2026, 10:00.
NOW = datetime(2026, 11, 24, 10, tzinfo=SHANGHAI)


def dated(text: str, value: str) -> list[dict[str, Any]]:
    return [{"entity": "date", "text": text, "value": value}]


def at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI)


def is_workday(day: date) -> bool:
    return day.weekday() < 5


@pytest.mark.parametrize(
    ("text", "said", "value", "moment"),
    [
        ("今天", "今天", "2026-11-24", at(11, 24, 18)),
        ("今天晚上", "今天晚上", "2026-11-24", at(11, 24, 22)),
        ("明天之前", "明天", "2026-11-25", at(11, 25, 18)),
        ("三天内", "三天内", "P3D", at(11, 27, 18)),
        ("三个工作日", "三个工作日", "P3D", at(11, 27, 18)),
        ("五个工作日", "五个工作日", "P5D", at(12, 1, 18)),
        ("24小时内", "24小时内", "PT24H", at(11, 25, 10)),
        ("半小时内", "半小时内", "半小时内", at(11, 24, 10, 30)),
        ("周一", "周一", "2026-11-23", at(11, 30, 18)),
        ("周末之前", "周末", "2026-11-28/2026-11-29", at(11, 29, 18)),
        ("明天晚上八点前", "明天晚上八点", "2026-11-25T20:00", at(11, 25, 20)),
        ("月底", "月底", "月底", at(11, 30, 18)),
    ],
)
def test_a_time_that_can_be_told(text: str, said: str, value: str, moment: datetime) -> None:
    found = expectation.expected_at(text, dated(said, value), NOW, is_workday=is_workday)
    assert found == moment


def test_today_after_work_is_the_end_of_today() -> None:
    late = NOW.replace(hour=20)
    found = expectation.expected_at("今天", dated("今天", "2026-11-24"), late, is_workday=is_workday)
    assert found == datetime(2026, 11, 24, 23, 59, tzinfo=SHANGHAI)


@pytest.mark.parametrize("text", ["越快越好", "无所谓", "随便"])
def test_what_names_no_time_has_none(text: str) -> None:
    assert expectation.expected_at(text, [], NOW, is_workday=is_workday) is None


def test_what_has_passed_is_no_expectation() -> None:
    found = expectation.expected_at(
        "今天9点", dated("今天9点", "2026-11-24T09:00"), NOW, is_workday=is_workday
    )
    assert found is None


@pytest.mark.parametrize(
    ("text", "said", "clause"),
    [
        ("用了三天就漏水,我要求退款,明天之前给我答复", "明天", "明天之前给我答复"),
        ("给我换一台,三天内送到", "三天内", "三天内送到"),
        ("今天必须退款", "今天", "今天必须退款"),
        ("三天内就坏了", "三天内", None),
        ("说好昨天到,到现在没影", "昨天", None),
        ("等了两天没人回我", "两天", None),
        ("给我换一台", "", None),
    ],
)
def test_an_expectation_in_the_middle_of_a_story(text: str, said: str, clause: str | None) -> None:
    dates = [{"start": text.index(said), "text": said, "value": "P3D"}] if said else []
    found = expectation.expectation_clause(text, dates)
    assert (text[found[0] : found[1]] if found else None) == clause


@pytest.mark.parametrize(
    ("text", "score"), [("7分", 7), ("5", 5), ("给6分", 6), ("8分", None), ("7天", None)]
)
def test_an_expectation_as_a_score(text: str, score: int | None) -> None:
    assert expectation.score(text) == score
