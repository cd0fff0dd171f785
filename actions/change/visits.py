"""报修、安装、改约、取消上门: somebody comes, on a day and in a part of it that the customer chooses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import ClassVar

from actions.change.about import described, line_of, order_of
from actions.change.job import Job, words_of
from actions.change.kinds import Blocked, Change, answer_as, choices
from actions.change.returning import record_said
from actions.change.saying import chinese, day, part_of_day, slot_title, today
from actions.change.words import Heard
from actions.turn import HUMAN, Button, Turn
from care.ports import OrderView, VisitView, VisitWish
from care.rules.errors import Conflict
from care.rules.order_moves import day_problem, visit_refusal
from care.rules.order_terms import DaySlot, VisitKind, VisitState
from care.rules.vocabulary import OrderState, Topic
from care.services import service_visits

_FAULT = 200
_BARE_WISH = re.compile(
    r"^(?:我|要|想|请|帮|给|麻烦|需要|申请|[,, ])*(?:报修|维修|修|上门|安排|师傅|人|来|一下|服务|[。.!,, ])+$"
)
_DAYS_SHOWN = 5
_KINDS = ((VisitKind.INSTALLATION, r"安装|装"), (VisitKind.REPAIR, r"修"))


def ask_day_and_slot(turn: Turn, job: Job, name: str) -> None:
    """The next days as buttons; after a day its parts."""
    if name == "slot":
        turn.say(
            "ask_slot",
            day=day(turn, job.value(turn, "day")),
            buttons=[answer_as(slot_title(s), s.value) for s in DaySlot],
        )
        return
    days = list(dict.fromkeys(on for on, _ in service_visits.free_slots(today(turn))))[:_DAYS_SHOWN]
    buttons: list[Button] = [answer_as(day(turn, on), on.isoformat()) for on in days]
    turn.say("visit_day", buttons=buttons)


def missing_day_or_slot(turn: Turn, job: Job) -> str | None:
    if job.has("day"):
        problem = day_problem(date.fromisoformat(job.value(turn, "day") or ""), today(turn))
        if problem:
            turn.say_text(chinese(problem))
            job.said.pop("day")
    if not job.has("day"):
        return "day"
    return None if job.has("slot") else "slot"


class Visit(Change):
    """A repair or an installation is booked."""

    needs_product = True
    kind: ClassVar[VisitKind]

    def field_of(self, name: str) -> str | None:
        return {"on": "day", "slot": "slot", "fault": "fault"}.get(name)

    def fixable(self, job: Job) -> Sequence[tuple[str, str]]:
        return (("day", "日期"), ("slot", "时段"))

    async def check(self, turn: Turn, job: Job, order: OrderView | None) -> None:
        if order is None:
            return
        line = line_of(order, job)
        mine = [
            v for v in await service_visits.mine(turn.care, turn.conversation.id)
            if v.order_number == order.number and line is not None and v.sku == line.sku and v.kind is self.kind
        ]  # fmt: skip
        booked = next((v for v in mine if v.state is VisitState.BOOKED), None)
        if booked is not None:
            turn.say("visit_already", number=booked.number, when=when(turn, booked.on, booked.slot))
            job.record = booked.number
            raise Blocked(instead="move_visit")
        refusal = visit_refusal(order, self.kind, [v.state for v in mine])
        if refusal is not None:
            raise Conflict(refusal.label)

    async def ask(self, turn: Turn, job: Job, name: str, order: OrderView | None) -> None:
        ask_day_and_slot(turn, job, name)

    async def do(self, turn: Turn, job: Job) -> None:
        line = line_of(await order_of(turn, job), job)
        view = await service_visits.book(
            turn.care,
            turn.conversation.id,
            VisitWish(
                kind=self.kind,
                order_number=job.order or "",
                sku=job.sku or (line.sku if line else ""),
                on=date.fromisoformat(job.value(turn, "day") or ""),
                slot=DaySlot(job.value(turn, "slot") or ""),
                fault=(await self._fault(turn, job)) if self.kind is VisitKind.REPAIR else "",
            ),
            source_message_id=turn.message_id,
        )
        turn.say(
            "visit_booked", number=view.number, what=view.kind.label, when=when(turn, view.on, view.slot)
        )

    async def _fault(self, turn: Turn, job: Job) -> str:
        lines = (await words_of(turn, job)).split("；")
        telling = [line for line in lines if not _BARE_WISH.match(line)]
        return "；".join(telling or lines)[:_FAULT]


class Repair(Visit):
    name, topic, label, kind = "repair", Topic.REQUEST_REPAIR, "预约维修", VisitKind.REPAIR
    verbs = ("约", "预约", "修", "安排", "来")
    fields = ("day", "slot")
    tells = ("fault",)

    def fits(self, order: OrderView) -> bool:
        return order.state in (OrderState.DELIVERED, OrderState.COMPLETED)

    async def hear(self, turn: Turn, job: Job, heard: Heard) -> bool:
        found = job.hear(heard, "day", "slot")
        is_told = heard.answer is None and not _BARE_WISH.match(heard.text) and (
            heard.asked == "fault" or (heard.asked is None and len(heard.text) > 5)
        )  # fmt: skip
        if is_told and not job.has("fault"):
            job.put("fault", "told")
            return True
        return found

    async def missing(self, turn: Turn, job: Job, order: OrderView | None) -> str | None:
        return "fault" if not job.has("fault") else missing_day_or_slot(turn, job)

    async def ask(self, turn: Turn, job: Job, name: str, order: OrderView | None) -> None:
        if name == "fault":
            turn.say("repair_fault", what=described(order, job))
        else:
            ask_day_and_slot(turn, job, name)

    async def restate(self, turn: Turn, job: Job, order: OrderView | None) -> str:
        fault = await self._fault(turn, job)
        at = when(turn, job.value(turn, "day"), job.value(turn, "slot"))
        return f"{at}上门维修{described(order, job)}，故障：{fault if len(fault) <= 40 else fault[:39] + '…'}"


class Installation(Visit):
    name, topic, label, kind = "installation", Topic.INSTALLATION, "预约安装", VisitKind.INSTALLATION
    verbs = ("约", "预约", "装", "安装", "安排", "来")
    fields = ("day", "slot")

    def fits(self, order: OrderView) -> bool:
        return order.state in (
            OrderState.PAID,
            OrderState.SHIPPED,
            OrderState.DELIVERED,
            OrderState.COMPLETED,
        )

    async def missing(self, turn: Turn, job: Job, order: OrderView | None) -> str | None:
        return missing_day_or_slot(turn, job)

    async def restate(self, turn: Turn, job: Job, order: OrderView | None) -> str:
        return f"{when(turn, job.value(turn, 'day'), job.value(turn, 'slot'))}上门安装{described(order, job)}"


class OfAVisit(Change):
    """What is done with a visit that is booked: the only one, or the one that is chosen."""

    topic = Topic.REQUEST_REPAIR
    needs_order = False

    async def hear(self, turn: Turn, job: Job, heard: Heard) -> bool:
        answer = heard.answer if heard.answer and re.match(r"(?:WX|AZ)-", heard.answer) else None
        number = answer or record_said(heard.text, "(?:WX|AZ)")
        if number:
            job.record = number
        kind = next((kind for kind, words in _KINDS if re.search(words, heard.text)), None)
        if kind is not None:
            job.put("visit_kind", kind.value)
        return job.hear(heard, *self.fields) or bool(number)

    async def missing(self, turn: Turn, job: Job, order: OrderView | None) -> str | None:
        booked = await self._booked(turn)
        if job.record and all(view.number != job.record for view in booked):
            job.record, job.note = None, "record_not_found"
        if not job.record:
            if not booked:
                turn.say("visit_none", buttons=[HUMAN])
                raise Blocked(is_answered=True)
            meant = [v for v in booked if v.kind.value == job.value(turn, "visit_kind")] or booked
            if len(meant) > 1:
                return "record"
            job.record = meant[0].number
        return None

    async def ask(self, turn: Turn, job: Job, name: str, order: OrderView | None) -> None:
        if name != "record":
            ask_day_and_slot(turn, job, name)
            return
        booked = await self._booked(turn)
        titles = [(f"{v.kind.label} · {day(turn, v.on)}", v.number) for v in booked[:3]]
        turn.say("record_which", what="预约", buttons=choices(*titles))

    async def _booked(self, turn: Turn) -> list[VisitView]:
        mine = await service_visits.mine(turn.care, turn.conversation.id)
        return [view for view in mine if view.state is VisitState.BOOKED]

    async def _view(self, turn: Turn, job: Job) -> VisitView:
        view = next((v for v in await self._booked(turn) if v.number == job.record), None)
        if view is None:
            raise Conflict("这次预约已经结束或取消了。")
        return view


class MoveVisit(OfAVisit):
    name, label = "move_visit", "改上门时间"
    verbs = ("改", "换")
    fields = ("day", "slot")

    def field_of(self, name: str) -> str | None:
        return {"on": "day"}.get(name, name)

    def fixable(self, job: Job) -> Sequence[tuple[str, str]]:
        return (("day", "日期"), ("slot", "时段"))

    async def missing(self, turn: Turn, job: Job, order: OrderView | None) -> str | None:
        return await super().missing(turn, job, order) or missing_day_or_slot(turn, job)

    async def restate(self, turn: Turn, job: Job, order: OrderView | None) -> str:
        view = await self._view(turn, job)
        at = when(turn, job.value(turn, "day"), job.value(turn, "slot"))
        return f"{view.product_name}的上门{view.kind.label}（{view.number}）改到{at}"

    async def do(self, turn: Turn, job: Job) -> None:
        view = await service_visits.move(
            turn.care,
            turn.conversation.id,
            job.record or "",
            on=date.fromisoformat(job.value(turn, "day") or ""),
            slot=DaySlot(job.value(turn, "slot") or ""),
            source_message_id=turn.message_id,
        )
        turn.say("visit_moved", number=view.number, when=when(turn, view.on, view.slot))


class CancelVisit(OfAVisit):
    name, label = "cancel_visit", "取消上门"
    verbs = ("取消", "不用来")

    async def restate(self, turn: Turn, job: Job, order: OrderView | None) -> str:
        view = await self._view(turn, job)
        return (
            f"取消{when(turn, view.on, view.slot)}上门{view.kind.label}{view.product_name}（{view.number}）"
        )

    async def do(self, turn: Turn, job: Job) -> None:
        view = await service_visits.cancel(
            turn.care, turn.conversation.id, job.record or "", source_message_id=turn.message_id
        )
        turn.say("visit_cancelled", number=view.number, what=view.kind.label)


def when(turn: Turn, on: str | date | None, slot: str | DaySlot | None) -> str:
    """11月28日(周六)下午"""
    return f"{day(turn, on)}{part_of_day(slot)}"
