"""`zhike doctor`: what is wrong with this installation, in words people can act on."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass

from sqlalchemy import text

from bot.up.model import model_path
from bot.up.ports import is_free
from bot.up.ready import http_ok
from care.migrations.upgrade import newest_revision, present_revision
from care.records import Sessions
from care.services.context import engine_of
from care.services.knowledge_entries import read_folder
from care.settings import Settings

MIN_FREE_BYTES = 1 << 30


@dataclass(frozen=True)
class Finding:
    ok: bool
    text: str


async def examine(settings: Settings) -> list[Finding]:
    """Every check, in the order in which a start would meet its subject."""
    return [finding async for finding in _checks(settings)]


async def _checks(settings: Settings) -> AsyncIterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding(sys.version_info[:2] == (3, 10), f"Python {version}（需要 3.10）")

    settings.var_dir.mkdir(parents=True, exist_ok=True)
    writable = os.access(settings.var_dir, os.W_OK)
    yield Finding(writable, f"运行目录 {settings.var_dir} {'可写' if writable else '不可写，请检查权限'}")

    free = shutil.disk_usage(settings.var_dir).free
    yield Finding(
        free >= MIN_FREE_BYTES,
        f"磁盘剩余 {free / (1 << 30):.1f} GiB" + ("" if free >= MIN_FREE_BYTES else ",不足 1 GiB"),
    )

    yield await _database(settings)

    if settings.order_system == "http" and settings.order_system_url:
        answers = await http_ok(f"{settings.order_system_url.rstrip('/')}/v1/health")()
        yield Finding(
            answers,
            "订单系统应答" if answers else "订单系统不应答，请检查 ZHIKE_ORDER_SYSTEM_URL 与那边的服务",
        )

    archive = model_path(settings.root)
    yield Finding(
        archive.exists(),
        f"模型 {archive.name} " + ("与当前数据一致" if archive.exists() else "尚未训练，请运行 zhike train"),
    )

    slips = read_folder(settings.root / "data" / "knowledge").errors
    yield Finding(
        not slips,
        "知识库没有错误" if not slips else f"知识库有 {len(slips)} 处错误，详见 zhike knowledge check",
    )

    page = settings.root / "ui" / "dist" / "widget.js"
    yield Finding(page.exists(), "前端已构建" if page.exists() else "前端尚未构建，请运行 make ui")

    base = f"http://{settings.host}:{settings.port}"
    if is_free(settings.host, settings.port):
        yield Finding(True, f"端口 {settings.port} 空闲，系统没有在运行")
        return
    running = await http_ok(f"{base}/healthz")()
    yield Finding(
        running, f"{base} " + ("正在运行" if running else f"不应答，端口 {settings.port} 可能被别的程序占用")
    )
    if running:
        ready = await http_ok(f"{base}/readyz")()
        yield Finding(
            ready, "数据库、对话服务、动作服务都就绪" if ready else f"有部件未就绪，详见 {base}/readyz"
        )


async def _database(settings: Settings) -> Finding:
    kind = "SQLite" if settings.is_embedded_database else "PostgreSQL"
    sessions = Sessions(engine_of(settings))
    try:
        async with sessions.read() as session:
            await session.execute(text("SELECT 1"))
        if await present_revision(settings.database_url) == newest_revision():
            return Finding(True, f"{kind} 数据库可用，结构是当前版本")
        return Finding(False, f"{kind} 数据库可用，但结构不是当前版本，请运行 zhike migrate")
    except Exception as problem:  # whatever the driver raises, the operator needs one line
        return Finding(False, f"{kind} 数据库连不上：{type(problem).__name__}")
    finally:
        await sessions.close()
