"""The web service's way to the bot: one signed request a turn, typed errors, no retry of its own.

Imports nothing of Rasa, so that the web process stays small.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from dataclasses import dataclass
from typing import Any

import aiohttp

from care.rules import signing
from care.services.turns import Reply, Turn
from care.settings import Settings

#: A little more than the Rasa side allows itself, so that its own answer arrives first.
TURN_TIMEOUT = aiohttp.ClientTimeout(total=14.0, connect=2.0)
HEALTH_TIMEOUT = aiohttp.ClientTimeout(total=3.0)


class BotUnavailable(Exception):
    """No usable answer: the server is down, too slow, has no model, or the turn failed. Asking again is safe."""


class BotFenced(Exception):
    """A person holds the conversation by now, or it has ended."""


@dataclass(frozen=True)
class BotAnswer:
    """What the bot said to one message, how it understood it, and by which model."""

    replies: list[Reply]
    understood: dict[str, Any]
    model: str


class DialogueClient:
    """Close it when the service ends (`aclose`, or use it as an async context manager)."""

    def __init__(self, settings: Settings) -> None:
        self._root = f"{settings.rasa_url.rstrip('/')}/webhooks/zhike"
        self._secret = settings.secret_key
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> DialogueClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def ask(self, turn: Turn) -> BotAnswer:
        """The answer to a stored message; the same message asked again is the same turn.

        Raises:
            BotUnavailable: no answer now.
            BotFenced: the bot may not speak in this conversation.
        """
        answer = await self._post(
            "webhook",
            {
                "sender": turn.sender_id,
                "message_id": turn.message_public_id,
                "text": turn.text,
                "payload": turn.payload,
                "metadata": {
                    "conversation": turn.conversation_id,
                    "message_id": turn.message_id,
                    "customer": turn.customer_ref,
                    "owner_version": turn.owner_version,
                    "page": turn.page,
                },
            },
        )
        try:
            replies = [
                Reply(text=reply["text"], buttons=reply["buttons"] or None, card=reply["card"])
                for reply in answer["replies"]
            ]
            if not replies:
                raise BotUnavailable("the bot said nothing")
            return BotAnswer(replies=replies, understood=answer["understood"], model=answer["model"])
        except (KeyError, TypeError) as error:
            raise BotUnavailable(f"the answer lacks {error}") from error

    async def tell(self, data: dict[str, Any]) -> None:
        """The outbox handler for ``tracker_events``: what people said and did becomes part of the dialogue.

        The same row delivered twice is written once.

        Raises:
            BotUnavailable: try again later.
        """
        key = data.get("key") or hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
        await self._post("events", {"sender": data["sender_id"], "key": key, "events": data["events"]})

    async def check_health(self) -> None:
        """Returns when the server has a model.

        Raises:
            BotUnavailable: it has none, or is away.
        """
        try:
            async with self._http().get(f"{self._root}/health", timeout=HEALTH_TIMEOUT) as answer:
                if answer.status != 200:
                    raise BotUnavailable(f"the dialogue server says {answer.status}")
        except (aiohttp.ClientError, asyncio.TimeoutError) as error:
            raise BotUnavailable(f"the dialogue server does not answer: {error!r}") from error

    async def _post(self, path: str, data: dict[str, Any]) -> Any:
        body = json.dumps(data, ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json",
            signing.SIGNATURE_HEADER: signing.sign(self._secret, body, int(time.time())),
        }
        try:
            async with self._http().post(f"{self._root}/{path}", data=body, headers=headers) as answer:
                if answer.status == 409:
                    raise BotFenced
                if answer.status != 200:
                    raise BotUnavailable(
                        f"the dialogue server says {answer.status}: {(await answer.text())[:200]}"
                    )
                return await answer.json()
        except (aiohttp.ClientError, asyncio.TimeoutError, ValueError) as error:
            raise BotUnavailable(f"the dialogue server does not answer: {error!r}") from error

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(timeout=TURN_TIMEOUT)
        return self._session
