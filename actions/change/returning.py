"""退货、换货、仅退款: explained from the rules, taken down, and what the rules leave open looked at by a person."""

from __future__ import annotations

import re
from collections.abc import Sequence

from actions.change.about import described, line_of, order_of
from actions.change.job import Job, words_of
from actions.change.kinds import Blocked, Change, choices, tail
from actions.change.saying import chinese, moment
from actions.change.words import Heard
from actions.turn import HUMAN, Turn
from care.ports import OrderView, ReturnView
from care.rules.errors import Conflict
from care.rules.order_moves import RETURN_UNTOUCHED
from care.rules.order_terms import ReturnKind, ReturnState
from care.rules.return_advice import Payer
from care.rules.vocabulary import OrderState, Topic
from care.services import returns
from care.services.returns import ReturnAdvice

_REASON = 200
_HERE = (OrderState.DELIVERED, OrderState.COMPLETED)
_FAULTY = ("quality", "wrong")


class Return(Change):
    name, topic, label = "return", Topic.REQUEST_RETURN, "申请退换"
    verbs = ("退", "换", "申请", "办")
    needs_product = True
    tells = ("reason",)
    fields = ("return_kind", "reason", "condition", "exchange_for")

    def fits(self, order: OrderView) -> bool:
        return order.state in _HERE

    def fixable(self, job: Job) -> Sequence[tuple[str, str]]:
        return (
            ("return_kind", "退还是换"),
            ("reason", "原因"),
            ("condition", "商品状态"),
            ("exchange_for", "换成什么"),
        )

    async def hear(self, turn: Turn, job: Job, heard: Heard) -> bool:
        # 有点划痕 says how it looks, where that was asked, and not why it goes back.
        if heard.asked == "condition" and job.hear(heard, "condition"):
            return True
        found = job.hear(heard, "return_kind", "reason", "condition")
        if job.value(turn, "return_kind") == ReturnKind.EXCHANGE.value:
            found = job.hear(heard, "exchange_for") or found
        return found

    async def check(self, turn: Turn, job: Job, order: OrderView | None) -> None:
        """What has not arrived is cancelled or stopped: less trouble, and the same money."""
        if order is not None and order.state in (OrderState.CREATED, OrderState.PAID, OrderState.SHIPPED):
            turn.say("return_not_here", tail=tail(order.number))
            raise Blocked(instead="cancel")

    async def missing(self, turn: Turn, job: Job, order: OrderView | None) -> str | None:
        for name in ("return_kind", "reason"):
            if not job.has(name):
                return name
        if job.value(turn, "return_kind") == ReturnKind.EXCHANGE.value and not job.has("exchange_for"):
            return "exchange_for"
        is_fault = job.value(turn, "reason") in _FAULTY
        return None if is_fault or job.has("condition") else "condition"

    async def ask(self, turn: Turn, job: Job, name: str, order: OrderView | None) -> None:
        match name:
            case "return_kind":
                kinds = [(kind.label, kind.value) for kind in ReturnKind]
                turn.say("return_kind", what=described(order, job), buttons=choices(*kinds))
            case "reason":
                reasons = (
                    ("质量问题", "quality"),
                    ("发错或少发", "wrong"),
                    ("不想要了", "no_reason"),
                    ("其他", "other"),
                )
                turn.say("return_reason", buttons=choices(*reasons))
            case "condition":
                states = (("没拆封", "unopened"), ("拆了，完好", "opened"), ("用过或有损坏", "used"))
                turn.say("return_condition", buttons=choices(*states))
            case _:
                turn.say("return_exchange", buttons=choices(("同款新品", "same")))

    async def restate(self, turn: Turn, job: Job, order: OrderView | None) -> str:
        advice = await self._advice(turn, job)
        for word in advice.words:
            turn.say_text(chinese(word.label))
        kind = ReturnKind(job.value(turn, "return_kind") or "return")
        parts = [f"{described(order, job)}{kind.label}"]
        if kind is ReturnKind.EXCHANGE:
            parts.append(f"换成{job.value(turn, 'exchange_for')}")
        parts.append(f"原因是{_REASONS[job.value(turn, 'reason') or 'other']}")
        if advice.pays_transport is not None:
            parts.append("运费由我们承担" if advice.pays_transport is Payer.SHOP else "寄回运费由您承担")
        return "，".join(parts)

    async def do(self, turn: Turn, job: Job) -> None:
        advice = await self._advice(turn, job)
        wish = advice.wish(
            reason=(await words_of(turn, job))[:_REASON], exchange_for=job.value(turn, "exchange_for")
        )
        applied = await returns.apply(
            turn.care, turn.conversation.id, wish, source_message_id=turn.message_id
        )
        due = moment(turn, applied.promise_due_at)
        number, what = applied.view.number, applied.view.kind.label
        if applied.view.state is ReturnState.UNDER_REVIEW:
            turn.say("return_reviewed", number=number, what=what, due=due, buttons=[HUMAN])
        else:
            turn.say("return_done", number=number, what=what, due=due)

    async def _advice(self, turn: Turn, job: Job) -> ReturnAdvice:
        line = line_of(await order_of(turn, job), job)
        condition = job.value(turn, "condition")
        return await returns.decide(
            turn.care,
            turn.conversation.id,
            job.order or "",
            job.sku or (line.sku if line else ""),
            kind=ReturnKind(job.value(turn, "return_kind") or "return"),
            is_quality=job.value(turn, "reason") in _FAULTY,
            is_opened=condition in ("opened", "used"),
            is_activated=condition == "used",
            is_intact=condition != "used",
        )


_REASONS = {
    "quality": "质量问题",
    "wrong": "发错或与描述不符",
    "no_reason": "不想要了",
    "other": "您说的情况",
}


class CancelReturn(Change):
    """撤销退换: while nothing was sent back or refunded."""

    name, topic, label = "cancel_return", Topic.REQUEST_RETURN, "撤销退换申请"
    verbs = ("撤销", "撤", "取消", "不退", "不换")
    needs_order = False

    async def hear(self, turn: Turn, job: Job, heard: Heard) -> bool:
        number = (
            heard.answer if heard.answer and heard.answer.startswith("TH") else record_said(heard.text, "TH")
        )
        if number:
            job.record = number
        return bool(number)

    async def missing(self, turn: Turn, job: Job, order: OrderView | None) -> str | None:
        mine = await returns.mine(turn.care, turn.conversation.id)
        if job.record and all(view.number != job.record for view in mine):
            job.record, job.note = None, "record_not_found"
        still = [view for view in mine if view.state in RETURN_UNTOUCHED]
        if not job.record and len(still) == 1:
            job.record = still[0].number
        if job.record:
            return None
        if not still:
            if mine:
                raise Conflict(
                    f"编号 {mine[0].number} 的{mine[0].kind.label}{mine[0].state.label}，现在没有可以撤销的申请。"
                )
            turn.say("return_none", buttons=[HUMAN])
            raise Blocked(is_answered=True)
        return "record"

    async def ask(self, turn: Turn, job: Job, name: str, order: OrderView | None) -> None:
        mine = [v for v in await returns.mine(turn.care, turn.conversation.id) if v.state in RETURN_UNTOUCHED]
        turn.say("record_which", what="申请", buttons=choices(*((_title(v), v.number) for v in mine[:3])))

    async def restate(self, turn: Turn, job: Job, order: OrderView | None) -> str:
        view = next(
            (v for v in await returns.mine(turn.care, turn.conversation.id) if v.number == job.record), None
        )
        return (
            f"撤销{view.product_name}的{view.kind.label}申请（{view.number}）"
            if view
            else f"撤销申请 {job.record}"
        )

    async def do(self, turn: Turn, job: Job) -> None:
        view = await returns.cancel(
            turn.care, turn.conversation.id, job.record or "", source_message_id=turn.message_id
        )
        turn.say("return_cancelled", number=view.number, what=view.kind.label)


def _title(view: ReturnView) -> str:
    return f"{view.product_name[-12:]} · {view.kind.label}"


def record_said(text: str, prefix: str) -> str | None:
    found = re.search(rf"{prefix}-?\d{{8}}-?\d{{4}}", text, re.I)
    return found[0].upper() if found else None
