"""Praise and suggestions: kept with the contact; praise that tells of a failure is asked about."""

from __future__ import annotations

from actions import reading, topics
from actions.clerk import TopicClerk
from actions.turn import HUMAN, Turn
from care.rules.vocabulary import Kind, Topic, kind_of_topic


class Feedback(TopicClerk):
    action_name = "action_feedback"

    async def answer(self, turn: Turn) -> None:
        if turn.topic is Topic.PRAISE and _sounds_bitter(turn):
            turn.say(
                "praise_or_complaint", buttons=[{"title": "登记投诉", "payload": "/complaint_other"}, HUMAN]
            )
        else:
            turn.say("praise_thanks" if turn.topic is Topic.PRAISE else "suggestion_thanks")
        await topics.answer_also(turn)


def _sounds_bitter(turn: Turn) -> bool:
    ranked = turn.message.get("intent_ranking") or []
    complaint = sum(
        r["confidence"]
        for r in ranked
        if r["name"] != "nlu_fallback" and kind_of_topic(Topic(r["name"])) is Kind.COMPLAINT
    )
    return turn.is_upset or complaint >= 0.2 or reading.tells_failure(turn.text)
