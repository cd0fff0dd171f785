"""What must be true before anything starts: a current database, demo data where wanted, a current model."""

from __future__ import annotations

import secrets
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bot.up import model
from care.demo import seed_if_missing
from care.migrations.upgrade import upgrade_database
from care.services.context import open_care
from care.settings import Settings

DEMO_ACCOUNTS = ("agent1", "agent2", "lead1", "manager1", "admin")


def progress(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )


async def prepare(settings: Settings, console: Console, *, with_demo: bool) -> Path:
    """Does what is missing, shows progress, and returns the model to serve."""
    with progress(console) as bar:
        step = bar.add_task("检查数据库结构…")
        await upgrade_database(settings)
        if with_demo:
            bar.update(step, description="准备演示数据…")
            async with open_care(settings) as care:
                seeded = await seed_if_missing(care, password=demo_password(settings))
            if seeded:
                console.print(f"  演示数据已写入：{seeded}")
        archive = model.model_path(settings.root)
        if not archive.exists():
            bar.update(step, description="训练对话模型（首次或训练数据有变化时需要几分钟）…")
            archive = await model.train(
                settings.root,
                log=settings.var_dir / "log" / "train.log",
                on_step=lambda name: bar.update(step, description=f"训练对话模型：{name.rsplit('.', 1)[-1]}"),
            )
            console.print(f"  模型已训练：{archive.name}")
    return archive


def demo_password(settings: Settings) -> str:
    """The demo accounts' password, made on first use and kept beside the embedded database (mode 600)."""
    path = settings.var_dir / "demo_password"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(9))
    return path.read_text().strip()
