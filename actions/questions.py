"""Every inquiry that needs no record of the customer's own, unless its words name products or an own order after all."""

from __future__ import annotations

from actions import topics
from actions.clerk import TopicClerk
from actions.knowledge import say_chosen
from actions.order_talk import show
from actions.products import say_compared
from actions.turn import Turn
from actions.which_order import named_order
from care.rules.vocabulary import Topic

#: A reading below this may be another one: 上周买的洗衣机发的什么快递 asks for an order.
_SURE = 0.8


class AnswerQuestion(TopicClerk):
    action_name = "action_answer_question"

    async def answer(self, turn: Turn) -> None:
        if not await say_chosen(turn):
            await _answer_main(turn.main())
        await topics.answer_also(turn)


async def _answer_main(turn: Turn) -> None:
    if await say_compared(turn):
        return
    if turn.topic is Topic.DELIVERY_POLICY and turn.confidence < _SURE:
        order = await named_order(turn)
        if order is not None:
            await show(turn, order.number, Topic.LOGISTICS)
            return
    await topics.answer(turn, turn.topic)
