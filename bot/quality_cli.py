"""`zhike quality …`: look through the customers' records, list what is wrong, merge duplicates and take it back."""

from __future__ import annotations

import asyncio
import getpass
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from care.rules.masking import mask_name
from care.rules.times import format_moment
from care.rules.vocabulary import DataIssue
from care.services import merging, quality
from care.services.context import open_care
from care.settings import Settings, load_settings

quality_app = typer.Typer(no_args_is_help=True, help="客户资料质量：检查、清单、合并重复")
console = Console()


@quality_app.command()
def scan() -> None:
    """检查全部客户资料:不准确、过时、缺失、重复;修好的自动销号。"""
    report = asyncio.run(_scan(load_settings()))
    mean = "—" if report.mean_score is None else f"{report.mean_score:.1f}"
    console.print(
        f"检查 {report.customers:,} 位客户：新发现 {report.opened:,} 处，已修好 {report.closed:,} 处，平均得分 {mean}。",
        highlight=False,
    )


async def _scan(settings: Settings) -> quality.ScanReport:
    async with open_care(settings) as care:
        with bar() as progress:
            task = progress.add_task("检查客户资料…", total=None)
            return await quality.scan(
                care, on_progress=lambda done, total: progress.update(task, completed=done, total=total)
            )


@quality_app.command("list")
def list_issues(
    kind: Annotated[DataIssue | None, typer.Argument(help="哪一类;不写则只列数量")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="最多列出多少条")] = 50,
    after: Annotated[int | None, typer.Option(help="上一页最后一条的编号")] = None,
) -> None:
    """列出资料问题。姓名打码;详细内容请在坐席台查看。"""
    counts, rows = asyncio.run(_list(load_settings(), kind, limit, after))
    if kind is None:
        table = Table("类别", "数量")
        for issue, count in counts.items():
            table.add_row(f"{issue.label}({issue.value})", f"{count:,}")
        console.print(table)
        return
    # Lines, not a table: an id that is cut off cannot be copied.
    for row in rows:
        other = (
            "" if row.other_ref is None else f"　另一份：{mask_name(row.other_name or '')} {row.other_ref}"
        )
        console.print(
            f"{row.id}　{mask_name(row.customer_name)} {row.customer_ref}　{row.field_label}：{row.detail}{other}"
            f"　{format_moment(row.found_at)}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    console.print(f"共 {counts[kind]:,} 条，列出 {len(rows)} 条。", highlight=False)


async def _list(
    settings: Settings, kind: DataIssue | None, limit: int, after: int | None
) -> tuple[dict[DataIssue, int], list[quality.IssueView]]:
    async with open_care(settings) as care:
        rows = [] if kind is None else await quality.queue(care, kind, after=after, limit=limit)
        return await quality.counts(care), rows


@quality_app.command()
def merge(
    survivor: Annotated[str, typer.Argument(help="留下的资料编号")],
    loser: Annotated[str, typer.Argument(help="并入的资料编号")],
    reason: Annotated[str, typer.Option(help="为什么是同一位客户")],
    sure: Annotated[bool, typer.Option("--sure", help="已人工核对,即使两个核实过的手机号不同")] = False,
) -> None:
    """把两份资料合并成一份;可以撤销。"""

    async def run(settings: Settings) -> merging.MergeView:
        async with open_care(settings) as care:
            done = await merging.merge(
                care, survivor, loser, who=f"cli:{getpass.getuser()}", rule=reason, is_persons_word=sure
            )
            await quality.scan_refs(care, [survivor])
            return done

    done = asyncio.run(run(load_settings()))
    console.print(f"已合并，合并编号 {done.id}；撤销请用 zhike quality undo {done.id}。", highlight=False)


@quality_app.command()
def undo(merge_id: Annotated[int, typer.Argument(help="合并编号")]) -> None:
    """撤销一次合并,两份资料恢复原样。"""

    async def run(settings: Settings) -> merging.MergeView:
        async with open_care(settings) as care:
            done = await merging.undo(care, merge_id, who=f"cli:{getpass.getuser()}")
            await quality.scan_refs(care, [done.survivor, done.loser])
            return done

    done = asyncio.run(run(load_settings()))
    console.print(f"已撤销：{done.loser} 恢复为单独的资料。", highlight=False)


def bar() -> Progress:
    """A progress bar that shows done of all and the time left; nothing when the output is no terminal."""
    to = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=to,
        transient=True,
        disable=not to.is_terminal,
    )
