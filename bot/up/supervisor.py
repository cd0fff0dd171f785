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
#: A child that was well this long starts again at once; one that dies sooner waits longer each time.
HEALTHY_AFTER_S = 30.0
MAX_BACKOFF_S = 30.0
_LOG_LIMIT = 20 * 1024 * 1024
#: Of a longer line only the beginning is looked at for an echo.
_LINE_LIMIT = 64 * 1024


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
    ready_since: float | None = None
    failures: int = 0
    tasks: list[asyncio.Task[None]] = field(default_factory=list)


class DidNotStart(RuntimeError):
    """A child ended, or did not answer in time, before it was ready."""


class Supervisor:
    """``async with Supervisor(say) as s: await s.start(spec); await s.watch()``."""

    def __init__(self, say: Callable[[str], None], *, healthy_after_s: float = HEALTHY_AFTER_S) -> None:
        self._say = say
        self._healthy_after_s = healthy_after_s
        self._children: dict[str, _Running] = {}

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
        """Runs until cancelled; restarts what dies, each child by itself, and says so."""
        keepers = [asyncio.create_task(self._keep(name)) for name in self._children]
        try:
            await asyncio.gather(*keepers)
        finally:
            for keeper in keepers:
                keeper.cancel()
            await asyncio.gather(*keepers, return_exceptions=True)

    async def stop(self) -> None:
        """Asks every child to end, newest first, and ends by force what does not in time."""
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

    async def _keep(self, name: str) -> None:
        while True:
            child = self._children[name]
            await child.process.wait()
            await self._restart(child)

    async def _restart(self, dead: _Running) -> None:
        spec = dead.spec
        was_well = (
            dead.ready_since is not None and time.monotonic() - dead.ready_since > self._healthy_after_s
        )
        failures = 0 if was_well else dead.failures + 1
        delay = min(MAX_BACKOFF_S, 0.0 if failures <= 1 else 2.0 ** (failures - 1))
        self._say(f"{spec.label} 意外退出({_how(dead.process.returncode)}),{delay:.0f} 秒后重新启动")
        await asyncio.sleep(delay)
        child = await self._spawn(spec)
        child.failures = failures
        self._children[spec.name] = child
        try:
            await self._wait_ready(child)
        except DidNotStart as problem:
            self._say(str(problem))  # its keeper sees its end and tries again, later each time
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
        child = _Running(spec, process)
        child.tasks.append(asyncio.create_task(self._pump(spec, process)))
        return child

    async def _pump(self, spec: ChildSpec, process: asyncio.subprocess.Process) -> None:
        """Reads as long as the child writes, whatever it writes: a full pipe would stop it."""
        assert process.stdout is not None
        line = b""
        with spec.log.open("ab", buffering=0) as log:
            while chunk := await process.stdout.read(_LINE_LIMIT):
                with suppress(OSError):  # a full disk costs the log, not the service
                    log.write(chunk)
                *whole, line = (line + chunk).split(b"\n")
                line = line[:_LINE_LIMIT]
                for said in whole:
                    text = said.decode(errors="replace").rstrip()
                    if spec.echo and text.startswith(spec.echo):
                        self._say(text)

    async def _wait_ready(self, child: _Running) -> None:
        deadline = time.monotonic() + child.spec.ready_timeout_s
        while time.monotonic() < deadline:
            if child.process.returncode is not None:
                raise DidNotStart(
                    f"{child.spec.label} 没有启动({_how(child.process.returncode)})，原因见 {child.spec.log}"
                )
            if await child.spec.is_ready():
                child.ready_since = time.monotonic()
                return
            await asyncio.sleep(0.2)
        raise DidNotStart(
            f"{child.spec.label} 在 {child.spec.ready_timeout_s:.0f} 秒内没有就绪，原因见 {child.spec.log}"
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
