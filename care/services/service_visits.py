"""Visits for repair and installation: booked, moved, cancelled, and the days that can be chosen."""

from __future__ import annotations

from datetime import date

from care.ports import VisitView, VisitWish
from care.rules.errors import InvalidInput, NotFound
from care.rules.legal_clocks import LegalKind
from care.rules.order_due import visit_due_at
from care.rules.order_moves import day_problem, free_days
from care.rules.order_terms import DaySlot, OrderPromise, VisitKind
from care.rules.times import shanghai_day
from care.services import interactions, legal_clocks
from care.services.context import Care
from care.services.order_acts import Actor, Promised, actor_of, key_of, note_done


def free_slots(today: date) -> list[tuple[date, DaySlot]]:
    """Days and parts of the day to offer: the next five days, Asia/Shanghai."""
    return free_days(today)


async def book(care: Care, conversation_id: int, wish: VisitWish, *, source_message_id: int) -> VisitView:
    """Books a visit; its number is ``WX-…`` or ``AZ-…``. The same message again books nothing more.

    Raises:
        NotVerified: nobody is verified, or `StepUpNeeded` for another order than the proven one.
        NotFound: no such order of this customer, or no such article in it.
        InvalidInput: a day that is not within the next 30.
        Refused: not arrived yet, booked already, or the order has ended.
        Unavailable: the order system did not answer.
    """
    actor = await actor_of(care, conversation_id)
    actor.check_may_write(wish.order_number)
    _check_day(care, wish.on)
    view = await care.orders.book_visit(
        wish,
        customer_ref=actor.ref,
        key=key_of("book_visit", actor, source_message_id, f"{wish.order_number}:{wish.sku}:{wish.kind}"),
    )
    await _note(care, actor, view, source_message_id)
    if view.kind is VisitKind.REPAIR:
        await legal_clocks.begin(
            care,
            LegalKind.THREEBAGS_REPAIR,
            subject=f"visit:{view.number}",
            customer_id=actor.customer_id,
            starts_at=view.booked_at,
        )
    return view


async def move(
    care: Care, conversation_id: int, number: str, *, on: date, slot: DaySlot, source_message_id: int
) -> VisitView:
    """Another day or part of the day; the promise moves along. Raises as `book`."""
    actor = await _may_write(care, conversation_id, number)
    _check_day(care, on)
    view = await care.orders.move_visit(
        number,
        customer_ref=actor.ref,
        on=on,
        slot=slot,
        key=key_of("move_visit", actor, source_message_id, number),
    )
    await _note(care, actor, view, source_message_id)
    return view


async def cancel(care: Care, conversation_id: int, number: str, *, source_message_id: int) -> VisitView:
    """Nobody comes. Raises as `book`."""
    actor = await _may_write(care, conversation_id, number)
    view = await care.orders.cancel_visit(
        number, customer_ref=actor.ref, key=key_of("cancel_visit", actor, source_message_id, number)
    )
    await note_done(
        care, actor, source_message_id=source_message_id, written=f"visit:{view.number}", ends_earlier=True
    )
    return view


async def mine(care: Care, conversation_id: int, *, limit: int = 10) -> list[VisitView]:
    """The customer's visits, the newest booking first. Raises `NotVerified`, `Unavailable`."""
    actor = await actor_of(care, conversation_id)
    views = list(await care.orders.visits(actor.ref, limit=limit))
    await interactions.note_data(care, conversation_id, read=("visit",))
    return views


def _check_day(care: Care, day: date) -> None:
    if problem := day_problem(day, shanghai_day(care.clock.now())):
        raise InvalidInput(problem, fields={"on": problem})


async def _may_write(care: Care, conversation_id: int, number: str) -> Actor:
    actor = await actor_of(care, conversation_id)
    if not actor.is_strong:
        visits = await care.orders.visits(actor.ref, limit=50)
        order_number = next((view.order_number for view in visits if view.number == number), None)
        if order_number is None:
            raise NotFound("没有找到这个预约。")
        actor.check_may_write(order_number)
    return actor


async def _note(care: Care, actor: Actor, view: VisitView, source_message_id: int) -> None:
    await note_done(
        care,
        actor,
        source_message_id=source_message_id,
        written=f"visit:{view.number}",
        promised=Promised(OrderPromise.VISIT, visit_due_at(view.on, view.slot)),
        ends_earlier=True,
    )
