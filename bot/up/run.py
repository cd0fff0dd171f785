"""The processes of an installation, and the life of `zhike up` around them."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console

from bot.up import model
from bot.up.ports import choose_port, is_free
from bot.up.prepare import DEMO_ACCOUNTS, demo_password, prepare, progress
from bot.up.ready import http_ok
from bot.up.reference_erp import (
    order_system_environment,
    port_of,
    wants_reference_erp,
    with_reference_erp,
)
from bot.up.supervisor import ChildSpec, DidNotStart, Supervisor
from care.settings import Settings

RASA_READY_S = 180.0
START_S = 60.0


def children(
    settings: Settings,
    archive: Path,
    environ: Mapping[str, str] | None = None,
    *,
    reference_erp: bool = False,
) -> tuple[ChildSpec, ...]:
    """Actions, Rasa and web, after the reference ERP where there is one; internal ports are on loopback.

    Args:
        environ: further environment for all of them, beside this process's own. `settings` must
            have been read from both, for the children read theirs anew.
        reference_erp: the order system of `settings` is the reference ERP, to be started too.
    """
    actions_port = choose_port(urlsplit(settings.actions_url).port or 5055)
    rasa_port = choose_port(urlsplit(settings.rasa_url).port or 5005)
    env = model.rasa_environment(
        {
            **(environ or {}),
            "ZHIKE_SECRET_KEY": settings.secret_key,
            "ZHIKE_ACTIONS_URL": f"http://127.0.0.1:{actions_port}",
            "ZHIKE_RASA_URL": f"http://127.0.0.1:{rasa_port}",
            "ZHIKE_HOST": settings.host,
            "ZHIKE_PORT": str(settings.port),
            **order_system_environment(settings),
            "PYTHONUNBUFFERED": "1",
        }
    )
    logs = settings.var_dir / "log"

    def spec(
        name: str, label: str, *argv: str, ready: str, seconds: float, echo: tuple[str, ...] = ()
    ) -> ChildSpec:
        return ChildSpec(
            name=name, label=label, argv=(sys.executable, *argv), env=env, cwd=settings.root,
            log=logs / f"{name}.log", is_ready=http_ok(ready), ready_timeout_s=seconds, echo=echo,
        )  # fmt: skip

    door = "127.0.0.1" if settings.host == "0.0.0.0" else settings.host  # noqa: S104 - only compared
    erp: tuple[ChildSpec, ...] = ()
    if reference_erp:
        erp = (
            spec("reference_erp", "参考订单服务", "-m", "bot.reference_erp",
                 "--port", str(port_of(settings)),
                 ready=f"{settings.order_system_url}/v1/health", seconds=START_S),
        )  # fmt: skip
    return (
        *erp,
        spec("actions", "动作服务", "-m", "actions",
             ready=f"http://127.0.0.1:{actions_port}/health", seconds=START_S),
        spec("rasa", "对话服务", "-m", "bot.dialogue.server", "--model", str(archive),
             ready=f"http://127.0.0.1:{rasa_port}/webhooks/zhike/", seconds=RASA_READY_S),
        spec("web", "网页服务", "-m", "bot.serve",
             ready=f"http://{door}:{settings.port}/healthz", seconds=START_S, echo=("[短信]",)),
    )  # fmt: skip


async def up(settings: Settings, *, with_demo: bool, console: Console) -> int:
    """Runs the whole system until SIGINT or SIGTERM; returns the exit status."""
    if not is_free(settings.host, settings.port):
        console.print(f"[red]端口 {settings.port} 已被占用，可用 --port 另选一个。[/red]", style="bold")
        return 1
    console.print("[bold]知客 Zhike[/bold] 正在启动")
    has_reference_erp = wants_reference_erp(settings)
    settings = with_reference_erp(settings)
    try:
        archive = await prepare(settings, console, with_demo=with_demo)
    except model.TrainingFailed as problem:
        console.print(f"[red]{problem}[/red]")
        return 1
    specs = children(settings, archive, reference_erp=has_reference_erp)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with Supervisor(say=lambda text: console.print(text, markup=False, highlight=False)) as supervisor:
        starting = asyncio.create_task(_start_all(supervisor, specs, console))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            with suppress(asyncio.CancelledError):
                await starting
            return 0
        try:
            starting.result()
        except DidNotStart as problem:
            console.print(f"[red]{problem}[/red]")
            stopping.cancel()
            return 1
        _welcome(settings, console, with_demo=with_demo)
        watching = asyncio.create_task(supervisor.watch())
        await stopping
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        console.print("正在停止…")
    console.print("已全部停止。")
    return 0


async def _start_all(supervisor: Supervisor, specs: Sequence[ChildSpec], console: Console) -> None:
    with progress(console) as bar:
        step = bar.add_task("启动…")

        async def start(spec: ChildSpec) -> None:
            await supervisor.start(spec)
            console.print(f"  {spec.label} 已就绪")

        bar.update(step, description=f"启动{'、'.join(spec.label for spec in specs)}…")
        await asyncio.gather(*(start(spec) for spec in specs))


def _welcome(settings: Settings, console: Console, *, with_demo: bool) -> None:
    base = f"http://{settings.host}:{settings.port}"
    console.print(f"\n  客户聊天  {base}/chat\n  坐席台    {base}/desk\n  管理台    {base}/console")
    if with_demo:
        console.print(
            f"\n  演示账号  {' '.join(DEMO_ACCOUNTS)}  密码 {demo_password(settings)}"
            "\n  演示客户  手机 13800000001，验证码会显示在这个窗口"
            "\n  清除演示数据：zhike demo clear"
        )
    console.print("\n  按 Ctrl-C 停止\n")
