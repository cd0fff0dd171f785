"""开发票、换开: kind, title and tax number, checked before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from actions.change.about import described
from actions.change.job import Job
from actions.change.kinds import Blocked, Change, choices
from actions.change.returning import record_said
from actions.change.saying import chinese, moment
from actions.change.words import Heard
from actions.turn import HUMAN, Turn
from care.ports import InvoiceView, InvoiceWish, OrderView
from care.rules.errors import Conflict
from care.rules.order_moves import invoice_refusal
from care.rules.order_terms import InvoiceKind, InvoiceState
from care.rules.tax_number import tax_number_problem
from care.rules.times import shanghai_day
from care.rules.vocabulary import OrderState, Topic
from care.services import invoices, profile

_NO_EMAIL = re.compile(r"不用|不要|没有|算了|在线|页面|下载|不需要|无")
_OPEN = (InvoiceState.REQUESTED, InvoiceState.ISSUED, InvoiceState.CORRECTING)


class Invoice(Change):
    name, topic, label = "invoice", Topic.INVOICE, "申请发票"
    verbs: ClassVar[tuple[str, ...]] = ("开", "申请")
    fields = ("invoice_kind", "title", "tax_number", "email")

    def fits(self, order: OrderView) -> bool:
        return order.state not in (OrderState.CREATED, OrderState.CANCELLED, OrderState.RETURNED)

    def fixable(self, job: Job) -> Sequence[tuple[str, str]]:
        return (("invoice_kind", "发票类型"), ("title", "抬头"), ("tax_number", "税号"), ("email", "邮箱"))

    async def hear(self, turn: Turn, job: Job, heard: Heard) -> bool:
        was_special = self.kind_of(turn, job) is InvoiceKind.SPECIAL
        found = job.hear(heard, *self.fields)
        if was_special and heard.asked != "invoice_kind":
            job.put("invoice_kind", InvoiceKind.SPECIAL.value)  # its tax number names a company too
        is_kind_known = self.kind_of(turn, job) is not None
        if job.value(turn, "title") == "个人":
            job.put("invoice_kind", InvoiceKind.PERSONAL.value)
        elif not is_kind_known and (job.has("tax_number") or _is_company(job.value(turn, "title"))):
            job.put("invoice_kind", InvoiceKind.COMPANY.value)
        if heard.asked == "email" and (
            heard.answer == "none" or (not found and _NO_EMAIL.search(heard.text))
        ):
            job.put("email", None)
            return True
        return found

    async def check(self, turn: Turn, job: Job, order: OrderView | None) -> None:
        if order is None:
            return
        mine = [
            v for v in await invoices.mine(turn.care, turn.conversation.id) if v.order_number == order.number
        ]
        valid = next((view for view in mine if view.state in _OPEN), None)
        if valid is not None:
            turn.say("invoice_already", number=valid.number, state=valid.state.label, title=valid.title)
            if valid.state is InvoiceState.CORRECTING:
                raise Blocked(is_answered=True)
            job.record = valid.number
            raise Blocked(instead="invoice_fix")
        now = turn.care.clock.now()
        refusal = invoice_refusal(
            order, shanghai_day(order.placed_at), shanghai_day(now), [v.state for v in mine]
        )
        if refusal is not None:
            raise Conflict(refusal.label)

    async def missing(self, turn: Turn, job: Job, order: OrderView | None) -> str | None:
        kind = self.kind_of(turn, job)
        if kind is None:
            return "invoice_kind"
        if not job.has("title") and kind is not InvoiceKind.PERSONAL:
            return "title"
        if kind is not InvoiceKind.PERSONAL and (question := self._tax_number(turn, job)):
            return question
        if not job.has("email"):
            known = await profile.field(turn.care, turn.conversation.id, "email")
            if known is None or not known.value or "*" in known.value:
                return "email"
            job.said["email"] = {"profile": "email"}
        return None

    def _tax_number(self, turn: Turn, job: Job) -> str | None:
        """Checked as soon as it is said: a slip is found while the paper is still at hand."""
        number = job.value(turn, "tax_number")
        problem = tax_number_problem(number) if number else None
        if problem:
            turn.say_text(chinese(problem))
            job.said.pop("tax_number")
        return None if number and not problem else "tax_number"

    async def ask(self, turn: Turn, job: Job, name: str, order: OrderView | None) -> None:
        if name == "invoice_kind":
            kinds = [(kind.label, kind.value) for kind in InvoiceKind]
            turn.say("invoice_kind", what=described(order, job), buttons=choices(*kinds))
        elif name == "email":
            turn.say("invoice_email", buttons=choices(("不用邮箱", "none")))
        else:
            turn.say(f"invoice_{name}", buttons=[HUMAN] if job.tries else [])

    async def restate(self, turn: Turn, job: Job, order: OrderView | None) -> str:
        wish = await self.wish(turn, job)
        return f"{described(order, job)}开{self.said(wish)}"

    def said(self, wish: InvoiceWish) -> str:
        parts = [f"{wish.kind.label}，抬头“{wish.title}”"]
        if wish.tax_number:
            parts.append(f"税号 {wish.tax_number}")
        if wish.email:
            parts.append(f"发到 {wish.email}")
        return "，".join(parts)

    async def do(self, turn: Turn, job: Job) -> None:
        done = await invoices.request(
            turn.care, turn.conversation.id, await self.wish(turn, job), source_message_id=turn.message_id
        )
        self.say_done(turn, "invoice_done", done)

    def say_done(self, turn: Turn, key: str, done: invoices.Requested) -> None:
        due = f"{moment(turn, done.promise_due_at)}前开好" if done.promise_due_at else "签收后 24 小时内开好"
        turn.say(key, number=done.view.number, due=due)

    async def wish(self, turn: Turn, job: Job) -> InvoiceWish:
        kind = self.kind_of(turn, job) or InvoiceKind.PERSONAL
        is_personal = kind is InvoiceKind.PERSONAL
        return InvoiceWish(
            order_number=job.order or "",
            kind=kind,
            title=job.value(turn, "title") or "个人",
            tax_number=None if is_personal else job.value(turn, "tax_number"),
            email=await self._email(turn, job),
        )

    async def _email(self, turn: Turn, job: Job) -> str | None:
        if "profile" in (job.said.get("email") or {}):
            known = await profile.field(turn.care, turn.conversation.id, "email")
            return known.value if known else None
        return job.value(turn, "email")

    def kind_of(self, turn: Turn, job: Job) -> InvoiceKind | None:
        value = job.value(turn, "invoice_kind")
        return InvoiceKind(value) if value else None


class FixInvoice(Invoice):
    """换开发票: what is said replaces what stands on it, the rest stays."""

    name, label = "invoice_fix", "更正发票"
    verbs = ("改", "重开", "换开", "更正")
    needs_order = False

    async def hear(self, turn: Turn, job: Job, heard: Heard) -> bool:
        number = (
            heard.answer if heard.answer and heard.answer.startswith("FP-") else record_said(heard.text, "FP")
        )
        if number:
            job.record = number
        if heard.answer in ("title", "tax_number", "invoice_kind", "email"):
            job.put("what", heard.answer)
            return True
        return await super().hear(turn, job, heard) or bool(number)

    async def check(self, turn: Turn, job: Job, order: OrderView | None) -> None:
        return

    async def missing(self, turn: Turn, job: Job, order: OrderView | None) -> str | None:
        mine = [v for v in await invoices.mine(turn.care, turn.conversation.id) if v.state in _OPEN]
        named = [v for v in mine if v.number == job.record] or [
            v for v in mine if job.order and v.order_number == job.order
        ]
        if not mine:
            turn.say("invoice_none")
            raise Blocked(instead="invoice")
        if not named and len(mine) > 1:
            return "record"
        view = (named or mine)[0]
        job.record, job.order = view.number, view.order_number
        if not any(job.has(name) for name in self.fields):
            return job.value(turn, "what") or "what"
        kind = self.kind_of(turn, job) or view.kind
        if kind is InvoiceKind.PERSONAL:
            return None
        if not job.has("title") and view.kind is InvoiceKind.PERSONAL:
            return "title"
        if job.has("tax_number") or view.tax_number is None or _is_another(job.value(turn, "title"), view):
            return self._tax_number(turn, job)
        return None

    async def ask(self, turn: Turn, job: Job, name: str, order: OrderView | None) -> None:
        if name == "record":
            mine = [v for v in await invoices.mine(turn.care, turn.conversation.id) if v.state in _OPEN]
            titles = [(f"尾号{v.order_number[-4:]} · {v.title[:12]}", v.number) for v in mine[:3]]
            turn.say("record_which", what="发票", buttons=choices(*titles))
        elif name == "what":
            turn.say("invoice_what", buttons=choices(*((label, field) for field, label in self.fixable(job))))
        else:
            await super().ask(turn, job, name, order)

    async def restate(self, turn: Turn, job: Job, order: OrderView | None) -> str:
        return f"发票 {job.record} 作废重开，改为{self.said(await self.wish(turn, job))}"

    async def do(self, turn: Turn, job: Job) -> None:
        done = await invoices.correct(
            turn.care,
            turn.conversation.id,
            job.record or "",
            await self.wish(turn, job),
            source_message_id=turn.message_id,
        )
        self.say_done(turn, "invoice_fixed", done)

    async def wish(self, turn: Turn, job: Job) -> InvoiceWish:
        mine = await invoices.mine(turn.care, turn.conversation.id)
        view = next((v for v in mine if v.number == job.record), None)
        if view is None:
            raise Conflict("没有找到这张发票。")
        kind = self.kind_of(turn, job) or view.kind
        return InvoiceWish(
            order_number=view.order_number,
            kind=kind,
            title=job.value(turn, "title") or view.title,
            tax_number=None
            if kind is InvoiceKind.PERSONAL
            else job.value(turn, "tax_number") or view.tax_number,
            email=await self._email(turn, job) or view.email,
        )


def _is_company(title: str | None) -> bool:
    return bool(title and re.search(r"公司|事务所|集团|厂|中心|学校|大学|医院|银行|协会", title))


def _is_another(title: str | None, view: InvoiceView) -> bool:
    """Another company has another tax number."""
    return bool(title) and title != view.title
