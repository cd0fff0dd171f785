"""What the web service needs of the dialogue side, as Protocols: `bot.serve` brings the real ones.

`bot.web` and `bot.dialogue` do not know each other, so each can be run and tested alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from care.services.conversations import Reply, Turn


class BotSilent(Exception):
    """The bot gave no usable answer: down, too slow, or failing. Asking again is safe."""


class NotBotsTurn(Exception):
    """The bot refuses, because somebody else holds the conversation by now."""


@dataclass(frozen=True)
class BotAnswer:
    replies: list[Reply]
    understood: dict[str, Any] | None = None
    model: str | None = None


class Bot(Protocol):
    async def ask(self, turn: Turn) -> BotAnswer:
        """The bot's answer to one message. The same message asked again is the same turn, never a second one.

        Raises:
            BotSilent: no answer now.
            NotBotsTurn: the conversation is not the bot's.
        """


#: Part of the system → a call that returns when the part is well and raises when it is not.
Probes = Mapping[str, Callable[[], Awaitable[None]]]

#: Outbox topic → what delivers one row's data; raising means "not yet".
OutboxHandlers = Mapping[str, Callable[[dict[str, Any]], Awaitable[None]]]
