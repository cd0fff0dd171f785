"""Returns, exchanges and refunds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timezone
from decimal import Decimal

from sqlalchemy import select

from care.adapters.embedded_orders.tables import Tables, Write, few, lines_of, own_order, tell
from care.ports import ReturnView, ReturnWish
from care.records.counters import next_number
from care.records.customer import Customer
from care.records.order import Order, OrderLine
from care.records.order_request import ReturnRequest
from care.rules.errors import InvalidInput, NotFound
from care.rules.numbers import NumberKind
from care.rules.order_moves import (
    Refusal,
    Refused,
    cancel_return_refusal,
    first_return_state,
    return_refusal,
)
from care.rules.order_terms import ReturnKind, ReturnState
from care.rules.returns import refund_due
from care.rules.times import SHANGHAI


class Returns(Tables):
    async def apply_return(self, wish: ReturnWish, *, customer_ref: str, key: str) -> ReturnView:
        async with self._writing(key, "apply_return", customer_ref, wish) as write:
            if write.answer is None:
                write.answer = {"number": await self._apply(write, wish)}
            return _view(await _own(write, write.answer["number"]))

    async def _apply(self, write: Write, wish: ReturnWish) -> str:
        order = await own_order(write, wish.order_number)
        # Of an article on two lines the one that can be given back.
        found = [(line, *await _looked_at(write, order, line)) for line in lines_of(order, wish.sku)]
        line, back, refusal = next((one for one in found if one[2] is None), found[0])
        if refusal:
            raise Refused(refusal)
        if not 1 <= wish.quantity <= line.quantity - back:
            problem = f"数量应为 1 到 {line.quantity - back}。"
            raise InvalidInput(problem, fields={"quantity": problem})
        state = first_return_state(is_allowed=wish.is_allowed)
        is_money_only = wish.kind is ReturnKind.REFUND and state is ReturnState.APPROVED
        request = ReturnRequest(
            number=await next_number(write.session, NumberKind.RETURN, write.now),
            order_id=order.id,
            line_id=line.id,
            quantity=wish.quantity,
            kind=wish.kind,
            reason=wish.reason[:500],
            ground=wish.ground[:40],
            exchange_for=(wish.exchange_for or "")[:200] or None,
            state=state,
            amount=Decimal(0) if wish.kind is ReturnKind.EXCHANGE else line.unit_price * wish.quantity,
            applied_at=write.now,
            refund_due_at=_refund_due_at(write) if is_money_only else None,
        )
        write.session.add(request)
        tell(order, write.now, f"申请{wish.kind.label}", f"{request.number} {state.label}")
        await write.session.flush()
        return request.number

    async def cancel_return(self, number: str, *, customer_ref: str, key: str) -> ReturnView:
        async with self._writing(key, "cancel_return", customer_ref, number) as write:
            request = await _own(write, number)
            if write.answer is None:
                if refusal := cancel_return_refusal(request.state):
                    raise Refused(refusal)
                if request.state is not ReturnState.CANCELLED:
                    request.state, request.refund_due_at = ReturnState.CANCELLED, None
                    tell(request.order, write.now, f"撤销{request.kind.label}", number)
                write.answer = {"number": number}
            return _view(request)

    async def returns(self, customer_ref: str, *, limit: int = 10) -> Sequence[ReturnView]:
        async with self._sessions.read() as session:
            rows = await session.scalars(
                select(ReturnRequest)
                .join(Order, Order.id == ReturnRequest.order_id)
                .join(Customer, Customer.id == Order.customer_id)
                .where(Customer.public_id == customer_ref)
                .order_by(ReturnRequest.applied_at.desc(), ReturnRequest.id.desc())
                .limit(few(limit))
            )
            return [_view(request) for request in rows]


async def _looked_at(write: Write, order: Order, line: OrderLine) -> tuple[int, Refusal | None]:
    """How many pieces of the line were given back, and why the rest cannot be now."""
    earlier = (
        await write.session.scalars(select(ReturnRequest).where(ReturnRequest.line_id == line.id))
    ).all()
    # What was exchanged is with the customer again and can be given back.
    back = sum(request.quantity for request in earlier if request.state is ReturnState.REFUNDED)
    states = [request.state for request in earlier]
    return back, return_refusal(order, states, is_whole_line_back=back >= line.quantity)


async def _own(write: Write, number: str) -> ReturnRequest:
    request = await write.session.scalar(
        select(ReturnRequest)
        .join(Order, Order.id == ReturnRequest.order_id)
        .where(ReturnRequest.number == number, Order.customer_id == write.customer_id)
        .with_for_update(of=ReturnRequest)
    )
    if request is None:
        raise NotFound("没有找到这个退换申请。")
    return request


def _refund_due_at(write: Write) -> datetime:
    """The end of the last day in Shanghai, in UTC."""
    return datetime.combine(refund_due(write.today), time(23, 59, 59), SHANGHAI).astimezone(timezone.utc)


def _view(request: ReturnRequest) -> ReturnView:
    return ReturnView(
        number=request.number,
        order_number=request.order.number,
        sku=request.line.product.sku,
        product_name=request.line.product.name,
        quantity=request.quantity,
        kind=request.kind,
        reason=request.reason,
        state=request.state,
        amount=request.amount,
        applied_at=request.applied_at,
        refund_due_at=request.refund_due_at,
    )
