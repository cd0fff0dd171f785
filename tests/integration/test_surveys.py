"""Asking on real rows: every ended contact is decided about once, and answers are kept as they were given."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import select

from care.records.complaint import Complaint
from care.records.conversation import Conversation
from care.records.interaction import CareInteraction, Feedback, WinbackCase
from care.rules.complaint import ComplaintState
from care.rules.survey import NotInvited, SurveyKind, SurveyState
from care.rules.vocabulary import ConsentPurpose, Tier
from care.services import (
    complaints,
    handoff,
    interactions,
    survey_answers,
    survey_sweep,
    surveys,
    winback_finding,
)
from care.services.complaints import Change
from care.services.context import Care
from tests.conftest import ManualClock
from tests.integration.conftest import Shop
from tests.integration.improving import agrees
from tests.integration.test_complaint_moves import received, walked

S = ComplaintState


async def rows(care: Care) -> list[Feedback]:
    async with care.sessions.read() as session:
        return list(await session.scalars(select(Feedback).order_by(Feedback.id)))


async def helped(care: Care, shop: Shop, token: str | None = None, login: str = "agent1") -> tuple[int, int]:
    """A person helped and closed: everybody is asked then. Conversation and agent."""
    visit = await shop.visit(token)
    await shop.say(visit.id, "空调不制冷")
    agent = await shop.agent(login)
    await handoff.take(care, visit.id, agent)
    await handoff.say_as_agent(care, visit.id, agent, "已为您登记维修", str(uuid4()))
    await handoff.close(care, visit.id, f"staff:{agent}")
    return visit.id, agent


async def test_every_bot_only_contact_gets_one_row_also_those_that_ended_by_themselves(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    for _ in range(12):
        visit = await shop.visit()
        await shop.say(visit.id, "几点关门")
    clock.advance(minutes=31)
    assert await interactions.end_idle(care) == 12
    assert (await survey_sweep.sweep(care)).planned == 12
    assert (await survey_sweep.sweep(care)).planned == 0
    found = await rows(care)
    assert {row.state for row in found} == {SurveyState.INVITED, SurveyState.NOT_INVITED}
    for row in found:
        assert (row.state is SurveyState.INVITED) is (row.not_invited_why is None)
        assert row.sample_rule == "1/web/abandoned/bot"
        assert row.sample_share == pytest.approx(0.5)


async def test_the_agent_is_fixed_at_the_invitation(care: Care, shop: Shop) -> None:
    conversation_id, agent = await helped(care, shop)
    async with care.sessions.write() as session:
        contact = (await session.scalars(select(CareInteraction))).one()
        contact.agent_id = None
    view = await survey_answers.answer(care, conversation_id, {"csat": 5})
    assert view.agent_name == "王小美"
    assert [row.agent_id for row in await rows(care)] == [agent]


async def test_a_customer_is_not_asked_again_in_thirty_days_whatever_the_browser(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    customer = await shop.customer()

    async def once(login: str) -> Feedback:
        conversation_id, _ = await helped(care, shop, login=login)
        async with care.sessions.write() as session:
            contact = (
                await session.scalars(
                    select(CareInteraction).where(CareInteraction.conversation_id == conversation_id)
                )
            ).one()
            old = (await session.scalars(select(Feedback).where(Feedback.interaction_id == contact.id))).one()
            await session.delete(old)
            contact.customer_id = customer.id
            await session.flush()
            await surveys.plan_contact(session, care, contact)
        return (await rows(care))[-1]

    assert (await once("agent1")).state is SurveyState.INVITED
    clock.advance(days=29)
    assert (await once("agent2")).not_invited_why is NotInvited.ASKED_RECENTLY
    clock.advance(days=2)
    assert (await once("agent3")).state is SurveyState.INVITED


async def test_silence_is_noted_after_72_hours_and_a_partial_answer_stays(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    await helped(care, shop)
    answering, _ = await helped(care, shop, login="agent2")
    await survey_answers.answer(care, answering, {"csat": 4})
    clock.advance(hours=71)
    assert (await survey_sweep.sweep(care)).unanswered == 0
    clock.advance(hours=1)
    assert (await survey_sweep.sweep(care)).unanswered == 1
    silent, partial = await rows(care)
    assert (silent.state, silent.answered_at) == (SurveyState.UNANSWERED, None)
    assert (partial.state, partial.csat, partial.finished_at) == (
        SurveyState.ANSWERED,
        4,
        partial.closes_at,
    )


async def test_an_ended_complaint_is_asked_about_once_with_its_expectation(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    case = await received(care, shop)
    async with care.sessions.write() as session:
        told = await session.get_one(Complaint, case.id)
        told.expectation_said, told.expectation_e = "三天内换新", 6
    case = await walked(care, case, S.ASSESSED, S.INVESTIGATING, S.PROPOSED, S.EXECUTING)
    await complaints.note_remedy_done(care, case.id, "agent1", "新机已送达")
    yes = Change(customer_yes=True)
    await complaints.move(care, case.id, S.CLOSED, "agent1", change=yes)
    (row,) = await rows(care)
    assert (row.kind, row.state, row.expectation_e) == (SurveyKind.CASE, SurveyState.INVITED, 6)
    assert row.questions == ["csat", "perception", "ces", "reason"]
    async with care.sessions.write() as session:
        complaint = await session.get_one(Complaint, case.id)
        await surveys.plan_case(session, care, complaint)
        conversation_id = complaint.conversation_id
    assert len(await rows(care)) == 1
    assert conversation_id is not None
    ended = await survey_answers.answer(
        care, conversation_id, {"csat": 2, "perception": 4, "ces": 3, "reason": "等太久"}
    )
    assert not ended.is_open
    (row,) = await rows(care)
    assert (row.perception_p, row.ces, row.reason_topic) == (4, 3, "complaint_other")


async def test_a_bad_answer_of_a_valuable_customer_opens_a_win_back_case(care: Care, shop: Shop) -> None:
    customer = await shop.customer(tier=Tier.KEY)
    conversation_id, _ = await helped(care, shop)
    async with care.sessions.write() as session:
        for contact in await session.scalars(select(CareInteraction)):
            contact.customer_id = customer.id
    await survey_answers.answer(care, conversation_id, {"csat": 1})
    assert (await winback_finding.find(care)).opened == 1
    async with care.sessions.read() as session:
        (case,) = await session.scalars(select(WinbackCase))
    assert (case.customer_id, case.trigger) == (customer.id, "low_score")


@pytest.mark.parametrize("agreed", [True, False])
async def test_what_shows_only_later_is_asked_after_two_weeks_if_the_customer_agreed(
    care: Care, shop: Shop, clock: ManualClock, agreed: bool
) -> None:
    customer = await shop.customer()
    visit = await shop.visit()
    await shop.say(visit.id, "我要报修")
    await shop.answer(visit.id, "已登记", topic="request_repair", confidence=0.9)
    async with care.sessions.write() as session:
        (contact,) = await session.scalars(select(CareInteraction))
        contact.customer_id = customer.id
    if agreed:
        await agrees(care, customer.id, ConsentPurpose.SURVEY)
    await handoff.close(care, visit.id, "customer")
    later = [row for row in await rows(care) if row.kind is SurveyKind.LATER]
    assert [row.state for row in later] == [SurveyState.PLANNED]
    clock.advance(days=13)
    assert (await survey_sweep.sweep(care)).invited_later == 0
    clock.advance(days=1)
    assert (await survey_sweep.sweep(care)).invited_later == int(agreed)
    (row,) = [row for row in await rows(care) if row.kind is SurveyKind.LATER]
    if not agreed:
        assert row.not_invited_why is NotInvited.NO_CONSENT
        return
    view = await survey_answers.answer(care, visit.id, {"credence": 2}, survey_id=row.public_id)
    assert view.answers == {"credence": 2}
    assert (await rows(care))[-1].dimensions == {"credence": 2}


async def test_one_browser_two_customers_the_one_does_not_answer_for_the_other(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    first, second = await shop.customer(), await shop.customer("13800000009", "李娜")
    conversation_id, _ = await helped(care, shop)
    assert await survey_answers.pending(care, conversation_id) is not None
    async with care.sessions.write() as session:
        (contact,) = await session.scalars(select(CareInteraction))
        contact.customer_id = first.id
        conversation = await session.get_one(Conversation, conversation_id)
        conversation.customer_id = second.id
    assert await survey_answers.pending(care, conversation_id) is None
    with pytest.raises(survey_answers.NoSurvey):
        await survey_answers.answer(care, conversation_id, {"csat": 1})
