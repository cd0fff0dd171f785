"""Cancelling an order, changing its delivery, hurrying it: for the verified customer's own orders only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from care.ports import DeliveryChange, OrderView
from care.rules.errors import NotFound
from care.rules.order_due import answer_due_at, refund_due_at
from care.rules.order_moves import may_cancel, may_change
from care.rules.order_terms import CancelOutcome, OrderPromise
from care.rules.vocabulary import OrderState
from care.services.context import Care
from care.services.order_acts import Actor, Promised, actor_of, key_of, note_done

_A_MOMENT = timedelta(hours=1)


@dataclass(frozen=True)
class Cancelled:
    """What became of the wish.

    Attributes:
        refund_promised_at: by when the shop pays back (the bank's time comes after); None when nothing was paid.
        answer_promised_at: by when the customer hears whether the parcel was stopped.
    """

    outcome: CancelOutcome
    number: str
    refund_promised_at: datetime | None
    answer_promised_at: datetime | None = None


async def cancel(
    care: Care, conversation_id: int, number: str, *, reason: str, source_message_id: int
) -> Cancelled:
    """Cancels an order that has not left, tries to stop one on its way; the same message again changes nothing.

    An order that has arrived is left as it is: `CancelOutcome.TOO_LATE`, a return is possible.

    Raises:
        NotVerified: nobody is verified, or `StepUpNeeded` for another order than the proven one.
        NotFound: no such order of this customer.
        Unavailable: the order system did not answer; the text says whether anything was sent.
    """
    actor, order = await _own(care, conversation_id, number)
    actor.check_may_write(order.number)
    outcome = await care.orders.cancel_order(
        order.number,
        customer_ref=actor.ref,
        reason=reason,
        key=key_of("cancel_order", actor, source_message_id, order.number),
    )
    promised = _promise(care, order, outcome)
    due_at = await note_done(
        care, actor, source_message_id=source_message_id, written=f"order:{order.number}", promised=promised
    )
    return Cancelled(
        outcome=outcome,
        number=order.number,
        refund_promised_at=due_at if outcome is CancelOutcome.CANCELLED else None,
        answer_promised_at=due_at if outcome is CancelOutcome.INTERCEPTING else None,
    )


def _promise(care: Care, order: OrderView, outcome: CancelOutcome) -> Promised | None:
    now = care.clock.now()
    if outcome is CancelOutcome.INTERCEPTING:
        return Promised(OrderPromise.INTERCEPT, answer_due_at(now))
    if outcome is CancelOutcome.CANCELLED and _is_to_refund(order, now):
        return Promised(OrderPromise.REFUND, refund_due_at(now, is_workday=care.calendar.is_workday))
    return None


def _is_to_refund(order: OrderView, now: datetime) -> bool:
    """`order` as it was before the call: paid, or cancelled a moment ago by this very message, tried before.

    An order cancelled long ago was refunded then: nothing is promised about it again.
    """
    if order.state is not OrderState.CANCELLED:
        return order.state is OrderState.PAID
    was_paid = any("付款成功" in event.title for event in order.events)
    return was_paid and max(event.at for event in order.events) > now - _A_MOMENT


async def change_delivery(
    care: Care, conversation_id: int, number: str, change: DeliveryChange, *, source_message_id: int
) -> OrderView:
    """Changes receiver or day before the parcel leaves; returns the order as it now stands.

    Raises:
        NotVerified: as `cancel`; a new receiver, phone or address needs a code or a sign-in (`StepUpNeeded`).
        NotFound, Unavailable: as `cancel`.
        Refused: it has left already; the text says what is possible instead.
        InvalidInput: `fields` names what cannot be right.
    """
    actor, order = await _own(care, conversation_id, number)
    is_elsewhere = any((change.receiver_name, change.receiver_phone, change.receiver_address))
    actor.check_may_write(order.number, strongly=is_elsewhere)
    changed = await care.orders.change_delivery(
        order.number,
        customer_ref=actor.ref,
        change=change,
        key=key_of("change_delivery", actor, source_message_id, order.number),
    )
    await note_done(care, actor, source_message_id=source_message_id, written=f"order:{order.number}")
    return changed


async def urge(care: Care, conversation_id: int, number: str, *, source_message_id: int) -> Promised:
    """Asks warehouse or carrier to hurry and promises an answer. Raises as `change_delivery`."""
    actor, order = await _own(care, conversation_id, number)
    actor.check_may_write(order.number)
    await care.orders.urge_order(
        order.number,
        customer_ref=actor.ref,
        key=key_of("urge_order", actor, source_message_id, order.number),
    )
    promised = Promised(OrderPromise.HURRY, answer_due_at(care.clock.now()))
    due_at = await note_done(
        care, actor, source_message_id=source_message_id, written=f"order:{order.number}", promised=promised
    )
    return Promised(promised.what, due_at or promised.due_at)


async def own_order(care: Care, actor: Actor, number: str) -> OrderView:
    """The customer's own order. Raises `NotFound` for a foreign one and for none alike."""
    order = await care.orders.find_order("".join(number.split()), customer_ref=actor.ref)
    if order is None:
        raise NotFound("没有找到这个订单，请核对订单号。")
    return order


async def _own(care: Care, conversation_id: int, number: str) -> tuple[Actor, OrderView]:
    actor = await actor_of(care, conversation_id)
    return actor, await own_order(care, actor, number)


__all__ = [
    "Cancelled",
    "Promised",
    "cancel",
    "change_delivery",
    "may_cancel",
    "may_change",
    "own_order",
    "urge",
]
