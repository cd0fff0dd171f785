"""`zhike import …`: customers, orders and products from a table."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bot.quality_cli import bar
from care.rules.times import SHANGHAI, shanghai_day
from care.services.context import Care, open_care
from care.services.import_customers import CustomerImport
from care.services.import_orders import OrderImport
from care.services.import_products import ProductImport
from care.services.importing import Importer, ImportReport, run
from care.settings import load_settings

import_app = typer.Typer(no_args_is_help=True, help="从 CSV 或 XLSX 导入客户、订单、商品")
console = Console()
errors = Console(stderr=True)
_SHOWN_BAD = 20

File = Annotated[Path, typer.Argument(metavar="FILE", help="CSV(UTF-8 或 GBK)或 XLSX,首行是中文或英文列名")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="只检查并报告,不写入")]
Report = Annotated[Path | None, typer.Option("--report", metavar="FILE", help="坏行清单存到这里")]


@import_app.command()
def customers(file: File, dry_run: DryRun = False, report: Report = None) -> None:
    """导入客户:按客户编号或手机号辨认,同一文件再导入不会改变什么;有坏行时退出码为 1。"""

    def importer(care: Care) -> Importer:
        now = care.clock.now()
        return CustomerImport(now=now, today=shanghai_day(now), source=f"import:{getpass.getuser()}"[:80])

    _import(importer, file, dry_run, report, "位客户")


@import_app.command()
def orders(file: File, dry_run: DryRun = False, report: Report = None) -> None:
    """导入订单:每行一件商品,同一订单的行连在一起;客户和商品要先导入;有坏行时退出码为 1。"""
    _import(lambda care: OrderImport(), file, dry_run, report, "个订单")


@import_app.command()
def products(file: File, dry_run: DryRun = False, report: Report = None) -> None:
    """导入商品:按商品编码辨认;有坏行时退出码为 1。"""
    _import(lambda care: ProductImport(), file, dry_run, report, "个商品")


def _import(
    importer: Callable[[Care], Importer], file: Path, dry_run: bool, report: Path | None, noun: str
) -> None:
    settings = load_settings()
    if report is None and not dry_run:
        stamp = datetime.now(SHANGHAI).strftime("%Y%m%d-%H%M%S")
        report = settings.var_dir / "import" / f"{file.stem}-{stamp}.csv"

    async def work() -> ImportReport:
        async with open_care(settings) as care:
            with bar() as progress:
                task = progress.add_task("检查…" if dry_run else "导入…", total=None)
                return await run(
                    care,
                    importer(care),
                    file,
                    dry_run=dry_run,
                    report=report,
                    on_progress=lambda done, total: progress.update(task, completed=done, total=total),
                )

    found = asyncio.run(work())
    for note in found.notes:
        errors.print(note, markup=False, highlight=False, soft_wrap=True)
    for cell in found.bad[:_SHOWN_BAD]:
        errors.print(f"跳过　{cell}", markup=False, highlight=False, soft_wrap=True)
    counts = found.counts
    if counts.bad > _SHOWN_BAD:
        errors.print(f"……共 {counts.bad:,} 行有误。", markup=False, highlight=False)
    if found.report_file is not None:
        errors.print(f"坏行清单：{found.report_file}", markup=False, highlight=False, soft_wrap=True)
    kept = f"，保留 {counts.kept:,} 项核实过的资料" if counts.kept else ""
    console.print(
        f"读了 {found.rows:,} 行：新增 {counts.added:,} {noun}，更新 {counts.changed:,}，"
        f"未变 {counts.unchanged:,}，跳过 {counts.bad:,} 行{kept}。",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    if dry_run:
        console.print("这是试运行，没有写入。")
    elif counts.added or counts.changed:
        console.print("请用 zhike quality scan 检查新资料，或等夜间自动检查。")
    raise SystemExit(1 if counts.bad else 0)
