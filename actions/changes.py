"""退换、报修、取消、改订单、改资料、个人信息: what is said of them; a person carries them out."""

from __future__ import annotations

from actions import reading, topics
from actions.clerk import TopicClerk
from actions.knowledge import say_known
from actions.turn import HUMAN, Button, Turn
from care.rules.vocabulary import Kind, Topic, kind_of_topic

SENTENCE = {
    Topic.REQUEST_RETURN: "change_return",
    Topic.REQUEST_REPAIR: "change_repair",
    Topic.CANCEL_ORDER: "change_cancel",
    Topic.CHANGE_ORDER: "change_order",
    Topic.UPDATE_PROFILE: "change_profile",
}
YES: Button = {"title": "对，转人工", "payload": "/affirm"}
NOT_NOW: Button = {"title": "先不用", "payload": "/deny"}


def restate(turn: Turn, topic: Topic, about: str | None) -> None:
    missing = "这件商品" if topic is Topic.REQUEST_REPAIR else "这笔订单"
    turn.say(SENTENCE[topic], what=about if about and about != "-" else missing)


class ChangeAside(TopicClerk):
    """A change wished for in the middle of a complaint: a person can do it, and the complaint goes on."""

    action_name = "action_change_aside"

    async def answer(self, turn: Turn) -> None:
        turn.say("change_after_this", what=turn.topic.label, buttons=[HUMAN])
        topics.keep(turn, [turn.topic])


@topics.answers(*SENTENCE)
async def beside(turn: Turn, topic: Topic) -> None:
    """A change wished for beside something else: said back, and a person offered who can do it."""
    about = turn.order_said or turn.entity("product", "model")
    restate(turn, topic, about)
    turn.say("change_by_person", buttons=[HUMAN, NOT_NOW])
    turn.set("offered", topic.value)


class Privacy(TopicClerk):
    """Rights over one's own data: what they are, and a person who carries them out."""

    action_name = "action_privacy"

    async def answer(self, turn: Turn) -> None:
        await rights(turn, turn.topic)
        await topics.answer_also(turn)


@topics.answers(Topic.PRIVACY)
async def rights(turn: Turn, topic: Topic) -> None:
    await say_known(turn, topic)
    turn.say("privacy_rights", buttons=[HUMAN, NOT_NOW])
    turn.set("offered", topic.value)


class Feedback(TopicClerk):
    """Praise and suggestions are kept with the contact; praise that tells of a failure is asked about."""

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
