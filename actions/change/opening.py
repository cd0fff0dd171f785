"""How a change begins: from the first message, beside another wish, in the middle of another form."""

from __future__ import annotations

from rasa_sdk.events import FollowupAction

from actions import topics
from actions.change.catalogue import CHANGES
from actions.change.job import DONE, FORM, SLOT, Job, job_of
from actions.change.wishes import wished
from actions.identity import SLOTS as VERIFYING
from actions.turn import HUMAN, Turn
from care.rules.vocabulary import Topic

PROGRESS = "progress"


def begin(turn: Turn, kind: str, topic: Topic, *, order: str | None = None) -> Job | None:
    """Starts the form, or puts the wish off (`None`) when another form that must not be left is going on."""
    active = (turn.tracker.active_loop or {}).get("name")
    if active and active != FORM:
        topics.keep(turn, [topic])
        turn.say("change_after_this", what=topic.label, buttons=[HUMAN])
        return None
    job = start(turn, kind, order=order)
    if active != FORM:
        turn.events.append(FollowupAction(FORM))
    return job


def begin_if_wished(turn: Turn, topic: Topic) -> bool:
    """Whether the message wants something done rather than to know something; then it is begun."""
    kind = wished(turn.text, topic)
    if kind is None:
        return False
    if kind == PROGRESS:
        turn.events.append(FollowupAction("case_form"))
        return True
    begin(turn, kind, topic)
    return True


def start(turn: Turn, kind: str, *, order: str | None = None) -> Job:
    """Puts a new job into the slot; one that was under way waits until this one has ended."""
    before = job_of(turn) if (turn.tracker.active_loop or {}).get("name") == FORM else None
    job = Job(kind=kind, order=order or turn.order_said, messages=[turn.message_id])
    if before is not None and before.kind != kind:
        before.later = None
        before.asked = None
        job.later = before.kept()
        turn.say("change_put_off", what=CHANGES[before.kind].label)
    for slot in VERIFYING:
        turn.set(slot, None)
    turn.set(DONE, None)
    turn.set(SLOT, job.kept())
    return job
