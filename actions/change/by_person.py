"""What only a person can do with an order (colour, quantity, parts of it): said back, then handed over with the words."""

from __future__ import annotations

from actions.change.about import described
from actions.change.job import Job, words_of
from actions.change.kinds import Change
from actions.handoff import to_person
from actions.turn import Turn
from care.ports import OrderView
from care.rules.vocabulary import Topic

_LONG = 60


class ByPerson(Change):
    name, topic, label = "by_person", Topic.CHANGE_ORDER, "修改订单"
    verbs = ("改", "转")

    async def restate(self, turn: Turn, job: Job, order: OrderView | None) -> str:
        words = await words_of(turn, job)
        return f"修改{described(order, job)}，您说的是“{words if len(words) <= _LONG else words[: _LONG - 1] + '…'}”，转人工客服核对后办"

    async def do(self, turn: Turn, job: Job) -> None:
        await to_person(turn, reason=self.topic.value, about=f"{self.label}：订单 {job.order}")
