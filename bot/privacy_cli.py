"""Keeping times and legal holds on the command line. Words for people are Chinese."""

from __future__ import annotations

import asyncio
from getpass import getuser
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from care.records.encryption import CannotDecrypt
from care.rules.errors import Conflict, InvalidInput, NotFound
from care.services import data_keys, retention
from care.services.context import open_care
from care.services.customers import id_of
from care.services.evidence_files import EvidenceFiles
from care.settings import load_settings

hold_app = typer.Typer(no_args_is_help=True, help="依法保全:暂不删除某位客户的任何记录")
console = Console()


def retention_command(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只数,不删")] = False,
    choose: Annotated[
        list[str] | None, typer.Option("--set", metavar="KIND=DAYS", help="改一类的保存天数")
    ] = None,
) -> None:
    """删除超过保存期的记录;依法保全的不动。"""

    async def work() -> list[retention.Swept]:
        async with open_care(load_settings()) as care:
            for choice in choose or ():
                kind, _, days = choice.partition("=")
                if not days.isdigit():
                    raise InvalidInput(f"--set {choice}:应写作 类别=天数，如 messages=730")
                await retention.set_time(care, kind, int(days), by=_who())
            return await retention.sweep(care, is_dry=dry_run)

    table = Table("类别", "名称", "保存天数", "将删除" if dry_run else "已删除")
    for one in asyncio.run(work()):
        table.add_row(one.kind.value, one.label, str(one.days), str(one.rows))
    console.print(table)


def rotate_keys_command() -> None:
    """把加密的资料改用现在的数据密钥;系统可以照常运行。"""

    async def work() -> dict[str, int]:
        async with open_care(load_settings()) as care:
            done = await data_keys.rotate(care.sessions)
            done["evidence"] = await asyncio.to_thread(EvidenceFiles(care.settings).rotate)
            return done

    try:
        done = asyncio.run(work())
    except CannotDecrypt as problem:
        raise Conflict(f"有资料打不开，请把从前的密钥放进 ZHIKE_OLD_DATA_KEYS：{problem}") from None
    for column, count in done.items():
        console.print(f"{column}:{count}", markup=False, highlight=False)
    console.print("全部资料都在现在的密钥下。")


@hold_app.command("add")
def hold_add(
    customer: Annotated[str, typer.Argument(help="客户编号")],
    reason: Annotated[str, typer.Option(help="为什么:案号、函件")],
) -> None:
    """保全一位客户的全部记录,直到解除。"""

    async def work() -> int:
        async with open_care(load_settings()) as care:
            customer_id = await id_of(care, customer)
            if customer_id is None:
                raise NotFound("没有这位客户。")
            return await retention.hold(care, customer_id, reason=reason, by=_who())

    console.print(f"已保全，编号 {asyncio.run(work())}。")


@hold_app.command("lift")
def hold_lift(number: Annotated[int, typer.Argument(help="保全的编号")]) -> None:
    """解除一项保全。"""

    async def work() -> None:
        async with open_care(load_settings()) as care:
            await retention.lift(care, number, by=_who())

    asyncio.run(work())
    console.print("已解除。")


def _who() -> str:
    return f"operator:{getuser()}"
