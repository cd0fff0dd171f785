"""One turn on the wire: what the web service sends, what Rasa's tracker holds, what goes back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rasa.core.channels.channel import OutputChannel
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, Event, UserUttered

from care.rules.cues import find_cues, find_emotion
from care.rules.text import neutralise_slash, normalise
from care.rules.vocabulary import FINER_INTENTS, Kind, Topic, kind_of_topic, topic_of_intent

_PAYLOAD = re.compile(r"/([a-z_]+)(\{.*\})?", re.DOTALL)
_RANKING_KEPT = 5
#: Kinds of wish that a complaint in the same message goes before; a person who is asked for is not one.
_ANSWERED = (Kind.INQUIRY, Kind.RECORD_CHANGE, Kind.RIGHTS_REQUEST, Kind.SUGGESTION, Kind.OTHER)


class BadTurn(ValueError):
    """The request is signed but not what the contract says; the text names the field."""


@dataclass(frozen=True)
class IncomingTurn:
    """A customer's message as the web service hands it over."""

    sender: str
    message_id: str
    text: str
    payload: str | None
    metadata: dict[str, Any]


def read_turn(body: Any) -> IncomingTurn:
    """Checks every field of a request's JSON.

    Raises:
        BadTurn: a field is missing or of the wrong type.
    """
    if not isinstance(body, dict):
        raise BadTurn("body is not an object")
    for field in ("sender", "message_id", "text"):
        if not isinstance(body.get(field), str) or (field != "text" and not body[field].strip()):
            raise BadTurn(f"{field} is not a text")
    payload = body.get("payload")
    if payload is not None and not isinstance(payload, str):
        raise BadTurn("payload is neither a text nor null")
    sent = body.get("metadata")
    if not isinstance(sent, dict):
        raise BadTurn("metadata is not an object")
    metadata = {
        name: sent.get(name) for name in ("conversation", "message_id", "customer", "owner_version", "page")
    }
    for name in ("conversation", "message_id"):
        if not isinstance(metadata[name], int):
            raise BadTurn(f"metadata.{name} is not a number")
    # NFKC first: a full-width slash becomes a plain one, and only then can it be seen and defused.
    text = neutralise_slash(normalise(body["text"]))
    metadata["button"] = payload is not None
    return IncomingTurn(body["sender"], body["message_id"], text, payload, metadata)


def read_payload(payload: str, title: str, domain: Domain) -> dict[str, Any]:
    """The parse result that a button stands for.

    Raises:
        BadTurn: it is not a payload that a button of ours can carry.
    """
    found = _PAYLOAD.fullmatch(payload.strip())
    if found is None:
        raise BadTurn("payload is not /intent{...}")
    intent = found[1]
    if intent not in domain.intents or not _is_ours(intent):
        raise BadTurn(f"payload names the intent {intent}, which no button carries")
    try:
        values = json.loads(found[2]) if found[2] else {}
    except json.JSONDecodeError as error:
        raise BadTurn("payload's values are not JSON") from error
    if not isinstance(values, dict) or not all(isinstance(v, (str, int)) for v in values.values()):
        raise BadTurn("payload's values are not plain texts")
    unknown = set(values) - set(domain.entities)
    if unknown:
        raise BadTurn(f"payload names unknown entities: {', '.join(sorted(unknown))}")
    return understand(
        {
            "text": title,
            "intent": {"name": intent, "confidence": 1.0},
            "entities": [
                {"entity": name, "value": str(v), "extractor": "button"} for name, v in values.items()
            ],
            "intent_ranking": [{"name": intent, "confidence": 1.0}],
        },
        read_mood=False,
    )


def understand(parse: dict[str, Any], *, read_mood: bool = True) -> dict[str, Any]:
    """`parse` with the keys that actions rely on, whichever pipeline made it, and a short ranking."""
    _complaint_first(parse)
    text = parse.get("text") or ""
    topic = topic_of_intent(parse["intent"]["name"] or "nlu_fallback")
    parse.setdefault("topic", topic.value)
    parse.setdefault("kind", kind_of_topic(topic).value)
    parse.setdefault("also", [])
    if "emotion" not in parse:
        parse["emotion"] = find_emotion(text).value if read_mood else "calm"
    if "cues" not in parse:
        parse["cues"] = sorted(cue.value for cue in find_cues(text)) if read_mood else []
    parse.setdefault("normalised", text)
    parse["intent_ranking"] = (parse.get("intent_ranking") or [])[:_RANKING_KEPT]
    parse.pop("text_tokens", None)
    return parse


def _complaint_first(parse: dict[str, Any]) -> None:
    """Of several wishes in one message the complaint is dealt with first (understanding.md, dialogue rule 7)."""
    also = list(parse.get("also") or [])
    topic = parse.get("topic")
    complaints = [name for name in also if kind_of_topic(Topic(name)) is Kind.COMPLAINT]
    if not complaints or not topic or kind_of_topic(Topic(topic)) not in _ANSWERED:
        return
    also.remove(complaints[0])
    parse["also"] = [topic, *also]
    parse["topic"], parse["kind"] = complaints[0], Kind.COMPLAINT.value
    parse["intent"] = {**parse["intent"], "name": complaints[0]}


def understood(parse: dict[str, Any]) -> dict[str, Any]:
    """What the web service stores beside the message."""
    return {
        "topic": parse.get("topic"),
        "also": parse.get("also") or [],
        "kind": parse.get("kind"),
        "intent": parse["intent"].get("name"),
        "confidence": round(float(parse["intent"].get("confidence") or 0.0), 4),
        "entities": [
            {key: entity[key] for key in ("entity", "value", "start", "end") if key in entity}
            for entity in parse.get("entities") or []
        ],
        "emotion": parse.get("emotion"),
        "cues": parse.get("cues") or [],
    }


def reply_of(message: dict[str, Any]) -> dict[str, Any]:
    """One bot message of Rasa as the web service stores it."""
    custom = message.get("custom") or {}
    buttons = message.get("buttons") or []
    return {
        "text": message.get("text") or "",
        "buttons": [{"title": b["title"], "payload": b["payload"]} for b in buttons],
        "card": custom.get("card"),
    }


class Collected(OutputChannel):
    """Keeps each reply whole: text, buttons and card of one bubble belong together."""

    def __init__(self) -> None:
        self.replies: list[dict[str, Any]] = []

    @classmethod
    def name(cls) -> str:
        return "zhike"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        self.replies.append(reply_of(message))


def recorded_turn(
    events: Iterable[Event], message_id: str
) -> tuple[list[dict[str, Any]], dict[str, Any]] | None:
    """Replies and understanding of a message that was already answered, or `None`."""
    replies: list[dict[str, Any]] = []
    found: UserUttered | None = None
    is_first = True
    for event in events:
        if isinstance(event, UserUttered):
            if event.message_id == message_id:
                found = event
                continue
            if found is None:
                is_first = False
                replies = []
            else:
                break
        elif isinstance(event, BotUttered) and (found is not None or is_first):
            replies.append(reply_of(event.message()))
        elif (
            found is not None
            and isinstance(event, ActionExecuted)
            and event.action_name == ACTION_LISTEN_NAME
        ):
            break
    return (replies, understood(dict(found.parse_data))) if found is not None else None


def _is_ours(intent: str) -> bool:
    if intent == "nlu_fallback":
        return False
    try:
        return intent in FINER_INTENTS or bool(topic_of_intent(intent))
    except ValueError:
        return False
