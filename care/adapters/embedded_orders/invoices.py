"""Invoices: asking for one and having it issued again (红冲重开)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from care.adapters.embedded_orders.tables import Tables, Write, few, own_order, tell
from care.ports import InvoiceView, InvoiceWish
from care.records.counters import next_number
from care.records.customer import Customer
from care.records.order import Order
from care.records.order_request import Invoice
from care.rules.errors import InvalidInput, NotFound
from care.rules.numbers import NumberKind
from care.rules.order_moves import Refused, correct_invoice_refusal, invoice_refusal
from care.rules.order_terms import InvoiceKind, InvoiceState
from care.rules.times import shanghai_day


class Invoices(Tables):
    async def request_invoice(self, wish: InvoiceWish, *, customer_ref: str, key: str) -> InvoiceView:
        async with self._writing(key, "request_invoice", customer_ref, wish) as write:
            if write.answer is None:
                order = await own_order(write, wish.order_number)
                earlier = await write.session.scalars(
                    select(Invoice.state).where(Invoice.order_id == order.id)
                )
                placed_on = shanghai_day(order.placed_at)
                if refusal := invoice_refusal(order, placed_on, write.today, list(earlier)):
                    raise Refused(refusal)
                number = await _issue(write, order, wish, InvoiceState.REQUESTED)
                tell(order, write.now, "申请发票", number)
                write.answer = {"number": number}
            return _view(await _own(write, write.answer["number"]))

    async def correct_invoice(
        self, number: str, wish: InvoiceWish, *, customer_ref: str, key: str
    ) -> InvoiceView:
        async with self._writing(key, "correct_invoice", customer_ref, number, wish) as write:
            if write.answer is None:
                old = await _own(write, number)
                order = await own_order(write, wish.order_number)
                if old.order_id != order.id:
                    raise NotFound("没有找到这张发票。")
                if refusal := correct_invoice_refusal(old.state, shanghai_day(old.requested_at), write.today):
                    raise Refused(refusal)
                old.state = InvoiceState.VOID
                new = await _issue(write, order, wish, InvoiceState.CORRECTING, replaces_id=old.id)
                tell(order, write.now, "换开发票", f"{number} 作废，换开 {new}")
                write.answer = {"number": new}
            return _view(await _own(write, write.answer["number"]))

    async def invoices(self, customer_ref: str, *, limit: int = 10) -> Sequence[InvoiceView]:
        async with self._sessions.read() as session:
            rows = await session.scalars(
                select(Invoice)
                .join(Order, Order.id == Invoice.order_id)
                .join(Customer, Customer.id == Order.customer_id)
                .where(Customer.public_id == customer_ref)
                .order_by(Invoice.requested_at.desc(), Invoice.id.desc())
                .limit(few(limit))
            )
            return [_view(invoice) for invoice in rows]


async def _issue(
    write: Write, order: Order, wish: InvoiceWish, state: InvoiceState, *, replaces_id: int | None = None
) -> str:
    fields = {}
    if not 0 < len(wish.title.strip()) <= 120:
        fields["title"] = "发票抬头应为 1 到 120 个字。"
    if wish.kind is not InvoiceKind.PERSONAL and not wish.tax_number:
        fields["tax_number"] = "企业发票需要税号。"
    if fields:
        raise InvalidInput(next(iter(fields.values())), fields=fields)
    invoice = Invoice(
        number=await next_number(write.session, NumberKind.INVOICE, write.now),
        order_id=order.id,
        kind=wish.kind,
        title=wish.title.strip(),
        tax_number=wish.tax_number,
        email=wish.email,
        amount=order.amount,
        state=state,
        requested_at=write.now,
        replaces_id=replaces_id,
    )
    write.session.add(invoice)
    await write.session.flush()
    return invoice.number


async def _own(write: Write, number: str) -> Invoice:
    invoice = await write.session.scalar(
        select(Invoice)
        .join(Order, Order.id == Invoice.order_id)
        .where(Invoice.number == number, Order.customer_id == write.customer_id)
        .with_for_update(of=Invoice)
    )
    if invoice is None:
        raise NotFound("没有找到这张发票。")
    return invoice


def _view(invoice: Invoice) -> InvoiceView:
    return InvoiceView(
        number=invoice.number,
        order_number=invoice.order.number,
        kind=invoice.kind,
        title=invoice.title,
        tax_number=invoice.tax_number,
        email=invoice.email,
        amount=invoice.amount,
        state=invoice.state,
        requested_at=invoice.requested_at,
    )
