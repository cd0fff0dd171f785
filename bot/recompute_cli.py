"""`zhike recompute …`: figures computed again from the rows."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console

from bot.quality_cli import bar
from care.rules.figures import Measured, Unit
from care.rules.period import period_of
from care.rules.times import shanghai_day
from care.services import customer_value, satisfaction_figures
from care.services import surges as surge_alarms
from care.services.context import open_care
from care.settings import Settings, load_settings

recompute_app = typer.Typer(no_args_is_help=True, help="从原始记录重新计算指标")
console = Console()


@recompute_app.callback()
def recompute() -> None:
    """从原始记录重新计算指标。"""


@recompute_app.command()
def value() -> None:
    """重新计算全部客户的价值:RFM、生命周期价值、流失可能、等级与阶段;当天再算结果相同。"""
    report = asyncio.run(_value(load_settings()))
    by = report.model
    model = (
        "订单太少，按沉默规则判断流失"
        if by is None
        else f"BG/NBD r={by.r:.3f} α={by.alpha:.3f} a={by.a:.3f} b={by.b:.3f}"
    )
    console.print(
        f"{report.customers:,} 位有订单的客户已计算（{model}）；"
        f"生命周期变化 {report.stages_changed:,} 位，等级变化 {report.tiers_changed:,} 位。",
        highlight=False,
        soft_wrap=True,
    )


async def _value(settings: Settings) -> customer_value.RecomputeReport:
    async with open_care(settings) as care:
        with bar() as progress:
            task = progress.add_task("计算客户价值…", total=None)
            return await customer_value.recompute(
                care, on_progress=lambda done, total: progress.update(task, completed=done, total=total)
            )


@recompute_app.command()
def surges(
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="从哪一天(上海时间)算起；默认 90 天前")
    ] = None,
) -> None:
    """逐日重看投诉是否激增,补上漏掉的预警;再算一次不会重复。"""
    report = asyncio.run(_surges(load_settings(), since))
    console.print(
        f"看了 {report.days:,} 天、{report.series:,} 个序列：新预警 {report.opened:,} 次，"
        f"新的超限 {report.crossings:,} 次。",
        highlight=False,
        soft_wrap=True,
    )


async def _surges(settings: Settings, since: datetime | None) -> surge_alarms.WatchReport:
    async with open_care(settings) as care:
        today = shanghai_day(care.clock.now())
        first = today - timedelta(days=90) if since is None else since.date()
        with bar() as progress:
            task = progress.add_task("重看投诉数量…", total=None)
            return await surge_alarms.recompute(
                care,
                first,
                on_progress=lambda done, total: progress.update(task, completed=done, total=total),
            )


@recompute_app.command()
def scores(
    since: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="第一天(上海时间)；默认 28 天")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="最后一天(含)；默认昨天")
    ] = None,
) -> None:
    """重新计算一段时间的满意度,并把记录打乱再算一次核对;不一致时退出码为 1。"""
    found, agrees = asyncio.run(_scores(load_settings(), since, until))
    period = found.period
    console.print(
        f"{period.since} 至 {period.until}：邀请 {found.invited:,}，回答 {found.answered:,}", highlight=False
    )
    for score, measured in found.scores.items():
        console.print(f"  {score.label}　{_told(measured)}", highlight=False, soft_wrap=True)
    gap = found.gaps[0]
    verdict = "样本不足" if gap.verdict is None else gap.verdict.label
    console.print(f"  差距 P − E　{_told(gap.gap)}　{verdict}", highlight=False, soft_wrap=True)
    if found.bounds is not None:
        console.print(f"  最坏情形　{found.bounds.low:.1%}–{found.bounds.high:.1%}", highlight=False)
    index = found.matrix.index
    value = "样本不足" if index.index is None else f"{index.index:.2f}"
    console.print(f"  关怀指数　{value}（{index.filled}/{index.cells} 格）", highlight=False)
    console.print(
        "打乱记录再算一次，结果相同。" if agrees else "打乱记录再算一次，结果不同！", highlight=False
    )
    raise SystemExit(0 if agrees else 1)


def _told(measured: Measured) -> str:
    if measured.value is None:
        return f"{measured.note}（n={measured.n}）"
    scale, mark = (100, "%") if measured.unit is Unit.SHARE else (1, measured.unit.label)
    text = f"{measured.value * scale:.2f}{mark}（n={measured.n:,}"
    if measured.interval is not None:
        text += f"，{measured.interval.low * scale:.2f}–{measured.interval.high * scale:.2f}"
    return f"{text}）"


async def _scores(
    settings: Settings, since: datetime | None, until: datetime | None
) -> tuple[satisfaction_figures.Figures, bool]:
    async with open_care(settings) as care:
        period = period_of(
            None if since is None else since.date(),
            None if until is None else until.date(),
            today=shanghai_day(care.clock.now()),
        )
        return await satisfaction_figures.recomputed(care, period)
