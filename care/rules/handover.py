"""When a conversation goes to a person without the bot's asking: one table for every reason.

A wish is met always and by whoever hears it (`HandoverReason.ASKED`); the rest is looked up here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from care.rules.desk_terms import HandoverReason
from care.rules.severity import MAJOR_CUES, URGENT_CUES, Grade
from care.rules.vocabulary import Cue, Emotion, Tier, Topic


@dataclass(frozen=True)
class HandoverRules:
    """What an installation may choose. Empty sets and `failures` = 0 switch a reason off."""

    failures: int = 2
    topics: frozenset[Topic] = frozenset()
    tiers: frozenset[Tier] = frozenset()
    emotions: frozenset[Emotion] = frozenset()
    cues: frozenset[Cue] = frozenset({Cue.SELF_HARM})
    #: Topic → the skill that a conversation on it is queued for.
    skills: tuple[tuple[Topic, str], ...] = ()

    def skill_of(self, topics: Iterable[Topic]) -> str | None:
        """The skill for the first of `topics` (the newest first) that has one."""
        table = dict(self.skills)
        return next((table[topic] for topic in topics if topic in table), None)


@dataclass(frozen=True)
class HandoverFacts:
    """What is known after a customer's line was understood."""

    topic: Topic | None = None
    tier: Tier | None = None
    emotion: Emotion = Emotion.CALM
    cues: frozenset[Cue] = frozenset()
    failures: int = 0


def handover_reason(facts: HandoverFacts, rules: HandoverRules) -> HandoverReason | None:
    """Why a person must come now, the most serious reason first, or `None`: the bot goes on."""
    if facts.cues & rules.cues or facts.emotion in rules.emotions:
        return HandoverReason.SEVERE
    if rules.failures and facts.failures >= rules.failures:
        return HandoverReason.BOT_FAILURE
    if facts.topic is not None and facts.topic in rules.topics:
        return HandoverReason.TOPIC_RULE
    if facts.tier is not None and facts.tier in rules.tiers:
        return HandoverReason.TIER_RULE
    return None


def priority_of(cues: frozenset[Cue], emotion: Emotion, case: Grade | None = None) -> Grade | None:
    """How serious a wait is: by what was said, or by the open case when that is more; `None`: ordinary."""
    said = None
    if cues & URGENT_CUES:
        said = Grade.P1
    elif cues & MAJOR_CUES or emotion in (Emotion.ANGRY, Emotion.DISTRESSED):
        said = Grade.P2
    grades = [grade for grade in (said, case) if grade is not None]
    return min(grades, key=list(Grade).index, default=None)
