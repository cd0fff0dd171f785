"""The `zhike` command: thin, each subcommand parses its words and calls one function.

Exit status: 0 done, 1 failed with a message on standard error, 2 wrong use.
"""

from __future__ import annotations

import asyncio
import dataclasses
import sys
from collections.abc import Coroutine
from enum import Enum
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from bot.export_cli import export_app
from bot.import_cli import import_app
from bot.knowledge_cli import knowledge_app
from bot.privacy_cli import hold_app, retention_command, rotate_keys_command
from bot.quality_cli import quality_app
from bot.recompute_cli import recompute_app
from care.rules.errors import CareError
from care.rules.vocabulary import Role
from care.settings import Settings, SettingsError, load_settings

app = typer.Typer(no_args_is_help=True, add_completion=False, help="知客 Zhike:自己掌握的中文客服系统")
demo_app = typer.Typer(no_args_is_help=True, help="演示数据")
staff_app = typer.Typer(no_args_is_help=True, help="坐席与管理人员的账号")
app.add_typer(demo_app, name="demo")
app.add_typer(staff_app, name="staff")
app.add_typer(knowledge_app, name="knowledge")
app.add_typer(hold_app, name="hold")
app.add_typer(quality_app, name="quality")
app.add_typer(import_app, name="import")
app.add_typer(export_app, name="export")
app.add_typer(recompute_app, name="recompute")
console = Console()
errors = Console(stderr=True)


class OrderSystemKind(str, Enum):
    EMBEDDED = "embedded"
    HTTP = "http"


def main() -> None:
    """Entry point. Problems people can mend are one line on standard error, without a trace."""
    try:
        app()
    except (CareError, SettingsError) as problem:
        _fail(str(problem))


def _fail(text: str) -> NoReturn:
    errors.print(text, markup=False, highlight=False)
    raise SystemExit(1)


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


def _settings(**changes: Any) -> Settings:
    return dataclasses.replace(load_settings(), **changes)


@app.command()
def up(
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="网页服务的端口")] = None,
    demo: Annotated[bool | None, typer.Option("--demo/--no-demo", help="是否放入演示数据")] = None,
    order_system: Annotated[
        OrderSystemKind | None, typer.Option(help="订单从哪里来:本系统的表,或按 docs/order-system.md 的接口")
    ] = None,
) -> None:
    """启动整个系统:数据库、模型、各个进程;Ctrl-C 全部停止。"""
    from bot.up.run import up as run_up

    changes: dict[str, Any] = {"port": port} if port else {}
    if order_system is not None:
        changes["order_system"] = order_system.value
    settings = _settings(**changes)
    raise SystemExit(
        _run(run_up(settings, with_demo=settings.demo if demo is None else demo, console=console))
    )


@app.command()
def migrate() -> None:
    """把数据库升级到当前结构。"""
    from care.migrations.upgrade import upgrade_database

    _run(upgrade_database(load_settings()))
    console.print("数据库已是当前结构。")


@app.command()
def train(force: Annotated[bool, typer.Option(help="数据没有变化也重新训练")] = False) -> None:
    """训练对话模型;数据没有变化时什么也不做。"""
    from bot.up.model import TrainingFailed, model_path
    from bot.up.model import train as train_model
    from bot.up.prepare import progress

    settings = load_settings()
    archive = model_path(settings.root)
    if archive.exists() and not force:
        console.print(f"模型已是最新：{archive.name}")
        return
    with progress(console) as bar:
        step = bar.add_task("训练对话模型…")
        try:
            archive = _run(
                train_model(
                    settings.root,
                    log=settings.var_dir / "log" / "train.log",
                    on_step=lambda name: bar.update(step, description=f"训练：{name.rsplit('.', 1)[-1]}"),
                )
            )
        except TrainingFailed as problem:
            _fail(str(problem))
    console.print(f"模型已训练：{archive.name}")


@app.command()
def parse() -> None:
    """标准输入每行一条消息,输出每行一个 JSON:话题、实体、情绪、严重线索。不需要启动服务。"""
    from bot.parse import ModelMissing, parse_lines

    try:
        parse_lines(sys.stdin, sys.stdout)
    except ModelMissing as problem:
        _fail(str(problem))


@app.command()
def talk(
    as_phone: Annotated[str | None, typer.Option("--as", metavar="PHONE", help="以这位客户的身份")] = None,
    json: Annotated[bool, typer.Option("--json", help="每个服务端帧输出一行 JSON")] = False,
) -> None:
    """在终端里与正在运行的网页服务对话。"""
    from bot.talk import talk as run_talk

    raise SystemExit(_run(run_talk(load_settings(), phone=as_phone, as_json=json)))


@app.command()
def doctor() -> None:
    """检查这套安装哪里不对,用文字说明。"""
    from bot.doctor import examine

    findings = _run(examine(load_settings()))
    for finding in findings:
        console.print(f"{'✓' if finding.ok else '✗'} {finding.text}", markup=False, highlight=False)
    raise SystemExit(0 if all(finding.ok for finding in findings) else 1)


app.command("retention")(retention_command)
app.command("rotate-keys")(rotate_keys_command)


@app.command("verify-log")
def verify_log() -> None:
    """核对投诉与改进措施的事件链:有没有被改过、删过、调换过。"""
    from bot.chores import verify_logs

    broken = _run(verify_logs(load_settings()))
    if broken:
        for line in broken:
            errors.print(line, markup=False, highlight=False)
        raise SystemExit(1)
    console.print("投诉与改进措施的事件链完整。")


@demo_app.command("seed")
def demo_seed() -> None:
    """放入演示数据;已经有时什么也不做。"""
    from bot.chores import seed_demo

    console.print(_run(seed_demo(load_settings())), markup=False)


@demo_app.command("clear")
def demo_clear() -> None:
    """清除全部演示数据,真实数据不动。"""
    from bot.chores import clear_demo

    console.print(_run(clear_demo(load_settings())), markup=False)


@staff_app.command("add")
def staff_add(
    login: str,
    role: Annotated[Role, typer.Option(help="角色")] = Role.AGENT,
    name: Annotated[str | None, typer.Option(help="显示给客户的称呼")] = None,
) -> None:
    """新建账号,并显示一次它的初始密码。"""
    from bot.chores import add_staff

    password = _run(add_staff(load_settings(), login=login, role=role, name=name or login))
    console.print(f"已新建 {login}({role.label})，初始密码：{password}", markup=False, highlight=False)


@staff_app.command("list")
def staff_list() -> None:
    """列出账号。"""
    from bot.chores import list_staff

    table = Table("账号", "称呼", "角色", "技能", "动态码", "状态")
    for member in _run(list_staff(load_settings())):
        state = "停用" if not member.active else "待改密码" if member.must_change_password else "可用"
        table.add_row(
            member.login,
            member.name,
            member.role.label,
            "、".join(member.skills),
            "已启用" if member.has_totp else "",
            state,
        )
    console.print(table)


@staff_app.command("reset")
def staff_reset(login: str) -> None:
    """重设密码并解除锁定,显示一次新密码。"""
    from bot.chores import reset_staff

    console.print(
        f"{login} 的新密码：{_run(reset_staff(load_settings(), login))}", markup=False, highlight=False
    )


@staff_app.command("totp-reset")
def staff_totp_reset(login: str) -> None:
    """取消一个账号的动态码(手机丢失时),本人下次登录后重新绑定。"""
    from bot.chores import reset_staff_totp

    _run(reset_staff_totp(load_settings(), login))
    console.print(f"{login} 的动态码已取消。", markup=False, highlight=False)


if __name__ == "__main__":
    main()
