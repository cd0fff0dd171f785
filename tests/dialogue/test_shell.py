"""`rasa shell` in the project's root talks through the signed action server, on a terminal as a developer has one."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time

import pytest

from care.settings import ROOT
from tests.dialogue.conftest import Servers, free_port

pytestmark = pytest.mark.slow

PROMPT = "Your input"


class Terminal:
    def __init__(self, argv: list[str], environ: dict[str, str]) -> None:
        self._master, own = pty.openpty()
        self.process = subprocess.Popen(argv, cwd=ROOT, env=environ, stdin=own, stdout=own, stderr=own)
        os.close(own)
        self.shown = ""

    def until(self, text: str, seconds: float) -> None:
        start, end = len(self.shown), time.monotonic() + seconds
        while text not in self.shown[start:]:
            assert time.monotonic() < end, f"no {text!r}: {self.shown[-2000:]}"
            if select.select([self._master], [], [], 0.2)[0]:
                self.shown += os.read(self._master, 65536).decode(errors="replace")

    def type(self, line: str) -> None:
        os.write(self._master, f"{line}\r".encode())

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)


def test_rasa_shell_answers_and_its_calls_are_signed(servers: Servers) -> None:
    environ = {**servers.environ, "TERM": "dumb", "PROMPT_TOOLKIT_NO_CPR": "1"}
    terminal = Terminal(
        [sys.executable, "-m", "rasa", "shell", "--model", str(servers.archive), "-p", str(free_port())],
        environ,
    )
    try:
        terminal.until(PROMPT, 180)
        terminal.type("电子发票怎么开")
        terminal.until("来源", 60)
        assert "智能客服" in terminal.shown
        terminal.type("我要投诉，耳机左耳没声音")
        terminal.until("换货", 60)
    finally:
        terminal.close()
