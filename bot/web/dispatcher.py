"""Brings customers' stored messages to the bot, in order per conversation, and its answers into the records.

One worker for each conversation that has something to answer. The message stays pending in the
records until its answer is stored, so whatever happens here (a crash, a restart, Rasa being
away) the worst case is that the same question is put again, which the dialogue side knows by
the message's id.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import structlog
from async_timeout import timeout

from bot.web import texts
from bot.web.hub import Hub
from bot.web.metrics import Metrics
from bot.web.ports import Bot, BotAnswer, BotSilent, NotBotsTurn
from bot.web.tasks import end
from care.rules.errors import NotFound
from care.rules.vocabulary import Owner, Speaker
from care.services import conversations, evidence_turns
from care.services.context import Care
from care.services.conversations import Turn

log = structlog.get_logger(__name__)

#: Pauses between attempts to get an answer.
RETRY_PAUSES_S: tuple[float, ...] = (0.3, 1.0, 2.5)
#: No further attempt after this long: nobody likes to look at three dots.
PATIENCE_S = 25.0
#: The dialogue side is down, as it is while it starts again: the customer is told, and the message
#: waits this long for an answer before it counts as failed.
AWAY_PATIENCE_S = 90.0
AWAY_POLL_S = 1.0
#: Typing is shown again while the bot still thinks: a page hides it after a while.
TYPING_AGAIN_S = 3.0
#: The records could not be written: the pause before the next attempt grows up to the last.
RECORDS_PAUSES_S: tuple[float, ...] = (0.5, 1.0, 2.0, 5.0)
AT_ONCE = 32
STOP_GRACE_S = 3.0


class _Stopping(Exception):
    """The service stops: the message stays pending."""


class Dispatcher:
    def __init__(
        self,
        care: Care,
        bot: Bot,
        hub: Hub,
        metrics: Metrics,
        *,
        is_bot_away: Callable[[], Awaitable[bool]],
        retry_pauses_s: Sequence[float] = RETRY_PAUSES_S,
    ) -> None:
        self._care = care
        self._bot = bot
        self._hub = hub
        self._metrics = metrics
        self._is_bot_away = is_bot_away
        self._retry_pauses_s = tuple(retry_pauses_s)
        self._workers: dict[int, asyncio.Task[None]] = {}
        self._again: set[int] = set()
        #: Conversations that heard of the present absence: it is said, and waited out, once.
        self._told_away: set[int] = set()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._stopping = asyncio.Event()

    def wake(self, conversation_id: int) -> None:
        """There may be something to answer in this conversation. Cheap, and right however often it is called."""
        if self._stopping.is_set():
            return
        if conversation_id in self._workers:
            self._again.add(conversation_id)
            return
        self._workers[conversation_id] = asyncio.create_task(
            self._work(conversation_id), name=f"turns-{conversation_id}"
        )
        self._metrics.busy_conversations.set(len(self._workers))

    async def recover(self) -> None:
        """Takes up what a process that ended left unanswered."""
        for conversation_id in await conversations.pending_turns(self._care):
            self.wake(conversation_id)

    async def stop(self) -> None:
        """Lets turns under way end for a moment; what does not stays pending in the records."""
        self._stopping.set()
        workers = list(self._workers.values())
        if workers:
            await asyncio.wait(workers, timeout=STOP_GRACE_S)
        await end(workers)

    async def _work(self, conversation_id: int) -> None:
        try:
            with suppress(_Stopping, NotFound):
                await self._answer_all(conversation_id)
        finally:
            del self._workers[conversation_id]
            self._metrics.busy_conversations.set(len(self._workers))

    async def _answer_all(self, conversation_id: int) -> None:
        troubles = 0
        while not self._stopping.is_set():
            self._again.discard(conversation_id)
            try:
                turn = await conversations.next_turn(self._care, conversation_id)
                if turn is not None:
                    await self._take(turn)
                elif conversation_id not in self._again:
                    return
                troubles = 0
            except (_Stopping, NotFound):
                raise
            except Exception:
                # The records cannot be had, or a fault of ours: the message is pending and stays so.
                pause = RECORDS_PAUSES_S[min(troubles, len(RECORDS_PAUSES_S) - 1)]
                troubles += 1
                log.exception("turn.not_recorded", conversation=conversation_id, again_in_s=pause)
                await self._pause(pause)

    async def _take(self, turn: Turn) -> None:
        started = time.monotonic()
        if evidence_turns.is_about_picture(turn):
            await conversations.finish_turn(self._care, turn, await evidence_turns.answer(self._care, turn))
            self._metrics.turns.labels("answered").inc()
            return
        try:
            answer = await self._ask(turn)
            if answer is None and await self._is_back_in_time(turn):
                answer = await self._ask(turn)
        except NotBotsTurn:
            return  # the next look into the records marks the message as a person's
        if answer is None:
            await conversations.fail_turn(self._care, turn)
            self._metrics.turns.labels("failed").inc()
            return
        await conversations.finish_turn(
            self._care, turn, answer.replies, answer.understood, model_version=answer.model
        )
        self._told_away.discard(turn.conversation_id)
        self._metrics.turns.labels("answered").inc()
        self._metrics.turn_seconds.observe(time.monotonic() - started)

    async def _is_back_in_time(self, turn: Turn) -> bool:
        """Tells the customer that the bot is away, if it is, and waits for it.

        Raises:
            NotBotsTurn: a person took the conversation meanwhile.
        """
        if turn.conversation_id in self._told_away or not await self._is_bot_away():
            return False
        self._told_away.add(turn.conversation_id)
        await conversations.say_system(self._care, turn.conversation_id, texts.BOT_AWAY)
        log.warning("turn.waits_for_bot", message=turn.message_id)
        give_up_at = time.monotonic() + AWAY_PATIENCE_S
        while time.monotonic() < give_up_at:
            await self._pause(AWAY_POLL_S)
            if await conversations.fence(self._care, turn.sender_id) is not Owner.BOT:
                raise NotBotsTurn
            if not await self._is_bot_away():
                return True
        return False

    async def _ask(self, turn: Turn) -> BotAnswer | None:
        """The bot's answer, or `None` when it stays silent; typing is shown meanwhile.

        Raises:
            NotBotsTurn: somebody else holds the conversation.
        """
        typing = asyncio.create_task(self._show_typing(turn.conversation_id))
        try:
            return await self._try(turn)
        finally:
            await end([typing])

    async def _try(self, turn: Turn) -> BotAnswer | None:
        """The bot's answer, or `None` when it stays silent after every attempt.

        Raises:
            NotBotsTurn: somebody else holds the conversation, and the records say so too.
        """
        give_up_at = time.monotonic() + PATIENCE_S
        for attempt, pause in enumerate((*self._retry_pauses_s, None), start=1):
            try:
                async with self._slots:
                    return await self._bot.ask(turn)
            except NotBotsTurn:
                if await conversations.fence(self._care, turn.sender_id) is not Owner.BOT:
                    raise
                why = "refused, though the conversation is the bot's"
            except BotSilent as trouble:
                why = str(trouble)
            except Exception as fault:
                log.exception("turn.client_failed", message=turn.message_id)
                why = type(fault).__name__
            log.warning("turn.silent", message=turn.message_id, attempt=attempt, why=why)
            if pause is None or time.monotonic() + pause > give_up_at:
                return None
            await self._pause(pause)
        return None

    async def _pause(self, seconds: float) -> None:
        """Raises `_Stopping` when the service stops: who only waits need not be waited for."""
        with suppress(asyncio.TimeoutError):
            async with timeout(seconds):
                await self._stopping.wait()
        if self._stopping.is_set():
            raise _Stopping

    async def _show_typing(self, conversation_id: int) -> None:
        while True:
            await self._hub.tell_typing(conversation_id, Speaker.BOT.value)
            await asyncio.sleep(TYPING_AGAIN_S)
