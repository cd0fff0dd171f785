"""Visits for repair and installation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from care.adapters.embedded_orders.tables import Tables, Write, check_day, few, line_of, own_order, tell
from care.ports import VisitView, VisitWish
from care.records.counters import next_number
from care.records.customer import Customer
from care.records.order import Order
from care.records.order_request import ServiceVisit
from care.rules.errors import NotFound
from care.rules.numbers import NumberKind
from care.rules.order_moves import Refused, cancel_visit_refusal, move_visit_refusal, visit_refusal
from care.rules.order_terms import DaySlot, VisitKind, VisitState
from care.rules.times import format_day

_NUMBERS = {VisitKind.REPAIR: NumberKind.REPAIR, VisitKind.INSTALLATION: NumberKind.INSTALLATION}


class Visits(Tables):
    async def book_visit(self, wish: VisitWish, *, customer_ref: str, key: str) -> VisitView:
        async with self._writing(key, "book_visit", customer_ref, wish) as write:
            if write.answer is None:
                write.answer = {"number": await self._book(write, wish)}
            return _view(await _own(write, write.answer["number"]))

    async def _book(self, write: Write, wish: VisitWish) -> str:
        order = await own_order(write, wish.order_number)
        line = line_of(order, wish.sku)
        earlier = await write.session.scalars(
            select(ServiceVisit.state).where(ServiceVisit.line_id == line.id, ServiceVisit.kind == wish.kind)
        )
        if refusal := visit_refusal(order, wish.kind, list(earlier)):
            raise Refused(refusal)
        check_day(wish.on, write.today)
        visit = ServiceVisit(
            number=await next_number(write.session, _NUMBERS[wish.kind], write.now),
            order_id=order.id,
            line_id=line.id,
            kind=wish.kind,
            visit_on=wish.on,
            slot=wish.slot,
            fault=wish.fault[:500],
            state=VisitState.BOOKED,
            booked_at=write.now,
        )
        write.session.add(visit)
        tell(order, write.now, f"预约{wish.kind.label}", f"{visit.number} {_when(wish.on, wish.slot)}")
        await write.session.flush()
        return visit.number

    async def move_visit(
        self, number: str, *, customer_ref: str, on: date, slot: DaySlot, key: str
    ) -> VisitView:
        async with self._writing(key, "move_visit", customer_ref, number, on, slot) as write:
            visit = await _own(write, number)
            if write.answer is None:
                if refusal := move_visit_refusal(visit.state):
                    raise Refused(refusal)
                check_day(on, write.today)
                visit.visit_on, visit.slot = on, slot
                tell(visit.order, write.now, f"{visit.kind.label}改约", f"{number} {_when(on, slot)}")
                write.answer = {"number": number}
            return _view(visit)

    async def cancel_visit(self, number: str, *, customer_ref: str, key: str) -> VisitView:
        async with self._writing(key, "cancel_visit", customer_ref, number) as write:
            visit = await _own(write, number)
            if write.answer is None:
                if refusal := cancel_visit_refusal(visit.state):
                    raise Refused(refusal)
                if visit.state is not VisitState.CANCELLED:
                    visit.state = VisitState.CANCELLED
                    tell(visit.order, write.now, f"取消{visit.kind.label}", number)
                write.answer = {"number": number}
            return _view(visit)

    async def visits(self, customer_ref: str, *, limit: int = 10) -> Sequence[VisitView]:
        async with self._sessions.read() as session:
            rows = await session.scalars(
                select(ServiceVisit)
                .join(Order, Order.id == ServiceVisit.order_id)
                .join(Customer, Customer.id == Order.customer_id)
                .where(Customer.public_id == customer_ref)
                .order_by(ServiceVisit.booked_at.desc(), ServiceVisit.id.desc())
                .limit(few(limit))
            )
            return [_view(visit) for visit in rows]


async def _own(write: Write, number: str) -> ServiceVisit:
    visit = await write.session.scalar(
        select(ServiceVisit)
        .join(Order, Order.id == ServiceVisit.order_id)
        .where(ServiceVisit.number == number, Order.customer_id == write.customer_id)
        .with_for_update(of=ServiceVisit)
    )
    if visit is None:
        raise NotFound("没有找到这个预约。")
    return visit


def _when(on: date, slot: DaySlot) -> str:
    return f"{format_day(on)}{slot.label}"


def _view(visit: ServiceVisit) -> VisitView:
    return VisitView(
        number=visit.number,
        kind=visit.kind,
        order_number=visit.order.number,
        sku=visit.line.product.sku,
        product_name=visit.line.product.name,
        on=visit.visit_on,
        slot=visit.slot,
        fault=visit.fault,
        state=visit.state,
        booked_at=visit.booked_at,
    )
