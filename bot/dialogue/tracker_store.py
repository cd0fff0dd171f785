"""Rasa's conversations in our own database, append-only, failing closed."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker

from bot.dialogue import signed_actions
from bot.dialogue.runtime import Runtime, runtime
from care.services import trackers

_STORED = "zhike_stored_events"


class TrackerStoreBroken(Exception):
    """The history could not be read or written; the turn must not go on without it."""


class CareTrackerStore(TrackerStore):
    """Reads and appends `tracker_event` rows through `care.services.trackers`.

    Rasa wraps every store in one that answers a failure with an empty conversation and goes on
    in memory. `bot.dialogue.processor.adopt` takes that wrapper away, so that the errors raised
    here end the turn.
    """

    def __init__(
        self,
        domain: Domain | None = None,
        event_broker: EventBroker | None = None,
        host: str | None = None,
        *,
        runtime_: Runtime | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(domain or Domain.empty(), event_broker)
        self._runtime = runtime_ or runtime()
        signed_actions.install(self._runtime.settings)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The whole conversation, or `None` when there is none yet.

        Raises:
            TrackerStoreBroken: the database did not answer.
        """
        try:
            events = await trackers.load_events(await self._runtime.care(), sender_id)
        except Exception as error:
            raise TrackerStoreBroken(f"history of {sender_id} cannot be read") from error
        if not events:
            return None
        tracker = DialogueStateTracker.from_dict(sender_id, events, self.domain.slots, self.max_event_history)
        setattr(tracker, _STORED, len(events))
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Appends what the tracker holds beyond what it was read with.

        Raises:
            TrackerStoreBroken: the database did not take it, or another turn was written meanwhile.
        """
        stored: int = getattr(tracker, _STORED, 0)
        events = [event.as_dict() for event in islice(tracker.events, stored, None)]
        if not events:
            return
        try:
            await trackers.append_events(await self._runtime.care(), tracker.sender_id, stored, events)
        except Exception as error:
            raise TrackerStoreBroken(f"history of {tracker.sender_id} cannot be written") from error
        setattr(tracker, _STORED, stored + len(events))

    async def keys(self) -> Iterable[str]:
        """Rasa needs the list of all conversations only for exports, which read the database instead."""
        return []
