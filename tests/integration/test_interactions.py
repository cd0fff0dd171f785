"""Each contact leaves one row, bot-only and abandoned ones too."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import select

from care.records.interaction import CareInteraction
from care.rules.vocabulary import (
    CarePart,
    CareStage,
    Emotion,
    HandledBy,
    Kind,
    Outcome,
    ResolvedBasis,
    Topic,
)
from care.services import handoff, interactions


async def contacts(care) -> list[CareInteraction]:
    async with care.sessions.read() as session:
        return list(await session.scalars(select(CareInteraction).order_by(CareInteraction.id)))


async def contact(care) -> CareInteraction:
    (only,) = await contacts(care)
    return only


async def test_the_first_word_opens_the_contact_even_if_nothing_is_understood(care, shop):
    visit = await shop.visit()
    assert await contacts(care) == []
    await shop.say(visit.id, "你好")
    await shop.say(visit.id, "在吗")
    row = await contact(care)
    assert (row.handled_by, row.emotion, row.kind, row.topics) == (HandledBy.BOT, Emotion.CALM, None, [])


async def test_the_strongest_kind_and_emotion_of_all_lines_win(care, shop):
    visit = await shop.visit()
    for understood in (
        {"topic": "greet", "emotion": "calm"},
        {"topic": "logistics", "emotion": "worried", "confidence": 0.8},
        {"topic": "complaint_delivery", "also": ["logistics"], "emotion": "angry", "confidence": 0.9},
        {"topic": "thanks", "emotion": "calm"},
    ):
        await shop.say(visit.id, "话")
        await shop.answer(visit.id, "答", **understood)
    row = await contact(care)
    assert (row.kind, row.emotion) == (Kind.COMPLAINT, Emotion.ANGRY)
    assert (row.care_part, row.care_stage) == (
        interactions.care_part_of_topic(Topic.COMPLAINT_DELIVERY),
        interactions.care_stage_of_topic(Topic.COMPLAINT_DELIVERY),
    )
    assert [t["topic"] for t in row.topics] == [
        "greet",
        "logistics",
        "complaint_delivery",
        "logistics",
        "thanks",
    ]
    assert [t["confidence"] for t in row.topics] == [None, 0.8, 0.9, None, None]
    assert len({t["message"] for t in row.topics}) == 4


async def test_noting_a_line_again_changes_nothing(care, shop):
    visit = await shop.visit()
    said = await shop.say(visit.id, "拆封了还能退吗")
    await shop.answer(visit.id, "可以", topic="return_policy")
    await interactions.note_turn(care, visit.id, said.message_id, {"topic": "return_policy"})
    assert len((await contact(care)).topics) == 1


@pytest.mark.parametrize(
    "understood",
    [
        {},
        {"topic": None},
        {"topic": "no_such_topic", "emotion": "furious"},
        {"topic": ["greet"], "also": [{"x": 1}, None]},
    ],
)
async def test_words_outside_the_vocabulary_are_no_topics_and_no_error(care, shop, understood):
    visit = await shop.visit()
    said = await shop.say(visit.id, "话")
    await interactions.note_turn(care, visit.id, said.message_id, understood)
    assert (await contact(care)).topics == []


async def test_a_contact_says_which_records_it_read_and_wrote_once_each(care, shop):
    visit = await shop.visit()
    await interactions.note_data(care, visit.id, read=["order:1", "order:2"])
    await interactions.note_data(care, visit.id, read=["order:1"], written=["complaint:TS-20261124-0001"])
    row = await contact(care)
    assert row.data_read == ["order:1", "order:2"]
    assert row.data_written == ["complaint:TS-20261124-0001"]


async def test_a_person_in_the_contact_is_noted_with_every_time(care, shop, clock):
    visit, agent = await shop.visit(), await shop.agent()
    await shop.say(visit.id, "转人工")
    await shop.answer(visit.id, "好的", topic="request_human")
    asked_at = clock.now()
    await handoff.request_human(care, visit.id, reason="asked")
    clock.advance(seconds=40)
    taken_at = clock.now()
    await handoff.take(care, visit.id, agent)
    clock.advance(seconds=20)
    for text in ("您好", "稍等"):
        await handoff.say_as_agent(care, visit.id, agent, text, str(uuid4()))
        clock.advance(seconds=20)
    row = await contact(care)
    assert (row.handled_by, row.agent_id) == (HandledBy.MIXED, agent)
    assert (row.handoff_requested_at, row.handoff_at) == (asked_at, taken_at)
    assert (row.first_human_reply_at - taken_at).total_seconds() == 20


class TestEnds:
    async def ended(self, care, clock) -> CareInteraction:
        clock.advance(minutes=31)
        assert await interactions.end_idle(care) == 1
        assert await interactions.end_idle(care) == 0
        return await contact(care)

    async def test_thirty_idle_minutes_end_a_contact_at_its_last_line(self, care, shop, clock):
        visit = await shop.visit()
        await shop.say(visit.id, "几点下班")
        await shop.answer(visit.id, "18:00", topic="store")
        last = clock.now()
        clock.advance(minutes=29)
        assert await interactions.end_idle(care) == 0
        row = await self.ended(care, clock)
        assert row.ended_at == last
        assert (row.outcome, row.resolved_basis) == (Outcome.RESOLVED, ResolvedBasis.INFERRED)
        assert (row.care_part, row.care_stage) != (None, None)
        assert isinstance(row.care_part, CarePart)
        assert isinstance(row.care_stage, CareStage)

    async def test_who_left_without_an_answer_abandoned(self, care, shop, clock):
        visit = await shop.visit()
        await shop.say(visit.id, "有人吗")
        row = await self.ended(care, clock)
        assert (row.outcome, row.resolved_basis) == (Outcome.ABANDONED, None)

    async def test_who_left_the_queue_abandoned(self, care, shop, clock):
        visit = await shop.visit()
        await shop.say(visit.id, "转人工")
        await shop.answer(visit.id, "好的", topic="request_human")
        await handoff.request_human(care, visit.id, reason="asked")
        assert (await self.ended(care, clock)).outcome is Outcome.ABANDONED

    async def test_a_complaint_without_a_case_is_unresolved(self, care, shop, clock):
        visit = await shop.visit()
        await shop.say(visit.id, "坏了")
        await shop.answer(visit.id, "抱歉", topic="complaint_quality")
        assert (await self.ended(care, clock)).outcome is Outcome.UNRESOLVED

    async def test_what_is_out_of_scope_is_unresolved(self, care, shop, clock):
        visit = await shop.visit()
        await shop.say(visit.id, "帮我写作文")
        await shop.answer(visit.id, "我只能……", topic="out_of_scope")
        assert (await self.ended(care, clock)).outcome is Outcome.UNRESOLVED

    async def test_coming_back_later_is_a_new_contact(self, care, shop, clock):
        visit = await shop.visit()
        await shop.say(visit.id, "你好")
        await self.ended(care, clock)
        await shop.say(visit.id, "又来了")
        assert [c.ended_at is None for c in await contacts(care)] == [False, True]

    async def test_a_confirmed_outcome_stands(self, care, shop, clock):
        visit = await shop.visit()
        await shop.say(visit.id, "解决了")
        await interactions.end(care, visit.id, Outcome.RESOLVED, ResolvedBasis.CUSTOMER_CONFIRMED)
        row = await contact(care)
        assert (row.outcome, row.resolved_basis) == (Outcome.RESOLVED, ResolvedBasis.CUSTOMER_CONFIRMED)
        await handoff.close(care, visit.id, "customer")
        assert (await contact(care)).resolved_basis is ResolvedBasis.CUSTOMER_CONFIRMED

    async def test_closing_the_conversation_ends_the_contact(self, care, shop):
        visit = await shop.visit()
        await shop.say(visit.id, "几点下班")
        await shop.answer(visit.id, "18:00", topic="store")
        await handoff.close(care, visit.id, "customer")
        assert (await contact(care)).outcome is Outcome.RESOLVED
