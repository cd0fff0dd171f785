"""The real Rasa server and the real action server, a visitor who talks with them, and the records behind."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import select

from bot.dialogue.client import BotAnswer, DialogueClient
from bot.up import model
from care.records.customer import Customer
from care.records.order import Order, OrderEvent, OrderLine, Product, Shipment
from care.rules.vocabulary import OrderState
from care.services import conversations, identity, opening_hours, outbox
from care.services.context import Care, open_care
from care.services.conversations import Reply, Turn
from care.settings import ROOT, Settings, load_settings
from tests.conftest import create_tables, run_apart

NAME = "张伟"
#: Somebody else's order.
FOREIGN = "88126111904"


@dataclass(frozen=True)
class Servers:
    """What runs for the whole test session."""

    settings: Settings
    environ: dict[str, str]
    folder: Path
    archive: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path, seconds: float) -> None:
    """Returns when `url` answers 200; a process that ended says so with its log."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            pytest.fail(f"{log.name} ended with {process.returncode}:\n{log.read_text()[-4000:]}")
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"{url} does not answer:\n{log.read_text()[-4000:]}")


def start(servers: Servers, name: str, *argv: str) -> tuple[subprocess.Popen[bytes], Path]:
    log = servers.folder / f"{name}.log"
    with log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, *argv], cwd=ROOT, env=servers.environ, stdout=out, stderr=subprocess.STDOUT
        ), log


def start_actions(servers: Servers) -> subprocess.Popen[bytes]:
    process, log = start(servers, "actions", "-m", "actions")
    wait_for(f"{servers.settings.actions_url}/health", process, log, 60)
    return process


def start_rasa(servers: Servers) -> subprocess.Popen[bytes]:
    process, log = start(servers, "rasa", "-m", "bot.dialogue.server", "--model", str(servers.archive))
    wait_for(f"{servers.settings.rasa_url}/webhooks/zhike/health", process, log, 180)
    return process


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def archive() -> Path:
    """The model of the present data, trained if there is none (`ZHIKE_TEST_MODEL` names another one)."""
    given = os.environ.get("ZHIKE_TEST_MODEL")
    if given:
        return Path(given)
    path = model.model_path(ROOT)
    if not path.exists():
        run_apart(_train())
    return path


async def _train() -> None:
    await model.train(ROOT, log=ROOT / "var" / "log" / "train.log")


@pytest.fixture(scope="session")
def servers(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Both servers on free ports of the loopback, with a database of their own."""
    folder = tmp_path_factory.mktemp("dialogue")
    own = {
        "ZHIKE_DATABASE_URL": f"sqlite:///{folder / 'zhike.db'}",
        "ZHIKE_VAR_DIR": str(folder / "var"),
        "ZHIKE_SECRET_KEY": "a-secret-key-for-tests-only-0123456789abcdef",
        "ZHIKE_RASA_URL": f"http://127.0.0.1:{free_port()}",
        "ZHIKE_ACTIONS_URL": f"http://127.0.0.1:{free_port()}",
        "ZHIKE_DEMO": "0",
    }
    settings = load_settings(own)
    run_apart(create_tables(settings.database_url))
    run_apart(_stock(settings))
    started = Servers(settings, model.rasa_environment(own), folder, archive)
    started.processes["actions"] = start_actions(started)
    try:
        started.processes["rasa"] = start_rasa(started)
        yield started
    finally:
        for process in started.processes.values():
            stop(process)


@pytest_asyncio.fixture
async def shop(servers: Servers) -> AsyncIterator[Care]:
    async with open_care(servers.settings) as care:
        yield care


@pytest_asyncio.fixture
async def client(servers: Servers) -> AsyncIterator[DialogueClient]:
    async with DialogueClient(servers.settings) as opened:
        yield opened


@pytest_asyncio.fixture
async def visitor(shop: Care, client: DialogueClient) -> Visitor:
    """A customer of their own for each test: codes and tries are limited per phone and order."""
    visit = await conversations.open_visit(shop, None)
    phone, numbers = await add_customer(shop)
    return Visitor(shop, client, visit.conversation.id, visit.conversation.sender_id, phone, *numbers)


@dataclass
class Visitor:
    """Somebody in the chat: types, presses buttons, and sees what the bot answers."""

    care: Care
    client: DialogueClient
    conversation_id: int
    sender_id: str
    phone: str
    shipped: str
    delivered: str
    old: str
    replies: list[Reply] = field(default_factory=list)
    understood: dict[str, Any] = field(default_factory=dict)
    last_turn: Turn | None = None

    async def says(self, text: str) -> str:
        """Types `text`; returns all that the bot says to it."""
        await conversations.accept_message(
            self.care, self.conversation_id, client_msg_id=str(uuid4()), text=text
        )
        return await self.gets_answer()

    async def presses(self, title: str) -> str:
        """Presses the button whose title holds `title`."""
        payload = next(b["payload"] for b in self.buttons if title in b["title"])
        await conversations.accept_button(
            self.care, self.conversation_id, client_msg_id=str(uuid4()), payload=payload
        )
        return await self.gets_answer()

    async def gets_answer(self) -> str:
        turn = await conversations.next_turn(self.care, self.conversation_id)
        assert turn is not None
        answer = await self.ask(turn)
        await conversations.finish_turn(self.care, turn, answer.replies, answer.understood)
        return self.heard

    async def ask(self, turn: Turn) -> BotAnswer:
        answer = await self.client.ask(turn)
        self.last_turn, self.replies, self.understood = turn, answer.replies, answer.understood
        return answer

    @property
    def masked_phone(self) -> str:
        return f"{self.phone[:3]}****{self.phone[-4:]}"

    @property
    def heard(self) -> str:
        return "\n".join(reply.text for reply in self.replies)

    @property
    def buttons(self) -> list[dict[str, str]]:
        return [button for reply in self.replies for button in reply.buttons or []]

    @property
    def titles(self) -> list[str]:
        return [button["title"] for button in self.buttons]

    @property
    def card(self) -> dict[str, Any]:
        return next(reply.card for reply in self.replies if reply.card)

    @property
    def cards(self) -> list[dict[str, Any]]:
        return [reply.card for reply in self.replies if reply.card]

    async def is_verified(self) -> Visitor:
        """Signed in on the host page, as it were: the records know who this is."""
        await identity.verify_order_tail(self.care, self.conversation_id, self.shipped, self.phone[-4:])
        return self

    async def sms(self) -> str:
        """The code that the last text message carried."""
        sent: list[str] = []

        class Phone:
            async def send(self, phone: str, text: str, *, key: str | None = None) -> None:
                sent.append(text)

        by_sms = identity.sms_handler(_with_sms(self.care, Phone()))
        await outbox.deliver_due(self.care, {identity.SMS_TOPIC: by_sms})
        return sent[-1].split("验证码 ")[1][:6]


def _with_sms(care: Care, sms: Any) -> Care:
    return replace(care, sms=sms)


async def _stock(settings: Settings) -> None:
    """Three products, the order of somebody else, and people who are there whatever time the tests run."""
    async with open_care(settings) as care:
        await opening_hours.set_week(care, {day: [(0, 24 * 60)] for day in range(7)}, who="test")
        async with care.sessions.write() as session:
            session.add_all(
                [
                    Product(sku="AC1", name="小天鹅 1.5匹变频空调 KFR-35", brand="小天鹅", model="KFR-35", category="空调",
                            price=Decimal("2399.00"), stock=12, spoken_names=["一匹半空调"],
                            attributes={"匹数": "1.5匹", "能效": "一级"}),
                    Product(sku="HP1", name="云雀 降噪耳机 Q3", brand="云雀", model="Q3", category="耳机",
                            price=Decimal("399.00"), stock=3, spoken_names=["降噪耳机"], attributes={"续航": "30小时"}),
                    Product(sku="WM1", name="海澜 10公斤滚筒洗衣机 XQG100", brand="海澜", model="XQG100", category="洗衣机",
                            price=Decimal("1899.00"), stock=0, spoken_names=["滚筒洗衣机"], attributes={"容量": "10公斤"}),
                ]
            )  # fmt: skip
        await add_customer(care, name="李雷", first_number=FOREIGN)


async def add_customer(
    care: Care, *, name: str = NAME, first_number: str = ""
) -> tuple[str, tuple[str, str, str]]:
    """A new customer's phone and orders: on the road, delivered 5 days ago, delivered 40 days ago."""
    now = care.clock.now()
    phone = f"1380{_seven_digits()}"
    numbers = (first_number or f"8811{_seven_digits()}", f"8812{_seven_digits()}", f"8813{_seven_digits()}")
    async with care.sessions.write() as session:
        products = list(await session.scalars(select(Product).order_by(Product.sku)))
        customer = Customer(public_id=str(uuid4()), name=name, phone=phone, created_at=now)
        session.add(customer)
        await session.flush()
        for number, product, state, days in zip(
            numbers,
            products,
            (OrderState.SHIPPED, OrderState.DELIVERED, OrderState.DELIVERED),
            (3, 8, 43),
            strict=True,
        ):
            placed = now - timedelta(days=days)
            is_here = state is OrderState.DELIVERED
            session.add(
                Order(
                    number=number, customer_id=customer.id, state=state, amount=product.price, placed_at=placed,
                    promised_at=placed + timedelta(days=5), delivered_at=placed + timedelta(days=3) if is_here else None,
                    receiver_name=name, receiver_phone=phone, receiver_address="浙江省杭州市西湖区文三路 1 号",
                    lines=[OrderLine(product_id=product.id, quantity=1, unit_price=product.price)],
                    shipments=[
                        Shipment(carrier="顺丰速运", tracking_number=f"SF{number}", shipped_at=placed + timedelta(days=1),
                                 expected_at=placed + timedelta(days=5))
                    ],
                    events=[
                        OrderEvent(at=placed, title="已下单", detail=""),
                        OrderEvent(at=placed + timedelta(days=1), title="已发货", detail="顺丰速运已揽收"),
                        OrderEvent(at=placed + timedelta(days=2), title="到达杭州转运中心", detail=""),
                    ],
                )
            )  # fmt: skip
    return phone, numbers


def _seven_digits() -> str:
    return f"{uuid4().int % 10**7:07d}"
