"""The form of all changes: opened by the first message, asking only what is missing."""

from __future__ import annotations

from actions import topics
from actions.change import about
from actions.change.catalogue import CHANGES
from actions.change.job import DONE, FORM, SLOT, Job, job_of
from actions.change.kinds import FIX, GO_ON, NOT_NOW, YES, Change, answer_as
from actions.change.opening import begin, start
from actions.change.steps import CONFIRM, FIXING, IDENTITY, advance, fixable
from actions.change.wishes import CHANGE_TOPICS, wished, wishes_beside
from actions.clerk import Clerk, TopicClerk
from actions.identity import AskIdentity
from actions.turn import HUMAN, Turn
from care.rules.errors import NotVerified, Unavailable
from care.rules.vocabulary import Topic

#: After so many other matters in a row it is asked whether the change is still wanted.
_MANY_ASIDES = 2


class OpenChange(TopicClerk):
    """The wish is taken down with the first message; further wishes of the message wait or are answered at once."""

    action_name = "action_open_change"

    async def answer(self, turn: Turn) -> None:
        start(turn, wished(turn.main().text, turn.topic) or "by_person")
        waiting = [topic for topic in turn.also if topic in CHANGE_TOPICS or wished(turn.text, topic)]
        topics.keep(turn, wishes_beside(turn.text, [t for t in waiting if t is not turn.topic]))
        await topics.answer_also(turn, without=waiting)


class AskChange(Clerk):
    """The question that stands."""

    action_name = "action_ask_change_done"

    async def serve(self, turn: Turn) -> None:
        job = job_of(turn)
        if job is None or (turn.intent == "goodbye" and turn.acted(but=FORM)):
            return
        change = CHANGES[job.kind]
        if job.asked is None:
            await advance(turn, job, change)
            if turn.slot(DONE):
                return
        if turn.acted(but=FORM) and turn.asides(FORM) >= _MANY_ASIDES:
            turn.say("change_still", what=change.label, buttons=[GO_ON, NOT_NOW, HUMAN])
            return
        await self._ask(turn, job, change)
        job.note = None
        turn.set(SLOT, job.kept())

    async def _ask(self, turn: Turn, job: Job, change: Change) -> None:
        asked = job.asked
        if asked == IDENTITY:
            AskIdentity().ask(turn, NOT_NOW)
            return
        if job.note:
            turn.say(job.note)
        try:
            if asked == about.ORDER:
                await about.ask_order(turn, job, change)
                return
            order = await about.order_of(turn, job) if change.needs_order else None
            if asked == about.PRODUCT:
                about.ask_product(turn, job, order)
            elif asked == CONFIRM:
                what = await change.restate(turn, job, order)
                turn.say(
                    "change_right",
                    what=what,
                    buttons=[YES, FIX, NOT_NOW] if fixable(job, change) else [YES, NOT_NOW],
                )
            elif asked == FIXING:
                turn.say(
                    "change_fix",
                    buttons=[*(answer_as(label, name) for name, label in fixable(job, change)), NOT_NOW],
                )
            elif asked is not None:
                await change.ask(turn, job, asked, order)
        except (Unavailable, NotVerified):
            turn.say("unavailable", buttons=[HUMAN])


class ChangeAside(TopicClerk):
    """A change wished for in the middle of a complaint: kept, and done when the complaint is received."""

    action_name = "action_change_aside"

    async def answer(self, turn: Turn) -> None:
        turn.say("change_after_this", what=turn.topic.label, buttons=[HUMAN])
        topics.keep(turn, [turn.topic])


@topics.answers(*CHANGE_TOPICS)
async def beside(turn: Turn, topic: Topic) -> None:
    """A change wished for beside something else, or before a form that has now ended."""
    begin(turn, wished(turn.text, topic) or "by_person", topic)
