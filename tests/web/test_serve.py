"""The composition: the dialogue's client behind the web service's boundary, and the real process."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from bot.dialogue.client import DialogueClient
from bot.serve import RasaBot, make_app
from bot.web.keys import PARTS
from bot.web.ports import BotSilent, NotBotsTurn
from care.rules import signing
from care.services.turns import Turn
from care.settings import ROOT, Settings
from tests.web.people import Visitor

TURN = Turn(
    conversation_id=1, message_id=2, message_public_id="0189d2b4-7b4b-7c3e-8a52-1f2e3d4c5b6a",
    sender_id="sender", text="你好", payload=None, owner_version=0, customer_ref=None, page=None,
)  # fmt: skip


class Dialogue:
    """An HTTP server in the dialogue server's place, which checks the signature as it does."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.status = 200
        self.answer: Any = {
            "replies": [
                {"text": "您好", "buttons": [{"title": "查订单", "payload": "/order_status"}], "card": None}
            ],
            "understood": {"topic": "greet"},
            "model": "models/zhike-1.tar.gz",
        }
        self.heard: list[Any] = []

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/webhooks/zhike/webhook", self.turn)
        app.router.add_get("/webhooks/zhike/health", self.health)
        app.router.add_get("/health", self.health)
        return app

    async def turn(self, request: web.Request) -> web.Response:
        body = await request.read()
        assert signing.check(
            self.secret, request.headers.get(signing.SIGNATURE_HEADER), body, int(time.time())
        )
        self.heard.append(json.loads(body))
        return web.json_response(self.answer, status=self.status)

    async def health(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})


@pytest.fixture
def dialogue(sqlite_settings: Settings) -> Dialogue:
    return Dialogue(sqlite_settings.secret_key)


@pytest_asyncio.fixture
async def settings(sqlite_settings: Settings, dialogue: Dialogue) -> AsyncIterator[Settings]:
    from dataclasses import replace

    async with TestServer(dialogue.app()) as server:
        url = str(server.make_url("/")).rstrip("/")
        yield replace(sqlite_settings, rasa_url=url, actions_url=url)


async def test_a_turn_goes_signed_and_comes_back_whole(settings: Settings, dialogue: Dialogue) -> None:
    async with DialogueClient(settings) as client:
        answer = await RasaBot(client).ask(TURN)
    assert answer.replies[0].text == "您好"
    assert answer.replies[0].buttons == [{"title": "查订单", "payload": "/order_status"}]
    assert (answer.understood, answer.model) == ({"topic": "greet"}, "models/zhike-1.tar.gz")
    assert dialogue.heard[0]["message_id"] == TURN.message_public_id
    assert dialogue.heard[0]["metadata"]["message_id"] == TURN.message_id


@pytest.mark.parametrize("status", [401, 404, 500, 502, 503])
async def test_a_failing_dialogue_is_silence(settings: Settings, dialogue: Dialogue, status: int) -> None:
    dialogue.status = status
    async with DialogueClient(settings) as client:
        with pytest.raises(BotSilent):
            await RasaBot(client).ask(TURN)


@pytest.mark.parametrize("answer", [{}, [], {"replies": []}, {"replies": [{}]}, {"replies": None}])
async def test_an_empty_or_broken_answer_is_silence(
    settings: Settings, dialogue: Dialogue, answer: Any
) -> None:
    dialogue.answer = answer
    async with DialogueClient(settings) as client:
        with pytest.raises(BotSilent):
            await RasaBot(client).ask(TURN)


async def test_a_fenced_conversation_is_not_the_bots(settings: Settings, dialogue: Dialogue) -> None:
    dialogue.status = 409
    async with DialogueClient(settings) as client:
        with pytest.raises(NotBotsTurn):
            await RasaBot(client).ask(TURN)


async def test_the_whole_service_answers_and_is_ready(settings: Settings, aiohttp_client: Any) -> None:
    client = await aiohttp_client(await make_app(settings))
    ready = await client.get("/readyz")
    assert await ready.json() == {"status": "ok", "parts": {"database": "ok", "rasa": "ok", "actions": "ok"}}
    async with client.ws_connect("/ws/chat") as socket:
        visitor = Visitor(socket)
        await visitor.hello()
        await visitor.say("你好")
        await visitor.next("ack")
        assert (await visitor.next("message"))["text"] == "您好"
    assert client.app[PARTS].metrics.turns.labels("answered")._value.get() == 1


class TestProcess:
    """`python -m bot.serve` itself."""

    async def run(self, tmp_path: Path, port: int, database: Path, **more: str) -> asyncio.subprocess.Process:
        environ = {
            "PATH": os.environ["PATH"], "ZHIKE_PORT": str(port), "ZHIKE_VAR_DIR": str(tmp_path / "var"),
            "ZHIKE_DATABASE_URL": f"sqlite:///{database}", "ZHIKE_RASA_URL": f"http://127.0.0.1:{unused_port()}",
            "ZHIKE_ACTIONS_URL": f"http://127.0.0.1:{unused_port()}", "ZHIKE_LOG": "json", **more,
        }  # fmt: skip
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot.serve", cwd=ROOT, env=environ,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip

    async def wait_until_up(self, port: int) -> None:
        async with aiohttp.ClientSession() as session:
            for _ in range(150):
                try:
                    async with session.get(f"http://127.0.0.1:{port}/healthz") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.1)
        raise AssertionError("the process did not come up")

    async def test_it_says_goodbye_and_stops_on_a_signal(
        self, tmp_path: Path, sqlite_settings: Settings
    ) -> None:
        database = Path(sqlite_settings.database_url.partition(":///")[2])
        port = unused_port()
        process = await self.run(tmp_path, port, database)
        await self.wait_until_up(port)
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"http://127.0.0.1:{port}/ws/chat") as socket,
        ):
            visitor = Visitor(socket)
            await visitor.hello()
            process.send_signal(signal.SIGTERM)
            assert await visitor.closed() == aiohttp.WSCloseCode.GOING_AWAY
        _, said = await asyncio.wait_for(process.communicate(), 15)
        assert process.returncode == 0
        assert b"web.stopped" in said
        assert b"Traceback" not in said

    async def test_a_message_survives_a_kill(self, tmp_path: Path, sqlite_settings: Settings) -> None:
        database = Path(sqlite_settings.database_url.partition(":///")[2])
        port = unused_port()
        process = await self.run(tmp_path, port, database)
        await self.wait_until_up(port)
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"http://127.0.0.1:{port}/ws/chat") as socket,
        ):
            visitor = Visitor(socket)
            await visitor.hello()
            client_msg_id = await visitor.say("我要投诉")
            ack = await visitor.next("ack")
            process.kill()
            await process.wait()
        with sqlite3.connect(database) as connection:
            assert connection.execute("SELECT text, bot_state FROM message").fetchall() == [
                ("我要投诉", "pending")
            ]
        again = await self.run(tmp_path, port, database)
        try:
            await self.wait_until_up(port)
            async with (
                aiohttp.ClientSession() as session,
                session.ws_connect(f"http://127.0.0.1:{port}/ws/chat") as socket,
            ):
                back = Visitor(socket)
                await back.hello(visitor.token, after=ack["seq"])
                await back.say("我要投诉", client_msg_id)
                assert (await back.until("ack"))["seq"] == ack["seq"]
                told = await back.until("message", timeout=30)
                assert (told["seq"], told["from"], "已保存" in told["text"]) == (2, "system", True)
        finally:
            again.terminate()
            await asyncio.wait_for(again.communicate(), 15)

    @pytest.mark.parametrize(
        ("environ", "words"), [({"ZHIKE_PORT": "no"}, "ZHIKE_PORT"), ({"ZHIKE_LOG": "xml"}, "ZHIKE_LOG")]
    )
    async def test_an_unusable_setting_is_one_line(
        self, tmp_path: Path, environ: dict[str, str], words: str
    ) -> None:
        process = await self.run(tmp_path, unused_port(), tmp_path / "none.db", **environ)
        _, said = await asyncio.wait_for(process.communicate(), 30)
        assert process.returncode == 1
        assert words in said.decode()
        assert "Traceback" not in said.decode()

    async def test_a_taken_port_is_one_line(self, tmp_path: Path, sqlite_settings: Settings) -> None:
        database = Path(sqlite_settings.database_url.partition(":///")[2])
        port = unused_port()
        async with TestServer(web.Application(), port=port):
            process = await self.run(tmp_path, port, database)
            _, said = await asyncio.wait_for(process.communicate(), 30)
        assert process.returncode == 1
        assert f"网页服务无法在 127.0.0.1:{port} 启动" in said.decode()
        assert "Traceback" not in said.decode()
