"""Tables come in: what is new, what changed, what is wrong and where; a second run changes nothing."""

from __future__ import annotations

import csv
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from sqlalchemy import func, select

from care.records import Base
from care.records.customer import Customer, CustomerField
from care.records.order import Order, OrderLine, Product
from care.rules.errors import Conflict
from care.rules.times import shanghai_day
from care.rules.vocabulary import Channel, CustomerType, FieldSource, OrderState
from care.services import leases
from care.services.context import Care
from care.services.import_customers import CustomerImport
from care.services.import_orders import OrderImport
from care.services.import_products import ProductImport
from care.services.import_tables import TableError
from care.services.importing import Importer, ImportReport, run
from care.services.merging import merge
from tests.integration.conftest import Shop
from tests.integration.test_merging import field, give

HEADER = ["客户编号", "姓名", "手机号", "邮箱", "地址", "生日", "客户类型"]
LI = ["C1", "李想", "13800000001", "li@example.com", "浙江省杭州市西湖区文三路12号", "1990-05-01", "消费者"]
FIRM = ["C2", "杭州云帆酒店管理有限公司", "0571-88001234", "", "杭州市滨江区江南大道1号", "", "企业"]


def write(path: Path, *rows: list[Any], encoding: str = "utf-8", delimiter: str = ",") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


def write_xlsx(path: Path, *rows: list[Any]) -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def customer_import(care: Care) -> Importer:
    now = care.clock.now()
    return CustomerImport(now=now, today=shanghai_day(now), source="import:test")


async def bring_in(care: Care, path: Path, **more: Any) -> ImportReport:
    return await run(care, customer_import(care), path, **more)


def told(report: ImportReport) -> tuple[int, int, int, int]:
    counts = report.counts
    return counts.added, counts.changed, counts.unchanged, counts.bad


async def state(care: Care) -> dict[str, Any]:
    """Every row of the tables that an import writes."""
    async with care.sessions.read() as session:
        return {
            name: (await session.execute(select(table).order_by(*table.primary_key.columns))).all()
            for name, table in Base.metadata.tables.items()
            if name
            in (
                "customer",
                "customer_field",
                "order",
                "order_line",
                "order_event",
                "product",
                "data_quality_issue",
            )
        }


async def values(care: Care, external_id: str) -> dict[str, str | None]:
    async with care.sessions.read() as session:
        customer = await session.scalar(select(Customer).where(Customer.external_id == external_id))
        assert customer is not None
        rows = await session.scalars(select(CustomerField).where(CustomerField.customer_id == customer.id))
        return {"name": customer.name, "phone": customer.phone} | {row.name: row.value for row in rows}


class TestFiles:
    @pytest.mark.parametrize(
        "form", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "tab", "semicolon", "xlsx"]
    )
    async def test_whatever_the_spreadsheet_saved_is_read(
        self, care_sqlite: Care, tmp_path: Path, form: str
    ) -> None:
        care = care_sqlite
        if form == "xlsx":
            path = write_xlsx(tmp_path / "a.xlsx", HEADER, ["C1", "李想", 13800000001, *LI[3:5], datetime(1990, 5, 1), "消费者"], FIRM)  # noqa: DTZ001  # fmt: skip
        elif form in ("tab", "semicolon", "utf-16"):
            encoding = "utf-16" if form == "utf-16" else "utf-8"
            path = write(
                tmp_path / "a.csv",
                HEADER,
                LI,
                FIRM,
                encoding=encoding,
                delimiter=";" if form == "semicolon" else "\t",
            )
        else:
            path = write(tmp_path / "a.csv", HEADER, LI, FIRM, encoding=form)
        report = await bring_in(care, path)
        assert (told(report), report.bad) == ((2, 0, 0, 0), [])
        assert await values(care, "C1") == {
            "name": "李想",
            "phone": "13800000001",
            "email": "li@example.com",
            "address": "浙江省杭州市西湖区文三路12号",
            "birthday": "1990-05-01",
        }
        assert (await values(care, "C2"))["phone"] == "0571-88001234"

    @pytest.mark.parametrize(
        "header",
        [
            ["external_id", "name", "phone", "email", "address", "birthday", "type"],
            ["会员号", "客户姓名", "联系电话", "E-mail", "收货地址", "出生日期", "类型"],
            ["Customer_ID", " Name ", "Mobile", "电子邮箱", "详细地址", "date of birth", "Customer Type"],
        ],
    )
    async def test_headers_are_understood_in_both_languages(
        self, care_sqlite: Care, tmp_path: Path, header: list[str]
    ) -> None:
        report = await bring_in(care_sqlite, write(tmp_path / "a.csv", header, LI, FIRM))
        assert told(report) == (2, 0, 0, 0)
        assert (await values(care_sqlite, "C1"))["birthday"] == "1990-05-01"
        async with care_sqlite.sessions.read() as session:
            assert set(await session.scalars(select(Customer.type))) == {
                CustomerType.CONSUMER,
                CustomerType.COMPANY,
            }

    async def test_columns_that_nobody_knows_are_named(self, care_sqlite: Care, tmp_path: Path) -> None:
        report = await bring_in(
            care_sqlite, write(tmp_path / "a.csv", ["姓名", "手机", "星座"], ["李想", "13800000001", "白羊"])
        )
        assert report.notes == ["没有用到的列：星座"]

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"", "是空的"),
            (b"\n\n", "是空的"),
            ("手机号\n13800000001\n".encode(), "缺少列：姓名"),
            (b"\xff\x81\x30\xff", "编码"),
            (b"PK\x00\x00name", "不是文本文件"),
            ('姓名,手机\n"李想,1\n'.encode(), "不是有效的 CSV"),
        ],
    )
    async def test_a_file_that_cannot_be_used_says_why(
        self, care_sqlite: Care, tmp_path: Path, content: bytes, why: str
    ) -> None:
        path = tmp_path / "a.csv"
        path.write_bytes(content)
        with pytest.raises(TableError, match=why):
            await bring_in(care_sqlite, path)

    async def test_a_broken_workbook_and_a_missing_file_say_why(
        self, care_sqlite: Care, tmp_path: Path
    ) -> None:
        (tmp_path / "a.xlsx").write_text("no zip")
        with pytest.raises(TableError, match="XLSX"):
            await bring_in(care_sqlite, tmp_path / "a.xlsx")
        with pytest.raises(TableError, match="不能读取"):
            await bring_in(care_sqlite, tmp_path / "missing.csv")


class TestCustomers:
    async def test_the_same_file_again_changes_nothing(self, care: Care, tmp_path: Path) -> None:
        path = write(tmp_path / "a.csv", HEADER, LI, FIRM, ["", "王芳", "13900000002", "", "", "", ""])
        assert told(await bring_in(care, path)) == (3, 0, 0, 0)
        before = await state(care)
        assert told(await bring_in(care, path)) == (0, 0, 3, 0)
        assert await state(care) == before

    async def test_a_dry_run_writes_nothing_and_counts_the_same(self, care: Care, tmp_path: Path) -> None:
        await bring_in(care, write(tmp_path / "old.csv", HEADER, LI))
        path = write(
            tmp_path / "a.csv",
            HEADER,
            [*LI[:3], "new@example.com", *LI[4:]],
            FIRM,
            ["C3", "王芳", "138", "", "", "", ""],
            ["C4", "赵一", "13800000001", "", "", "", ""],
        )
        before = await state(care)
        dry = await bring_in(care, path, dry_run=True, report=tmp_path / "dry.csv", batch=2)
        assert await state(care) == before
        real = await bring_in(care, path, batch=3)
        assert told(dry) == told(real) == (2, 1, 0, 1)
        assert dry.bad == real.bad
        assert dry.rows == real.rows == 4

    async def test_bad_rows_are_named_with_line_column_and_reason_and_left_out(
        self, care: Care, tmp_path: Path
    ) -> None:
        path = write(
            tmp_path / "a.csv",
            HEADER,
            LI,
            ["C3", "", "1380000000", "", "", "", ""],
            ["C4", "王芳", "13900000002", "wang@", "", "1990-02-30", "外星人"],
            ["", "赵一", "", "", "", "", ""],
            ["C1", "李想", "13800000009", "", "", "", ""],
            ["", "钱二", "13800000001", "", "", "", ""],
            ["C9", "孙" * 90, "13900000009", "", "", "", ""],
        )
        report = await bring_in(care, path, report=tmp_path / "bad.csv")
        assert [str(cell) for cell in report.bad] == [
            "第 3 行「手机号」：手机号应为 11 位，现在是 10 位",
            "第 3 行「姓名」：没有姓名",
            "第 4 行「客户类型」：应是：消费者、企业、渠道、内部客户",
            "第 4 行「邮箱」：电子邮箱格式不对，例如 name@example.com",
            "第 4 行「生日」：生日请写成年月日，例如 1990年5月1日",
            "第 5 行「客户编号」：没有客户编号也没有手机号，以后无法辨认",
            "第 6 行「客户编号」：与第 2 行重复",
            "第 7 行「手机号」：与第 2 行相同，又没有客户编号，无法区分",
            "第 8 行「姓名」：最多 80 字，现在是 90 字",
        ]
        assert told(report) == (1, 0, 0, 6)
        assert report.report_file == tmp_path / "bad.csv"
        lines = (tmp_path / "bad.csv").read_text("utf-8-sig").splitlines()
        assert (lines[0], len(lines)) == ("行,列,原因", 10)
        assert "13800000009" not in (tmp_path / "bad.csv").read_text("utf-8-sig")

    async def test_what_the_customer_verified_is_kept_and_the_rest_is_renewed(
        self, care: Care, shop: Shop, tmp_path: Path
    ) -> None:
        customer = await shop.customer("13800000001", "李想", external_id="C1")
        now = care.clock.now()
        await give(
            care,
            customer,
            field("email", "mine@example.com", now, source=FieldSource.SELF),
            field("address", "浙江省杭州市旧地址1号", now, days=None),
        )
        report = await bring_in(care, write(tmp_path / "a.csv", HEADER, LI))
        assert (told(report), report.counts.kept) == ((0, 1, 0, 0), 1)
        found = await values(care, "C1")
        assert (found["email"], found["address"]) == ("mine@example.com", LI[4])
        async with care.sessions.read() as session:
            row = await session.scalar(select(CustomerField).where(CustomerField.name == "address"))
        assert row is not None
        assert (row.old_values[0]["value"], row.changed_by) == ("浙江省杭州市旧地址1号", "import:test")
        again = await bring_in(care, tmp_path / "a.csv")
        assert (told(again), again.counts.kept) == ((0, 0, 1, 0), 1)

    async def test_a_customer_known_by_phone_gets_the_shops_number(
        self, care: Care, shop: Shop, tmp_path: Path
    ) -> None:
        await shop.customer("13800000001", "李想")
        await shop.customer("13900000002", "另一人")
        path = write(tmp_path / "a.csv", HEADER, LI, ["C5", "王芳", "13900000002", "", "", "", ""])
        assert told(await bring_in(care, path)) == (1, 1, 0, 0)
        async with care.sessions.read() as session:
            found = dict((await session.execute(select(Customer.name, Customer.external_id))).all())
        assert found == {"李想": "C1", "另一人": None, "王芳": "C5"}

    async def test_two_of_a_family_with_one_phone_are_two_customers(self, care: Care, tmp_path: Path) -> None:
        path = write(tmp_path / "a.csv", HEADER, LI, ["C2", "李小想", "13800000001", "", "", "", ""])
        assert told(await bring_in(care, path, batch=1)) == (2, 0, 0, 0)
        assert told(await bring_in(care, path, batch=1)) == (0, 0, 2, 0)

    async def test_a_merged_customer_is_not_written_over_the_survivor(
        self, care: Care, shop: Shop, tmp_path: Path
    ) -> None:
        path = write(
            tmp_path / "a.csv", HEADER, LI, ["C2", "李想", "13900000002", "old@example.com", "", "", ""]
        )
        await bring_in(care, path)
        async with care.sessions.read() as session:
            one, two = await session.scalars(select(Customer.public_id).order_by(Customer.id))
        await merge(care, one, two, who="staff:lead1", rule="同一人")
        before = await state(care)
        report = await bring_in(care, path)
        assert [str(cell) for cell in report.bad] == [
            "第 3 行「客户编号」：这位客户已并入另一位客户，没有导入"
        ]
        assert await state(care) == before

    async def test_parts_of_an_address_are_put_together(self, care_sqlite: Care, tmp_path: Path) -> None:
        path = write(
            tmp_path / "a.csv",
            ["姓名", "手机", "省", "市", "区", "详细地址", "偏好渠道", "免打扰"],
            ["李想", "13800000001", "浙江省", "杭州市", "西湖区", "文三路12号", "微信", "22:00至08:00"],
            ["王芳", "13800000002", "浙江省", "杭州市", "西湖区", "杭州市西湖区文三路13号", "", ""],
        )
        await bring_in(care_sqlite, path)
        async with care_sqlite.sessions.read() as session:
            found = set(await session.scalars(select(CustomerField.value)))
            customer = await session.scalar(select(Customer).where(Customer.phone == "13800000001"))
        assert found == {"浙江省杭州市西湖区文三路12号", "浙江省杭州市西湖区文三路13号"}
        assert customer is not None
        assert (customer.preferred_channel, customer.quiet_hours) == (Channel.WECHAT, "22:00-08:00")

    async def test_two_imports_at_once_do_not_mix(self, care: Care, tmp_path: Path) -> None:
        assert await leases.hold(care, "import", "another", 60)
        with pytest.raises(Conflict, match="另一个导入"):
            await bring_in(care, write(tmp_path / "a.csv", HEADER, LI))

    async def test_progress_is_told_up_to_the_end(self, care_sqlite: Care, tmp_path: Path) -> None:
        rows = [[f"C{n}", "王芳", f"139{n:08d}", "", "", "", ""] for n in range(25)]
        seen: list[tuple[int, int]] = []
        await bring_in(
            care_sqlite,
            write(tmp_path / "a.csv", HEADER, *rows),
            batch=10,
            on_progress=lambda done, total: seen.append((done, total)),
        )
        assert len(seen) == 4
        assert seen[-1] == (26, 26)


PRODUCTS = ["商品编码", "商品名称", "品牌", "型号", "类目", "价格", "库存", "俗称", "参数"]
KETTLE = [
    "K1",
    "电热水壶 1.7升",
    "沐光",
    "MG-K17",
    "水壶",
    "¥129.00",
    "40",
    "烧水壶、电水壶",
    "容量=1.7升;颜色=白色",
]
ORDERS = [
    "订单号",
    "客户编号",
    "订单状态",
    "下单时间",
    "签收时间",
    "收货人",
    "收货手机",
    "商品编码",
    "数量",
    "单价",
]


async def ready(care: Care, tmp_path: Path) -> None:
    await bring_in(care, write(tmp_path / "customers.csv", HEADER, LI, FIRM))
    other = ["K2", "滤芯", "沐光", "MG-F1", "配件", "39", "9", "", ""]
    await run(care, ProductImport(), write(tmp_path / "products.csv", PRODUCTS, KETTLE, other))


class TestProducts:
    async def test_products_come_in_are_renewed_and_stay(self, care: Care, tmp_path: Path) -> None:
        path = write(tmp_path / "a.csv", PRODUCTS, KETTLE)
        assert told(await run(care, ProductImport(), path)) == (1, 0, 0, 0)
        assert told(await run(care, ProductImport(), path)) == (0, 0, 1, 0)
        dearer = write(tmp_path / "b.csv", PRODUCTS, [*KETTLE[:5], "139", *KETTLE[6:]])
        assert told(await run(care, ProductImport(), dearer)) == (0, 1, 0, 0)
        async with care.sessions.read() as session:
            row = (await session.scalars(select(Product))).one()
        assert (row.price, row.stock, row.spoken_names, row.attributes) == (
            Decimal("139.00"),
            40,
            ["烧水壶", "电水壶"],
            {"容量": "1.7升", "颜色": "白色"},
        )

    async def test_a_price_that_is_none_is_told(self, care_sqlite: Care, tmp_path: Path) -> None:
        path = write(tmp_path / "a.csv", PRODUCTS, [*KETTLE[:5], "面议", *KETTLE[6:]], KETTLE[:5])
        report = await run(care_sqlite, ProductImport(), path)
        assert [str(cell) for cell in report.bad] == [
            "第 2 行「价格」：应是金额，例如 1299.00",
            "第 3 行「价格」：没有价格",
        ]


class TestOrders:
    async def test_lines_of_one_order_become_one_order(self, care: Care, tmp_path: Path) -> None:
        await ready(care, tmp_path)
        path = write(
            tmp_path / "a.csv",
            ORDERS,
            [
                "88120260001",
                "C1",
                "已完成",
                "2026-11-01 10:24:31",
                "2026-11-04",
                "李想",
                "13800000001",
                "K1",
                "2",
                "129",
            ],
            ["88120260001", "C1", "", "2026-11-01 10:24:31", "", "", "", "K2", "1", "39"],
            ["88120260002", "C2", "待发货", "2026-11-20", "", "", "", "K2", "10", "35.50"],
        )
        assert told(await run(care, OrderImport(), path)) == (2, 0, 0, 0)
        async with care.sessions.read() as session:
            first, second = (await session.scalars(select(Order).order_by(Order.id))).all()
        assert (first.amount, first.state, len(first.lines)) == (Decimal("297.00"), OrderState.COMPLETED, 2)
        assert first.placed_at == datetime(2026, 11, 1, 2, 24, 31, tzinfo=timezone.utc)
        assert [event.title for event in first.events] == ["订单已提交", "已签收"]
        assert (second.amount, second.state, second.delivered_at) == (
            Decimal("355.00"),
            OrderState.PAID,
            None,
        )
        before = await state(care)
        assert told(await run(care, OrderImport(), path)) == (0, 0, 2, 0)
        assert await state(care) == before

    async def test_a_later_file_moves_the_order_on_and_takes_no_line_away(
        self, care: Care, tmp_path: Path
    ) -> None:
        await ready(care, tmp_path)
        line = ["88120260002", "C2", "待发货", "2026-11-20", "", "", "", "K2", "10", "35.50"]
        await run(care, OrderImport(), write(tmp_path / "a.csv", ORDERS, line, [*line[:7], "K1", "1", "99"]))
        later = [*line[:2], "运输中", *line[3:8], "12", "35.50"]
        path = write(tmp_path / "b.csv", ORDERS, later)
        dry = await run(care, OrderImport(), path, dry_run=True)
        assert told(dry) == told(await run(care, OrderImport(), path)) == (0, 1, 0, 0)
        async with care.sessions.read() as session:
            order = (await session.scalars(select(Order))).one()
            assert order.state is OrderState.SHIPPED
            assert sorted(line.quantity for line in order.lines) == [1, 12]

    async def test_an_order_with_one_bad_line_is_left_out_whole(self, care: Care, tmp_path: Path) -> None:
        await ready(care, tmp_path)
        path = write(
            tmp_path / "a.csv",
            ORDERS,
            ["A1", "C1", "", "2026-11-01", "", "", "", "K1", "1", "129"],
            ["A1", "C1", "", "2026-11-01", "", "", "", "K2", "0", "39"],
            ["A2", "C1", "", "2026-11-01", "", "", "", "K9", "1", "39"],
            ["A3", "C8", "", "2026-11-01", "", "", "", "K1", "1", "39"],
            ["A4", "C1", "", "2026-11-05", "2026-11-01", "", "", "K1", "1", "39"],
            ["A5", "C1", "", "2026-11-05", "", "", "", "K1", "1", "39"],
            ["A1", "C1", "", "2026-11-01", "", "", "", "K1", "1", "129"],
        )
        report = await run(care, OrderImport(), path)
        assert sorted(str(cell) for cell in report.bad) == sorted(
            [
                "第 3 行「数量」：应是 1 到 99999 的整数",
                "第 2 行「订单号」：同一订单的第 3 行有误，整单没有导入",
                "第 4 行「商品编码」：没有这个商品：K9，请先导入商品",
                "第 5 行「客户编号」：没有这位客户，请先导入客户",
                "第 6 行「签收时间」：签收早于下单",
                "第 8 行「订单号」：订单 A1 在第 2 行已出现，同一订单的行要连在一起",
            ]
        )
        async with care.sessions.read() as session:
            assert list(await session.scalars(select(Order.number))) == ["A5"]

    async def test_orders_of_a_merged_customer_are_the_survivors(self, care: Care, tmp_path: Path) -> None:
        await ready(care, tmp_path)
        async with care.sessions.read() as session:
            refs = dict((await session.execute(select(Customer.external_id, Customer.public_id))).all())
        await merge(care, refs["C1"], refs["C2"], who="staff:lead1", rule="同一位", is_persons_word=True)
        path = write(tmp_path / "a.csv", ORDERS, ["A1", "C2", "", "2026-11-01", "", "", "", "K1", "1", "129"])
        assert told(await run(care, OrderImport(), path)) == (1, 0, 0, 0)
        async with care.sessions.read() as session:
            owner = await session.scalar(
                select(Customer.public_id).join(Order, Order.customer_id == Customer.id)
            )
            assert owner == refs["C1"]
            assert await session.scalar(select(func.count()).select_from(OrderLine)) == 1
