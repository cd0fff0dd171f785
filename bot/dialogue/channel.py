"""The one door of the Rasa server: signed requests of the web service, answered in the same call."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from rasa.core.agent import Agent
from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.events import ActionExecuted, ConversationResumed, deserialise_events
from rasa.shared.core.trackers import DialogueStateTracker
from sanic import Blueprint, Sanic
from sanic.request import Request
from sanic.response import HTTPResponse
from sanic.response import json as json_answer

from bot.dialogue import turns
from bot.dialogue.processor import ActionEndpoint, CarefulProcessor, TurnFailed, adopt
from bot.dialogue.runtime import Runtime, runtime
from bot.dialogue.second_reading import read_again
from bot.dialogue.tracker_store import TrackerStoreBroken
from bot.dialogue.wishes import with_parts
from care.rules import signing
from care.rules.errors import NotFound
from care.rules.ownership import may_bot_speak
from care.services import conversations

log = structlog.get_logger(__name__)

TURN_TIMEOUT_S = 12.0
#: Marks events that the web service told us, so that telling them twice changes nothing.
OUTBOX_MARK = "outbox"


class ZhikeChannel(InputChannel):
    """``POST /webhooks/zhike/webhook`` (a turn), ``…/events`` (what happened beside the bot),
    ``GET …/health`` (200 once there is a model)."""

    def __init__(self, runtime_: Runtime | None = None) -> None:
        self._runtime = runtime_ or runtime()
        settings = self._runtime.settings
        self._secret = settings.secret_key
        self._endpoint = ActionEndpoint(f"{settings.actions_url.rstrip('/')}/webhook", settings.secret_key)

    @classmethod
    def name(cls) -> str:
        return "zhike"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> ZhikeChannel:
        return cls()

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        blueprint = Blueprint("zhike_channel")

        @blueprint.listener("after_server_start")
        async def take_over(app: Sanic, _loop: Any) -> None:
            adopt(app.ctx.agent, self._endpoint)

        @blueprint.listener("after_server_stop")
        async def close(_app: Sanic, _loop: Any) -> None:
            await self._endpoint.close()
            await self._runtime.close()

        async def health(request: Request) -> HTTPResponse:
            processor = _processor(request)
            if processor is None:
                return _error(503, "model_missing")
            return json_answer({"status": "ok", "model": processor.model_filename})

        blueprint.add_route(health, "/", name="root")
        blueprint.add_route(health, "/health", name="health")

        @blueprint.post("/webhook")
        async def webhook(request: Request) -> HTTPResponse:
            return await self._guarded(request, self._take_turn)

        @blueprint.post("/events")
        async def events(request: Request) -> HTTPResponse:
            return await self._guarded(request, self._take_events)

        return blueprint

    async def _guarded(
        self, request: Request, handle: Callable[[Agent, CarefulProcessor, Any], Awaitable[HTTPResponse]]
    ) -> HTTPResponse:
        header = request.headers.get(signing.SIGNATURE_HEADER)
        if not signing.check(self._secret, header, request.body, int(time.time())):
            return _error(401, "bad_signature")
        processor = _processor(request)
        if processor is None:
            return _error(503, "model_missing")
        try:
            return await asyncio.wait_for(
                handle(request.app.ctx.agent, processor, _read_json(request.body)), TURN_TIMEOUT_S
            )
        except turns.BadTurn as error:
            log.warning("dialogue.bad_turn", reason=str(error))
            return _error(400, "bad_turn")
        except NotFound:
            return _error(404, "not_found")
        except TrackerStoreBroken as error:
            log.error("dialogue.store_broken", error=repr(error), cause=repr(error.__cause__))
            return _error(503, "store_broken")
        except (TurnFailed, asyncio.TimeoutError) as error:
            log.error("dialogue.turn_failed", error=repr(error))
            return _error(502, "turn_failed")
        except Exception:
            log.exception("dialogue.turn_crashed")
            return _error(502, "turn_failed")

    async def _take_turn(self, agent: Agent, processor: CarefulProcessor, body: Any) -> HTTPResponse:
        turn = turns.read_turn(body)
        async with agent.lock_store.lock(turn.sender, TURN_TIMEOUT_S):
            tracker = await processor.tracker_store.retrieve(turn.sender)
            recorded = turns.recorded_turn(tracker.events, turn.message_id) if tracker else None
            if recorded is not None:
                replies, known = recorded
                return _answer(replies, known, processor)
            if not await self._bot_may_speak(turn.sender):
                return _error(409, "fenced")
            if tracker is not None and tracker.is_paused():
                # A person has handed back, but the outbox has not told the tracker yet; the records decide.
                tracker.update_with_events([ConversationResumed(), ActionExecuted(ACTION_LISTEN_NAME)], None)
                await processor.save_tracker(tracker)
            if turn.payload is not None:
                parse = turns.read_payload(turn.payload, turn.text, processor.domain)
            else:
                parse = await _read(turn.text, tracker, processor)
            collected = turns.Collected()
            if tracker is not None:
                processor.at_hand[turn.sender] = tracker
            message = UserMessage(
                turn.text,
                collected,
                turn.sender,
                parse_data=parse,
                input_channel=self.name(),
                message_id=turn.message_id,
                metadata=turn.metadata,
            )
            try:
                await processor.handle_message(message)
            finally:
                processor.at_hand.pop(turn.sender, None)
        if not collected.replies:
            raise TurnFailed("nothing was said")
        return _answer(collected.replies, turns.understood(parse), processor)

    async def _bot_may_speak(self, sender: str) -> bool:
        try:
            return may_bot_speak(await conversations.fence(await self._runtime.care(), sender))
        except NotFound:
            raise
        except Exception as error:
            raise TrackerStoreBroken("who speaks cannot be read") from error

    async def _take_events(self, agent: Agent, processor: CarefulProcessor, body: Any) -> HTTPResponse:
        if not isinstance(body, dict) or not isinstance(body.get("sender"), str):
            raise turns.BadTurn("sender is not a text")
        mark, told = body.get("key"), body.get("events")
        if not isinstance(mark, str) or not isinstance(told, list):
            raise turns.BadTurn("key is not a text or events is not a list")
        async with agent.lock_store.lock(body["sender"], TURN_TIMEOUT_S):
            tracker = await processor.fetch_tracker_and_update_session(body["sender"], turns.Collected())
            if not any(event.metadata.get(OUTBOX_MARK) == mark for event in tracker.events):
                for event in deserialise_events(told):
                    event.metadata = {**(event.metadata or {}), OUTBOX_MARK: mark}
                    tracker.update(event, processor.domain)
                await processor.save_tracker(tracker)
        return json_answer({"events": len(tracker.events)})


async def _read(
    text: str, tracker: DialogueStateTracker | None, processor: CarefulProcessor
) -> dict[str, Any]:
    """What a typed message means in its visit, each of its wishes apart."""

    async def read(words: str) -> dict[str, Any]:
        return turns.understand(await processor.parse_message(UserMessage(words)))

    in_form = tracker is not None and tracker.active_loop_name is not None
    return await with_parts(read_again(await read(text), tracker), read, in_form=in_form)


def _processor(request: Request) -> CarefulProcessor | None:
    agent = getattr(request.app.ctx, "agent", None)
    found = getattr(agent, "processor", None)
    return found if isinstance(found, CarefulProcessor) else None


def _read_json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError as error:
        raise turns.BadTurn("body is not JSON") from error


def _answer(
    replies: list[dict[str, Any]], known: dict[str, Any], processor: CarefulProcessor
) -> HTTPResponse:
    return json_answer({"replies": replies, "understood": known, "model": processor.model_filename})


def _error(status: int, code: str) -> HTTPResponse:
    return json_answer({"error": {"code": code}}, status=status)
