"""The real processes under the real supervisor, on free ports and a database of their own."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import threading
import time
from collections.abc import Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from bot.up import model
from bot.up.prepare import demo_password
from bot.up.reference_erp import wants_reference_erp, with_reference_erp
from bot.up.run import children
from bot.up.supervisor import ChildSpec, Supervisor
from care.demo import seed
from care.migrations.upgrade import upgrade_database
from care.services.context import open_care
from care.settings import ROOT, Settings, load_settings

T = TypeVar("T")

#: Rasa alone needs ten seconds on an idle machine; tests run where others work too.
START_S = 240.0
BACK_S = 180.0
STOP_S = 60.0
#: Tests kill on purpose and often: the pauses that protect a real installation would only be waited for.
HEALTHY_AFTER_S = 1.0
SMS_S = 30.0


@dataclass
class LiveSystem:
    """What the tests may see of the running product and do to it."""

    settings: Settings
    archive: Path
    password: str
    specs: dict[str, ChildSpec]
    #: What the terminal shows, oldest first: one-time codes as ``[短信] …``, what died and came back.
    lines: list[str] = field(default_factory=list)
    #: Seconds from spawn to ready, by name of the process.
    ready_s: dict[str, float] = field(default_factory=dict)
    _supervisor: Supervisor | None = None

    @property
    def base_url(self) -> str:
        return f"http://{self.settings.host}:{self.settings.port}"

    @property
    def pids(self) -> dict[str, int]:
        """``web``, ``rasa``, ``actions`` → process id, as of now."""
        return self._supervisor.pids() if self._supervisor else {}

    def kill(self, name: str) -> int:
        """``kill -9``, as the system's memory killer would; returns the id of the dead process."""
        pid = self.pids[name]
        os.kill(pid, signal.SIGKILL)
        return pid

    async def back(self, name: str, *, after: int, seconds: float = BACK_S) -> int:
        """Returns the new process id once the supervisor has replaced process `after` and it is ready."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pid = self.pids.get(name, after)
            if pid != after and await self.specs[name].is_ready():
                return pid
            await asyncio.sleep(0.1)
        raise AssertionError(f"{name} did not come back in {seconds} s; {self.tail(name)}")

    async def kill_and_wait(self, name: str) -> int:
        return await self.back(name, after=self.kill(name))

    @contextmanager
    def frozen(self, name: str) -> Iterator[int]:
        """The process hangs (SIGSTOP): it holds its connections and answers nothing."""
        pid = self.pids[name]
        os.kill(pid, signal.SIGSTOP)
        try:
            yield pid
        finally:
            os.kill(pid, signal.SIGCONT)

    async def code(self, phone: str, *, after_line: int = 0) -> str:
        """The one-time code that the terminal shows for `phone`, in a line from `after_line` on."""
        pattern = re.compile(rf"\[短信\] {re.escape(phone)} .*?验证码\D*(\d{{6}})")
        end = time.monotonic() + SMS_S
        while time.monotonic() < end:
            for line in reversed(self.lines[after_line:]):
                if found := pattern.match(line):
                    return found[1]
            await asyncio.sleep(0.1)
        raise AssertionError(f"no code for {phone} in {SMS_S} s: {self.lines[after_line:]}")

    def tail(self, name: str, characters: int = 3000) -> str:
        """The end of a process's log, for the message of a failed test."""
        log = self.specs[name].log
        return f"{log}:\n{log.read_text(errors='replace')[-characters:]}" if log.exists() else f"no {log}"


def trained_model() -> Path:
    """The model of the present data, trained if there is none (`ZHIKE_TEST_MODEL` names another one)."""
    if given := os.environ.get("ZHIKE_TEST_MODEL"):
        return Path(given).resolve()
    path = model.model_path(ROOT)
    if not path.exists():
        _run_apart(model.train(ROOT, log=ROOT / "var" / "log" / "train.log"))
    return path


@contextmanager
def live_system_in(folder: Path, **environ: str) -> Iterator[LiveSystem]:
    """Seeds a database in `folder`, runs everything, and stops it at the end. `environ`: further settings."""
    archive = trained_model()
    own = {
        "ZHIKE_VAR_DIR": str(folder / "var"),
        "ZHIKE_DATABASE_URL": f"sqlite:///{folder / 'zhike.db'}",
        "ZHIKE_SECRET_KEY": "a-secret-key-for-tests-only-0123456789abcdef",
        "ZHIKE_HOST_PAGE_SECRET": "a-host-page-secret-for-tests-0123456789abcdef",
        "ZHIKE_HOST": "127.0.0.1",
        "ZHIKE_PORT": str(free_port()),
        "ZHIKE_RASA_URL": f"http://127.0.0.1:{free_port()}",
        "ZHIKE_ACTIONS_URL": f"http://127.0.0.1:{free_port()}",
        # A shop's page on another origin, for the tests of the embedded widget.
        "ZHIKE_TRUSTED_ORIGINS": f"http://127.0.0.1:{free_port()}",
        "ZHIKE_LOG": "text",
        **environ,
    }
    settings = load_settings(own)
    has_reference_erp = wants_reference_erp(settings)
    settings = with_reference_erp(settings)
    password = _run_apart(_prepare(settings))
    specs = children(settings, archive, own, reference_erp=has_reference_erp)
    system = LiveSystem(settings, archive, password, {spec.name: spec for spec in specs})
    thread = _SupervisorThread(system)
    thread.start()
    try:
        thread.wait_ready()
        yield system
    finally:
        thread.stop()


async def _prepare(settings: Settings) -> str:
    await upgrade_database(settings)
    password = demo_password(settings)
    async with open_care(settings) as care:
        await seed(care, password=password)
    return password


class _SupervisorThread(threading.Thread):
    """`zhike up` without the terminal: a loop of its own, so that tests may have theirs.

    The children die with the thread that started them, so none outlives the tests.
    """

    def __init__(self, system: LiveSystem) -> None:
        super().__init__(name="live-system", daemon=True)
        self._system = system
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped: asyncio.Event | None = None
        self._failure: BaseException | None = None

    def run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as failure:
            self._failure = failure
        finally:
            self._ready.set()

    def wait_ready(self) -> None:
        """Raises what kept the system from starting."""
        if not self._ready.wait(START_S):
            raise AssertionError(f"the system did not start in {START_S} s")
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Ends the processes; raises when the watch itself broke while the tests ran."""
        if self._loop is not None and self._stopped is not None and self.is_alive():
            self._loop.call_soon_threadsafe(self._stopped.set)
        self.join(STOP_S)
        assert not self.is_alive(), "the supervisor did not stop"
        if self._failure is not None:
            raise self._failure

    async def _main(self) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        async with Supervisor(self._system.lines.append, healthy_after_s=HEALTHY_AFTER_S) as supervisor:
            self._system._supervisor = supervisor

            async def start(spec: ChildSpec) -> None:
                began = time.monotonic()
                await supervisor.start(spec)
                self._system.ready_s[spec.name] = time.monotonic() - began

            await asyncio.gather(*(start(spec) for spec in self._system.specs.values()))
            watching, stopping = (
                asyncio.create_task(supervisor.watch()),
                asyncio.create_task(self._stopped.wait()),
            )
            self._ready.set()
            await asyncio.wait({watching, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if watching.done():
                stopping.cancel()
                watching.result()
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run_apart(work: Coroutine[Any, Any, T]) -> T:
    """In a thread with a loop of its own: a fixture may be asked for while a test's loop runs."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def rss_mb(pid: int) -> float:
    """Resident memory of a process in MB (Linux)."""
    status: Mapping[str, str] = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line
    )
    return int(status["VmRSS"].split()[0]) / 1024
