"""The supervisor on small children: what dies comes back, whatever the others do meanwhile."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from bot.up.supervisor import ChildSpec, DidNotStart, Supervisor


async def until(condition: Callable[[], object], seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.02)


async def always() -> bool:
    return True


def child(
    folder: Path,
    code: str,
    *,
    name: str = "child",
    is_ready: Callable[[], Awaitable[bool]] = always,
    ready_timeout_s: float = 10.0,
    echo: tuple[str, ...] = (),
) -> ChildSpec:
    return ChildSpec(
        name=name, label=name, argv=(sys.executable, "-c", code), env=dict(os.environ), cwd=folder,
        log=folder / f"{name}.log", is_ready=is_ready, ready_timeout_s=ready_timeout_s, echo=echo,
    )  # fmt: skip


@asynccontextmanager
async def watched(*specs: ChildSpec) -> AsyncIterator[tuple[Supervisor, list[str]]]:
    said: list[str] = []
    async with Supervisor(said.append, healthy_after_s=0.0) as supervisor:
        for spec in specs:
            await supervisor.start(spec)
        watching = asyncio.create_task(supervisor.watch())
        try:
            yield supervisor, said
            assert not watching.done(), "the watch goes on"
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching


SLEEP = "import time; time.sleep(60)"


async def test_a_killed_child_is_back_and_it_is_said(tmp_path: Path) -> None:
    async with watched(child(tmp_path, SLEEP)) as (supervisor, said):
        dead = supervisor.pids()["child"]
        os.kill(dead, signal.SIGKILL)
        await until(lambda: any("已恢复" in line for line in said))
        assert supervisor.pids()["child"] != dead
        assert "SIGKILL" in said[0]


async def test_a_child_is_restarted_while_another_one_is_still_starting(tmp_path: Path) -> None:
    starts = 0

    async def first_start_only() -> bool:
        nonlocal starts
        starts += 1
        return starts == 1

    slow = child(tmp_path, SLEEP, name="slow", is_ready=first_start_only, ready_timeout_s=60)
    async with watched(slow, child(tmp_path, SLEEP, name="quick")) as (supervisor, said):
        os.kill(supervisor.pids()["slow"], signal.SIGKILL)
        await until(lambda: starts > 2)
        os.kill(supervisor.pids()["quick"], signal.SIGKILL)
        await until(lambda: "quick 已恢复" in said)
        assert "slow 已恢复" not in said


async def test_a_child_that_dies_during_its_restart_is_tried_again(tmp_path: Path) -> None:
    bad, alive = tmp_path / "bad", tmp_path / "alive"
    code = (
        "import pathlib, sys, time\n"
        f"if pathlib.Path({str(bad)!r}).exists(): sys.exit(3)\n"
        f"pathlib.Path({str(alive)!r}).touch()\n"
        "time.sleep(60)"
    )

    async def is_alive() -> bool:
        return alive.exists()

    async with watched(child(tmp_path, code, is_ready=is_alive)) as (supervisor, said):
        bad.touch()
        alive.unlink()
        os.kill(supervisor.pids()["child"], signal.SIGKILL)
        await until(lambda: any("退出码 3" in line for line in said))
        bad.unlink()
        await until(lambda: "child 已恢复" in said)


async def test_a_line_longer_than_any_buffer_does_not_stop_a_child(tmp_path: Path) -> None:
    done = tmp_path / "done"
    code = (
        "import pathlib, sys, time; sys.stdout.write('x' * 3_000_000 + '\\n[短信] 到了\\n'); sys.stdout.flush(); "
        f"pathlib.Path({str(done)!r}).touch(); time.sleep(60)"
    )
    async with watched(child(tmp_path, code, echo=("[短信]",))) as (_, said):
        await until(done.exists)
        await until(lambda: said == ["[短信] 到了"])
    assert (tmp_path / "child.log").stat().st_size > 3_000_000


async def test_a_child_that_ends_at_once_is_named_with_its_log(tmp_path: Path) -> None:
    async def never() -> bool:
        return False

    async with Supervisor(lambda text: None) as supervisor:
        with pytest.raises(DidNotStart, match=r"退出码 2.*child\.log"):
            await supervisor.start(child(tmp_path, "raise SystemExit(2)", is_ready=never))


async def test_a_child_that_ignores_the_signal_is_ended_by_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.up.supervisor.STOP_GRACE_S", 0.5)
    deaf = tmp_path / "deaf"
    code = (
        "import pathlib, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        f"pathlib.Path({str(deaf)!r}).touch(); time.sleep(60)"
    )
    async with Supervisor(lambda text: None) as supervisor:
        await supervisor.start(child(tmp_path, code))
        pid = supervisor.pids()["child"]
        await until(deaf.exists)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
