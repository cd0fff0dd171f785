"""One customer message as an action sees it: what was said, by whom, where in the dialogue, and how to answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import wording
from actions.desk import Desk, desk
from actions.digits import Digits, read_digits
from care.rules.errors import NotFound
from care.rules.vocabulary import Cue, Emotion, Topic, topic_of_intent
from care.services import conversations, shell, transcript
from care.services.context import Care
from care.services.conversations import ConversationView

Button = dict[str, str]

HUMAN: Button = {"title": "转人工", "payload": "/request_human"}
#: Cues at which safety comes before everything else (understanding.md, dialogue rule 6).
SEVERE: frozenset[Cue] = frozenset({Cue.INJURY, Cue.FIRE, Cue.ELECTRICITY, Cue.MINOR, Cue.SELF_HARM})

_FORM_ACTIONS = ("action_listen", "action_extract_slots", "action_ask_", "validate_")


@dataclass
class Turn:
    """Opened once per action call. `events` are returned to Rasa when the action ends."""

    desk: Desk
    tracker: Tracker
    dispatcher: CollectingDispatcher
    conversation: ConversationView
    events: list[EventType] = field(default_factory=list)
    #: Another message of the visit that is being answered now: a wish that had to wait.
    earlier: dict[str, Any] | None = None

    @property
    def care(self) -> Care:
        return self.desk.care

    @property
    def message(self) -> dict[str, Any]:
        return self.earlier or self.tracker.latest_message

    @property
    def message_id(self) -> int:
        """The message's row in the records: what makes every write idempotent."""
        return int(self.message["metadata"]["message_id"])

    @property
    def seed(self) -> str:
        """Chooses among the variants of a sentence; before the first message the visit itself does."""
        return str((self.message.get("metadata") or {}).get("message_id") or self.tracker.sender_id)

    @property
    def page(self) -> dict[str, Any]:
        return self.message["metadata"].get("page") or {}

    @property
    def is_button(self) -> bool:
        return bool(self.message["metadata"].get("button"))

    @property
    def text(self) -> str:
        """What the customer sees as said: the typed words or the button's title."""
        return self.message.get("text") or ""

    async def written(self) -> str:
        """`text` as it is stored, with its own punctuation: what records and restatements use."""
        if self.message.get("is_part"):
            return self.text
        return (await transcript.customers_words(self.care, self.message_id)).line

    async def own_words(self) -> str:
        """`words` as they are stored."""
        return (await transcript.customers_words(self.care, self.message_id)).typed

    @property
    def words(self) -> str:
        """What the customer typed: behind a button, the last thing that was typed."""
        if not self.is_button:
            return self.text
        typed = (
            event["text"]
            for event in reversed(self.tracker.events)
            if event.get("event") == "user"
            and event.get("text")
            and not event.get("metadata", {}).get("button")
        )
        return next(typed, self.text)

    @property
    def intent(self) -> str:
        return self.message["intent"].get("name") or "nlu_fallback"

    @property
    def topic(self) -> Topic:
        return Topic(self.message.get("topic") or topic_of_intent(self.intent))

    @property
    def confidence(self) -> float:
        return float(self.message["intent"].get("confidence") or 0.0)

    @property
    def also(self) -> list[Topic]:
        return [Topic(topic) for topic in self.message.get("also") or [] if topic != self.topic.value]

    @property
    def emotion(self) -> Emotion:
        return Emotion(self.message.get("emotion") or "calm")

    @property
    def cues(self) -> frozenset[Cue]:
        return frozenset(Cue(cue) for cue in self.message.get("cues") or [])

    @property
    def is_upset(self) -> bool:
        return self.emotion in (Emotion.ANGRY, Emotion.DISTRESSED) or bool(self.cues & SEVERE)

    def entity(self, *names: str) -> str | None:
        """The last value of the first of `names` that was heard."""
        return next((values[-1] for name in names if (values := self.entities(name))), None)

    def entities(self, *names: str) -> list[str]:
        """Every value of `names` that was heard, in the order in which they were said."""
        found = self.message.get("entities") or []
        return [str(entity["value"]) for entity in found if entity.get("entity") in names]

    @cached_property
    def digits(self) -> Digits:
        """The numbers in `text`."""
        return read_digits(self.text, self.care.settings.order_number_pattern)

    @property
    def order_said(self) -> str | None:
        """The number of an order, or of its parcel, that this message names."""
        by_button = self.entity("order_number") if self.is_button else None
        return by_button or self.digits.reference or (None if self.digits.phone else self._order_heard())

    def _order_heard(self) -> str | None:
        """Two numbers in a row may have been heard as one; such a one is no order's."""
        heard = self.entity("order_number")
        return heard if heard and heard == self.digits.number else None

    def slot(self, name: str) -> Any:
        """As set by this action or before it."""
        for event in reversed(self.events):
            if event.get("event") == "slot" and event.get("name") == name:
                return event.get("value")
        return self.tracker.slots.get(name)

    def about(self, message: dict[str, Any]) -> Turn:
        """This turn, answering an earlier message of the visit; what is said and set is the same list."""
        return replace(self, earlier=message)

    def main(self) -> Turn:
        """This turn, answering the main wish of a message in the words of that wish."""
        rest = self.message.get("rest")
        return self.about({**self.message, **rest, "is_part": True, "rest": None}) if rest else self

    def beside(self, topic: Topic) -> Turn:
        """This turn, answering a further wish in the words in which it was said."""
        parts = [part for part in self.message.get("parts") or [] if part["topic"] == topic.value]
        if not parts:
            return self
        return self.about({**self.message, **parts[-1], "is_part": True, "rest": None, "also": []})

    def set(self, name: str, value: Any) -> None:
        self.events.append(SlotSet(name, value))

    # -- where we are in the dialogue ---------------------------------------------------------

    def _since_message(self) -> list[dict[str, Any]]:
        events = self.tracker.events
        for index in range(len(events) - 1, -1, -1):
            if events[index].get("event") == "user":
                return list(events[index + 1 :])
        return list(events)

    def acted(self, *, but: str) -> bool:
        """Whether another action than `but` already ran for this message."""
        quiet = {"action_listen", "action_extract_slots", but}
        return any(e.get("event") == "action" and e.get("name") not in quiet for e in self._since_message())

    @property
    def offered(self) -> str | None:
        """What the answer before this message offered; an older offer is no longer meant by a yes."""
        return self.set_before("offered")

    def set_before(self, slot: str) -> str | None:
        """What the answer before this message set `slot` to."""
        before = len(self.tracker.events) - len(self._since_message()) - 1
        for event in reversed(self.tracker.events[: max(0, before)]):
            if event.get("event") == "user":
                return None
            if event.get("event") == "slot" and event.get("name") == slot:
                return str(event["value"]) if event.get("value") else None
        return None

    def was_in(self, form: str) -> bool:
        """Whether `form` was already going when this message came."""
        before = len(self.tracker.events) - len(self._since_message())
        for event in reversed(self.tracker.events[:before]):
            if event.get("event") == "active_loop":
                return bool(event.get("name") == form)
        return False

    def asides(self, form: str) -> int:
        """How many messages in a row, this one included, were about something else than `form` asked."""
        count, is_aside = 0, False
        for event in reversed(self.tracker.events):
            if event.get("event") == "active_loop":
                return count  # the message that started it was about it
            if event.get("event") == "action":
                name = str(event.get("name"))
                is_aside = is_aside or not (name.startswith(_FORM_ACTIONS) or name == form)
            elif event.get("event") == "user":
                if not is_aside:
                    return count
                count, is_aside = count + 1, False
        return count

    def opening(self, form: str) -> str:
        """What was said when `form` started: behind it may lie a whole verification."""
        said = opening = ""
        for event in self.tracker.events:
            if event.get("event") == "user":
                said = event.get("text") or ""
            elif event.get("event") == "active_loop" and event.get("name") == form:
                opening = said
        return opening if self.was_in(form) else self.words

    def opened(self, form: str) -> Turn:
        """This turn, answering the message with which `form` started."""
        said = opening = None
        for event in self.tracker.events:
            if event.get("event") == "user":
                said = event
            elif event.get("event") == "active_loop" and event.get("name") == form:
                opening = said
        if not self.was_in(form) or opening is None:
            return self
        parse = opening.get("parse_data") or {}
        return self.about({**parse, "text": opening.get("text"), "metadata": opening.get("metadata") or {}})

    def has_said(self, key: str) -> bool:
        """Whether a variant of the sentence `key` was already said in answer to this message."""
        starts = [variant.split("{")[0] for variant in wording.sentences()[key]]
        said = [e.get("text") or "" for e in self._since_message() if e.get("event") == "bot"]
        said += [message.get("text") or "" for message in self.dispatcher.messages]
        return any(text.startswith(start) for text in said for start in starts if start)

    # -- answering ---------------------------------------------------------------------------

    def say(
        self,
        key: str,
        *,
        buttons: Sequence[Button] = (),
        card: dict[str, Any] | None = None,
        **values: object,
    ) -> None:
        """One bubble: a variant of the sentence `key`, another one than in the last answers where there is one."""
        text = wording.say(key, self.seed, unlike=self._said_lately(), **values)
        self.say_text(text, buttons=buttons, card=card)

    def _said_lately(self) -> frozenset[str]:
        """The bubbles of this answer and of the two before it."""
        users = [i for i, event in enumerate(self.tracker.events) if event.get("event") == "user"]
        recent = self.tracker.events[users[-3] if len(users) > 2 else 0 :]
        said = [event.get("text") or "" for event in recent if event.get("event") == "bot"]
        return frozenset(said + [message.get("text") or "" for message in self.dispatcher.messages])

    def say_text(
        self, text: str, *, buttons: Sequence[Button] = (), card: dict[str, Any] | None = None
    ) -> None:
        """One bubble in words that come from elsewhere (knowledge, a record)."""
        self.dispatcher.utter_message(
            text=text, buttons=list(buttons), json_message={"card": card} if card else None
        )


async def open_turn(dispatcher: CollectingDispatcher, tracker: Tracker) -> Turn:
    """The customer is resolved from the sender id in the records, never from a slot.

    A developer's `rasa shell`, which nobody but the holder of the secret can run, gets records of its own.

    Raises:
        NotFound: no conversation has this sender id.
    """
    here = desk()
    try:
        conversation = await conversations.conversation_of_sender(here.care, tracker.sender_id)
    except NotFound:
        if _message_row(tracker):
            raise
        await shell.open_conversation(here.care, tracker.sender_id)
        conversation = await conversations.conversation_of_sender(here.care, tracker.sender_id)
    latest = tracker.latest_message or {}
    if latest.get("text") and not _message_row(tracker):
        line = await shell.take_line(
            here.care, conversation.id, rasa_message_id=latest["message_id"], text=latest["text"]
        )
        # There a button comes as the text of its payload.
        is_button = latest["text"].startswith("/")
        latest["metadata"] = {**(latest.get("metadata") or {}), "message_id": line, "button": is_button}
        if is_button:
            answers = [e["value"] for e in latest.get("entities") or [] if e.get("entity") == "answer"]
            latest["text"] = str(answers[0]) if answers else latest["text"]
    return Turn(here, tracker, dispatcher, conversation)


def _message_row(tracker: Tracker) -> int | None:
    """The web service says which line of the records a message is; `rasa shell` has none."""
    return ((tracker.latest_message or {}).get("metadata") or {}).get("message_id")
