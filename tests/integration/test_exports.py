"""Tables go out: labelled, masked unless asked otherwise, and an unmasked copy leaves its trace."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from care import demo
from care.records.customer import AccessLog
from care.rules.errors import InvalidInput
from care.services.context import Care
from care.services.exports import What, export
from care.services.merging import merge
from tests.integration.conftest import Shop
from tests.integration.test_demo import PASSWORD, TODAY
from tests.integration.test_merging import field, give


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


async def send_out(care: Care, what: What, path: Path, **more: object) -> Path:
    done = await export(care, what, path, who="cli:op", role="operator", **more)  # type: ignore[arg-type]
    assert done.path == path
    return path


async def test_customers_are_masked_and_merged_ones_left_out(care: Care, shop: Shop, tmp_path: Path) -> None:
    one, two = await shop.customer("13800000001", "李想"), await shop.customer("13800000001", "李想")
    await give(
        care,
        one,
        field("email", "li.xiang@example.com", care.clock.now()),
        field("address", "浙江省杭州市西湖区文三路12号", care.clock.now()),
    )
    await merge(care, one.public_id, two.public_id, who="staff:lead1", rule="同一人")
    (row,) = rows_of(await send_out(care, What.CUSTOMERS, tmp_path / "a.csv"))
    assert (row["姓名"], row["手机号"], row["电子邮箱"], row["地址"]) == (
        "李*",
        "138****0001",
        "l****@example.com",
        "浙江省杭州市西湖区****",
    )
    assert (row["客户类型"], row["注册时间"]) == ("消费者", "2026-11-24 10:00:00")
    async with care.sessions.read() as session:
        assert (await session.scalars(select(AccessLog))).all() == []


async def test_an_unmasked_copy_is_noted_for_every_customer(care: Care, shop: Shop, tmp_path: Path) -> None:
    customers = [await shop.customer(f"1380000000{n}", "李想") for n in range(3)]
    rows = rows_of(await send_out(care, What.CUSTOMERS, tmp_path / "a.csv", is_masked=False))
    assert [row["手机号"] for row in rows] == ["13800000000", "13800000001", "13800000002"]
    async with care.sessions.read() as session:
        log = (await session.scalars(select(AccessLog).order_by(AccessLog.customer_id))).all()
    assert [(line.customer_id, line.who, line.purpose) for line in log] == [
        (customer.id, "cli:op", "导出") for customer in customers
    ]


async def test_a_name_that_is_a_formula_stays_text(care: Care, shop: Shop, tmp_path: Path) -> None:
    await shop.customer(name="=HYPERLINK(1)")
    (row,) = rows_of(await send_out(care, What.CUSTOMERS, tmp_path / "a.csv", is_masked=False))
    assert row["姓名"] == "'=HYPERLINK(1)"


@pytest.mark.parametrize("what", What)
async def test_the_demo_shop_goes_out_whole_in_both_forms(
    care_sqlite: Care, tmp_path: Path, what: What
) -> None:
    await demo.seed(care_sqlite, password=PASSWORD, today=TODAY)
    rows = rows_of(await send_out(care_sqlite, what, tmp_path / "a.csv"))
    book = load_workbook(await send_out(care_sqlite, what, tmp_path / "a.xlsx", form="xlsx"), read_only=True)
    cells = [list(line) for line in book.active.iter_rows(values_only=True)]
    book.close()
    assert cells[0] == list(rows[0])
    assert len(cells) == len(rows) + 1
    assert ["" if cell is None else str(cell) for cell in cells[1]] == list(rows[0].values())
    if what is What.COMPLAINTS:
        assert {row["严重程度"] for row in rows} >= {"一般", "重大"}
    if what is What.INTERACTIONS:
        assert {row["处理方"] for row in rows} >= {"智能客服"}


async def test_a_folder_that_is_not_there_is_told(care_sqlite: Care, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="不能写入"):
        await send_out(care_sqlite, What.CUSTOMERS, tmp_path / "no" / "a.csv")
