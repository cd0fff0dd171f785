"""Starts child processes, waits until each is ready, restarts one that dies, stops all."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

STOP_GRACE_S = 10.0
#: A child that lived this long starts again at once; one that dies sooner waits longer each time.
HEALTHY_AFTER_S = 30.0
MAX_BACKOFF_S = 30.0
_LOG_LIMIT = 20 * 1024 * 1024


@dataclass(frozen=True)
class ChildSpec:
    """One process to keep alive. Lines of its output that start with an `echo` prefix reach the terminal."""

    name: str
    label: str
    argv: tuple[str, ...]
    env: dict[str, str]
    cwd: Path
    log: Path
    is_ready: Callable[[], Awaitable[bool]]
    ready_timeout_s: float
    echo: tuple[str, ...] = ()


@dataclass
class _Running:
    spec: ChildSpec
    process: asyncio.subprocess.Process
    started: float
    failures: int = 0
    tasks: list[asyncio.Task[None]] = field(default_factory=list)


class DidNotStart(RuntimeError):
    """A child ended, or did not answer in time, before it was ready."""


class Supervisor:
    """``async with Supervisor(say) as s: await s.start(spec); await s.watch()``."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._children: dict[str, _Running] = {}
        self._stopping = False

    async def __aenter__(self) -> Supervisor:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self, spec: ChildSpec) -> None:
        """Starts `spec` and returns when it is ready.

        Raises:
            DidNotStart: it ended or stayed silent; the text names its log.
        """
        child = await self._spawn(spec)
        self._children[spec.name] = child
        await self._wait_ready(child)

    async def watch(self) -> None:
        """Runs until cancelled; restarts what dies and says so."""
        while True:
            waits = {
                asyncio.create_task(child.process.wait()): child
                for child in self._children.values()
                if child.process.returncode is None
            }
            try:
                done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in waits:
                    task.cancel()
            for task in done:
                await self._restart(waits[task])

    async def stop(self) -> None:
        """Asks every child to end, newest first, and ends by force what does not in time."""
        self._stopping = True
        for child in reversed(list(self._children.values())):
            _signal(child.process, signal.SIGTERM)
        for child in reversed(list(self._children.values())):
            try:
                await asyncio.wait_for(child.process.wait(), STOP_GRACE_S)
            except asyncio.TimeoutError:
                _signal(child.process, signal.SIGKILL)
                await child.process.wait()
            for task in child.tasks:
                with suppress(asyncio.CancelledError):
                    await task
        self._children.clear()

    def pids(self) -> dict[str, int]:
        return {name: child.process.pid for name, child in self._children.items()}

    async def _restart(self, dead: _Running) -> None:
        spec = dead.spec
        lived = time.monotonic() - dead.started
        failures = 0 if lived > HEALTHY_AFTER_S else dead.failures + 1
        delay = min(MAX_BACKOFF_S, 0.0 if failures <= 1 else 2.0 ** (failures - 1))
        self._say(f"{spec.label} 意外退出({_how(dead.process.returncode)}),{delay:.0f} 秒后重新启动")
        await asyncio.sleep(delay)
        child = await self._spawn(spec)
        child.failures = failures
        self._children[spec.name] = child
        try:
            await self._wait_ready(child)
        except DidNotStart as problem:
            self._say(str(problem))  # the watch sees its end and tries again, later each time
            _signal(child.process, signal.SIGKILL)
        else:
            self._say(f"{spec.label} 已恢复")

    async def _spawn(self, spec: ChildSpec) -> _Running:
        spec.log.parent.mkdir(parents=True, exist_ok=True)
        if spec.log.exists() and spec.log.stat().st_size > _LOG_LIMIT:
            spec.log.replace(spec.log.with_suffix(".1.log"))
        process = await asyncio.create_subprocess_exec(
            *spec.argv,
            cwd=spec.cwd,
            env=spec.env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches us alone, and we stop the children in order
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )
        child = _Running(spec, process, time.monotonic())
        child.tasks.append(asyncio.create_task(self._pump(spec, process)))
        return child

    async def _pump(self, spec: ChildSpec, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        with spec.log.open("ab", buffering=0) as log:
            while chunk := await process.stdout.readline():
                log.write(chunk)
                text = chunk.decode(errors="replace").rstrip()
                if text.startswith(spec.echo or ("\0",)):
                    self._say(text)

    async def _wait_ready(self, child: _Running) -> None:
        deadline = time.monotonic() + child.spec.ready_timeout_s
        while time.monotonic() < deadline:
            if child.process.returncode is not None:
                raise DidNotStart(
                    f"{child.spec.label} 没有启动({_how(child.process.returncode)}),原因见 {child.spec.log}"
                )
            if await child.spec.is_ready():
                return
            await asyncio.sleep(0.2)
        raise DidNotStart(
            f"{child.spec.label} 在 {child.spec.ready_timeout_s:.0f} 秒内没有就绪,原因见 {child.spec.log}"
        )


def _how(returncode: int | None) -> str:
    if returncode is not None and returncode < 0:
        return f"信号 {signal.Signals(-returncode).name}"
    return f"退出码 {returncode}"


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)


def _die_with_parent() -> None:
    """Linux only: a supervisor that is killed outright leaves no orphan that holds the ports."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)
