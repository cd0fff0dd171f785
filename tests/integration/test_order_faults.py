"""An ERP that is slow, down, talks nonsense, answers twice or breaks off: what is written and what people hear."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler
from sqlalchemy import func, select

from bot.reference_erp.app import make_app
from care.adapters.http_orders import ErpClient, HttpOrders, RecordedIds, client, open_erp
from care.adapters.http_orders.client import AWAY, NOT_SENT, UNSURE
from care.ports import DeliveryChange, ReturnWish
from care.records.order_request import OrderWrite, ReturnRequest
from care.rules import breaker
from care.rules.breaker import BreakerState
from care.rules.errors import Conflict, NotFound, Unavailable
from care.rules.order_terms import CancelOutcome, ReturnKind
from care.rules.vocabulary import Topic
from care.services import complaints, order_changes, orders, progress, returns, transcript
from care.services.context import Care
from care.services.progress import ProgressKind
from tests.integration.conftest import Shop
from tests.integration.order_shop import DELIVERED, PAID, WASHER, Buyer, buyer, promises_of
from tests.integration.test_progress import everything

TOKEN = "a-token-for-tests"
#: What the Rasa server gives an action (bot.dialogue.processor).
ACTION_S = 5.0
RETURN = ReturnWish(DELIVERED, WASHER, 1, ReturnKind.RETURN, "不合适", True, "no_reason")


@dataclass
class Erp:
    """The reference ERP behind a gate that the test bends. `fault` sees every request.

    `seconds` is the breaker's clock: it stands still until the test moves it.
    """

    care: Care
    orders: HttpOrders
    link: ErpClient
    server: TestServer
    requests: list[str] = field(default_factory=list)
    seconds: float = 0.0
    fault: Callable[[web.Request, Handler], Awaitable[web.StreamResponse]] | None = None

    def answers(self, body: bytes, *, status: int = 200, **headers: str) -> None:
        async def fault(request: web.Request, handler: Handler) -> web.StreamResponse:
            return web.Response(body=body, status=status, content_type="application/json", headers=headers)

        self.fault = fault


@pytest_asyncio.fixture
async def erp(care_sqlite: Care) -> AsyncIterator[Erp]:
    gate: list[Erp] = []

    @web.middleware
    async def bend(request: web.Request, handler: Handler) -> web.StreamResponse:
        gate[0].requests.append(request.path)
        fault = gate[0].fault
        return await (handler(request) if fault is None else fault(request, handler))

    ids = RecordedIds(care_sqlite.sessions)
    app = make_app(care_sqlite.orders, TOKEN, ids)
    app.middlewares.insert(0, bend)
    async with (
        TestServer(app) as server,
        open_erp(str(server.make_url("")), TOKEN, now=lambda: gate[0].seconds) as link,
    ):
        through = HttpOrders(link, ids)
        gate.append(Erp(replace(care_sqlite, orders=through), through, link, server))
        yield gate[0]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "TOTAL_S", 0.3)
    monkeypatch.setattr(client, "BUDGET_S", 1.2)
    monkeypatch.setattr(client, "SHORTEST_TRY_S", 0.1)


@pytest_asyncio.fixture
async def who(care_sqlite: Care) -> Buyer:
    return await buyer(Shop(care_sqlite))


async def rows(care: Care, table: type[Any]) -> int:
    async with care.sessions.read() as session:
        return int(await session.scalar(select(func.count()).select_from(table)) or 0)


async def slow(request: web.Request, handler: Handler) -> web.StreamResponse:
    await asyncio.sleep(30)
    return await handler(request)


async def cut_after(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Does a write and breaks off before anybody hears of it."""
    answer = await handler(request)
    if request.method == "GET":
        return answer
    assert request.transport is not None
    request.transport.abort()
    return answer


class TestReading:
    async def test_a_slow_erp_is_waited_for_less_than_the_action_has_time(self, erp: Erp, who: Buyer) -> None:
        erp.fault = slow
        started = time.monotonic()
        with pytest.raises(Unavailable) as away:
            await erp.orders.find_order(PAID, customer_ref=who.ref)
        assert 2.5 < time.monotonic() - started < ACTION_S
        assert away.value.message == AWAY

    async def test_one_that_is_down_is_told_at_once(self, erp: Erp, who: Buyer) -> None:
        await erp.server.close()
        started = time.monotonic()
        with pytest.raises(Unavailable):
            await erp.orders.recent_orders(who.ref)
        assert time.monotonic() - started < 3.0

    @pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
    async def test_a_passing_failure_is_tried_again_and_not_noticed(
        self, erp: Erp, who: Buyer, status: int
    ) -> None:
        async def once(request: web.Request, handler: Handler) -> web.StreamResponse:
            if len(erp.requests) == 1:
                return web.Response(status=status, text="<html>oops</html>")
            return await handler(request)

        erp.fault = once
        order = await erp.orders.find_order(PAID, customer_ref=who.ref)
        assert order is not None
        assert len(erp.requests) == 2

    async def test_it_is_asked_three_times_at_most(self, erp: Erp, who: Buyer) -> None:
        erp.answers(b"", status=500)
        with pytest.raises(Unavailable):
            await erp.orders.find_order(PAID, customer_ref=who.ref)
        assert len(erp.requests) == 3

    @pytest.mark.parametrize(
        ("change", "where"),
        [
            (lambda order: order.pop("state"), "at `$.data`"),
            (lambda order: order.update(state="lost_in_space"), "at `$.data.state`"),
            (lambda order: order.update(amount="NaN"), "$.data.amount"),
            (lambda order: order.update(amount="1e99"), "$.data.amount"),
            (lambda order: order.update(amount="张伟的钱"), "at `$.data.amount`"),
            (lambda order: order.update(placed_at="2026-11-24T10:00:00"), "no time zone at $.data.placed_at"),
            (lambda order: order.update(placed_at="yesterday"), "at `$.data.placed_at`"),
            (lambda order: order.update(receiver_name="张伟" * 2000), "text too long"),
            (lambda order: order.update(lines=order["lines"] * 200), "too many at $.data.lines"),
            (lambda order: order.update(lines="many"), "at `$.data.lines`"),
            (lambda order: order["lines"][0].update(quantity="two"), "at `$.data.lines[0].quantity`"),
        ],
    )
    async def test_nonsense_is_unavailable_and_the_log_says_where_but_not_what(
        self,
        erp: Erp,
        who: Buyer,
        caplog: pytest.LogCaptureFixture,
        change: Callable[[dict[str, Any]], object],
        where: str,
    ) -> None:
        async def bent(request: web.Request, handler: Handler) -> web.StreamResponse:
            answer = await handler(request)
            assert isinstance(answer, web.Response)
            body = json.loads(answer.body)  # type: ignore[arg-type]
            change(body["data"])
            return web.json_response(body)

        erp.fault = bent
        with caplog.at_level(logging.INFO), pytest.raises(Unavailable):
            await erp.orders.find_order(PAID, customer_ref=who.ref)
        assert len(erp.requests) == 1
        assert where in caplog.text
        told = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("care"))
        assert not any(secret in told for secret in ("张伟", "13711112222", "文三路", who.ref))

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"<html>hello</html>",
            b"[]",
            b"null",
            b'{"data": ',
            b"\xff\xfe",
            b"[" * 100_000,
            b'{"customer_ref":1}',
        ],
    )
    async def test_no_contract_at_all_is_unavailable(self, erp: Erp, who: Buyer, body: bytes) -> None:
        erp.answers(body)
        with pytest.raises(Unavailable):
            await erp.orders.find_order(PAID, customer_ref=who.ref)

    async def test_an_endless_answer_is_not_read_to_its_end(self, erp: Erp, who: Buyer) -> None:
        sent = 0

        async def endless(request: web.Request, handler: Handler) -> web.StreamResponse:
            nonlocal sent
            answer = web.StreamResponse()
            await answer.prepare(request)
            while sent < 50_000_000:
                await answer.write(b" " * 65536)
                sent += 65536
            return answer

        erp.fault = endless
        with pytest.raises(Unavailable):
            await erp.orders.find_order(PAID, customer_ref=who.ref)
        assert sent < 20_000_000
        assert len(erp.requests) == 1

    async def test_a_strange_page_of_404_is_not_no_such_order(self, erp: Erp, who: Buyer) -> None:
        erp.answers(b"<html>nginx: not found</html>", status=404)
        with pytest.raises(Unavailable):
            await erp.orders.find_order(PAID, customer_ref=who.ref)
        erp.answers(b'{"error": {"code": "not_found", "message": "x"}}', status=404)
        assert await erp.orders.find_order(PAID, customer_ref=who.ref) is None

    async def test_a_redirect_does_not_carry_the_token_away(self, erp: Erp, who: Buyer) -> None:
        erp.answers(b"", status=307, Location=str(erp.server.make_url("/v1/health")))
        with pytest.raises(Unavailable):
            await erp.orders.find_order(PAID, customer_ref=who.ref)
        assert not any(path == "/v1/health" for path in erp.requests)

    async def test_a_wrong_token_is_our_fault_and_nobody_else_hears_of_it(self, erp: Erp, who: Buyer) -> None:
        async with open_erp(str(erp.server.make_url("")), "another") as link:
            with pytest.raises(Unavailable) as away:
                await HttpOrders(link, RecordedIds(erp.care.sessions)).find_order(PAID, customer_ref=who.ref)
        assert away.value.message == AWAY
        assert len(erp.requests) == 1


class TestForeign:
    @pytest.mark.parametrize("place", ["envelope", "order", "number"])
    async def test_another_customers_order_is_no_order(self, erp: Erp, who: Buyer, place: str) -> None:
        async def foreign(request: web.Request, handler: Handler) -> web.StreamResponse:
            answer = await handler(request)
            assert isinstance(answer, web.Response)
            body = json.loads(answer.body)  # type: ignore[arg-type]
            if place == "envelope":
                body["customer_ref"] = "somebody-else"
            elif place == "order":
                body["data"]["customer_ref"] = "somebody-else"
            else:
                body["data"]["number"] = "88100000001"
            return web.json_response(body)

        erp.fault = foreign
        assert await erp.orders.find_order(PAID, customer_ref=who.ref) is None

    async def test_another_customers_lists_are_empty(self, erp: Erp, who: Buyer) -> None:
        await erp.orders.apply_return(RETURN, customer_ref=who.ref, key="k")

        async def foreign(request: web.Request, handler: Handler) -> web.StreamResponse:
            answer = await handler(request)
            assert isinstance(answer, web.Response)
            return web.json_response({**json.loads(answer.body), "customer_ref": "somebody-else"})  # type: ignore[arg-type]

        erp.fault = foreign
        assert list(await erp.orders.recent_orders(who.ref)) == []
        assert list(await erp.orders.returns(who.ref)) == []
        with pytest.raises(Unavailable):
            await erp.orders.change_delivery(
                PAID, customer_ref=who.ref, change=DeliveryChange(receiver_name="李雷"), key="k2"
            )


class TestWriting:
    async def test_one_that_is_down_changed_nothing_and_the_customer_is_told_so(
        self, erp: Erp, who: Buyer
    ) -> None:
        await erp.server.close()
        with pytest.raises(Unavailable) as away:
            await erp.orders.cancel_order(PAID, customer_ref=who.ref, reason="", key="k")
        assert away.value.message == NOT_SENT
        assert await rows(erp.care, OrderWrite) == 0

    async def test_cut_off_after_the_write_it_is_asked_again_and_written_once(
        self, erp: Erp, who: Buyer
    ) -> None:
        async def once(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await (cut_after(request, handler) if len(erp.requests) == 1 else handler(request))

        erp.fault = once
        view = await erp.orders.apply_return(RETURN, customer_ref=who.ref, key="k")
        assert view.number == "TH-20261124-0001"
        assert len(erp.requests) == 2
        assert (await rows(erp.care, ReturnRequest), await rows(erp.care, OrderWrite)) == (1, 1)

    async def test_a_request_that_arrives_twice_is_carried_out_once(self, erp: Erp, who: Buyer) -> None:
        async def twice(request: web.Request, handler: Handler) -> web.StreamResponse:
            await handler(request)
            return await handler(request)

        erp.fault = twice
        view = await erp.orders.apply_return(RETURN, customer_ref=who.ref, key="k")
        assert view.number == "TH-20261124-0001"
        assert await rows(erp.care, ReturnRequest) == 1

    async def test_an_unsure_write_says_so_and_the_same_message_later_finds_it_done(
        self, erp: Erp, who: Buyer
    ) -> None:
        advice = await returns.decide(
            erp.care, who.conversation_id, DELIVERED, WASHER, kind=ReturnKind.RETURN
        )
        message = await who.says("我要退货")
        wish = advice.wish(reason="不合适")
        erp.fault = cut_after
        with pytest.raises(Unavailable) as away:
            await returns.apply(erp.care, who.conversation_id, wish, source_message_id=message)
        assert away.value.message == UNSURE
        assert await rows(erp.care, ReturnRequest) == 1
        assert await promises_of(erp.care) == []
        # Nothing of what the customer said is lost.
        said = await transcript.history(erp.care, who.conversation_id, after=0)
        assert [line.text for line in said] == ["我要退货"]
        erp.fault = None
        done = await returns.apply(erp.care, who.conversation_id, wish, source_message_id=message)
        assert done.view.number == "TH-20261124-0001"
        assert await rows(erp.care, ReturnRequest) == 1
        assert await promises_of(erp.care) == [("pick_up", "return:TH-20261124-0001")]

    async def test_asked_anew_after_an_unsure_write_nothing_is_doubled(self, erp: Erp, who: Buyer) -> None:
        erp.fault = cut_after
        with pytest.raises(Unavailable) as away:
            await order_changes.cancel(
                erp.care, who.conversation_id, PAID, reason="", source_message_id=await who.says("取消")
            )
        assert away.value.message == UNSURE
        erp.fault = None
        done = await order_changes.cancel(
            erp.care, who.conversation_id, PAID, reason="", source_message_id=await who.says("取消")
        )
        assert done.outcome is CancelOutcome.CANCELLED
        order = await erp.orders.find_order(PAID, customer_ref=who.ref)
        assert order is not None
        assert [event.title for event in order.events].count("订单已取消") == 1

    async def test_a_refusal_we_do_not_know_is_told_in_words_of_ours_or_in_short_chinese(
        self, erp: Erp, who: Buyer
    ) -> None:
        for message, told in (
            ("订单正在拣货，请联系门店。", "订单正在拣货，请联系门店。"),
            ("ORA-00060: deadlock detected", "现在的状态不能办理这项业务，需要时可由人工处理。"),
            ("长" * 500, "现在的状态不能办理这项业务，需要时可由人工处理。"),
        ):
            error = {"code": "refused", "reason": "picking", "message": message}
            erp.answers(json.dumps({"error": error}).encode(), status=409)
            with pytest.raises(Conflict) as refused:
                await erp.orders.urge_order(PAID, customer_ref=who.ref, key="k")
            assert refused.value.message == told

    @pytest.mark.parametrize("body", [b'{"customer_ref": "x", "data": {"outcome": "cancelled"}}', b"{}"])
    async def test_nonsense_after_a_write_is_unsure_and_not_repeated(
        self, erp: Erp, who: Buyer, body: bytes
    ) -> None:
        erp.answers(body)
        with pytest.raises(Unavailable) as away:
            await erp.orders.cancel_order(PAID, customer_ref=who.ref, reason="", key="k")
        assert "还不能确定" in away.value.message
        assert len(erp.requests) == 1


class TestBreaker:
    async def test_it_opens_after_five_failures_and_closes_after_one_good_trial(
        self, erp: Erp, who: Buyer
    ) -> None:
        erp.answers(b"", status=500)
        for _ in range(2):
            with pytest.raises(Unavailable):
                await erp.orders.find_order(PAID, customer_ref=who.ref)
        assert erp.link.breaker_state is BreakerState.OPEN
        asked = len(erp.requests)
        assert asked == breaker.THRESHOLD
        with pytest.raises(Unavailable) as away:
            await erp.orders.cancel_order(PAID, customer_ref=who.ref, reason="", key="k")
        assert (len(erp.requests), away.value.message) == (asked, NOT_SENT)
        erp.fault = None
        erp.seconds += breaker.OPEN_S
        assert erp.link.breaker_state is BreakerState.HALF_OPEN
        assert await erp.orders.find_order(PAID, customer_ref=who.ref) is not None
        assert erp.link.breaker_state is BreakerState.CLOSED

    async def test_time_outs_open_it_too(self, erp: Erp, who: Buyer, impatient: None) -> None:
        erp.fault = slow
        while erp.link.breaker_state is BreakerState.CLOSED:
            with pytest.raises(Unavailable):
                await erp.orders.find_order(PAID, customer_ref=who.ref)
        started = time.monotonic()
        with pytest.raises(Unavailable):
            await erp.orders.find_order(PAID, customer_ref=who.ref)
        assert time.monotonic() - started < client.TOTAL_S

    async def test_a_failed_trial_keeps_it_open(self, erp: Erp, who: Buyer) -> None:
        erp.answers(b"", status=500)
        for _ in range(2):
            with pytest.raises(Unavailable):
                await erp.orders.find_order(PAID, customer_ref=who.ref)
        erp.seconds += breaker.OPEN_S
        before = len(erp.requests)
        with pytest.raises(Unavailable):
            await erp.orders.find_order(PAID, customer_ref=who.ref)
        assert len(erp.requests) == before + 1
        assert erp.link.breaker_state is BreakerState.OPEN

    async def test_answers_by_the_contract_are_no_failures(self, erp: Erp, who: Buyer) -> None:
        for _ in range(breaker.THRESHOLD + 1):
            assert await erp.orders.find_order("88100000000", customer_ref=who.ref) is None
            with pytest.raises(NotFound):
                await erp.orders.urge_order("88100000000", customer_ref=who.ref, key="k")
        assert erp.link.breaker_state is BreakerState.CLOSED


class TestWhatPeopleHear:
    async def test_everything_a_customer_may_do_works_as_over_our_own_tables(
        self, erp: Erp, care_sqlite: Care
    ) -> None:
        chat = await everything(erp.care, Shop(erp.care))
        over_http = await progress.of_customer(erp.care, chat)
        assert len(over_http) == 4
        assert over_http == await progress.of_customer(care_sqlite, chat)
        assert [what for what, _ in await promises_of(erp.care)] == ["pick_up", "visit", "invoice"]

    async def test_an_erp_that_is_away_spoils_no_complaint_and_no_progress(
        self, erp: Erp, who: Buyer
    ) -> None:
        await erp.server.close()
        care = erp.care
        with pytest.raises(Unavailable) as away:
            await orders.recent(care, who.conversation_id)
        assert "转人工" in away.value.message
        message = await who.says(f"订单 {PAID} 用了两天就坏了")
        await complaints.open_draft(
            care,
            who.conversation_id,
            message,
            topic=Topic.COMPLAINT_QUALITY,
            own_words="用了两天就坏了",
            order_number=PAID,
        )
        receipt = await complaints.confirm_draft(care, who.conversation_id, await who.says("对"))
        items = await progress.of_customer(care, who.conversation_id)
        assert {item.kind for item in items} == {ProgressKind.COMPLAINT, ProgressKind.UNKNOWN}
        assert receipt.case_number in {item.number for item in items}
