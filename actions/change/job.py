"""A change under way, as it is kept in one slot: numbers and references, never a name, an address or a phone."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from actions import topics
from actions.change.words import FIELDS, Heard
from actions.turn import Turn
from care.rules.times import shanghai_day
from care.services import transcript

SLOT, DONE = "change", "change_done"
FORM = "change_form"
#: The one answer that is asked for after the confirmation.
AFTER_YES = "new_code"


@dataclass
class Job:
    """What is wanted so far.

    Attributes:
        kind: name of the change in `actions.change.kinds`.
        order, sku: what it is about.
        record: number of the return, visit or invoice that it is about.
        said: field → ``{"value": …}``, or ``{"message": id, "asked": bool}`` for what says something of a person:
            the words are read again where they are kept.
        asked: the question that stands; ``confirm`` and ``identity`` among them.
        is_heard: the first message was read for what it holds.
        note: sentence before the next question.
        needs_code: a service said that order number and phone tail prove too little for this.
        messages: the customer's lines that told of it, for reason and fault.
        later: a change that was put off for this one.
    """

    kind: str
    order: str | None = None
    sku: str | None = None
    record: str | None = None
    said: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: str | None = None
    note: str | None = None
    tries: int = 0
    is_heard: bool = False
    is_confirmed: bool = False
    needs_code: bool = False
    messages: list[int] = field(default_factory=list)
    later: dict[str, Any] | None = None

    def kept(self) -> dict[str, Any]:
        return asdict(self)

    def put(self, name: str, value: str | None) -> None:
        """A value that tells nothing of anybody: a code, a day, a record's number."""
        self.said[name] = {"value": value}

    def hear(self, heard: Heard, *names: str) -> bool:
        """Takes each of these fields that the words hold; whether there was any."""
        found = False
        for name in names:
            spec = FIELDS[name]
            value = spec.read(heard)
            if value is None:
                continue
            found = True
            self.said[name] = (
                {"message": heard.message_id, "asked": heard.asked == name}
                if spec.is_personal
                else {"value": value}
            )
        return found

    def has(self, name: str) -> bool:
        return name in self.said

    def value(self, turn: Turn, name: str) -> str | None:
        """The value of a field; a personal one is read again in the line that held it."""
        said = self.said.get(name)
        if said is None or "message" not in said:
            return said.get("value") if said else None
        message = topics.message_of(turn, said["message"])
        if message is None:
            return None
        return FIELDS[name].read(heard_in(turn, message, name if said.get("asked") else None))


async def words_of(turn: Turn, job: Job) -> str:
    """What the customer said of it, as it is stored: reason or fault."""
    lines = [(await transcript.customers_words(turn.care, message_id)).typed for message_id in job.messages]
    return "；".join(dict.fromkeys(lines))


def job_of(turn: Turn) -> Job | None:
    kept = turn.slot(SLOT)
    if not kept:
        return None
    known = {f.name for f in fields(Job)}
    return Job(**{name: value for name, value in kept.items() if name in known})


def heard(turn: Turn, asked: str | None) -> Heard:
    return heard_in(turn, turn.message, asked)


def heard_in(turn: Turn, message: dict[str, Any], asked: str | None) -> Heard:
    """A message of the visit, as an answer to `asked`."""
    found = message.get("entities") or []
    answers = [str(e["value"]) for e in found if e.get("entity") == "answer"]
    metadata = message.get("metadata") or {}
    return Heard(
        text=(message.get("text") or "").strip(),
        entities=tuple((str(e.get("entity")), str(e.get("value"))) for e in found),
        asked=asked,
        answer=answers[-1] if answers and metadata.get("button") else None,
        today=shanghai_day(turn.care.clock.now()),
        message_id=int(metadata.get("message_id") or 0),
    )
