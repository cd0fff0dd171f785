"""Who is asked, and what: drawn by the contact's own id, at the quota, and nobody twice in the period."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from math import sqrt

import pytest

from care.rules.reason_words import topic_of_reason
from care.rules.survey import (
    MOST_QUESTIONS,
    NPS_SHARE,
    PERIOD,
    QUOTAS,
    SCALES,
    Asked,
    AskFacts,
    ContactFacts,
    NotInvited,
    Question,
    ServiceDimension,
    decide,
    decide_case,
    draw,
    fits,
    is_asked_later,
    is_low,
    questions_for,
    share_of,
)
from care.rules.vocabulary import CarePart, Channel, HandledBy, Kind, Outcome, Topic

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=timezone.utc)
SECRET = b"a secret of this installation"
MANY = 10_000


def contact(number: int, **more: object) -> ContactFacts:
    facts = ContactFacts(
        key=f"contact:{number}",
        now=NOW,
        channel=Channel.WEB,
        handled_by=HandledBy.BOT,
        outcome=Outcome.RESOLVED,
        reachable=True,
    )
    return replace(facts, **more)  # type: ignore[arg-type]


CELLS = [(by, outcome) for by in HandledBy for outcome in Outcome if QUOTAS[by][outcome] < 1]


@pytest.mark.parametrize(("by", "outcome"), CELLS)
@pytest.mark.parametrize("channel", [Channel.WEB, Channel.PHONE])
def test_ten_thousand_contacts_of_a_cell_are_invited_at_its_quota(
    by: HandledBy, outcome: Outcome, channel: Channel
) -> None:
    share = share_of(channel, outcome, by)
    invited = sum(
        decide(contact(n, handled_by=by, outcome=outcome, channel=channel), SECRET).is_invited
        for n in range(MANY)
    )
    assert abs(invited / MANY - share) < 4 * sqrt(share * (1 - share) / MANY)


def test_abandoned_and_bot_only_contacts_have_a_chance_too() -> None:
    assert all(0 < share_of(channel, outcome, by) <= 1 for channel in Channel for outcome in (*Outcome, None) for by in HandledBy)  # fmt: skip


def test_a_rerun_chooses_the_same_and_another_secret_others() -> None:
    chosen = [n for n in range(500) if decide(contact(n), SECRET).is_invited]
    assert chosen == [n for n in range(500) if decide(contact(n), SECRET).is_invited]
    assert chosen != [n for n in range(500) if decide(contact(n), b"another").is_invited]


def test_the_draw_knows_nothing_of_the_agent_the_customer_or_the_hour() -> None:
    drawn = decide(contact(1), SECRET)
    later = decide(contact(1, now=NOW + timedelta(hours=9)), SECRET)
    assert (drawn.is_invited, drawn.share) == (later.is_invited, later.share)


def invited_number() -> int:
    return next(n for n in range(100) if decide(contact(n), SECRET).is_invited)


def test_nobody_is_asked_twice_within_the_period() -> None:
    n = invited_number()
    just_before = decide(contact(n, last_invited_at=NOW - PERIOD + timedelta(seconds=1)), SECRET)
    assert just_before.why_not is NotInvited.ASKED_RECENTLY
    assert decide(contact(n, last_invited_at=NOW - PERIOD), SECRET).is_invited


def test_who_cannot_be_reached_is_not_invited_and_it_is_said_why() -> None:
    assert decide(contact(invited_number(), reachable=False), SECRET).why_not is NotInvited.UNREACHABLE
    assert decide_case(reachable=False).why_not is NotInvited.UNREACHABLE


def test_an_ended_complaint_is_always_asked_about() -> None:
    assert decide_case(reachable=True).is_invited
    assert decide_case(reachable=True).share == 1


def test_the_rule_names_its_version_and_cell() -> None:
    assert decide(contact(1), SECRET).rule == "1/web/resolved/bot"
    longest = max((len(f"1/{c}/{o}/{b}") for c in Channel for o in Outcome for b in HandledBy), default=0)
    assert longest <= 40


def asked(number: int, **more: object) -> list[Asked]:
    facts = AskFacts(key=f"contact:{number}", handled_by=HandledBy.MIXED, outcome=Outcome.RESOLVED)
    return list(questions_for(replace(facts, **more), SECRET))  # type: ignore[arg-type]


def test_satisfaction_comes_first_the_reason_last_and_at_most_two_between() -> None:
    for n in range(2_000):
        questions = asked(
            n, has_expectation=n % 2 == 0, care_part=CarePart.AFTER_SALES, was_handed_over=n % 3 == 0
        )
        assert questions[0] == Asked(Question.CSAT)
        assert questions[-1] == Asked(Question.REASON)
        assert len(questions) <= MOST_QUESTIONS + 1
        assert len(set(questions)) == len(questions)


def test_effort_is_asked_after_a_contact_that_was_work() -> None:
    effort = Asked(Question.CES)
    assert effort not in asked(1, customer_lines=7)
    assert effort in asked(1, customer_lines=8)
    assert effort in asked(1, was_handed_over=True)
    assert effort in asked(1, bot_failures=1)
    assert effort in asked(1, outcome=Outcome.UNRESOLVED)


def test_who_told_an_expectation_is_asked_for_the_perception() -> None:
    assert asked(1, has_expectation=True)[1] == Asked(Question.PERCEPTION)


def test_a_dimension_is_asked_of_half_the_contacts_that_are_about_something_each_about_as_often() -> None:
    found = [
        one.dimension for n in range(MANY) for one in asked(n, care_part=CarePart.CUSTOMER_SERVICE) if one.dimension
    ]  # fmt: skip
    assert abs(len(found) / MANY - 0.5) < 0.02
    for dimension in ServiceDimension:
        assert abs(found.count(dimension) / len(found) - 0.2) < 0.02
    assert not any(one.dimension for n in range(200) for one in asked(n))


def test_the_assistant_is_not_judged_by_what_only_a_person_can_give() -> None:
    found = {
        one.dimension
        for n in range(500)
        for one in asked(n, handled_by=HandledBy.BOT, care_part=CarePart.CUSTOMER_SERVICE)
    }
    assert found == {
        None,
        ServiceDimension.RELIABILITY,
        ServiceDimension.RESPONSIVENESS,
        ServiceDimension.TANGIBLES,
    }


def test_recommendation_is_asked_rarely() -> None:
    share = sum(Asked(Question.NPS) in asked(n) for n in range(MANY)) / MANY
    assert abs(share - NPS_SHARE) < 0.015


@pytest.mark.parametrize("question", list(SCALES))
def test_a_number_fits_only_within_its_scale(question: Question) -> None:
    low, high = SCALES[question]
    assert fits(question, low)
    assert fits(question, high)
    for wrong in (low - 1, high + 1, float(low), str(low), None, True, [low]):
        assert not fits(question, wrong)


def test_a_reason_has_at_most_500_characters() -> None:
    assert fits(Question.REASON, "字" * 500)
    assert not fits(Question.REASON, "字" * 501)
    assert not fits(Question.REASON, 5)


def test_repairs_and_returns_are_asked_about_later_and_a_question_about_them_is_not() -> None:
    assert is_asked_later(Kind.RECORD_CHANGE, frozenset({Topic.REQUEST_REPAIR}))
    assert not is_asked_later(Kind.INQUIRY, frozenset({Topic.RETURN_POLICY}))
    assert not is_asked_later(Kind.RECORD_CHANGE, frozenset({Topic.UPDATE_PROFILE}))


def test_a_question_is_read_back_as_it_was_written() -> None:
    for one in (Asked(Question.CSAT), Asked(Question.PERCEPTION, ServiceDimension.EMPATHY)):
        assert Asked.read(str(one)) == one
    with pytest.raises(ValueError, match="nonsense"):
        Asked.read("nonsense")


def test_one_and_two_are_low() -> None:
    assert [is_low(score) for score in (None, 1, 2, 3)] == [False, True, True, False]


def test_draws_spread_evenly_from_zero_to_one() -> None:
    draws = [draw(SECRET, f"contact:{n}") for n in range(MANY)]
    assert all(0 <= x < 1 for x in draws)
    assert abs(sum(draws) / MANY - 0.5) < 0.012


@pytest.mark.parametrize(
    ("reason", "topic"),
    [
        ("快递太慢了，等了一个星期", Topic.COMPLAINT_DELIVERY),
        ("客服态度差，爱理不理", Topic.COMPLAINT_ATTITUDE),
        ("说好三天退款，到现在没有退", Topic.COMPLAINT_FALSE_PROMISE),
        ("多收了我二十块钱", Topic.COMPLAINT_BILLING),
        ("空调装上就漏水", Topic.COMPLAINT_QUALITY),
        ("问题一直没解决", Topic.COMPLAINT_AFTER_SALES),
        ("机器人答非所问", Topic.COMPLAINT_OTHER),
        ("师傅很专业，解决了问题", Topic.PRAISE),
        ("不满意", None),
        ("就这样吧", None),
    ],
)
def test_a_reason_tells_its_topic_by_its_words(reason: str, topic: Topic | None) -> None:
    assert topic_of_reason(reason) is topic
