"""Products from a table, told by their SKU."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.records import Base
from care.rules.returns import GoodsKind
from care.services.import_cells import BadValue, choice_of, list_of, money_of, number_of, text_of
from care.services.import_tables import BadCell, Column, Row, Table, whole_rows
from care.services.importing import Counts

_CHUNK = 400  # SQLite binds at most 999 values
_LIST_MOST = 40


@dataclass
class Item:
    line: int
    sku: str
    columns: dict[str, Any]


class ProductImport:
    columns = (
        Column("sku", "商品编码", ("sku编码", "货号", "商品编号"), is_needed=True),
        Column("name", "商品名称", ("名称", "品名", "product name", "title"), is_needed=True),
        Column("brand", "品牌"),
        Column("model", "型号"),
        Column("category", "类目", ("分类", "品类")),
        Column("price", "价格", ("售价", "单价"), is_needed=True),
        Column("stock", "库存", ("库存数量", "quantity")),
        Column("warranty_months", "保修月数", ("保修", "质保月数", "warranty")),
        Column("spoken_names", "俗称", ("别名", "其他叫法", "aliases")),
        Column("attributes", "参数", ("属性", "规格", "specs")),
        Column("goods_kind", "退货类别", ("商品性质",)),
    )

    def __init__(self) -> None:
        self._skus: dict[str, int] = {}

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
        table = Base.metadata.tables["product"]
        known: dict[str, Any] = {}
        for start in range(0, len(items), _CHUNK):
            skus = [item.sku for item in items[start : start + _CHUNK]]
            known.update(
                {row.sku: row for row in await session.execute(select(table).where(table.c.sku.in_(skus)))}
            )
        new = []
        for item in items:
            row = known.get(item.sku)
            if row is None:
                counts.added += 1
                new.append(_DEFAULTS | item.columns | {"sku": item.sku})
                continue
            changes = {name: value for name, value in item.columns.items() if row._mapping[name] != value}
            counts.changed += bool(changes)
            counts.unchanged += not changes
            if changes and not dry:
                values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in changes}
                await session.execute(
                    update(table).where(table.c.id == bindparam("of")).values(values),
                    {"of": row.id, **{f"new_{name}": value for name, value in changes.items()}},
                )
        if new and not dry:
            await session.execute(insert(table), new)

    def _item(self, row: Row) -> tuple[Item, list[tuple[str, str]]]:
        problems: list[tuple[str, str]] = []
        columns: dict[str, Any] = {}
        readers: dict[str, Callable[[str], Any]] = {
            "sku": lambda text: text_of(text, 40),
            "name": lambda text: text_of(text, 120),
            "brand": lambda text: text_of(text, 40),
            "model": lambda text: text_of(text, 40),
            "category": lambda text: text_of(text, 40),
            "price": money_of,
            "stock": lambda text: number_of(text, 0, 9_999_999),
            "warranty_months": lambda text: number_of(text, 0, 600),
            "spoken_names": lambda text: _short(list_of(text)),
            "attributes": _attributes,
            "goods_kind": lambda text: choice_of(text, GoodsKind),
        }
        for name, reader in readers.items():
            if name not in row.cells:
                continue
            try:
                columns[name] = reader(row.cells[name])
            except BadValue as problem:
                problems.append((name, str(problem)))
        for name, label in (("sku", "商品编码"), ("name", "商品名称"), ("price", "价格")):
            if name not in row.cells:
                problems.append((name, f"没有{label}"))
        sku = columns.pop("sku", "")
        if not problems:
            before = self._skus.setdefault(sku, row.line)
            if before != row.line:
                problems.append(("sku", f"与第 {before} 行重复"))
        return Item(row.line, sku, columns), problems


_DEFAULTS: dict[str, Any] = {
    "brand": "", "model": "", "category": "", "stock": 0, "spoken_names": [], "attributes": {},
    "warranty_months": 12, "goods_kind": GoodsKind.ORDINARY, "is_demo": False,
}  # fmt: skip


def _short(parts: list[str]) -> list[str]:
    if len(parts) > _LIST_MOST:
        raise BadValue(f"最多 {_LIST_MOST} 个")
    return parts


def _attributes(text: str) -> dict[str, str]:
    """``匹数=1.5匹；颜色=白色``, with = or ： between name and value."""
    found = {}
    for part in _short(list_of(text)):
        name, sign, value = part.replace("：", "=", 1).replace(":", "=", 1).partition("=")
        if not sign or not name.strip() or not value.strip():
            raise BadValue("应是 名称=值；名称=值 这样的写法")
        found[name.strip()] = value.strip()
    return found
