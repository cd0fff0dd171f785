"""Text messages: printed in the terminal for trying out, or handed to an HTTP gateway."""

from __future__ import annotations

import asyncio
import json
import sys
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from care.ports import SmsSender
from care.rules.errors import Unavailable
from care.settings import Settings, SettingsError

TIMEOUT_S = 5


class ConsoleSms:
    """For demonstrations: whoever sees the terminal is the phone."""

    async def send(self, phone: str, text: str) -> None:
        print(f"[短信] {phone} {text}", file=sys.stdout, flush=True)


class HttpSms:
    """POSTs ``{"phone", "text"}`` as JSON; any 2xx answer means that it was taken."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def send(self, phone: str, text: str) -> None:
        await asyncio.to_thread(self._post, json.dumps({"phone": phone, "text": text}).encode())

    def _post(self, body: bytes) -> None:
        request = urllib.request.Request(  # noqa: S310 - the scheme was checked by open_sms
            self._url, data=body, headers={"Content-Type": "application/json"}, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S):  # noqa: S310
                pass
        except OSError as error:  # HTTP errors, refused connections and time-outs alike
            raise Unavailable("短信暂时发不出去，请稍后再试。") from error


@asynccontextmanager
async def open_sms(settings: Settings) -> AsyncIterator[SmsSender]:
    """The sender that `settings` asks for.

    Raises:
        SettingsError: the HTTP sender has no usable address.
    """
    if settings.sms == "console":
        yield ConsoleSms()
        return
    url = settings.sms_http_url
    if not url or urlsplit(url).scheme not in {"http", "https"}:
        raise SettingsError("ZHIKE_SMS=http 需要 ZHIKE_SMS_HTTP_URL，以 http:// 或 https:// 开头")
    yield HttpSms(url)
