"""改订单: address, phone, receiver and day of a delivery, until the parcel leaves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from actions.change.about import described, order_of, own
from actions.change.job import Job
from actions.change.kinds import Blocked, Change, answer_as, choices, tail
from actions.change.saying import chinese, day, part_of_day, slot_title
from actions.change.words import Heard, same_address
from actions.turn import HUMAN, Turn
from care.ports import DeliveryChange, OrderView
from care.rules.address import split_address
from care.rules.masking import mask_phone
from care.rules.order_moves import day_problem, may_change
from care.rules.order_terms import DaySlot
from care.rules.times import shanghai_day
from care.rules.vocabulary import OrderState, Topic
from care.services import order_changes, profile

WHAT = "what"
_LABELS = (("address", "收货地址"), ("phone", "收货电话"), ("name", "收货人"), ("day", "送货时间"))
_ELSEWHERE = ("address", "phone", "name")
#: The service's names of the fields.
_OF_THE_SERVICE = {
    "receiver_address": "address", "receiver_phone": "phone", "receiver_name": "name", "on": "day", "slot": "slot",
}  # fmt: skip
_MEANT = (
    ("address", "地址"),
    ("phone", "电话|手机号|号码|联系方式"),
    ("name", "收货人|收件人|名字"),
    ("day", "时间|日期|哪天|改天|晚点|早点"),
)


class Delivery(Change):
    name, topic, label = "delivery", Topic.CHANGE_ORDER, "修改收货信息"
    verbs = ("改",)
    fields = ("address", "phone", "name", "day", "slot")

    def needs_code(self, job: Job) -> bool:
        """Another day harms nobody; a parcel sent elsewhere does."""
        wanted = (job.said.get(WHAT) or {}).get("value")
        return wanted in _ELSEWHERE or any(job.has(name) for name in _ELSEWHERE)

    def fits(self, order: OrderView) -> bool:
        return order.state in (OrderState.CREATED, OrderState.PAID)

    def field_of(self, name: str) -> str | None:
        return _OF_THE_SERVICE.get(name)

    def fixable(self, job: Job) -> Sequence[tuple[str, str]]:
        return _LABELS

    async def hear(self, turn: Turn, job: Job, heard: Heard) -> bool:
        said = [name for name in self.fields if job.has(name)]
        if heard.asked in ("confirm", "fixing") and len(said) == 1:
            heard = replace(heard, asked=said[0])  # 不对，是李小明
        found = job.hear(heard, *self.fields)
        if not job.has("address") and same_address(heard.text):
            found = await self._take_known_address(turn, job) or found
        if heard.answer == "other":
            job.kind = "by_person"
            return True
        meant = heard.answer or next((n for n, w in _MEANT if _contains(heard.text, w)), None)
        if meant in dict(_LABELS) and not found and meant != job.value(turn, WHAT):
            job.put(WHAT, meant)
            return True
        return found

    async def _take_known_address(self, turn: Turn, job: Job) -> bool:
        """还是上次那个地址: that of the last order but this one, or the one on record."""
        others = [o for o in await own(turn) if o.number != job.order and o.receiver_address]
        if others:
            job.said["address"] = {"order": others[0].number}
            return True
        if await profile.field(turn.care, turn.conversation.id, "address") is not None:
            job.said["address"] = {"profile": "address"}
            return True
        return False

    async def check(self, turn: Turn, job: Job, order: OrderView | None) -> None:
        refusal = may_change(order) if order is not None else None
        if refusal is not None:
            turn.say_text(chinese(refusal.label))
            raise Blocked

    async def missing(self, turn: Turn, job: Job, order: OrderView | None) -> str | None:
        if job.has("slot") and not job.has("day"):
            return "day"
        if job.has("day"):
            problem = day_problem(date.fromisoformat(job.value(turn, "day") or ""), _today(turn))
            if problem:
                turn.say_text(chinese(problem))
                job.said.pop("day")
                return "day"
            if not job.has("slot"):
                return "slot"
        if any(job.has(name) for name, _ in _LABELS):
            return None
        return job.value(turn, WHAT) or WHAT

    async def ask(self, turn: Turn, job: Job, name: str, order: OrderView | None) -> None:
        if name == WHAT:
            turn.say(
                "delivery_what",
                tail=tail(job.order),
                buttons=choices(*((label, field) for field, label in _LABELS), ("其他", "other")),
            )
        elif name == "day":
            turn.say("ask_day")
        elif name == "slot":
            turn.say(
                "ask_slot",
                day=day(turn, job.value(turn, "day")),
                buttons=[answer_as(slot_title(s), s.value) for s in DaySlot],
            )
        else:
            turn.say(f"delivery_{name}", buttons=[HUMAN] if job.tries else [])

    async def restate(self, turn: Turn, job: Job, order: OrderView | None) -> str:
        change = await self._change(turn, job)
        parts = []
        if change.receiver_address:
            parts.append(f"收货地址改为{chinese(change.receiver_address)}")
        if change.receiver_phone:
            parts.append(f"收货电话改为 {mask_phone(change.receiver_phone)}")
        if change.receiver_name:
            parts.append(f"收货人改为{change.receiver_name}")
        if change.on:
            parts.append(f"{day(turn, change.on)}{part_of_day(change.slot)}送")
        return f"{described(order, job)}：{'，'.join(parts)}"

    async def do(self, turn: Turn, job: Job) -> None:
        assert job.order is not None
        change = await self._change(turn, job)
        order = await order_changes.change_delivery(
            turn.care, turn.conversation.id, job.order, change, source_message_id=turn.message_id
        )
        what = "、".join(label for name, label in _LABELS if job.has(name))
        turn.say("delivery_done", tail=tail(order.number), what=what)

    async def _change(self, turn: Turn, job: Job) -> DeliveryChange:
        on, slot = job.value(turn, "day"), job.value(turn, "slot")
        return DeliveryChange(
            receiver_name=job.value(turn, "name"),
            receiver_phone=job.value(turn, "phone"),
            receiver_address=await self._address(turn, job),
            on=date.fromisoformat(on) if on else None,
            slot=DaySlot(slot) if on and slot else None,
        )

    async def _address(self, turn: Turn, job: Job) -> str | None:
        said = job.said.get("address") or {}
        if "order" in said:
            return next((o.receiver_address for o in await own(turn) if o.number == said["order"]), None)
        if "profile" in said:
            known = await profile.field(turn.care, turn.conversation.id, said["profile"])
            return known.value if known else None
        said_now = job.value(turn, "address")
        order = await order_of(turn, job) if said_now else None
        return completed(said_now, order.receiver_address if order else "") if said_now else None


def completed(said: str, before: str) -> str:
    """文三路 9 号 in the same city and district as before; whatever is said goes before what stood there."""
    new, old = split_address(said), split_address(before)
    if new.province or new.city:
        return said
    district, rest = new.district, said
    found = re.match(r"[\u4e00-\u9fff]{1,8}?(?:区|县)(?![域])", said)
    if found and not district:
        district, rest = found[0], said[found.end() :]
    return f"{old.province}{old.city}{district or old.district}{rest}"


def _contains(text: str, words: str) -> bool:
    return re.search(words, text) is not None


def _today(turn: Turn) -> date:
    return shanghai_day(turn.care.clock.now())
