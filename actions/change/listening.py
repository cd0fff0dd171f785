"""The form's ear: an answer, a correction, more of the story, or another matter."""

from __future__ import annotations

import re

from actions import reading
from actions.bearing import SURE, Bearing, bearing
from actions.change import about
from actions.change.catalogue import CHANGES
from actions.change.job import AFTER_YES, FORM, Job, heard, job_of
from actions.change.kinds import Change
from actions.change.steps import CONFIRM, FIXING, IDENTITY, MAX_TRIES, advance, finish, fixable
from actions.change.wishes import wished
from actions.clerk import Clerk, offer_person
from actions.turn import Turn
from care.rules.errors import NotVerified, Unavailable
from care.rules.vocabulary import COMPLAINT_TOPICS, Topic

_SHORT = 6
_NOT_THIS = re.compile(
    r"^(?:那|还是|我|先|就|[,, ])*不(?:用|要|想|打算)?(?:注销|删除?|导出|取消|退|换|改|开票?|约|装|修|催|撤回?|撤销|同意|订|办)(?:了|吧|啦|[。. ])+$"
)


class ValidateChangeForm(Clerk):
    """Answer, correction, more of the story, or another matter; then the next question, or the end."""

    action_name = "validate_change_form"

    async def serve(self, turn: Turn) -> None:
        job = job_of(turn)
        if job is None:
            finish(turn, "gone")
            return
        change = CHANGES[job.kind]
        if not turn.was_in(FORM) or turn.acted(but=FORM):
            if not turn.was_in(FORM):
                await advance(turn, job, change)
            return
        try:
            goes_on = await self._takes(turn, job, change)
        except NotVerified:
            goes_on, job.asked = True, None  # idle too long: proved once more, and nothing is lost
        except Unavailable:
            finish(turn, "unavailable")
            return
        if goes_on:
            await advance(turn, job, CHANGES[job.kind])

    async def _takes(self, turn: Turn, job: Job, change: Change) -> bool:
        """Whether the form goes on: not after its end, nor for another matter (no events)."""
        confirms = job.asked == CONFIRM and _says_yes(turn, job, change)
        if not confirms and _leaves(turn) and not change.answers(turn.text):
            finish(turn, "left")
            return False
        if job.asked == IDENTITY:
            return True
        if confirms:
            job.is_confirmed = True
            return True
        if turn.is_button and turn.entity("answer") == "go_on":
            return True
        before = set(job.said)
        found = await self._hear(turn, job, change)
        # Which thing is meant (电话, 地址) may be a word of another wish; a new value is none.
        is_sure = found and set(job.said) - before != {"what"}
        if _is_aside(turn, job, found=is_sure):
            turn.events.clear()
            return False
        offer_person(turn)
        if found:
            # A correction wants a new 对吗.
            job.is_confirmed = job.is_confirmed and job.asked == AFTER_YES
            job.tries, job.asked = 0, None
        elif job.asked == CONFIRM and (turn.intent == "deny" or reading.says_no(turn.text)):
            if not fixable(job, change):
                finish(turn, "left")
            job.asked = FIXING
        else:
            self._missed(turn, job, change)
        return True

    async def _hear(self, turn: Turn, job: Job, change: Change) -> bool:
        said = heard(turn, job.asked)
        if job.asked == FIXING and said.answer:
            return self._reopen(job, change, said.answer)
        found = False
        if change.needs_product and job.asked == about.PRODUCT:
            found = about.hear_product(turn, job, await about.order_of(turn, job))
        found = await change.hear(turn, job, said) or found
        asks_order = job.asked == about.ORDER
        may_name = asks_order or (not found and _other_change(turn, job) is None)
        if change.needs_order and (may_name or reading.corrects_order(turn.text)):
            found = await about.hear_order(turn, job, change, is_asked=asks_order) or found
        if found and job.asked in change.tells and not turn.is_button and turn.message_id not in job.messages:
            job.messages.append(turn.message_id)
        return found

    def _reopen(self, job: Job, change: Change, name: str) -> bool:
        if name == about.ORDER:
            job.order, job.sku, job.record, job.note = None, None, None, "change_which_again"
            return True
        if name in dict(change.fixable(job)):
            job.said.pop(name, None)
            return True
        return False

    def _missed(self, turn: Turn, job: Job, change: Change) -> None:
        """More of the story is kept; after a few lines that do not help a person is offered."""
        is_story = turn.topic in (change.topic, *COMPLAINT_TOPICS) or len(turn.text) > 2 * _SHORT
        if is_story and turn.message_id not in job.messages:
            job.messages.append(turn.message_id)
            job.note = "change_more"
        job.tries += 1
        if job.tries >= MAX_TRIES:
            finish(turn, "unclear")


def _says_yes(turn: Turn, job: Job, change: Change) -> bool:
    if turn.intent == "affirm" and (turn.is_button or len(turn.text) <= _SHORT):
        return True
    return reading.says_yes(turn.text) or change.confirms(turn.text, job)


def _leaves(turn: Turn) -> bool:
    return (
        reading.gives_up(turn.text)
        or bool(_NOT_THIS.match(turn.text))
        or (turn.intent == "stop" and turn.confidence >= SURE)
    )


def _other_change(turn: Turn, job: Job) -> str | None:
    kind = wished(turn.text, turn.topic) if turn.confidence >= SURE and not turn.is_button else None
    return kind if kind != job.kind else None


def _is_aside(turn: Turn, job: Job, *, found: bool) -> bool:
    """Another matter, also another change; what belongs to this one is told on."""
    if turn.is_button and turn.intent == Topic.CASE_PROGRESS.value:
        return not found  # of a notice about a case
    if turn.is_button:
        return not turn.entity("answer") and turn.intent not in ("deny", "affirm", "inform")
    if turn.topic in COMPLAINT_TOPICS and turn.intent != "nlu_fallback":
        # Why somebody returns a thing sounds like a complaint; one that is meant goes first.
        return reading.says_complaint(turn.text) or turn.is_upset
    if found and len(turn.text) <= _SHORT:
        return False
    kind = wished(turn.text, turn.topic) if turn.confidence >= SURE else None
    if kind is not None and not found:
        return _other_change(turn, job) is not None
    says = job.asked in (CONFIRM, FIXING) and (
        reading.says_no(turn.text) or turn.intent in ("affirm", "deny")
    )
    return kind is None and bearing(turn, fits=found or says) is Bearing.ASIDE
