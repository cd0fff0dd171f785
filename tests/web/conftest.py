"""The real web service on a real database; only the bot behind its boundary is a double."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient

from bot.web.app import init_app
from bot.web.keys import PARTS, Parts
from care.rules.vocabulary import Role
from care.services import staff
from care.services.context import Care
from tests.web.people import PASSWORD, Agent, ScriptedBot, Start, Visitor


@pytest.fixture
def bot() -> ScriptedBot:
    return ScriptedBot()


@pytest_asyncio.fixture
async def start(care_sqlite: Care, bot: ScriptedBot, aiohttp_client: Any) -> Start:
    """Starts the service; keyword arguments go to `init_app`."""

    async def start_service(care: Care = care_sqlite, **more: Any) -> TestClient[Any, Any]:
        app = init_app(care, bot, **{"with_clockwork": False, "retry_pauses_s": (0.01, 0.01), **more})
        client: TestClient[Any, Any] = await aiohttp_client(app)
        return client

    return start_service


@pytest_asyncio.fixture
async def client(start: Start) -> TestClient[Any, Any]:
    return await start()


@pytest.fixture
def parts(client: TestClient[Any, Any]) -> Parts:
    assert client.app is not None
    found: Parts = client.app[PARTS]
    return found


@pytest_asyncio.fixture
async def connect(client: TestClient[Any, Any]) -> AsyncIterator[Callable[..., Awaitable[Visitor]]]:
    """Opens a chat connection; closed at the end of the test."""
    opened: list[aiohttp.ClientWebSocketResponse] = []

    async def connect_to(to: TestClient[Any, Any] = client, **more: Any) -> Visitor:
        socket = await to.ws_connect("/ws/chat", **more)
        opened.append(socket)
        return Visitor(socket)

    yield connect_to
    for socket in opened:
        await socket.close()


@pytest_asyncio.fixture
async def visitor(connect: Callable[..., Awaitable[Visitor]]) -> Visitor:
    """A new visitor who was welcomed."""
    one = await connect()
    await one.hello()
    return one


@pytest_asyncio.fixture
async def sign_in(client: TestClient[Any, Any], care_sqlite: Care) -> Callable[..., Awaitable[Agent]]:
    """Adds an account and signs it in."""

    async def add_and_sign_in(login: str = "agent1", role: Role = Role.AGENT, name: str = "王小明") -> Agent:
        await staff.add_staff(care_sqlite, login=login, name=name, role=role, password=PASSWORD)
        agent = Agent(client)
        assert (await agent.sign_in(login)).status == 200
        return agent

    return add_and_sign_in
