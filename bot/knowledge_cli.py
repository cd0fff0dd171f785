"""`zhike knowledge …`: check the answers, bring in a table of them, see what nobody could answer, and why."""

from __future__ import annotations

import asyncio
import csv
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from care.rules.times import SHANGHAI, shanghai_day
from care.rules.vocabulary import Topic
from care.settings import Settings, load_settings

knowledge_app = typer.Typer(no_args_is_help=True, help="知识条目：检查、导入、没答上来的问题")
console = Console()
errors = Console(stderr=True)

#: A cell that begins so is a formula to a spreadsheet, and customers wrote what stands in it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@knowledge_app.command()
def check() -> None:
    """检查 data/knowledge 的每个文件：写法、重复、标点、失效；有错误时退出码为 1。"""
    from care.services.knowledge_entries import check_folder, read_folder

    folder = _folder(load_settings())
    problems = check_folder(folder, _today())
    for problem in problems:
        _print(f"{'错误' if problem.is_error else '提醒'}　{problem}")
    wrong = sum(problem.is_error for problem in problems)
    count = len(read_folder(folder).entries)
    _print(f"{count} 条知识，{wrong} 处错误，{len(problems) - wrong} 处提醒。")
    raise SystemExit(1 if wrong else 0)


@knowledge_app.command("import")
def import_table(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV 或 XLSX，首行是列名")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只报告，不写入")] = False,
) -> None:
    """把表格里的条目加入或更新到 data/knowledge/imported.yml；有坏行时退出码为 1。"""
    from care.services.knowledge_entries import KnowledgeError
    from care.services.knowledge_import import IMPORTED_FILE, import_entries

    try:
        done = import_entries(file, _folder(load_settings()), today=_today(), dry_run=dry_run)
    except KnowledgeError as problem:
        _fail(str(problem))
    for name in done.added:
        _print(f"新增　{name}")
    for name, fields in done.changed.items():
        _print(f"更新　{name}：{'、'.join(fields)}")
    for row in done.bad:
        errors.print(f"跳过　{row}", markup=False, highlight=False, soft_wrap=True)
    _print(
        f"新增 {len(done.added)} 条，更新 {len(done.changed)} 条，未变 {len(done.unchanged)} 条，"
        f"跳过 {len(done.bad)} 行。"
    )
    if dry_run:
        _print("这是试运行，没有写入。")
    elif done.added or done.changed:
        _print(f"已写入 {IMPORTED_FILE}，重启后生效。")
    raise SystemExit(1 if done.bad else 0)


@knowledge_app.command()
def unanswered(
    file: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="另存为 CSV")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="最多列出多少个")] = None,
) -> None:
    """列出机器人没答上来的问题，次数多的在前。"""
    from sqlalchemy.exc import SQLAlchemyError

    from bot.chores import unanswered_questions

    try:
        questions = asyncio.run(unanswered_questions(load_settings()))[:limit]
    except SQLAlchemyError:
        _fail("数据库打不开或还没有建好，请先运行 zhike migrate，或用 zhike doctor 检查。")
    if file is not None:
        try:
            with file.open("w", encoding="utf-8-sig", newline="") as out:
                writer = csv.writer(out)
                writer.writerow(["次数", "问题", "话题", "首次", "最近"])
                for asked in questions:
                    text = f"'{asked.question}" if asked.question.startswith(_FORMULA) else asked.question
                    label = asked.topic.label if asked.topic else ""
                    writer.writerow([asked.count, text, label, _when(asked.first_at), _when(asked.last_at)])
        except OSError as problem:
            _fail(f"不能写入 {file}：{problem.strerror}。")
        _print(f"{len(questions)} 个问题已写入 {file}。")
        return
    if not questions:
        _print("没有未答上来的问题。")
        return
    table = Table("次数", "问题", "话题", "最近")
    for asked in questions:
        label = asked.topic.label if asked.topic else "—"
        table.add_row(str(asked.count), asked.question.replace("[", "\\["), label, _when(asked.last_at))
    console.print(table)


@knowledge_app.command()
def why(
    question: Annotated[str, typer.Argument(help="客户的一句话")],
    topic: Annotated[Topic | None, typer.Option(help="机器人理解的话题")] = None,
) -> None:
    """说明一句话会得到哪条答案、为什么：最接近的三条、命中和没命中的字、把握有多大。"""
    from care.services.knowledge import MIN_SCORE, KnowledgeError, load_knowledge

    try:
        base = load_knowledge(_folder(load_settings()))
    except KnowledgeError as problem:
        _fail(str(problem))
    reasons = base.reasons(question, topic, _today())
    for place, reason in enumerate(reasons, 1):
        note = "" if reason.is_valid else "（已失效，不会说出）"
        _print(f"{place}. {reason.entry.id}　{reason.entry.question}{note}")
        sure = f"，把握 {reason.probability:.0%}（至少要 {MIN_SCORE:.0%}）" if place == 1 else ""
        _print(f"   覆盖 {reason.coverage:.2f}，话题与商品加 {reason.bonus:.2f}{sure}")
        _print("   命中：" + (" ".join(f"{term}{share:.2f}" for term, share in reason.had[:10]) or "无"))
        _print("   缺少：" + (" ".join(f"{term}{share:.2f}" for term, share in reason.lacked[:10]) or "无"))
    spoken = next((reason.entry for reason in reasons if reason.is_spoken), None)
    _print(f"会回答：{spoken.answer}" if spoken else "不会回答：没有足够把握的有效条目。")


def _folder(settings: Settings) -> Path:
    return settings.root / "data" / "knowledge"


def _today() -> date:
    return shanghai_day(datetime.now(timezone.utc))


def _when(at: datetime) -> str:
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def _print(text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _fail(text: str) -> NoReturn:
    errors.print(text, markup=False, highlight=False, soft_wrap=True)
    raise SystemExit(1)
