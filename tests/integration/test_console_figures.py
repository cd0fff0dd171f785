"""The console's figures over rows, on both databases: answers, promises, waits, today against its weekday."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest

from care.records.conversation import Conversation, Handoff, Message
from care.records.interaction import CareInteraction, Feedback, Promise
from care.rules.period import Period
from care.rules.satisfaction import GapVerdict, Property
from care.rules.service_terms import Service
from care.rules.vocabulary import (
    CarePart,
    Channel,
    HandledBy,
    Kind,
    Outcome,
    Owner,
    ResolvedBasis,
    Role,
    Speaker,
)
from care.services import (
    answer_list,
    bot_figures,
    satisfaction_figures,
    service_figures,
    team_figures,
    today_figures,
)
from care.services.answer_list import AnswerFilters
from care.services.context import Care
from care.services.satisfaction_figures import By, Score
from care.services.today_figures import Now, Tone
from tests.integration.conftest import Shop
from tests.integration.improving import colleague, complaints_on

PERIOD = Period(date(2026, 10, 27), date(2026, 11, 23))
AT = datetime(2026, 11, 10, 4, 0, tzinfo=timezone.utc)


async def add(care: Care, *rows: Any) -> list[int]:
    async with care.sessions.write() as session:
        session.add_all(rows)
        await session.flush()
        return [row.id for row in rows]


def contact(at: datetime = AT, **columns: Any) -> CareInteraction:
    values: dict[str, Any] = {
        "channel": Channel.WEB,
        "started_at": at,
        "ended_at": at + timedelta(minutes=5),
        "handled_by": HandledBy.BOT,
        "topics": [{"topic": "warranty", "confidence": 0.9, "message": 1}],
        "care_part": CarePart.AFTER_SALES,
        "kind": Kind.INQUIRY,
        "outcome": Outcome.RESOLVED,
        **columns,
    }
    return CareInteraction(**values)


async def answers(
    care: Care, scores: list[int | None], *, agent: int | None = None, at: datetime = AT, **columns: Any
) -> list[int]:
    """An invitation for each; None stays unanswered. E is 6 throughout, P grows with the score."""
    contacts = await add(care, *(contact(at, agent_id=agent, **columns) for _ in scores))
    return await add(
        care,
        *(
            Feedback(
                interaction_id=contact_id,
                agent_id=agent,
                sample_rule="random_30",
                invited_at=at,
                answered_at=None if score is None else at + timedelta(hours=1),
                csat=score,
                expectation_e=None if score is None else 6,
                perception_p=None if score is None else score + 1,
                nps=None if score is None else score * 2,
                reason_text=None if score is None else "打电话 13800000001 也没人接",
            )
            for contact_id, score in zip(contacts, scores, strict=True)
        ),
    )


class TestSatisfaction:
    async def test_the_worked_examples_come_out_of_rows(self, care: Care) -> None:
        await answers(care, [5] * 30 + [4] * 24 + [2] * 6 + [None] * 140)
        found = await satisfaction_figures.figures(care, PERIOD)
        assert found.scores[Score.CSAT].value == pytest.approx(0.9)
        assert found.scores[Score.TOP_BOX].value == pytest.approx(0.5)
        assert found.scores[Score.RESPONSE].value == pytest.approx(0.3)
        assert found.bounds is not None
        assert (found.bounds.low, found.bounds.high) == pytest.approx((0.27, 0.97))
        gap = found.gaps[0]
        assert (gap.expectation.value, gap.gap.n) == (6.0, 60)
        assert gap.verdict is GapVerdict.BELOW
        assert found.matrix.cells[CarePart.AFTER_SALES, Property.EXPERIENCE].n == 60  # type: ignore[union-attr]
        assert found.matrix.index.filled == 1

    async def test_an_answer_counts_on_the_day_of_its_invitation_in_shanghai(self, care: Care) -> None:
        await answers(care, [5], at=datetime(2026, 11, 23, 15, 59, tzinfo=timezone.utc))
        await answers(care, [1], at=datetime(2026, 11, 23, 16, 0, tzinfo=timezone.utc))
        found = await satisfaction_figures.figures(care, PERIOD)
        assert (found.answered, found.satisfied) == (1, 1)

    async def test_the_same_rows_in_another_order_say_the_same(self, care: Care) -> None:
        (agent,) = [(await colleague(care, "agent1", Role.AGENT)).id]
        for day in range(10):
            await answers(care, [day % 5 + 1, 5, None], agent=agent, at=AT + timedelta(days=day))
        found, agrees = await satisfaction_figures.recomputed(care, PERIOD)
        assert agrees
        assert found.answered == 20

    async def test_a_person_with_few_answers_is_not_shown_and_the_others_are_drawn_together(
        self, care: Care
    ) -> None:
        many = (await colleague(care, "agent1", Role.AGENT)).id
        few = (await colleague(care, "agent2", Role.AGENT)).id
        await answers(care, [5] * 18 + [1] * 2, agent=many)
        await answers(care, [5] * 5, agent=few)
        found = await satisfaction_figures.figures(care, PERIOD, By.AGENT)
        first, second = found.breakdown
        assert (first.key, first.shrunk) == (str(many), pytest.approx(0.85))
        assert (second.key, second.is_shown, second.csat.value, second.csat.n) == (str(few), False, None, 5)

    async def test_channels_are_weighted_to_their_contacts(self, care: Care) -> None:
        await answers(care, [5] * 10, channel=Channel.WEB)
        await answers(care, [1] * 10, channel=Channel.PHONE)
        await add(care, *(contact(channel=Channel.WEB) for _ in range(80)))
        found = await satisfaction_figures.figures(care, PERIOD)
        assert found.scores[Score.CSAT].value == 0.5
        assert found.scores[Score.CSAT_WEIGHTED].value == pytest.approx(0.9)  # 90 contacts of 100

    async def test_promises_fill_the_standard_of_their_part(self, care: Care) -> None:
        (case,) = await complaints_on(care, {14: 1}, care_part=CarePart.SERVICE_QUALITY)
        late = {"broken_at": AT}
        await add(
            care,
            *(
                Promise(
                    promised_by="bot", what=f"第{n}件", due_at=AT, made_at=AT, complaint_id=case,
                    **({"kept_at": AT} if n < 4 else late),
                )
                for n in range(5)
            ),
            Promise(promised_by="bot", what="refund", subject="return:TH-1", due_at=AT, made_at=AT, kept_at=AT),
        )  # fmt: skip
        found = (await satisfaction_figures.figures(care, PERIOD)).matrix
        cell = found.cells[CarePart.SERVICE_QUALITY, Property.SEARCH]
        assert cell is not None
        assert (cell.value, cell.n) == (80.0, 5)
        assert found.cells[CarePart.AFTER_SALES, Property.SEARCH].n == 1  # type: ignore[union-attr]
        assert found.index.index == 80.0
        assert found.index.worst == (CarePart.SERVICE_QUALITY, Property.SEARCH)

    async def test_the_rows_behind_are_those_counted(self, care: Care) -> None:
        lead = await colleague(care, "lead1")
        ids = await answers(care, [5, 3, 1, None])

        async def found(**more: Any) -> list[int]:
            rows = await answer_list.find(care, lead, PERIOD, AnswerFilters(**more), after=None, limit=50)
            return [one.feedback.id for one in rows]

        assert await found() == ids[2::-1]
        assert await found(verdict="unsatisfied") == [ids[2]]
        assert await found(verdict="neutral", topic="warranty", care_part=CarePart.AFTER_SALES) == [ids[1]]
        assert await found(topic="invoice") == []
        assert len(await found(is_answered=False)) == 4


async def wish(care: Care, waited_s: float | None, *, end: str = "closed", **columns: Any) -> None:
    taken = None if waited_s is None else AT + timedelta(seconds=waited_s)
    talk = Conversation(
        public_id=str(uuid4()), sender_id=str(uuid4()),
        channel=Channel.WEB, owner=Owner.CLOSED, opened_at=AT,
    )  # fmt: skip
    (conversation,) = await add(care, talk)
    await add(
        care,
        Handoff(
            conversation_id=conversation,
            reason=columns.pop("reason", "asked"),
            requested_at=AT,
            taken_at=taken,
            first_reply_at=None if taken is None else taken + timedelta(seconds=10),
            ended_at=(taken or AT) + timedelta(seconds=columns.pop("lasts", 300)),
            end=end,
            **columns,
        ),
    )


class TestService:
    async def test_waits_and_leavings_are_told_apart(self, care: Care) -> None:
        agent = (await colleague(care, "agent1", Role.AGENT)).id
        for waited in (30, 60, 600):
            await wish(care, waited, agent_id=agent)
        await wish(care, None, end="abandoned", lasts=5)
        await wish(care, None, end="abandoned", lasts=200)
        await wish(care, None, end="cancelled")
        await wish(care, 1, reason="transferred", agent_id=agent)
        found = (await service_figures.figures(care, PERIOD)).figures
        assert found[Service.OFFERED].value == 6
        assert (found[Service.SERVICE_LEVEL].value, found[Service.SERVICE_LEVEL].n) == (0.4, 5)
        assert found[Service.ASA].value == pytest.approx(230)
        assert found[Service.ABANDONED].value == pytest.approx(0.4)
        assert found[Service.ABANDONED_LONG].value == pytest.approx(0.2)
        assert found[Service.CANCELLED].value == 1
        assert found[Service.HANDOVER].value == pytest.approx(0.6)
        assert found[Service.FRT_HUMAN].value == 70
        assert found[Service.AHT].value == pytest.approx(300)

    async def test_only_what_the_customer_confirms_is_contained(self, care: Care) -> None:
        await add(
            care,
            contact(resolved_basis=ResolvedBasis.CUSTOMER_CONFIRMED),
            contact(resolved_basis=ResolvedBasis.INFERRED),
            contact(outcome=Outcome.ABANDONED),
            contact(resolved_basis=ResolvedBasis.CUSTOMER_CONFIRMED, handled_by=HandledBy.MIXED),
            contact(resolved_basis=ResolvedBasis.CUSTOMER_CONFIRMED, handled_by=HandledBy.AGENT),
        )
        found = (await bot_figures.figures(care, PERIOD)).service
        assert (found[Service.CONTAINMENT].value, found[Service.CONTAINMENT].n) == (0.25, 4)
        assert found[Service.CONTAINMENT_INFERRED].value == 0.25

    async def test_the_bots_first_answer_is_timed_from_the_customers_first_line(
        self, care: Care, shop: Shop
    ) -> None:
        visit = await shop.visit()
        await add(care, contact(conversation_id=visit.id, ended_at=None))
        await add(
            care,
            *(
                Message(
                    public_id=f"m-{seq}", conversation_id=visit.id, seq=100 + seq, speaker=speaker, text="话",
                    at=AT + timedelta(seconds=after),
                )
                for seq, (speaker, after) in enumerate(
                    ((Speaker.BOT, 0), (Speaker.CUSTOMER, 20), (Speaker.BOT, 23), (Speaker.BOT, 60))
                )
            ),
        )  # fmt: skip
        found = (await service_figures.figures(care, PERIOD)).figures
        assert (found[Service.FRT_BOT].value, found[Service.FRT_BOT].n) == (3.0, 1)

    async def test_every_day_has_its_row_and_they_add_up(self, care: Care) -> None:
        await wish(care, 30)
        await add(care, contact(), contact(AT - timedelta(days=3)))
        await complaints_on(care, {14: 2})
        days = (await service_figures.figures(care, PERIOD)).days
        assert [one.day for one in days] == PERIOD.days
        assert (sum(one.contacts for one in days), sum(one.complaints for one in days)) == (2, 2)
        (day,) = [one for one in days if one.day == date(2026, 11, 10)]
        assert (day.offered, day.in_time, day.frt_median_s, day.complaints) == (1, 1, 40.0, 2)


class TestToday:
    async def test_an_empty_shop_is_calm_and_nobody_waits(self, care: Care) -> None:
        found = (await today_figures.figures(care)).figures
        assert found[Now.LONGEST_WAIT].value is None
        assert found[Now.WAITING].value == 0
        assert found[Now.COMPLAINTS].usual is None

    async def test_today_is_measured_by_its_weekday_up_to_this_hour(self, care: Care) -> None:
        await complaints_on(care, {0: 9, 7: 2, 14: 4, 21: 2, 28: 3, 6: 50})
        evening = care.clock.now() + timedelta(hours=8) - timedelta(days=7)
        await add(care, *(contact(evening) for _ in range(3)))
        found = (await today_figures.figures(care)).figures
        assert (found[Now.COMPLAINTS].value, found[Now.COMPLAINTS].usual) == (9, 2.0)
        assert found[Now.COMPLAINTS].tone is Tone.WARN
        assert found[Now.CONTACTS].value == 0

    async def test_who_waits_with_nobody_online_is_an_alarm(self, care: Care) -> None:
        now = care.clock.now()
        await add(
            care,
            Conversation(
                public_id="w", sender_id="w", channel=Channel.WEB, owner=Owner.QUEUED, opened_at=now,
                queued_at=now - timedelta(minutes=7),
            ),
        )  # fmt: skip
        found = (await today_figures.figures(care)).figures
        assert (found[Now.WAITING].value, found[Now.WAITING].tone) == (1, Tone.ALARM)
        assert (found[Now.LONGEST_WAIT].value, found[Now.LONGEST_WAIT].tone) == (420, Tone.ALARM)


async def test_a_colleagues_times_are_never_alone(care: Care) -> None:
    agent = (await colleague(care, "agent1", Role.AGENT)).id
    for n in range(20):
        await wish(care, n, agent_id=agent)
    found = await team_figures.figures(care, PERIOD)
    (member,) = [one for one in found.members if one.colleague.id == agent]
    assert (member.frt.value, member.frt.n) == (10.0, 20)
    assert "不能单独评价" in (member.frt.note or "")
    assert member.quality.value is None
