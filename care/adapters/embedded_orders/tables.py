"""What the nouns share: whose order it is, under lock, and writing once for one key."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from care.ports import Clock
from care.records import Sessions
from care.records.customer import Customer
from care.records.order import Order, OrderEvent, OrderLine
from care.records.order_request import OrderWrite
from care.rules.errors import Conflict, InvalidInput, NotFound
from care.rules.order_moves import day_problem
from care.rules.times import shanghai_day

log = logging.getLogger(__name__)

#: More of a list is never given: room for a customer who takes all their data along.
LONGEST_LIST = 10_000
LONGEST_KEY = 160


@dataclass
class Write:
    """A writing call under way. `answer` is known when the same key was carried out before."""

    session: AsyncSession
    customer_id: int
    now: datetime
    answer: dict[str, str] | None

    @property
    def today(self) -> date:
        return shanghai_day(self.now)


class Tables:
    def __init__(self, sessions: Sessions, clock: Clock) -> None:
        self._sessions, self._clock = sessions, clock

    @asynccontextmanager
    async def _writing(
        self, key: str, operation: str, customer_ref: str, *request: Any
    ) -> AsyncIterator[Write]:
        """One transaction that ends with the answer beside the key, or with nothing at all.

        The key is taken first: a second call with it waits here until the first has ended, and
        then either reads its answer or, when it failed, does the work itself.

        Raises:
            NotFound: there is no such customer.
            Conflict: the key belongs to another operation or another customer.
        """
        if not 0 < len(key) <= LONGEST_KEY:
            raise InvalidInput(fields={"key": f"长度应为 1 到 {LONGEST_KEY}"})
        digest = hashlib.sha256(repr(request).encode()).hexdigest()
        async with self._sessions.write() as session:
            customer_id = await session.scalar(select(Customer.id).where(Customer.public_id == customer_ref))
            if customer_id is None:
                raise NotFound
            now = self._clock.now()
            insert = pg_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
            taken = await session.scalar(
                insert(OrderWrite)
                .values(
                    key=key, operation=operation, customer_id=customer_id, request=digest, answer={}, at=now
                )
                .on_conflict_do_nothing(index_elements=[OrderWrite.key])
                .returning(OrderWrite.id)
            )
            if taken is None:
                before = (await session.scalars(select(OrderWrite).where(OrderWrite.key == key))).one()
                if (before.operation, before.customer_id) != (operation, customer_id):
                    raise Conflict("这个请求编号已用于另一项操作。")
                if before.request != digest:
                    log.warning("a key of %s came again with other content; it keeps its answer", operation)
                yield Write(session, customer_id, now, dict(before.answer))
                return
            write = Write(session, customer_id, now, None)
            yield write
            assert write.answer is not None, f"{operation} left no answer"
            await session.execute(
                update(OrderWrite).where(OrderWrite.id == taken).values(answer=write.answer)
            )


async def own_order(write: Write, number: str) -> Order:
    """The customer's own order, its row locked until the transaction ends. Raises `NotFound`."""
    order = await write.session.scalar(
        select(Order)
        .where(Order.number == number, Order.customer_id == write.customer_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if order is None:
        raise NotFound("没有找到这个订单。")
    return order


def lines_of(order: Order, sku: str) -> list[OrderLine]:
    """The order's lines of that article, at least one. Raises `NotFound`."""
    lines = [line for line in order.lines if line.product.sku == sku]
    if not lines:
        raise NotFound("这个订单里没有这件商品。")
    return lines


def line_of(order: Order, sku: str) -> OrderLine:
    """The first of `lines_of`."""
    return lines_of(order, sku)[0]


def tell(order: Order, at: datetime, title: str, detail: str = "") -> None:
    """Appends one step to the order's timeline."""
    order.events.append(OrderEvent(at=at, title=title, detail=detail[:200]))


def check_day(day: date, today: date) -> None:
    """Raises `InvalidInput` on field ``on``."""
    if problem := day_problem(day, today):
        raise InvalidInput(problem, fields={"on": problem})


def few(limit: int) -> int:
    return max(1, min(limit, LONGEST_LIST))
