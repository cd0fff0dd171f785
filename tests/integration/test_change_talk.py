"""Changes by talking while the order system is away or breaks off, and what the dialogue may remember."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler
from sqlalchemy import func, select

from bot.reference_erp.app import make_app
from care.adapters.http_orders import HttpOrders, RecordedIds, client, open_erp
from care.records.order_request import ReturnRequest
from care.rules.vocabulary import OrderState, VerifiedBy
from care.services import orders
from care.services.context import Care
from tests.integration.change_talk import ChangeTalk
from tests.integration.conftest import Shop
from tests.integration.order_shop import DELIVERED, PAID, Buyer, buyer

Fault = Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]


@pytest_asyncio.fixture
async def who(care_sqlite: Care) -> Buyer:
    return await buyer(Shop(care_sqlite))


@pytest_asyncio.fixture
async def erp(care_sqlite: Care, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Care, list[Fault]]]:
    """Customer care behind the reference ERP; a fault in the list bends its answers."""
    # Here it is away when a fault says so, not when the machine is busy.
    monkeypatch.setattr(client, "TOTAL_S", 30.0)
    monkeypatch.setattr(client, "BUDGET_S", 60.0)
    faults: list[Fault] = []

    @web.middleware
    async def bend(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await (faults[0](request, handler) if faults else handler(request))

    ids = RecordedIds(care_sqlite.sessions)
    app = make_app(care_sqlite.orders, "a-token-for-tests", ids)
    app.middlewares.insert(0, bend)
    async with TestServer(app) as server, open_erp(str(server.make_url("")), "a-token-for-tests") as link:
        yield replace(care_sqlite, orders=HttpOrders(link, ids)), faults


async def gone(request: web.Request, handler: Handler) -> web.StreamResponse:
    return web.Response(status=503)


async def cut_after_a_write(request: web.Request, handler: Handler) -> web.StreamResponse:
    answer = await handler(request)
    if request.method != "GET" and request.transport is not None:
        request.transport.abort()
    return answer


async def test_an_order_system_that_is_away_from_the_start_is_said_and_a_person_offered(
    erp: tuple[Care, list[Fault]], who: Buyer
) -> None:
    care, faults = erp
    faults.append(gone)
    talk = ChangeTalk(care, who)
    heard = await talk.says(f"取消订单{PAID}", "cancel_order", order_number=PAID)
    assert "没有响应" in heard or "连不上" in heard
    assert "取消订单" in heard
    assert "转人工" in talk.titles
    assert talk.slots["offered"] == "cancel_order"
    assert talk.loop is None


async def test_one_that_goes_away_before_the_yes_has_changed_nothing_and_says_so(
    erp: tuple[Care, list[Fault]], who: Buyer
) -> None:
    care, faults = erp
    talk = ChangeTalk(care, who)
    assert "对吗" in await talk.says(f"取消订单{PAID}", "cancel_order", order_number=PAID)
    faults.append(gone)
    heard = await talk.says("对", "affirm")
    assert "转人工" in talk.titles
    assert "已取消" not in heard
    faults.clear()
    order = await orders.find(care, who.conversation_id, PAID)
    assert order is not None
    assert order.state is OrderState.PAID


async def test_one_that_goes_away_while_a_question_stands_is_no_broken_turn(
    erp: tuple[Care, list[Fault]], who: Buyer
) -> None:
    care, faults = erp
    talk = ChangeTalk(care, who)
    await talk.says("我要取消订单", "cancel_order")
    faults.append(gone)
    heard = await talk.says("尾号0002那单", "inform")
    assert "取消订单" in heard
    assert "转人工" in talk.titles
    assert talk.loop is None


async def test_a_corrected_phone_is_restated_before_a_code_goes_to_it(care_sqlite: Care, who: Buyer) -> None:
    talk = ChangeTalk(care_sqlite, who)
    await talk.says("手机号改成13912345678", "update_profile")
    assert "139****5678" in await talk.says("对", "affirm")
    heard = await talk.says("说错了，是13912349999", "inform")
    assert "139****9999" in heard
    assert "对吗" in heard


async def test_an_answer_that_breaks_off_promises_nothing_it_does_not_know(
    erp: tuple[Care, list[Fault]], who: Buyer
) -> None:
    care, faults = erp
    talk = ChangeTalk(care, who)
    await talk.says(f"取消订单{PAID}", "cancel_order", order_number=PAID)
    faults.append(cut_after_a_write)
    heard = await talk.says("对", "affirm")
    assert "什么都没有改动" not in heard
    assert "什么都没有改变" not in heard
    assert "查一下进度" in heard or "取消" in heard


async def test_the_same_yes_again_is_answered_with_the_same_number(care_sqlite: Care, who: Buyer) -> None:
    talk = ChangeTalk(care_sqlite, who)
    await talk.says(
        f"订单{DELIVERED}的耳机我要退货，左耳没声音", "request_return", order_number=DELIVERED, product="耳机"
    )
    slots, events = dict(talk.slots), list(talk.events)
    yes = await who.says("对")
    first = await talk.hears_again("对", "affirm", yes)
    # The turn broke off before the dialogue kept it.
    talk.slots, talk.events, talk.loop = slots, events, "change_form"
    again = await talk.hears_again("对", "affirm", yes)
    number = first[first.index("TH-") :][:16]
    assert number in again
    async with care_sqlite.sessions.read() as session:
        assert await session.scalar(select(func.count()).select_from(ReturnRequest)) == 1


@pytest.mark.parametrize(
    ("intent", "text", "entities", "secrets"),
    [
        (
            "change_order",
            f"订单{PAID}地址改成浙江省杭州市滨江区江南大道100号，收货人王小明，电话13912345678",
            {"order_number": PAID, "address": "浙江省杭州市滨江区江南大道100号"},
            ("江南大道", "王小明", "13912345678"),
        ),
        ("update_profile", "邮箱改成zhang.wei@example.com", {}, ("zhang.wei",)),
        ("update_profile", "手机号改成13912345678", {}, ("13912345678",)),
        ("update_profile", "我生日是1990年5月20日", {}, ("1990",)),
    ],
)
async def test_no_slot_holds_what_tells_of_a_person(
    care_sqlite: Care, who: Buyer, intent: str, text: str, entities: dict[str, str], secrets: tuple[str, ...]
) -> None:
    talk = ChangeTalk(care_sqlite, who)
    heard = await talk.says(text, intent, **entities)
    assert "对吗" in heard, "it was heard all the same"
    kept = json.dumps(talk.slots, ensure_ascii=False)
    assert [secret for secret in secrets if secret in kept] == []


async def test_an_order_number_and_a_phone_tail_are_too_little_for_another_address(care_sqlite: Care) -> None:
    weak = await buyer(Shop(care_sqlite), by=VerifiedBy.ORDER_TAIL, proven_order=PAID)
    talk = ChangeTalk(care_sqlite, weak)
    heard = await talk.says(
        f"订单{PAID}地址改成浙江省杭州市滨江区江南大道100号", "change_order", order_number=PAID,
        address="浙江省杭州市滨江区江南大道100号",
    )  # fmt: skip
    assert "验证码" in heard
    assert "对吗" not in heard
    heard = await talk.says(f"取消订单{PAID}", "cancel_order", order_number=PAID)
    assert "验证码" in heard, "the question stands until the code or 算了"


async def test_leaving_says_that_nothing_was_changed(care_sqlite: Care, who: Buyer) -> None:
    talk = ChangeTalk(care_sqlite, who)
    await talk.says(f"取消订单{PAID}", "cancel_order", order_number=PAID)
    heard = await talk.says("算了", "stop")
    assert "取消订单" in heard
    assert "没有" in heard
    assert talk.slots["change"] is None
