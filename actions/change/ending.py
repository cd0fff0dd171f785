"""The end of the form: done once and said with number and time, or left and said so; then what had to wait."""

from __future__ import annotations

from typing import Any

from rasa_sdk.events import FollowupAction

from actions import topics
from actions.change.catalogue import CHANGES
from actions.change.job import DONE, FORM, SLOT, Job, job_of
from actions.change.kinds import NOT_NOW, Change
from actions.change.saying import chinese
from actions.change.steps import MAX_TRIES
from actions.clerk import Clerk
from actions.identity import SLOTS as VERIFYING
from actions.turn import HUMAN, Turn
from care.rules.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    NotVerified,
    StepUpNeeded,
    TooManyRequests,
    Unavailable,
    VerificationFailed,
)


class EndChange(Clerk):
    """The end of the form: done and said with number and time, or left and said so; then what had to wait."""

    action_name = "action_end_change"

    async def serve(self, turn: Turn) -> None:
        job, decision = job_of(turn), str(turn.slot(DONE) or "gone")
        later = job.later if job else None
        if job is None:
            turn.say("clarify_person", buttons=[HUMAN])
            await self._close(turn, None)
            return
        change = CHANGES[job.kind]
        if decision == "yes" and await self._do(turn, job, change):
            return
        if decision.startswith("instead:"):
            other = decision.removeprefix("instead:")
            self._restart(
                turn,
                Job(
                    other, order=job.order, sku=job.sku, record=job.record, messages=job.messages, later=later
                ),
            )
            return
        if decision not in ("yes", "answered"):
            self._say_end(turn, change, decision)
        await self._close(turn, later)

    async def _do(self, turn: Turn, job: Job, change: Change) -> bool:
        """Whether the form starts again: something has still to be asked."""
        try:
            await change.do(turn, job)
        except StepUpNeeded:
            job.needs_code, job.asked = True, None
            self._restart(turn, job)
            return True
        except NotVerified:
            job.asked = None
            self._restart(turn, job)
            return True
        except (InvalidInput, VerificationFailed, TooManyRequests) as error:
            turn.say_text(chinese(error.message))
            wrong = [name for name in (change.field_of(f) for f in error.fields) if name]
            if isinstance(error, VerificationFailed):
                wrong = ["new_code"]
            job.tries += 1
            if not wrong or job.tries >= MAX_TRIES or isinstance(error, TooManyRequests):
                self._offer(turn, change)
                return False
            for name in wrong:
                job.said.pop(name, None)
            job.asked, job.is_confirmed = None, isinstance(error, VerificationFailed)
            self._restart(turn, job)
            return True
        except Conflict as error:
            turn.say_text(chinese(error.message))
            self._offer(turn, change)
        except NotFound:
            turn.say("order_not_found", buttons=[HUMAN])
        except Unavailable as error:
            # Whether anything was sent is known there, and said.
            turn.say_text(chinese(error.message))
            self._offer(turn, change)
        return False

    def _say_end(self, turn: Turn, change: Change, decision: str) -> None:
        match decision:
            case "left":
                turn.say("change_left", what=change.label)
            case "given_up":
                turn.say("verify_given_up", buttons=[HUMAN])
                turn.set("offered", change.topic.value)
            case "unavailable":
                turn.say("change_unavailable", what=change.label, buttons=[HUMAN])
                turn.set("offered", change.topic.value)
            case "blocked":
                self._offer(turn, change)
            case _:
                turn.say("clarify_person", buttons=[HUMAN])
                turn.set("offered", change.topic.value)

    def _offer(self, turn: Turn, change: Change) -> None:
        turn.say("change_by_person", buttons=[HUMAN, NOT_NOW])
        turn.set("offered", change.topic.value)

    def _restart(self, turn: Turn, job: Job) -> None:
        turn.set(SLOT, job.kept())
        turn.set(DONE, None)
        turn.events.append(FollowupAction(FORM))

    async def _close(self, turn: Turn, later: dict[str, Any] | None) -> None:
        turn.set(DONE, None)
        turn.set(SLOT, None)
        for slot in VERIFYING:
            turn.set(slot, None)
        if any(e.get("event") == "active_loop" for e in turn.events):
            return  # a person has it now
        if later:
            job = Job(**later)
            turn.say("change_back_to", what=CHANGES[job.kind].label)
            self._restart(turn, job)
            return
        await topics.answer_kept(turn)
        if not any(e.get("event") == "followup" for e in turn.events):
            turn.events.append(FollowupAction("action_listen"))
