"""One step of the form: who, which order, what the state does not allow, what is missing, 对吗; or its end."""

from __future__ import annotations

from rasa_sdk.events import FollowupAction

from actions import topics
from actions.change import about
from actions.change.job import DONE, FORM, SLOT, Job, heard_in
from actions.change.kinds import Blocked, Change
from actions.change.saying import chinese
from actions.identity import SLOTS as VERIFYING
from actions.identity import verify
from actions.turn import Turn
from care.ports import OrderView
from care.rules.errors import Conflict, Unavailable

IDENTITY, CONFIRM, FIXING = "identity", "confirm", "fixing"
#: After so many lines that did not help a person is offered instead of asking on.
MAX_TRIES = 3


class _Aside(Exception):
    """The message is no step of the verification."""


async def advance(turn: Turn, job: Job, change: Change) -> None:
    """One step on: sets what is asked next, or ends the form."""
    if turn.slot(DONE):
        return
    try:
        name = await _next(turn, job, change)
    except _Aside:
        turn.events.clear()
        return
    except Blocked as blocked:
        told = "answered" if blocked.is_answered else "blocked"
        finish(turn, f"instead:{blocked.instead}" if blocked.instead else told)
        name = None
    except Conflict as error:
        turn.say_text(chinese(error.message))
        finish(turn, "blocked")
        name = None
    except Unavailable:
        finish(turn, "unavailable")
        name = None
    if name == CONFIRM and (job.is_confirmed or change.is_read_only):
        finish(turn, "yes")
    elif name is not None:
        job.asked = name
    turn.set(SLOT, job.kept())


async def _next(turn: Turn, job: Job, change: Change) -> str | None:
    await _hear_first(turn, job, change)
    outcome = "verified"
    if job.needs_code or await change.needs_identity(turn, job):
        outcome = await verify(turn, FORM, by_code=job.needs_code or change.needs_code(job))
    if outcome == "aside":
        raise _Aside
    if outcome in ("left", "given_up"):
        finish(turn, outcome)
        return None
    if outcome == "asked":
        return IDENTITY
    if not job.order and turn.slot("order_wanted") and change.needs_order:
        job.order = str(turn.slot("order_wanted"))
    order: OrderView | None = None
    if job.asked == IDENTITY or job.asked is None:
        for slot in (*VERIFYING, "order_wanted"):
            turn.set(slot, None)
    if change.needs_order:
        if question := await about.find_order(turn, job, change):
            return question
        order = await about.order_of(turn, job)
    await change.check(turn, job, order)
    if job.asked == FIXING:
        return FIXING
    if question := await change.missing(turn, job, order):
        return question
    if job.is_confirmed and (question := await change.after_yes(turn, job)):
        return question
    return CONFIRM


def finish(turn: Turn, how: str) -> None:
    """Ends the form here: the end itself says and does what is left."""
    turn.set(DONE, how)
    turn.set("requested_slot", None)
    turn.events.append(FollowupAction("action_end_change"))


async def _hear_first(turn: Turn, job: Job, change: Change) -> None:
    """What the first words hold; the order among them is read when it is known whose it could be."""
    if job.is_heard:
        return
    job.is_heard = True
    message = topics.message_of(turn, job.messages[0]) if job.messages else None
    if message is not None:
        await change.hear(turn.about(message), job, heard_in(turn, message, None))


def fixable(job: Job, change: Change) -> list[tuple[str, str]]:
    order = [(about.ORDER, "订单")] if change.needs_order else []
    return order + [(name, label) for name, label in change.fixable(job) if job.has(name)]
