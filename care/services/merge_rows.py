"""Moving every row that refers to one customer over to another, and back: found from the tables themselves.

A table that is added later is moved too, without a word here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from itertools import islice
from typing import Any

from sqlalchemy import Column, Date, Numeric, Table, UniqueConstraint, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import ColumnElement

from care.records.base import Base, Text, UtcDateTime
from care.records.customer import Customer

#: Rows with rules of their own (fields, consents, issues), or that stay with the record they were computed of.
STAYS = frozenset({"customer_field", "data_quality_issue", "duplicate_key", "customer_value", "merge_log"})
_CHUNK = 500  # SQLite binds at most 999 values

Move = dict[str, Any]


async def move_rows(session: AsyncSession, loser_id: int, survivor_id: int) -> list[Move]:
    """Moves the rows; what was moved, for `move_back`.

    Where a customer has at most one row of a kind (a membership) and both have one, what hangs on the
    loser's is moved over to the survivor's, and the emptied one stays.
    """
    moves: list[Move] = []
    for table, column in _references("customer"):
        if table.name in STAYS:
            continue
        ids = list(await session.scalars(select(table.c.id).where(column == loser_id).order_by(table.c.id)))
        if not ids:
            continue
        for key in _unique_keys(table, column):
            ids, moved = await _without_collisions(session, table, column, key, ids, survivor_id)
            moves += moved
        moves += await _move(session, table, column, ids, loser_id, survivor_id)
    return moves


async def move_back(session: AsyncSession, moves: Sequence[Move]) -> None:
    """What `move_rows` moved, if it is still there and still where it was moved to."""
    for move in reversed(moves):
        table = Base.metadata.tables[move["table"]]
        column = table.c[move["column"]]
        for ids in _chunks(move["ids"]):
            await session.execute(
                update(table)
                .where(table.c.id.in_(ids), column == move["to"])
                .values({column.name: move["from"]})
            )


def freeze(value: Any) -> Any:
    """A column's value as JSON can hold it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def thaw(column: ColumnElement[Any], value: Any) -> Any:
    """What `freeze` made, as the column takes it."""
    if value is None:
        return None
    if isinstance(column.type, UtcDateTime):
        return datetime.fromisoformat(value)
    if isinstance(column.type, Date):
        return date.fromisoformat(value)
    if isinstance(column.type, Text):
        return column.type.enum(value)
    return Decimal(value) if isinstance(column.type, Numeric) and isinstance(value, str) else value


def _references(target: str) -> Iterator[tuple[Table, Column[Any]]]:
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if any(key.column.table.name == target for key in column.foreign_keys):
                yield table, column


def _unique_keys(table: Table, column: Column[Any]) -> Iterator[list[Column[Any]]]:
    """The other columns of every unique key that the reference is part of."""
    if column.unique:
        yield []
    for constraint in table.constraints:
        if not isinstance(constraint, UniqueConstraint) or column.name not in constraint.columns:
            continue
        if not (column.unique and len(constraint.columns) == 1):
            yield [other for other in constraint.columns if other.name != column.name]
    for index in table.indexes:
        if index.unique and column.name in index.columns and not column.unique:
            yield [other for other in index.columns if other.name != column.name]


async def _without_collisions(
    session: AsyncSession,
    table: Table,
    column: Column[Any],
    key: list[Column[Any]],
    ids: list[int],
    survivor_id: int,
) -> tuple[list[int], list[Move]]:
    """The rows that do not meet one of the survivor's with the same key; the others hand over what hangs on them."""
    taken = {
        tuple(row[1:]): row[0]
        for row in await session.execute(select(table.c.id, *key).where(column == survivor_id))
    }
    kept, moves = [], []
    for chunk in _chunks(ids):
        for row in await session.execute(select(table.c.id, *key).where(table.c.id.in_(chunk))):
            met = taken.get(tuple(row[1:]))
            if met is None:
                kept.append(row[0])
                continue
            for child, reference in _references(table.name):
                hanging = list(await session.scalars(select(child.c.id).where(reference == row[0])))
                moves += await _move(session, child, reference, hanging, row[0], met)
    return sorted(kept), moves


async def _move(
    session: AsyncSession, table: Table, column: Column[Any], ids: list[int], old: int, new: int
) -> list[Move]:
    if not ids:
        return []
    for chunk in _chunks(ids):
        await session.execute(update(table).where(table.c.id.in_(chunk)).values({column.name: new}))
    return [{"table": table.name, "column": column.name, "from": old, "to": new, "ids": ids}]


def _chunks(ids: Sequence[int]) -> Iterator[list[int]]:
    rest = iter(ids)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk


def changes_of(before: dict[str, Any], customer: Customer) -> dict[str, list[Any]]:
    """Column → [before, after] of what differs now."""
    return {
        name: [freeze(old), freeze(getattr(customer, name))]
        for name, old in before.items()
        if getattr(customer, name) != old
    }
