"""Brings encrypted columns under the present data key: after the first migration, and when the key changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, String, Table, Text, literal, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.records import Base, Sessions
from care.records.encryption import PREFIX, BlindIndex, Encrypted, EncryptedJson, KeyRing, keys_of

#: Rows in one transaction: the system may run meanwhile.
BATCH = 200


async def rotate(sessions: Sessions) -> dict[str, int]:
    """Encrypts anew what is plain or under an older key; ``table.column`` → how many values. Safe to repeat.

    Raises:
        CannotDecrypt: a value's key is not among the given ones; what was done before stays done.
    """
    done: Counter[str] = Counter()
    for table, column in encrypted_columns():
        while await _rotate_some(sessions, table, column, done):
            pass
    return dict(done)


def encrypted_columns() -> Iterator[tuple[Table, Column[Any]]]:
    """Every encrypted column of every table."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Encrypted | EncryptedJson):
                yield table, column


async def _rotate_some(sessions: Sessions, table: Table, column: Column[Any], done: Counter[str]) -> bool:
    async with sessions.write() as session:
        keys = keys_of(session.get_bind().dialect)
        raw = type_coerce(column, Text)
        rows = await session.execute(
            select(table.c.id, raw)
            .where(raw.is_not(None), raw.not_like(f"{PREFIX}{keys.present_id}:%"))
            .order_by(table.c.id)
            .limit(BATCH)
            .with_for_update()
        )
        found = [(row_id, stored) for row_id, stored in rows]
        for row_id, stored in found:
            await _rotate_one(session, keys, table, column, row_id, stored)
    done[f"{table.name}.{column.name}"] += len(found)
    return len(found) == BATCH


async def _rotate_one(
    session: AsyncSession, keys: KeyRing, table: Table, column: Column[Any], row_id: int, stored: str
) -> None:
    place = column.type.place  # type: ignore[attr-defined]
    plain = keys.decrypt(stored, place)
    values: dict[str, Any] = {column.name: literal(keys.encrypt(plain, place), Text())}
    for other in table.columns:
        if isinstance(other.type, BlindIndex) and other.type.of == column.name:
            values[other.name] = literal(keys.indexes(plain)[0], String(64))
    await session.execute(update(table).where(table.c.id == row_id).values(values))
