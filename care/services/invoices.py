"""Invoices of the customer's own orders: asked for, corrected, followed."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from care.ports import InvoiceView, InvoiceWish, OrderView
from care.rules.errors import InvalidInput
from care.rules.order_due import invoice_due_at
from care.rules.order_terms import InvoiceKind, OrderPromise
from care.rules.profile import ProfileField, mask_email, mask_field
from care.rules.tax_number import clean_tax_number, tax_number_problem
from care.services import interactions
from care.services.context import Care
from care.services.order_acts import Actor, Promised, actor_of, key_of, note_done
from care.services.order_changes import own_order

_EMAIL = re.compile(r"[A-Za-z0-9._%+\-]{1,64}@(?:[A-Za-z0-9\-]{1,63}\.)+[A-Za-z]{2,24}")
LONGEST_TITLE = 120


@dataclass(frozen=True)
class Requested:
    """`promise_due_at` is None while the goods have not arrived: then within 24 hours of their arrival."""

    view: InvoiceView
    promise_due_at: datetime | None


def checked_wish(wish: InvoiceWish) -> InvoiceWish:
    """The wish with title, tax number and address as they are written down.

    Raises:
        InvalidInput: `fields` names title, tax_number or email and says what is wrong.
    """
    fields: dict[str, str] = {}
    title = " ".join(wish.title.split())
    if not 0 < len(title) <= LONGEST_TITLE:
        fields["title"] = f"发票抬头应为 1 到 {LONGEST_TITLE} 个字。"
    tax_number = None
    if wish.kind is not InvoiceKind.PERSONAL:
        if not wish.tax_number:
            fields["tax_number"] = "企业发票需要税号。"
        elif problem := tax_number_problem(wish.tax_number):
            fields["tax_number"] = problem
        else:
            tax_number = clean_tax_number(wish.tax_number)
    email = (wish.email or "").strip() or None
    if email is not None and not _EMAIL.fullmatch(email):
        fields["email"] = "电子邮箱写法不对，请检查。"
    if fields:
        raise InvalidInput(next(iter(fields.values())), fields=fields)
    return replace(wish, title=title, tax_number=tax_number, email=email)


async def request(
    care: Care, conversation_id: int, wish: InvoiceWish, *, source_message_id: int
) -> Requested:
    """Asks for the invoice of an order; the same message again is answered with the same number.

    Raises:
        NotVerified: nobody is verified, or `StepUpNeeded` for another order than the proven one.
        NotFound: no such order of this customer.
        InvalidInput: `fields` says what cannot stand on an invoice.
        Refused: not paid, invoiced already, too old.
        Unavailable: the order system did not answer.
    """
    wish = checked_wish(wish)
    actor, order = await _own(care, conversation_id, wish.order_number)
    view = await care.orders.request_invoice(
        replace(wish, order_number=order.number),
        customer_ref=actor.ref,
        key=key_of("request_invoice", actor, source_message_id, order.number),
    )
    return await _noted(care, actor, order, view, source_message_id, is_correction=False)


async def correct(
    care: Care, conversation_id: int, number: str, wish: InvoiceWish, *, source_message_id: int
) -> Requested:
    """Voids invoice `number` and has it issued again as wished. Raises as `request`."""
    wish = checked_wish(wish)
    actor, order = await _own(care, conversation_id, wish.order_number)
    view = await care.orders.correct_invoice(
        number,
        replace(wish, order_number=order.number),
        customer_ref=actor.ref,
        key=key_of("correct_invoice", actor, source_message_id, number),
    )
    return await _noted(care, actor, order, view, source_message_id, is_correction=True, replaced=number)


async def mine(care: Care, conversation_id: int, *, limit: int = 10) -> list[InvoiceView]:
    """The customer's invoices, newest first, void ones too. Raises `NotVerified`, `Unavailable`.

    Who is known by an order's number alone sees neither tax numbers nor addresses.
    """
    actor = await actor_of(care, conversation_id)
    views = list(await care.orders.invoices(actor.ref, limit=limit))
    if not actor.is_strong:
        views = [_masked(view) for view in views]
    await interactions.note_data(care, conversation_id, read=("invoice",))
    return views


def _masked(view: InvoiceView) -> InvoiceView:
    return replace(
        view,
        tax_number=mask_field(ProfileField.TAX_NUMBER, view.tax_number) if view.tax_number else None,
        email=mask_email(view.email) if view.email else None,
    )


async def _own(care: Care, conversation_id: int, number: str) -> tuple[Actor, OrderView]:
    actor = await actor_of(care, conversation_id)
    order = await own_order(care, actor, number)
    actor.check_may_write(order.number)
    return actor, order


async def _noted(
    care: Care,
    actor: Actor,
    order: OrderView,
    view: InvoiceView,
    source_message_id: int,
    *,
    is_correction: bool,
    replaced: str | None = None,
) -> Requested:
    due_at = invoice_due_at(
        view.kind,
        care.clock.now(),
        is_delivered=order.delivered_at is not None,
        is_correction=is_correction,
        is_workday=care.calendar.is_workday,
    )
    if replaced is not None:
        # The old invoice is void: whatever was promised about it is promised anew about the new one.
        await note_done(
            care,
            actor,
            source_message_id=source_message_id,
            written=f"invoice:{replaced}",
            ends_earlier=True,
        )
    first_due_at = await note_done(
        care,
        actor,
        source_message_id=source_message_id,
        written=f"invoice:{view.number}",
        promised=None if due_at is None else Promised(OrderPromise.INVOICE, due_at),
    )
    return Requested(view, first_due_at)
