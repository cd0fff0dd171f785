"""Orders from a table, one line per product; lines of one order follow each other. Told by the order's number.

What hangs on an order here (returns, visits, invoices) is never taken away: a line that the file no longer
names stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.records import Base
from care.records.customer import Customer
from care.rules.vocabulary import OrderState
from care.services.import_cells import BadValue, choice_of, moment_of, money_of, number_of, text_of
from care.services.import_tables import BadCell, Column, Row, Table
from care.services.importing import Counts
from care.services.phones import read_phone

_CHUNK = 400  # SQLite binds at most 999 values
_STATES = {
    "已付款": OrderState.PAID, "待付款": OrderState.CREATED, "已发货": OrderState.SHIPPED,
    "交易成功": OrderState.COMPLETED, "已关闭": OrderState.CANCELLED, "已退款": OrderState.RETURNED,
}  # fmt: skip
#: Lines of the same order may leave these out; the first one says them.
_OF_THE_ORDER = (
    "state", "amount", "placed_at", "promised_at", "delivered_at", "receiver_name", "receiver_phone", "receiver_address",
)  # fmt: skip


@dataclass
class Line:
    line: int
    sku: str
    quantity: int
    unit_price: Decimal


@dataclass
class Item:
    """One order with its lines; `line` is where it begins."""

    line: int
    number: str
    customer: str | None
    phone: str | None
    columns: dict[str, Any] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)


class OrderImport:
    columns = (
        Column(
            "number", "订单号", ("订单编号", "单号", "order number", "order_id", "order no"), is_needed=True
        ),
        Column("customer", "客户编号", ("会员号", "客户号", "customer_id", "external_id")),
        Column("phone", "客户手机", ("手机号", "手机", "买家手机", "buyer phone")),
        Column("state", "订单状态", ("状态", "status")),
        Column("amount", "订单金额", ("金额", "实付金额", "total")),
        Column("placed_at", "下单时间", ("创建时间", "下单日期", "ordered at", "date"), is_needed=True),
        Column("promised_at", "承诺送达", ("预计送达",)),
        Column("delivered_at", "签收时间", ("送达时间",)),
        Column("receiver_name", "收货人", ("收件人", "recipient")),
        Column("receiver_phone", "收货手机", ("收货电话", "收件人电话", "收货人手机")),
        Column("receiver_address", "收货地址", ("地址", "address")),
        Column("sku", "商品编码", ("货号", "商品编号"), is_needed=True),
        Column("quantity", "数量", ("件数", "qty")),
        Column("unit_price", "单价", ("价格", "price"), is_needed=True),
    )

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def items(self, table: Table, bad: Callable[[BadCell], None]) -> Iterator[Item]:
        item: Item | None = None
        wrong: list[BadCell] = []
        for row in table.rows:
            number = row.cells.get("number", "")
            if item is not None and number != item.number:
                yield from _whole(item, wrong, bad)
                item, wrong = None, []
            line, problems = self._line(row)
            if item is None:
                item, more = self._order(row)
                problems += more
            item.lines.append(line)
            wrong += [BadCell(row.line, table.labels[column], reason) for column, reason in problems]
        if item is not None:
            yield from _whole(item, wrong, bad)

    async def write(
        self,
        session: AsyncSession,
        items: Sequence[Item],
        counts: Counts,
        bad: Callable[[BadCell], None],
        *,
        dry: bool,
    ) -> None:
        owners = await self._owners(session, items)
        products = await _ids(session, "product", "sku", {line.sku for item in items for line in item.lines})
        known = await _orders(session, [item.number for item in items])
        new: list[tuple[Item, int]] = []
        for item in items:
            owner = owners.get(item.line)
            missing = [line for line in item.lines if line.sku not in products]
            if owner is None:
                bad(BadCell(item.line, "客户编号", "没有这位客户，请先导入客户"))
            for line in missing:
                bad(BadCell(line.line, "商品编码", f"没有这个商品：{line.sku}，请先导入商品"))
            if owner is None or missing:
                continue
            row = known.get(item.number)
            if row is None:
                counts.added += 1
                new.append((item, owner))
            elif row["customer_id"] != owner:
                bad(BadCell(item.line, "客户编号", "这个订单号属于另一位客户"))
            elif await _compare(session, item, row, products, dry=dry):
                counts.changed += 1
            else:
                counts.unchanged += 1
        if new and not dry:
            await _insert(session, new, products)

    def _order(self, row: Row) -> tuple[Item, list[tuple[str, str]]]:
        problems: list[tuple[str, str]] = []
        columns: dict[str, Any] = {}
        readers: dict[str, Callable[[str], Any]] = {
            "number": lambda text: text_of("".join(text.split()), 32),
            "customer": lambda text: text_of(text, 64),
            "phone": _phone,
            "state": lambda text: choice_of(text, OrderState, _STATES),
            "amount": money_of,
            "placed_at": moment_of,
            "promised_at": moment_of,
            "delivered_at": moment_of,
            "receiver_name": lambda text: text_of(text, 80),
            "receiver_phone": _phone,
            "receiver_address": lambda text: text_of(text, 300),
        }
        for name, reader in readers.items():
            if name in row.cells:
                try:
                    columns[name] = reader(row.cells[name])
                except BadValue as problem:
                    problems.append((name, str(problem)))
        for name, label in (("number", "订单号"), ("placed_at", "下单时间")):
            if name not in row.cells:
                problems.append((name, f"没有{label}"))
        if "customer" not in row.cells and "phone" not in row.cells:
            problems.append(("customer", "没有客户编号也没有客户手机"))
        placed, delivered = columns.get("placed_at"), columns.get("delivered_at")
        if placed is not None and delivered is not None and delivered < placed:
            problems.append(("delivered_at", "签收早于下单"))
        item = Item(
            line=row.line,
            number=row.cells.get("number", ""),
            customer=columns.get("customer"),
            phone=columns.get("phone"),
            columns={name: columns[name] for name in _OF_THE_ORDER if name in columns},
        )
        if item.number:
            before = self._numbers.setdefault(item.number, row.line)
            if before != row.line:
                problems.append(
                    ("number", f"订单 {item.number} 在第 {before} 行已出现，同一订单的行要连在一起")
                )
        return item, problems

    def _line(self, row: Row) -> tuple[Line, list[tuple[str, str]]]:
        problems: list[tuple[str, str]] = []
        quantity, price = 1, Decimal(0)
        try:
            quantity = number_of(row.cells.get("quantity", "1"), 1, 99_999)
        except BadValue as problem:
            problems.append(("quantity", str(problem)))
        for name, label in (("sku", "商品编码"), ("unit_price", "单价")):
            if name not in row.cells:
                problems.append((name, f"没有{label}"))
        try:
            price = money_of(row.cells.get("unit_price", "0"))
        except BadValue as problem:
            problems.append(("unit_price", str(problem)))
        return Line(row.line, row.cells.get("sku", ""), quantity, price), problems

    async def _owners(self, session: AsyncSession, items: Sequence[Item]) -> dict[int, int]:
        """Line → id of the customer that stands today: a merged one's orders are the survivor's."""
        by_id: dict[str, int] = {}
        by_phone: dict[str, int] = {}
        for start in range(0, len(items), _CHUNK):
            part = items[start : start + _CHUNK]
            refs = [item.customer for item in part if item.customer is not None]
            phones = [item.phone for item in part if item.phone is not None]
            rows = await session.execute(
                select(Customer.id, Customer.external_id, Customer.phone, Customer.merged_into_id)
                .where(
                    or_(Customer.external_id.in_(refs), Customer.phone.in_(phones)),
                    Customer.erased_at.is_(None),
                )
                .order_by(Customer.id)
            )
            for row in rows:
                stands = row.merged_into_id or row.id
                if row.external_id is not None:
                    by_id.setdefault(row.external_id, stands)
                if row.phone is not None:
                    by_phone.setdefault(row.phone, stands)
        found = {}
        for item in items:
            # A number that is given and not known is a mistake, not a reason to look at the phone.
            owner = by_id.get(item.customer) if item.customer is not None else by_phone.get(item.phone or "")
            if owner is not None:
                found[item.line] = owner
        return found


def _whole(item: Item, wrong: list[BadCell], bad: Callable[[BadCell], None]) -> Iterator[Item]:
    """An order with one bad line is left out whole: half an order is a wrong one."""
    if not wrong:
        yield item
        return
    named = {cell.line for cell in wrong}
    for cell in wrong:
        bad(cell)
    for line in item.lines:
        if line.line not in named:
            bad(BadCell(line.line, "订单号", f"同一订单的第 {min(named)} 行有误，整单没有导入"))


async def _ids(session: AsyncSession, table: str, column: str, values: set[str]) -> dict[str, int]:
    wanted, found = sorted(values), {}
    rows = Base.metadata.tables[table]
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        for value, id_ in await session.execute(
            select(rows.c[column], rows.c.id).where(rows.c[column].in_(chunk))
        ):
            found[value] = id_
    return found


async def _orders(session: AsyncSession, numbers: Sequence[str]) -> dict[str, dict[str, Any]]:
    orders, lines = Base.metadata.tables["order"], Base.metadata.tables["order_line"]
    found: dict[str, dict[str, Any]] = {}
    by_id: dict[int, dict[str, Any]] = {}
    for start in range(0, len(numbers), _CHUNK):
        chunk = numbers[start : start + _CHUNK]
        for row in await session.execute(select(orders).where(orders.c.number.in_(chunk))):
            found[row.number] = by_id[row.id] = {**row._mapping, "lines": {}}
    ids = list(by_id)
    for start in range(0, len(ids), _CHUNK):
        chunk_ids = ids[start : start + _CHUNK]
        for row in await session.execute(
            select(lines).where(lines.c.order_id.in_(chunk_ids)).order_by(lines.c.id)
        ):
            by_id[row.order_id]["lines"].setdefault(row.product_id, row)
    return found


async def _compare(
    session: AsyncSession, item: Item, row: dict[str, Any], products: dict[str, int], *, dry: bool
) -> bool:
    """Writes what differs; whether anything did."""
    orders, lines = Base.metadata.tables["order"], Base.metadata.tables["order_line"]
    changes = {name: value for name, value in item.columns.items() if row[name] != value}
    if changes and not dry:
        await session.execute(update(orders).where(orders.c.id == row["id"]).values(changes))
    is_changed = bool(changes)
    for line in _joined(item.lines):
        present = row["lines"].get(products[line.sku])
        values = {"quantity": line.quantity, "unit_price": line.unit_price}
        if present is not None and (present.quantity, present.unit_price) == (line.quantity, line.unit_price):
            continue
        is_changed = True
        if dry:
            continue
        if present is None:
            await session.execute(
                insert(lines).values(order_id=row["id"], product_id=products[line.sku], **values)
            )
        else:
            await session.execute(update(lines).where(lines.c.id == present.id).values(values))
    return is_changed


async def _insert(session: AsyncSession, new: Sequence[tuple[Item, int]], products: dict[str, int]) -> None:
    tables = Base.metadata.tables
    orders = tables["order"]
    rows = [_order_row(item, owner) for item, owner in new]
    found = await session.execute(insert(orders).returning(orders.c.id, orders.c.number), rows)
    ids = {row.number: row.id for row in found}
    await session.execute(
        insert(tables["order_line"]),
        [
            {
                "order_id": ids[item.number],
                "product_id": products[line.sku],
                "quantity": line.quantity,
                "unit_price": line.unit_price,
            }
            for item, _ in new
            for line in _joined(item.lines)
        ],
    )
    events = []
    for item, _ in new:
        steps: tuple[tuple[str, datetime | None], ...] = (
            ("订单已提交", item.columns["placed_at"]),
            ("已签收", item.columns.get("delivered_at")),
        )
        events += [
            {"order_id": ids[item.number], "at": at, "title": title, "detail": ""}
            for title, at in steps
            if at is not None
        ]
    await session.execute(insert(tables["order_event"]), events)


def _order_row(item: Item, owner: int) -> dict[str, Any]:
    total = sum((line.unit_price * line.quantity for line in item.lines), Decimal(0))
    delivered = item.columns.get("delivered_at")
    return {
        "state": OrderState.PAID if delivered is None else OrderState.DELIVERED,
        "amount": total,
        "promised_at": None,
        "delivered_at": None,
        "receiver_name": "",
        "receiver_phone": "",
        "receiver_address": "",
        **item.columns,
        "number": item.number,
        "customer_id": owner,
        "is_demo": False,
    }


def _joined(lines: Sequence[Line]) -> list[Line]:
    """A product that stands twice in one order is one line of both quantities, at the last price."""
    found: dict[str, Line] = {}
    for line in lines:
        before = found.get(line.sku)
        quantity = line.quantity + (before.quantity if before is not None else 0)
        found[line.sku] = Line(line.line, line.sku, quantity, line.unit_price)
    return list(found.values())


def _phone(text: str) -> str:
    phone = read_phone(text)
    if phone.problem is not None:
        raise BadValue(phone.problem)
    return text_of(phone.number, 20)
