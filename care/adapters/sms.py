"""Text messages: printed in the terminal for trying out, or handed to an HTTP gateway."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from care.ports import SmsSender
from care.rules.errors import Unavailable
from care.rules.signing import SIGNATURE_HEADER, sign
from care.settings import Settings, SettingsError

log = logging.getLogger(__name__)

TIMEOUT_S = 5
#: Before the second try. The outbox tries again later, by the same key, so one more is enough here: other
#: announcements wait behind this one.
RETRY_PAUSES_S: tuple[float, ...] = (0.5,)
#: The gateway is busy or broken for now; any other refusal would be the same again.
_TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


class ConsoleSms:
    """For demonstrations: whoever sees the terminal is the phone."""

    async def send(self, phone: str, text: str, *, key: str | None = None) -> None:
        print(f"[短信] {phone} {text}", file=sys.stdout, flush=True)


class HttpSms:
    """POSTs ``{"phone", "text"}`` as JSON; any 2xx answer means that it was taken.

    Every try of one message carries the same ``Idempotency-Key``, so a gateway that took the message but
    whose answer was lost sends it once. With a token it is shown as a bearer token and signs time and body.
    """

    def __init__(
        self, url: str, token: str | None = None, *, retry_pauses_s: Sequence[float] = RETRY_PAUSES_S
    ) -> None:
        self._url = url
        self._token = token
        self._pauses = (*retry_pauses_s, None)
        self._opener = urllib.request.build_opener(_NoRedirect)

    async def send(self, phone: str, text: str, *, key: str | None = None) -> None:
        body = json.dumps({"phone": phone, "text": text}).encode()
        key = key or str(uuid4())
        for pause in self._pauses:
            try:
                await asyncio.to_thread(self._post, body, key)
            except OSError as error:  # HTTP errors, refused connections and time-outs alike
                is_final = isinstance(error, urllib.error.HTTPError) and error.code not in _TRY_AGAIN
                if is_final or pause is None:
                    # The reason names the gateway's answer, never the phone or the text.
                    log.warning("the text message gateway did not take a message: %s", _reason(error))
                    raise Unavailable("短信暂时发不出去，请稍后再试。") from None
                await asyncio.sleep(pause)
            else:
                return

    def _post(self, body: bytes, key: str) -> None:
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
            headers[SIGNATURE_HEADER] = sign(self._token, body, int(time.time()))
        request = urllib.request.Request(  # noqa: S310 - the scheme was checked by open_sms
            self._url, data=body, headers=headers, method="POST"
        )
        with self._opener.open(request, timeout=TIMEOUT_S):
            pass


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token to another host; it is an error like any other."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _reason(error: OSError) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"status {error.code}"
    return type(getattr(error, "reason", error)).__name__


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
    yield HttpSms(url, settings.sms_http_token)
