"""What the log says, and what it must not."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from aiohttp.test_utils import TestClient

from bot.web.logs import configure_logs
from tests.web.people import ScriptedBot, Start, Visitor


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def logged(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def test_json_is_one_object_a_line_for_both_kinds_of_loggers(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("json")
    structlog.get_logger("ours").warning("turn.silent", message=7)
    logging.getLogger("care.services.outbox").error("row %s is given up", 5)
    first, second = logged(capsys.readouterr().err)
    assert (first["event"], first["message"], first["level"], first["logger"]) == (
        "turn.silent",
        7,
        "warning",
        "ours",
    )
    assert (second["event"], second["level"]) == ("row 5 is given up", "error")


@pytest.mark.parametrize("kind", ["text", "json"])
def test_numbers_of_people_are_masked_even_in_a_faults_words(
    kind: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs(kind)
    customer = "13800000001"
    try:
        raise ValueError(f"no customer with {customer} and card 6222021234567890128")
    except ValueError:
        structlog.get_logger("ours").exception("failed", phone=customer)
    said = capsys.readouterr().err
    assert "ValueError" in said
    assert "138****0001" in said
    assert customer not in said
    assert "6222021234567890128" not in said


async def test_a_conversation_leaves_no_personal_data_in_the_log(
    start: Start, bot: ScriptedBot, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs("json", level=logging.DEBUG)
    client: TestClient[Any, Any] = await start()
    bot.failures = [ValueError("boom")]
    async with client.ws_connect("/ws/chat", headers={"User-Agent": "Mozilla/secret-agent"}) as socket:
        visitor = Visitor(socket)
        await visitor.hello()
        await visitor.say("我叫张三丰,电话13800000001,住在幸福路1号")
        await visitor.rest(2)
    await client.get(f"/api/desk/conversations/{visitor.conversation}")
    said = capsys.readouterr().err
    assert "turn.client_failed" in said
    for secret in (
        "张三丰",
        "13800000001",
        "幸福路",
        visitor.token,
        visitor.conversation,
        "secret-agent",
        "127.0.0.1",
    ):
        assert secret not in said
    access = [line for line in logged(said) if line["event"] == "http"]
    assert access[-1]["route"] == "/api/desk/conversations/{conversation}"
    assert (access[-1]["status"], access[-1]["method"]) == (401, "GET")
    assert len(access[-1]["request"]) == 32
