"""What people call staff and products, by id: for tables that count by id."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from care.records.order import Product
from care.records.staff import Staff
from care.services.context import Care

_CHUNK = 400


async def of_staff(care: Care, ids: Collection[int]) -> dict[str, str]:
    return await _names(care, Staff, ids)


async def of_products(care: Care, ids: Collection[int]) -> dict[str, str]:
    return await _names(care, Product, ids)


async def _names(care: Care, table: type[Staff] | type[Product], ids: Collection[int]) -> dict[str, str]:
    wanted, found = sorted(ids), {}
    async with care.sessions.read() as session:
        for start in range(0, len(wanted), _CHUNK):
            rows = await session.execute(
                select(table.id, table.name).where(table.id.in_(wanted[start : start + _CHUNK]))
            )
            found.update({str(id_): name for id_, name in rows})
    return found
