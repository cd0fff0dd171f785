"""The whole product with its orders in an ERP of its own process: it works, dies, hangs and comes back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from care.demo.people import LI_XIANG_PHONE
from care.services.context import Care, open_care
from tests.faults.complaining import CASE_NUMBER, FIRST
from tests.live.customer import Customer, customer
from tests.live.system import LiveSystem, live_system_in

NUMBER = "88120261121"
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def http_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSystem]:
    with live_system_in(tmp_path_factory.mktemp("http"), ZHIKE_ORDER_SYSTEM="http") as system:
        yield system


@pytest_asyncio.fixture
async def tab(http_system: LiveSystem) -> AsyncIterator[Customer]:
    async with customer(http_system.base_url) as one:
        yield one


def said(frames: list[dict[str, object]]) -> str:
    return " ".join(str(frame["text"]) for frame in frames)


async def follow_order(one: Customer) -> str:
    """Asks for the order and proves it by number and tail, as far as that is still asked for."""
    heard = said(await one.ask(f"帮我查一下订单{NUMBER}"))
    if "后四位" in heard or "尾号" in heard or "核实" in heard:
        heard = said(await one.ask(f"{NUMBER} 尾号{LI_XIANG_PHONE[-4:]}"))
    return heard


async def test_orders_come_from_the_erp(http_system: LiveSystem, tab: Customer) -> None:
    assert set(http_system.pids) == {"reference_erp", "actions", "rasa", "web"}
    await follow_order(tab)
    cards = [line["card"] for line in tab.said() if line.get("card")]
    assert cards, tab.texts()
    assert cards[-1]["number"] == NUMBER


async def test_while_the_erp_hangs_orders_wait_and_complaints_do_not(
    http_system: LiveSystem, tab: Customer
) -> None:
    with http_system.frozen("reference_erp"):
        heard = await follow_order(tab)
        assert any(word in heard for word in ("暂时", "稍后", "转人工")), heard
        assert NUMBER not in heard or "已发出" not in heard
        async with customer(http_system.base_url) as angry:
            await angry.ask(FIRST)
            await angry.choose("换货")
            await angry.choose("三天内")
            receipt = said(await angry.choose("对"))
            assert CASE_NUMBER.search(receipt), receipt


async def test_an_erp_that_died_is_started_again_and_asked_again(
    http_system: LiveSystem, tab: Customer
) -> None:
    await http_system.kill_and_wait("reference_erp")
    async with open_care(http_system.settings) as care:
        assert await answers(care)
    await follow_order(tab)
    assert any(line.get("card") for line in tab.said()), tab.texts()


async def answers(care: Care) -> bool:
    return await care.orders.customer_of_order(NUMBER, phone_tail=LI_XIANG_PHONE[-4:]) is not None
