"""`zhike export …`: customers, contacts and complaints as a table, one case as a document."""

from __future__ import annotations

import asyncio
import getpass
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from bot.quality_cli import bar
from care.rules.times import SHANGHAI
from care.rules.vocabulary import Role
from care.services import case_document
from care.services.context import open_care
from care.services.exports import What, Written, export
from care.settings import load_settings

export_app = typer.Typer(no_args_is_help=True, help="导出客户、服务记录、投诉和单件投诉的档案；默认打码")
console = Console()


@dataclass(frozen=True)
class Operator:
    """Who sits at the machine; masked as for an agent unless asked otherwise."""

    login: str
    role: Role


Form = Annotated[str, typer.Option("--format", help="csv 或 xlsx")]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="写到这里;不写则放在当前目录")]
Unmasked = Annotated[bool, typer.Option("--unmasked", help="不打码;每位客户都会记入访问日志,请妥善保管文件")]


@export_app.command()
def customers(form: Form = "csv", out: Out = None, unmasked: Unmasked = False) -> None:
    """导出客户。"""
    _export(What.CUSTOMERS, form, out, unmasked)


@export_app.command()
def interactions(form: Form = "csv", out: Out = None, unmasked: Unmasked = False) -> None:
    """导出服务记录。"""
    _export(What.INTERACTIONS, form, out, unmasked)


@export_app.command()
def complaints(form: Form = "csv", out: Out = None, unmasked: Unmasked = False) -> None:
    """导出投诉。"""
    _export(What.COMPLAINTS, form, out, unmasked)


@export_app.command()
def case(
    number: Annotated[str, typer.Argument(metavar="TS-…", help="投诉编号")],
    form: Annotated[str, typer.Option("--format", help="pdf 或 docx")] = "pdf",
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE", help="写到这里;不写则放在当前目录")
    ] = None,
    unmasked: Unmasked = False,
) -> None:
    """导出一件投诉的完整档案。"""
    if form not in case_document.FORMATS:
        raise typer.BadParameter("只能是 pdf 或 docx。", param_hint="--format")
    reader = Operator(f"cli:{getpass.getuser()}", Role.ADMIN if unmasked else Role.AGENT)

    async def work() -> case_document.Document:
        async with open_care(load_settings()) as care:
            complaint_id = await case_document.id_of(care, number)
            return await case_document.render(care, complaint_id, reader=reader, format=form)

    done = asyncio.run(work())
    path = out or Path(done.name)
    path.write_bytes(done.bytes)
    path.chmod(0o600)
    console.print(
        f"{number} 已写入 {path}{'（未打码）' if unmasked else '（已打码）'}。",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def _export(what: What, form: str, out: Path | None, unmasked: bool) -> None:
    if form not in ("csv", "xlsx"):
        raise typer.BadParameter("只能是 csv 或 xlsx。", param_hint="--format")
    kind: Literal["csv", "xlsx"] = "xlsx" if form == "xlsx" else "csv"
    stamp = datetime.now(SHANGHAI).strftime("%Y%m%d-%H%M%S")
    path = out or Path(f"{what.value}-{stamp}.{kind}")

    async def work() -> Written:
        async with open_care(load_settings()) as care:
            with bar() as progress:
                task = progress.add_task("导出…", total=None)
                return await export(
                    care,
                    what,
                    path,
                    form=kind,
                    who=f"cli:{getpass.getuser()}",
                    role="operator",
                    is_masked=not unmasked,
                    on_progress=lambda done, total: progress.update(task, completed=done, total=total),
                )

    done = asyncio.run(work())
    console.print(
        f"{what.label} {done.rows:,} 行已写入 {done.path}{'（未打码）' if unmasked else '（已打码）'}。",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
