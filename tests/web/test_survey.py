"""Asking over `/ws/chat`: at the end of a conversation, at the next visit, and what may be answered by whom."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import select

from care.records.interaction import Feedback
from care.rules.survey import SurveyState
from care.rules.vocabulary import Emotion, Role
from care.services import conversations, handoff, notices, staff
from care.services.context import Care
from tests.conftest import ManualClock
from tests.web.people import PASSWORD, Visitor

Connect = Callable[..., Awaitable[Visitor]]


async def helped(care: Care, visitor: Visitor) -> int:
    """A person helps and closes: everybody is asked then. Returns the conversation."""
    await visitor.say("空调不制冷")
    await visitor.next("ack")
    await visitor.next("message")
    view = await conversations.get_conversation(care, visitor.conversation)
    agent = await staff.add_staff(care, login="agent7", name="李小慧", role=Role.AGENT, password=PASSWORD)
    await handoff.take(care, view.id, agent.id)
    await handoff.close(care, view.id, f"staff:{agent.id}")
    return view.id


async def rows(care: Care) -> list[Feedback]:
    async with care.sessions.read() as session:
        return list(await session.scalars(select(Feedback)))


async def test_the_survey_comes_with_the_end_and_thanks_by_the_name_of_the_agent(
    visitor: Visitor, care_sqlite: Care
) -> None:
    await helped(care_sqlite, visitor)
    asked = await visitor.until("survey")
    assert asked["is_open"]
    assert asked["answers"] == {}
    assert asked["agent"] == {"name": "李小慧"}
    assert asked["questions"][0]["key"] == "csat"
    assert asked["questions"][0]["labels"] == ["很不满意", "不满意", "一般", "满意", "很满意"]
    assert asked["questions"][-1]["key"] == "reason"
    assert 2 <= len(asked["questions"]) <= 4
    await visitor.do("survey", id=asked["id"], answers={"csat": 5})
    kept = await visitor.next("survey")
    assert (kept["is_open"], kept["state"], kept["answers"]) == (True, "answered", {"csat": 5})
    await visitor.do("survey", id=asked["id"], answers={"reason": "小慧很耐心", "done": True})
    ended = await visitor.next("survey")
    assert not ended["is_open"]
    assert "李小慧" in ended["thanks"]
    (row,) = await rows(care_sqlite)
    assert (row.csat, row.reason_topic, row.state) == (5, "praise", SurveyState.ANSWERED)


async def test_an_unanswered_survey_is_asked_again_at_the_next_visit_for_72_hours(
    visitor: Visitor, connect: Connect, care_sqlite: Care, clock: ManualClock
) -> None:
    await helped(care_sqlite, visitor)
    asked = await visitor.until("survey")
    clock.advance(hours=71)
    again = await connect()
    await again.hello(visitor.token)
    assert (await again.next("survey"))["id"] == asked["id"]
    clock.advance(hours=2)
    late = await connect()
    await late.hello(visitor.token)
    await late.do("survey", id=asked["id"], answers={"csat": 5})
    assert (await late.next("survey", "error"))["code"] == "survey_closed"


async def test_the_same_answer_twice_counts_once_and_another_one_after_the_end_is_refused(
    visitor: Visitor, care_sqlite: Care
) -> None:
    await helped(care_sqlite, visitor)
    asked = await visitor.until("survey")
    for _ in range(2):
        await visitor.do("survey", id=asked["id"], answers={"csat": 4, "done": True})
        assert not (await visitor.next("survey"))["is_open"]
    await visitor.do("survey", id=asked["id"], answers={"csat": 1})
    assert (await visitor.next("error"))["code"] == "survey_closed"
    assert [row.csat for row in await rows(care_sqlite)] == [4]


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"csat": 6},
        {"csat": 0},
        {"csat": "5"},
        {"csat": True},
        {"csat": 4.5},
        {"csat": None},
        {"csat": 5, "nonsense": 1},
        {"csat": 5, "reason": "字" * 501},
        {"csat": 5, "reason": ["好"]},
        {"skip": "yes"},
    ],
)
async def test_wrong_values_are_said_and_change_nothing(
    visitor: Visitor, care_sqlite: Care, answers: dict[str, Any]
) -> None:
    await helped(care_sqlite, visitor)
    asked = await visitor.until("survey")
    await visitor.do("survey", id=asked["id"], answers=answers)
    refusal = await visitor.next("error")
    assert refusal["code"] == "wrong_answer"
    assert refusal["message"]
    (row,) = await rows(care_sqlite)
    assert (row.csat, row.reason_text, row.state) == (None, None, SurveyState.INVITED)


async def test_only_the_visitor_of_that_conversation_may_answer(
    visitor: Visitor, connect: Connect, care_sqlite: Care
) -> None:
    await helped(care_sqlite, visitor)
    asked = await visitor.until("survey")
    stranger = await connect()
    await stranger.hello()
    await stranger.do("survey", id=asked["id"], answers={"csat": 1})
    assert (await stranger.next("survey", "error"))["code"] == "no_survey"
    assert [row.csat for row in await rows(care_sqlite)] == [None]


async def test_skipping_is_an_answer_of_its_own_and_is_not_asked_again(
    visitor: Visitor, connect: Connect, care_sqlite: Care
) -> None:
    await helped(care_sqlite, visitor)
    asked = await visitor.until("survey")
    await visitor.do("survey", id=asked["id"], answers={"skip": True})
    assert (await visitor.next("survey"))["state"] == "skipped"
    again = await connect()
    await again.hello(visitor.token)
    await again.do("survey", answers={"csat": 5})
    assert (await again.next("survey", "error"))["code"] == "no_survey"


async def test_a_lead_hears_of_a_bad_score_once(visitor: Visitor, care_sqlite: Care) -> None:
    lead = await staff.add_staff(care_sqlite, login="lead7", name="组长", role=Role.LEAD, password=PASSWORD)
    await helped(care_sqlite, visitor)
    asked = await visitor.until("survey")
    for answers in ({"csat": 2}, {"csat": 1}, {"reason": "推诿，没有解决", "done": True}):
        await visitor.do("survey", id=asked["id"], answers=answers)
        await visitor.next("survey")
    (told,) = await notices.of_staff(care_sqlite, lead.id)
    assert told.kind.value == "low_score"
    assert "李小慧" in told.text
    (row,) = await rows(care_sqlite)
    assert (row.csat, row.reason_topic, row.reason_emotion) == (1, "complaint_attitude", Emotion.ANGRY)
