"""One running system for all faults; every test leaves it well for the next."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from care.services.context import Care, open_care
from tests.faults.complaining import well
from tests.live.customer import Customer, customer
from tests.live.system import LiveSystem

OpenTab = Callable[..., Awaitable[Customer]]


@pytest_asyncio.fixture
async def system(live_system: LiveSystem) -> AsyncIterator[LiveSystem]:
    await well(live_system)
    yield live_system
    await well(live_system)


@pytest_asyncio.fixture
async def records(live_system: LiveSystem) -> AsyncIterator[Care]:
    """The database behind the running system, for looking at the books."""
    async with open_care(live_system.settings) as care:
        yield care


@pytest_asyncio.fixture
async def tab(system: LiveSystem) -> AsyncIterator[OpenTab]:
    """Opens a browser tab of a customer; `token` makes it one more of the same browser."""
    async with AsyncExitStack() as open_tabs:

        async def open_tab(token: str | None = None) -> Customer:
            return await open_tabs.enter_async_context(customer(system.base_url, token=token))

        yield open_tab


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/faults" in item.nodeid and "test_supervisor" not in item.nodeid:
            item.add_marker(pytest.mark.slow)
