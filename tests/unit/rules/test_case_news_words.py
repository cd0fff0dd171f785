"""The words of each change of a case: the number, what comes next, and what can be answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from care.rules import case_news_words as words
from care.rules.case_news_words import News
from care.rules.complaint_terms import ComplaintState as S

NOW = datetime(2026, 11, 24, 2, tzinfo=timezone.utc)
NEWS = News(number="TS-20261124-0001", state=S.RECEIVED, now=NOW, proposal="换一台新的。", wanted="机身编号")


@pytest.mark.parametrize("state", [state for state in S if state is not S.DRAFT])
def test_every_state_is_told_with_its_number_by_a_labelled_machine(state: S) -> None:
    said = words.in_chat(replace(NEWS, state=state))
    assert said.startswith("智能客服通知：您的投诉 TS-20261124-0001 ")
    assert said[-1] in "。？"
    assert "None" not in said


def test_a_promised_time_is_told_only_while_it_lies_ahead() -> None:
    later = replace(NEWS, state=S.ASSESSED, solve_due_at=NOW + timedelta(days=2))
    assert "11月26日(周四)10:00前处理完" in words.in_chat(later)
    assert "前处理完" not in words.in_chat(replace(later, solve_due_at=None))


def test_answers_stand_for_themselves() -> None:
    offered = words.buttons(replace(NEWS, state=S.PROPOSED))
    assert [b["title"] for b in offered] == ["接受", "不接受"]
    assert offered[0]["payload"] == '/case_progress{"answer": "accept:TS-20261124-0001"}'
    done = replace(NEWS, state=S.EXECUTING, kind=words.REMEDY_DONE, detail="已退款")
    assert [b["title"] for b in words.buttons(done)] == ["满意，可以结束", "还没处理好"]
    assert words.buttons(replace(NEWS, state=S.INVESTIGATING)) == []


def test_an_unresolved_case_names_all_outside_ways() -> None:
    said = words.in_chat(replace(NEWS, state=S.UNRESOLVED))
    assert all(way in said for way in ("调解", "12315", "仲裁", "法院"))


def test_who_is_not_known_hears_no_number_and_nothing_of_the_matter() -> None:
    said = words.in_chat_for_nobody_known()
    assert "TS-" not in said
    assert "核实身份" in said


def test_a_text_message_carries_the_shops_name() -> None:
    said = words.by_sms(replace(NEWS, state=S.PROPOSED), "知客优选")
    assert said.startswith("【知客优选】您的投诉 TS-20261124-0001 有处理方案了：换一台新的。")
