"""What an import of customers writes about those that are known, a batch in as few statements as can be."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.records import Base
from care.rules.profile import FIELD_TERMS, ProfileField
from care.rules.vocabulary import FieldSource
from care.services.profile_rows import OLD_VALUES


class Changes:
    """What is to be written of one batch, in as few statements as can be."""

    def __init__(self) -> None:
        self._columns: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        self._new: list[dict[str, Any]] = []
        self._fields: list[dict[str, Any]] = []

    def set_columns(self, customer_id: int, columns: dict[str, Any]) -> None:
        names = tuple(sorted(columns))
        self._columns.setdefault(names, []).append(
            {"of": customer_id, **{f"new_{name}": value for name, value in columns.items()}}
        )

    def set_field(
        self,
        customer_id: int,
        name: ProfileField,
        value: str,
        present: Any,
        before: str | None,
        source: str,
        now: datetime,
    ) -> None:
        old = {"value": before, "until": now.isoformat(), "message": None}
        if present is None:
            row = new_field(customer_id, name, value, source)
            if before is not None:
                row["old_values"] = [{**old, "source": FieldSource.IMPORT.value, "changed_by": None}]
            self._new.append(row)
            return
        old |= {"source": present.source.value, "changed_by": present.changed_by}
        self._fields.append(
            {
                "of": present.id,
                "new_value": value,
                "new_value_index": value,
                "new_old_values": [*present.old_values, old][-OLD_VALUES:] if before else present.old_values,
                "new_changed_by": source,
            }
        )

    async def write(self, session: AsyncSession) -> None:
        customers, fields = Base.metadata.tables["customer"], Base.metadata.tables["customer_field"]
        for names, rows in self._columns.items():
            values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
            await session.execute(
                update(customers).where(customers.c.id == bindparam("of")).values(values), rows
            )
        if self._new:
            await session.execute(insert(fields), self._new)
        if self._fields:
            await session.execute(
                update(fields)
                .where(fields.c.id == bindparam("of"))
                .values(
                    value=bindparam("new_value"),
                    value_index=bindparam("new_value_index"),
                    old_values=bindparam("new_old_values"),
                    changed_by=bindparam("new_changed_by"),
                    source=FieldSource.IMPORT,
                    verified_at=None,
                    confirmed_by_customer_at=None,
                ),
                self._fields,
            )


def new_field(customer_id: int, name: ProfileField, value: str, source: str) -> dict[str, Any]:
    """A row of the table of fields for an imported value: nobody verified it yet."""
    terms = FIELD_TERMS[name]
    return {
        "customer_id": customer_id,
        "name": name.value,
        "value": value,
        "source": FieldSource.IMPORT,
        "ttl_days": terms.ttl_days,
        "purpose": terms.purpose,
        "legal_basis": terms.legal_basis,
        "sensitive": terms.sensitive,
        "old_values": [],
        "changed_by": source,
    }
