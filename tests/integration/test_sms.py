"""The text message gateway: signed, in time, tried again by one key, and told nothing that is not its own."""

from __future__ import annotations

import dataclasses
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from care.adapters import sms
from care.adapters.sms import HttpSms, open_sms
from care.rules.errors import Unavailable
from care.rules.signing import SIGNATURE_HEADER, check
from care.services import identity, outbox

TOKEN = "a-gateway-token"


@dataclass
class Gateway:
    """Answers with `statuses` in turn, the last one for ever; sends each key once, as real ones do."""

    statuses: list[int] = field(default_factory=lambda: [200])
    delay_s: float = 0.0
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    sent: dict[str, str] = field(default_factory=dict)
    url: str = ""

    def answer(self, headers: dict[str, str], body: bytes) -> int:
        self.requests.append((headers, body))
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        if status < 400 or status == 504:  # 504: taken, but the answer got lost on the way
            self.sent.setdefault(headers["Idempotency-Key"], json.loads(body)["text"])
        time.sleep(self.delay_s)
        return status


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    one = Gateway()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = one.answer(dict(self.headers), body)
            self.send_response(status)
            if status == 307:
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    one.url = f"http://127.0.0.1:{server.server_port}/send"
    yield one
    server.shutdown()
    server.server_close()


def sender(gateway: Gateway, token: str | None = TOKEN) -> HttpSms:
    return HttpSms(gateway.url, token, retry_pauses_s=(0.01, 0.01))


async def test_the_message_bears_the_token_and_a_signature_over_time_and_body(gateway):
    await sender(gateway).send("13800000001", "验证码 123456", key="code-1")
    ((headers, body),) = gateway.requests
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert headers["Idempotency-Key"] == "code-1"
    assert json.loads(body) == {"phone": "13800000001", "text": "验证码 123456"}
    signature = (
        headers[SIGNATURE_HEADER.title()]
        if SIGNATURE_HEADER.title() in headers
        else headers[SIGNATURE_HEADER]
    )
    assert check(TOKEN, signature, body, int(time.time()))
    assert not check(TOKEN, signature, body + b" ", int(time.time()))


async def test_without_a_token_nothing_is_signed(gateway):
    await sender(gateway, None).send("13800000001", "验证码 123456")
    ((headers, _),) = gateway.requests
    assert {"Authorization", SIGNATURE_HEADER, SIGNATURE_HEADER.title()}.isdisjoint(headers)
    assert headers["Idempotency-Key"]


async def test_a_busy_gateway_is_tried_again_by_the_same_key_and_sends_once(gateway):
    gateway.statuses = [504, 503, 200]
    await sender(gateway).send("13800000001", "验证码 123456", key="code-1")
    assert [headers["Idempotency-Key"] for headers, _ in gateway.requests] == ["code-1"] * 3
    assert gateway.sent == {"code-1": "验证码 123456"}


@pytest.mark.parametrize(("status", "tries"), [(500, 3), (429, 3), (400, 1), (401, 1), (404, 1)])
async def test_what_would_be_refused_again_is_not_tried_again(gateway, status, tries, caplog):
    gateway.statuses = [status]
    with pytest.raises(Unavailable):
        await sender(gateway).send("13800000001", "验证码 123456")
    assert len(gateway.requests) == tries
    assert f"status {status}" in caplog.text
    for personal in ("13800000001", "123456", TOKEN):
        assert personal not in caplog.text


async def test_a_redirect_is_not_followed_with_the_token(gateway):
    gateway.statuses = [307]
    with pytest.raises(Unavailable):
        await sender(gateway).send("13800000001", "验证码 123456")
    assert len(gateway.requests) == 1


async def test_a_gateway_that_does_not_answer_is_left_after_its_time(gateway, monkeypatch):
    monkeypatch.setattr(sms, "TIMEOUT_S", 0.2)
    gateway.delay_s = 1.0
    started = time.monotonic()
    with pytest.raises(Unavailable):
        await HttpSms(gateway.url, retry_pauses_s=()).send("13800000001", "验证码 123456")
    assert time.monotonic() - started < 0.9


async def test_a_code_that_is_delivered_twice_is_the_same_message(care, shop, gateway):
    """The outbox delivers at least once: after a lost answer it comes again, by the same key."""
    settings = dataclasses.replace(care.settings, sms="http", sms_http_url=gateway.url, sms_http_token=TOKEN)
    async with open_sms(settings) as opened:
        with_gateway = dataclasses.replace(care, sms=opened)
        visit = await shop.visit()
        await shop.customer("13800000001")
        await identity.request_code(with_gateway, visit.id, "13800000001")
        handlers = {identity.SMS_TOPIC: identity.sms_handler(with_gateway)}
        gateway.statuses = [504, 504, 200]
        assert await outbox.deliver_due(with_gateway, handlers) == 0
        care.clock.advance(seconds=5)
        assert await outbox.deliver_due(with_gateway, handlers) == 1
    assert len({headers["Idempotency-Key"] for headers, _ in gateway.requests}) == 1
    assert len(gateway.sent) == 1
