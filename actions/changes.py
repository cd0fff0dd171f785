"""退换、报修、取消、改订单、改资料、个人信息: restated and handed to a person who may do it."""

from __future__ import annotations

from actions import reading, topics
from actions.clerk import TopicClerk
from actions.knowledge import say_known
from actions.orders import order_button
from actions.turn import HUMAN, Button, Turn
from care.rules.errors import NotVerified, Unavailable
from care.rules.vocabulary import Topic
from care.services import orders

SENTENCE = {
    Topic.REQUEST_RETURN: "change_return",
    Topic.REQUEST_REPAIR: "change_repair",
    Topic.CANCEL_ORDER: "change_cancel",
    Topic.CHANGE_ORDER: "change_order",
    Topic.UPDATE_PROFILE: "change_profile",
}
NOT_NOW: Button = {"title": "先不用", "payload": "/deny"}


class RecordChange(TopicClerk):
    action_name = "action_record_change"

    async def answer(self, turn: Turn) -> None:
        if turn.topic is not Topic.UPDATE_PROFILE and await self._asked_which(turn):
            return
        await restate(turn, turn.topic)
        await topics.answer_also(turn)

    async def _asked_which(self, turn: Turn) -> bool:
        """A verified customer with several orders says which, when the words do not."""
        if turn.entity("order_number", "product") or _number(turn):
            return False
        try:
            recent = await orders.recent(turn.care, turn.conversation.id)
        except (NotVerified, Unavailable):
            return False
        if len(recent) < 2 or reading.choose_order(turn.words, recent):
            return False
        turn.say("change_which", buttons=[*(order_button(o, turn.topic.value) for o in recent), HUMAN])
        return True


def _number(turn: Turn) -> str | None:
    return reading.order_number(turn.words, turn.care.settings.order_number_pattern)


@topics.answers(*SENTENCE)
async def restate(turn: Turn, topic: Topic) -> None:
    """What is wanted, said back, and a person offered who can do it."""
    number = turn.entity("order_number") or _number(turn)
    product = turn.entity("product")
    what = (
        f"订单 {number}"
        if number
        else product or ("这件商品" if topic is Topic.REQUEST_REPAIR else "这笔订单")
    )
    turn.say(SENTENCE[topic], what=what, buttons=[HUMAN, NOT_NOW])
    turn.set("offered", "person")


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
    turn.set("offered", "person")


class Feedback(TopicClerk):
    """Praise and suggestions are kept with the contact."""

    action_name = "action_feedback"

    async def answer(self, turn: Turn) -> None:
        turn.say("praise_thanks" if turn.topic is Topic.PRAISE else "suggestion_thanks")
        await topics.answer_also(turn)
