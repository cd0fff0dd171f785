"""Brings encrypted columns under the present data key: after the first migration, and when the key changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, String, Table, Text, bindparam, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.records import Base, Sessions
from care.records.encryption import PREFIX, BlindIndex, Encrypted, EncryptedJson, KeyRing, keys_of

#: Rows in one transaction: the system may run meanwhile.
BATCH = 200


async def rotate(sessions: Sessions) -> dict[str, int]:
    """Encrypts anew what is plain or under an older key; ``table.column`` → how many values. Safe to repeat.

    A process that still runs with the older key may write behind it: restart them first, or repeat.

    Raises:
        CannotDecrypt: a value's key is not among the given ones; what was done before stays done.
    """
    done: dict[str, int] = {}
    for table, column in encrypted_columns():
        count = 0
        after: int | None = 0
        while after is not None:
            changed, after = await _rotate_some(sessions, table, column, after)
            count += changed
        done[f"{table.name}.{column.name}"] = count
    return done


def encrypted_columns() -> Iterator[tuple[Table, Column[Any]]]:
    """Every encrypted column of every table."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Encrypted | EncryptedJson):
                yield table, column


async def _rotate_some(
    sessions: Sessions, table: Table, column: Column[Any], after: int
) -> tuple[int, int | None]:
    """One batch of rows above id `after`: how many were encrypted anew, and where to go on, None at the end."""
    async with sessions.write() as session:
        keys = keys_of(session.get_bind().dialect)
        raw = type_coerce(column, Text)
        rows = await session.execute(
            select(table.c.id, raw)
            .where(table.c.id > after, raw.is_not(None), raw.not_like(f"{PREFIX}{keys.present_id}:%"))
            .order_by(table.c.id)
            .limit(BATCH)
            .with_for_update()
        )
        found = [(row_id, stored) for row_id, stored in rows]
        if found:
            await _rewrite(session, keys, table, column, found)
    return len(found), found[-1][0] if len(found) == BATCH else None


async def _rewrite(
    session: AsyncSession, keys: KeyRing, table: Table, column: Column[Any], found: list[tuple[int, str]]
) -> None:
    place = column.type.place  # type: ignore[attr-defined]
    plain = {row_id: keys.decrypt(stored, place) for row_id, stored in found}
    indexes = [
        one for one in table.columns if isinstance(one.type, BlindIndex) and one.type.of == column.name
    ]
    # Ready-made values: the column's own type must not encrypt them again.
    values = {column.name: bindparam("sealed", type_=Text())}
    values |= {one.name: bindparam("index", type_=String(64)) for one in indexes}
    statement = update(table).where(table.c.id == bindparam("row_id")).values(values)
    await (await session.connection()).execute(
        statement,
        [
            {
                "row_id": row_id,
                "sealed": keys.encrypt(text, place),
                **({"index": keys.indexes(text)[0]} if indexes else {}),
            }
            for row_id, text in plain.items()
        ],
    )
