"""取消订单: before dispatch done at once, on the way tried, after arrival a return instead."""

from __future__ import annotations

from actions.change.about import described
from actions.change.job import Job, words_of
from actions.change.kinds import Blocked, Change, tail
from actions.change.saying import moment
from actions.turn import HUMAN, Turn
from care.ports import OrderView
from care.rules.order_moves import may_cancel
from care.rules.order_terms import CancelOutcome
from care.rules.vocabulary import OrderState, Topic
from care.services import order_changes

_REASON = 200


class Cancel(Change):
    name, topic, label = "cancel", Topic.CANCEL_ORDER, "取消订单"
    verbs = ("取消",)

    def fits(self, order: OrderView) -> bool:
        return order.state in (OrderState.CREATED, OrderState.PAID, OrderState.SHIPPED)

    async def check(self, turn: Turn, job: Job, order: OrderView | None) -> None:
        if order is None:
            return
        if order.state is OrderState.CANCELLED:
            turn.say("cancel_already", tail=tail(order.number))
            raise Blocked(is_answered=True)
        if may_cancel(order) is CancelOutcome.TOO_LATE:
            turn.say("cancel_too_late", tail=tail(order.number))
            raise Blocked(instead="return")

    async def restate(self, turn: Turn, job: Job, order: OrderView | None) -> str:
        what = described(order, job)
        if order is not None and may_cancel(order) is CancelOutcome.INTERCEPTING:
            return f"取消{what}：已经发出，我请快递拦截，拦不住时您可以拒收"
        if order is not None and order.state is OrderState.CREATED:
            return f"取消{what}：还没付款，取消后不会扣款"
        return f"取消{what}：还没发出，取消后货款原路退回"

    async def do(self, turn: Turn, job: Job) -> None:
        assert job.order is not None
        done = await order_changes.cancel(
            turn.care,
            turn.conversation.id,
            job.order,
            reason=(await words_of(turn, job))[:_REASON],
            source_message_id=turn.message_id,
        )
        at = done.refund_promised_at or done.answer_promised_at
        due = moment(turn, at) if at else None
        match done.outcome:
            case CancelOutcome.CANCELLED if due:
                turn.say("cancel_done", tail=tail(done.number), due=due)
            case CancelOutcome.CANCELLED:
                turn.say("cancel_done_unpaid", tail=tail(done.number))
            case CancelOutcome.INTERCEPTING:
                turn.say("cancel_intercepting", tail=tail(done.number), due=due)
            case _:
                turn.say("cancel_too_late", tail=tail(done.number), buttons=[HUMAN])
