"""Customers from a table: found again by the shop's own number or by their phone, else new.

What an import says never replaces what the customer or a colleague verified; such values are counted as kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records import Base
from care.records.customer import Customer, CustomerField
from care.rules.errors import InvalidInput
from care.rules.profile import ProfileField, check_birthday, check_email
from care.rules.vocabulary import Channel, CustomerType, LifecycleStage, Tier
from care.services.customers import is_live
from care.services.import_cells import BadValue, choice_of, moment_of, text_of
from care.services.import_customer_rows import Changes, new_field
from care.services.import_tables import BadCell, Column, Row, Table, whole_rows
from care.services.importing import Counts
from care.services.phones import read_phone

_CHUNK = 400  # SQLite binds at most 999 values
_ADDRESS_PARTS = ("province", "city", "district")
#: The customer's own columns that an import sets, beside the typed fields.
_PLAIN = ("type", "segment", "preferred_channel", "quiet_hours")
_FIELDS = (
    ProfileField.NAME,
    ProfileField.PHONE,
    ProfileField.EMAIL,
    ProfileField.ADDRESS,
    ProfileField.BIRTHDAY,
    ProfileField.INVOICE_TITLE,
    ProfileField.TAX_NUMBER,
)
_ON_THE_ROW = (ProfileField.NAME, ProfileField.PHONE)


@dataclass
class Item:
    """One line of the table, checked."""

    line: int
    name: str
    external_id: str | None
    phone: str | None
    #: Somebody before in this file has the phone: it cannot tell whom this line means.
    is_phone_taken: bool
    plain: dict[str, Any] = field(default_factory=dict)
    fields: dict[ProfileField, str] = field(default_factory=dict)
    created_at: datetime | None = None


class CustomerImport:
    """`today` (Asia/Shanghai) judges birthdays; `now` and `source` sign what is written."""

    columns = (
        Column("external_id", "客户编号", ("编号", "会员号", "会员编号", "客户号", "customer_id", "id")),
        Column("name", "姓名", ("客户名称", "客户姓名", "名称", "联系人", "full name"), is_needed=True),
        Column("phone", "手机号", ("手机", "电话", "联系电话", "手机号码", "mobile", "tel", "telephone")),
        Column("email", "电子邮箱", ("邮箱", "邮件", "e-mail", "mail")),
        Column("province", "省份", ("省",)),
        Column("city", "城市", ("市",)),
        Column("district", "区县", ("区", "县")),
        Column("address", "地址", ("收货地址", "详细地址", "联系地址")),
        Column("birthday", "生日", ("出生日期", "birth date", "date of birth")),
        Column("type", "客户类型", ("类型", "customer type")),
        Column("invoice_title", "发票抬头", ("抬头",)),
        Column("tax_number", "税号", ("纳税人识别号", "统一社会信用代码", "tax id")),
        Column("segment", "客户细分", ("细分", "客户群", "分组")),
        Column("preferred_channel", "偏好渠道", ("渠道",)),
        Column("quiet_hours", "免打扰时段", ("免打扰",)),
        Column("created_at", "注册时间", ("建档时间", "创建时间", "注册日期", "created")),
    )

    def __init__(self, *, now: datetime, today: date, source: str) -> None:
        self._now, self._today, self._source = now, today, source
        self._ids: dict[str, int] = {}
        self._phones: dict[str, int] = {}

    def items(self, table: Table, bad: Callable[[BadCell], None]) -> Iterator[Item]:
        return whole_rows(table, self._item, bad)

    async def write(
        self,
        session: AsyncSession,
        items: Sequence[Item],
        counts: Counts,
        bad: Callable[[BadCell], None],
        *,
        dry: bool,
    ) -> None:
        known = await self._known(session, items)
        rows = {item.line: self._match(item, known) for item in items}
        fields = await _fields_of(session, [row["id"] for row in rows.values() if row is not None])
        new, changes = [], Changes()
        for item in items:
            row = rows[item.line]
            if row is None:
                new.append(item)
                counts.added += 1
            elif row["merged_into_id"] is not None or row["erased_at"] is not None:
                why = "已并入另一位客户" if row["merged_into_id"] is not None else "已按本人要求注销"
                bad(BadCell(item.line, "客户编号", f"这位客户{why}，没有导入"))
            else:
                is_changed, kept = self._compare(item, row, fields.get(row["id"], {}), changes)
                counts.changed += is_changed
                counts.unchanged += not is_changed
                counts.kept += kept
        if not dry:
            await self._insert(session, new)
            await changes.write(session)

    def _item(self, row: Row) -> tuple[Item, list[tuple[str, str]]]:
        cells = row.cells
        problems: list[tuple[str, str]] = []

        def read(column: str, reader: Callable[[str], Any]) -> Any:
            if column not in cells:
                return None
            try:
                return reader(cells[column])
            except BadValue as problem:
                problems.append((column, str(problem)))
            except InvalidInput as problem:
                problems.append((column, problem.message.rstrip("。")))
            return None

        item = Item(
            line=row.line,
            name=read("name", lambda text: text_of(text, 80)) or "",
            external_id=read("external_id", lambda text: text_of(text, 64)),
            phone=read("phone", _phone),
            is_phone_taken=False,
            created_at=read("created_at", moment_of),
        )
        if "name" not in cells:
            problems.append(("name", "没有姓名"))
        plain = {
            "type": read("type", lambda text: choice_of(text, CustomerType, {"个人": CustomerType.CONSUMER, "公司": CustomerType.COMPANY})),
            "segment": read("segment", lambda text: text_of(text, 40)),
            "preferred_channel": read("preferred_channel", lambda text: choice_of(text, Channel)),
            "quiet_hours": read("quiet_hours", _quiet_hours),
        }  # fmt: skip
        item.plain = {name: value for name, value in plain.items() if value is not None}
        if "address" in cells or any(part in cells for part in _ADDRESS_PARTS):
            cells["address"] = _whole_address(cells)
        fields = {
            ProfileField.NAME: item.name or None,
            ProfileField.PHONE: item.phone,
            ProfileField.EMAIL: read("email", check_email),
            ProfileField.ADDRESS: read("address", lambda text: text_of(text, 300)),
            ProfileField.BIRTHDAY: read("birthday", lambda text: check_birthday(text, self._today)),
            ProfileField.INVOICE_TITLE: read("invoice_title", lambda text: text_of(text, 100)),
            ProfileField.TAX_NUMBER: read("tax_number", lambda text: text_of(text.upper(), 20)),
        }
        item.fields = {name: value for name, value in fields.items() if value is not None}
        if not problems:
            self._check_repeats(item, problems)
        return item, problems

    def _check_repeats(self, item: Item, problems: list[tuple[str, str]]) -> None:
        """Two lines that mean one customer would overwrite each other: the first one counts."""
        if item.external_id is None and item.phone is None:
            problems.append(("external_id", "没有客户编号也没有手机号，以后无法辨认"))
            return
        if item.external_id is not None:
            before = self._ids.setdefault(item.external_id, item.line)
            if before != item.line:
                problems.append(("external_id", f"与第 {before} 行重复"))
                return
        if item.phone is not None:
            before = self._phones.setdefault(item.phone, item.line)
            item.is_phone_taken = before != item.line
            if item.is_phone_taken and item.external_id is None:
                problems.append(("phone", f"与第 {before} 行相同，又没有客户编号，无法区分"))

    async def _known(
        self, session: AsyncSession, items: Sequence[Item]
    ) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
        columns = select(
            Customer.id,
            Customer.external_id,
            Customer.name,
            Customer.phone,
            Customer.type,
            Customer.segment,
            Customer.preferred_channel,
            Customer.quiet_hours,
            Customer.merged_into_id,
            Customer.erased_at,
        )
        by_id: dict[str, dict[str, Any]] = {}
        by_phone: dict[str, dict[str, Any]] = {}
        ids = [item.external_id for item in items if item.external_id is not None]
        for start in range(0, len(ids), _CHUNK):
            found = await session.execute(
                columns.where(Customer.external_id.in_(ids[start : start + _CHUNK]))
            )
            by_id.update({row.external_id: dict(row._mapping) for row in found})
        phones = [
            item.phone
            for item in items
            if item.phone is not None and not item.is_phone_taken and item.external_id not in by_id
        ]
        for start in range(0, len(phones), _CHUNK):
            found = await session.execute(
                columns.where(Customer.phone.in_(phones[start : start + _CHUNK]), is_live()).order_by(
                    Customer.id
                )
            )
            for row in found:
                by_phone.setdefault(row.phone, dict(row._mapping))
        return by_id, by_phone

    def _match(
        self, item: Item, known: tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]
    ) -> dict[str, Any] | None:
        """By number; without one by phone. A phone with a new number means the same person only by the same name."""
        by_id, by_phone = known
        if item.external_id is not None and item.external_id in by_id:
            return by_id[item.external_id]
        if item.phone is None or item.is_phone_taken:
            return None
        row = by_phone.get(item.phone)
        if row is None or item.external_id is None:
            return row
        return row if row["external_id"] is None and row["name"] == item.name else None

    def _compare(
        self, item: Item, row: dict[str, Any], fields: dict[str, Any], changes: Changes
    ) -> tuple[bool, int]:
        columns = {name: value for name, value in item.plain.items() if row[name] != value}
        if item.external_id is not None and row["external_id"] is None:
            columns["external_id"] = item.external_id
        kept, changed = 0, bool(columns)
        for name, value in item.fields.items():
            present = fields.get(name.value)
            on_row = row[name.value] if name in _ON_THE_ROW else None
            before = present.value if present is not None else on_row
            if before == value:
                continue
            if present is not None and _is_verified(present):
                kept += 1
                continue
            changed = True
            if name in _ON_THE_ROW:
                columns[name.value] = value
            changes.set_field(row["id"], name, value, present, before, self._source, self._now)
        if columns:
            changes.set_columns(row["id"], columns)
        return changed, kept

    async def _insert(self, session: AsyncSession, items: Sequence[Item]) -> None:
        if not items:
            return
        rows = [
            {
                "public_id": str(uuid4()),
                "name": item.name,
                "phone": item.phone,
                "type": item.plain.get("type", CustomerType.CONSUMER),
                "tier": Tier.GENERAL,
                "segment": item.plain.get("segment"),
                "lifecycle_stage": LifecycleStage.NEW,
                "preferred_channel": item.plain.get("preferred_channel"),
                "quiet_hours": item.plain.get("quiet_hours"),
                "external_id": item.external_id,
                "is_demo": False,
                "created_at": item.created_at or self._now,
            }
            for item in items
        ]
        table = Base.metadata.tables["customer"]
        found = await session.execute(insert(table).returning(table.c.id, table.c.public_id), rows)
        ids = {row.public_id: row.id for row in found}
        fields = [
            new_field(ids[row["public_id"]], name, value, self._source)
            for item, row in zip(items, rows, strict=True)
            for name, value in item.fields.items()
            if name not in _ON_THE_ROW
        ]
        if fields:
            await session.execute(insert(Base.metadata.tables["customer_field"]), fields)


async def _fields_of(session: AsyncSession, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    for start in range(0, len(ids), _CHUNK):
        rows = await session.execute(
            select(
                CustomerField.id,
                CustomerField.customer_id,
                CustomerField.name,
                CustomerField.value,
                CustomerField.source,
                CustomerField.verified_at,
                CustomerField.confirmed_by_customer_at,
                CustomerField.old_values,
                CustomerField.changed_by,
            ).where(CustomerField.customer_id.in_(ids[start : start + _CHUNK]))
        )
        for row in rows:
            found.setdefault(row.customer_id, {})[row.name] = row
    return found


def _is_verified(present: Any) -> bool:
    """Somebody asked, and the customer or a colleague answered: an old list does not know better."""
    is_checked = present.verified_at is not None or present.confirmed_by_customer_at is not None
    return is_checked and bool(present.value)


def _phone(text: str) -> str:
    phone = read_phone(text)
    if phone.problem is not None:
        raise BadValue(phone.problem)
    return text_of(phone.number, 20)


def _quiet_hours(text: str) -> str:
    parts = text.replace("—", "-").replace("~", "-").replace("至", "-").split("-")
    try:
        start, end = (datetime.strptime(part.strip(), "%H:%M").time() for part in parts)  # noqa: DTZ007  a time of day
    except ValueError:
        raise BadValue("应是 22:00-08:00 这样的时段") from None
    return f"{start:%H:%M}-{end:%H:%M}"


def _whole_address(cells: dict[str, str]) -> str:
    """Columns for province, city and district before the rest, unless the rest begins with them."""
    rest = cells.get("address", "")
    parts = [cells[part] for part in _ADDRESS_PARTS if part in cells]
    for start in range(len(parts)):
        if rest.startswith(parts[start]):
            return "".join(parts[:start]) + rest
    return "".join(dict.fromkeys(parts)) + rest
