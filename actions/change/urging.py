"""催单: the warehouse or the carrier is asked to hurry, and an answer is promised."""

from __future__ import annotations

from actions.change.about import described
from actions.change.job import Job
from actions.change.kinds import Change, tail
from actions.change.saying import moment
from actions.turn import Turn
from care.ports import OrderView
from care.rules.errors import Conflict
from care.rules.order_moves import may_urge
from care.rules.vocabulary import OrderState, Topic
from care.services import order_changes


class Urge(Change):
    name, topic, label = "urge", Topic.URGE_ORDER, "催单"
    verbs = ("催",)

    def fits(self, order: OrderView) -> bool:
        return order.state in (OrderState.PAID, OrderState.SHIPPED)

    async def check(self, turn: Turn, job: Job, order: OrderView | None) -> None:
        refusal = may_urge(order) if order is not None else None
        if refusal is not None:
            raise Conflict(refusal.label)

    async def restate(self, turn: Turn, job: Job, order: OrderView | None) -> str:
        whom = "快递公司尽快送" if order and order.state is OrderState.SHIPPED else "仓库尽快发"
        return f"为您催{described(order, job)}，请{whom}"

    async def do(self, turn: Turn, job: Job) -> None:
        assert job.order is not None
        promised = await order_changes.urge(
            turn.care, turn.conversation.id, job.order, source_message_id=turn.message_id
        )
        turn.say("urge_done", tail=tail(job.order), due=moment(turn, promised.due_at))
