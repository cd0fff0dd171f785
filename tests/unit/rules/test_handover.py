"""When a person is called without being asked for."""

from __future__ import annotations

import pytest

from care.rules.desk_terms import HandoverReason
from care.rules.handover import HandoverFacts, HandoverRules, handover_reason, priority_of
from care.rules.severity import Grade
from care.rules.vocabulary import Cue, Emotion, Tier, Topic

RULES = HandoverRules(
    failures=2,
    topics=frozenset({Topic.COMPLAINT_PRIVACY}),
    tiers=frozenset({Tier.STRATEGIC}),
    emotions=frozenset({Emotion.DISTRESSED}),
    cues=frozenset({Cue.SELF_HARM}),
    skills=((Topic.INVOICE, "支付发票"), (Topic.INSTALLATION, "安装维修")),
)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (HandoverFacts(), None),
        (HandoverFacts(topic=Topic.LOGISTICS, tier=Tier.KEY, emotion=Emotion.ANGRY, failures=1), None),
        (HandoverFacts(cues=frozenset({Cue.SELF_HARM})), HandoverReason.SEVERE),
        (HandoverFacts(emotion=Emotion.DISTRESSED), HandoverReason.SEVERE),
        (HandoverFacts(failures=2), HandoverReason.BOT_FAILURE),
        (HandoverFacts(topic=Topic.COMPLAINT_PRIVACY), HandoverReason.TOPIC_RULE),
        (HandoverFacts(tier=Tier.STRATEGIC), HandoverReason.TIER_RULE),
        (HandoverFacts(tier=Tier.STRATEGIC, cues=frozenset({Cue.SELF_HARM})), HandoverReason.SEVERE),
    ],
)
def test_each_reason_is_found_and_the_most_serious_wins(
    facts: HandoverFacts, reason: HandoverReason | None
) -> None:
    assert handover_reason(facts, RULES) is reason


def test_a_reason_that_is_switched_off_calls_nobody() -> None:
    off = HandoverRules(failures=0)
    facts = HandoverFacts(Topic.COMPLAINT_PRIVACY, Tier.STRATEGIC, Emotion.DISTRESSED, failures=9)
    assert handover_reason(facts, off) is None


def test_the_newest_topic_with_a_skill_decides_whom_it_is_queued_for() -> None:
    assert RULES.skill_of([Topic.LOGISTICS, Topic.INSTALLATION, Topic.INVOICE]) == "安装维修"
    assert RULES.skill_of([Topic.LOGISTICS]) is None


@pytest.mark.parametrize(
    ("cues", "emotion", "case", "grade"),
    [
        ((), Emotion.CALM, None, None),
        ((), Emotion.ANGRY, None, Grade.P2),
        ((Cue.LAWYER,), Emotion.CALM, Grade.P3, Grade.P2),
        ((Cue.FIRE,), Emotion.CALM, Grade.P3, Grade.P1),
        ((), Emotion.CALM, Grade.P1, Grade.P1),
    ],
)
def test_a_wait_is_as_serious_as_what_was_said_or_as_the_open_case(
    cues: tuple[Cue, ...], emotion: Emotion, case: Grade | None, grade: Grade | None
) -> None:
    assert priority_of(frozenset(cues), emotion, case) is grade
