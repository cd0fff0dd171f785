"""Rasa's message processor, told to fail loudly.

Stock Rasa logs an action's exception and goes on as if the action had said nothing, and turns a
broken tracker store into an empty conversation. Either is silence for the customer, so both
end the turn here and the web service hears of it.
"""

from __future__ import annotations

import json
import time
from typing import Any

import aiohttp
from rasa.core.actions.action import Action, ActionExecutionRejection
from rasa.core.agent import Agent
from rasa.core.channels.channel import OutputChannel
from rasa.core.nlg import NaturalLanguageGenerator
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.core.tracker_store import FailSafeTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, Event
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

from bot.dialogue import action_checks
from care.rules import signing

ACTION_TIMEOUT_S = 5.0


class TurnFailed(Exception):
    """The bot could not answer this message; nothing of the turn was kept."""


class ActionEndpoint(EndpointConfig):
    """The action server: signed requests over a kept connection, seconds instead of minutes to wait."""

    def __init__(self, url: str, secret: str, *, timeout_s: float = ACTION_TIMEOUT_S) -> None:
        # Our actions read the tracker only; sending the whole domain each time would cost more than they do.
        super().__init__(url, selective_domain=True)
        self._secret = secret
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._http: aiohttp.ClientSession | None = None

    async def request(
        self,
        method: str = "post",
        subpath: str | None = None,
        content_type: str | None = "application/json",
        compress: bool = False,
        **kwargs: Any,
    ) -> Any:
        body = json.dumps(kwargs["json"], ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json",
            signing.SIGNATURE_HEADER: signing.sign(self._secret, body, int(time.time())),
        }
        if self._http is None or self._http.closed:
            self._http = aiohttp.ClientSession(timeout=self._timeout)
        async with self._http.post(self.url, data=body, headers=headers) as answer:
            if answer.status >= 400:
                raise ClientResponseError(answer.status, answer.reason or "", await answer.text())
            return await answer.json()

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()


class CarefulProcessor(MessageProcessor):
    """A loaded processor that ends the turn when an action fails or nothing is said."""

    @classmethod
    def of(cls, loaded: MessageProcessor) -> CarefulProcessor:
        """The same model and stores under careful handling (loading the model twice would cost a minute)."""
        processor = cls.__new__(cls)
        processor.__dict__.update(loaded.__dict__)
        processor.on_circuit_break = _circuit_broke
        processor.at_hand = {}
        return processor

    #: Histories that the channel has just read under the conversation's lock: not to be read a second time.
    at_hand: dict[str, DialogueStateTracker]

    async def get_tracker(self, conversation_id: str) -> DialogueStateTracker:
        read = self.at_hand.pop(conversation_id, None)
        if read is None:
            return await super().get_tracker(conversation_id)
        read.model_id = self.model_metadata.model_id
        read.assistant_id = read.assistant_id or self.model_metadata.assistant_id
        return read

    async def _run_action(
        self,
        action: Action,
        tracker: DialogueStateTracker,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        prediction: PolicyPrediction,
    ) -> bool:
        watched = _WatchedAction(action)
        goes_on: bool = await super()._run_action(watched, tracker, output_channel, nlg, prediction)
        if watched.error is not None:
            raise TurnFailed(f"action {action.name()} failed: {watched.error!r}") from watched.error
        return goes_on


class _WatchedAction(Action):
    """Passes everything on and remembers the exception that the stock processor swallows."""

    def __init__(self, action: Action) -> None:
        self._action = action
        self.error: BaseException | None = None

    def name(self) -> str:
        return str(self._action.name())

    async def run(
        self,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        tracker: DialogueStateTracker,
        domain: Domain,
    ) -> list[Event]:
        try:
            events: list[Event] = await self._action.run(output_channel, nlg, tracker, domain)
        except ActionExecutionRejection:
            raise
        except BaseException as error:
            self.error = error
            raise
        return events

    def event_for_successful_execution(self, prediction: PolicyPrediction) -> ActionExecuted:
        return self._action.event_for_successful_execution(prediction)


def _circuit_broke(tracker: DialogueStateTracker, *_: Any) -> None:
    raise TurnFailed(f"more actions than a turn may have; the last was {tracker.latest_action_name}")


def adopt(agent: Agent, endpoint: ActionEndpoint) -> None:
    """Puts `agent` under careful handling: no fail-safe store, watched actions, the signed endpoint."""
    action_checks.install()
    store = agent.tracker_store
    if isinstance(store, FailSafeTrackerStore):
        store = store._tracker_store
    agent.tracker_store = store
    agent.action_endpoint = endpoint
    if agent.processor is not None:
        processor = CarefulProcessor.of(agent.processor)
        processor.tracker_store = store
        processor.action_endpoint = endpoint
        agent.processor = processor
