"""Topics under which one message asks and another wants something done: invoices, installation, points, returns, one's data."""

from __future__ import annotations

from actions import topics
from actions.change.job import SLOT
from actions.change.opening import begin, begin_if_wished
from actions.change.rights import rights_buttons
from actions.clerk import TopicClerk
from actions.knowledge import from_knowledge, say_known
from actions.turn import Turn
from care.rules.vocabulary import Topic

_RIGHTS = ("kept", "export", "deletion", "consents", "consent_no", "consent_yes")


@topics.answers(Topic.INVOICE, Topic.INSTALLATION, Topic.MEMBERSHIP, Topic.RETURN_POLICY)
async def done_or_told(turn: Turn, topic: Topic) -> None:
    """What is wished for is begun; a question is answered from knowledge."""
    if not begin_if_wished(turn, topic):
        await from_knowledge(turn, topic)


class Privacy(TopicClerk):
    """Rights over one's own data: begun where it is clear which, else told with buttons."""

    action_name = "action_privacy"

    async def answer(self, turn: Turn) -> None:
        await rights(turn.main(), turn.topic)
        await topics.answer_also(turn)


@topics.answers(Topic.PRIVACY)
async def rights(turn: Turn, topic: Topic) -> None:
    chosen, _, purpose = (turn.entity("answer") or "" if turn.is_button else "").partition(":")
    if chosen in _RIGHTS:
        job = begin(turn, chosen, topic)
        if job is not None and purpose:
            job.put("purpose", purpose)
            turn.set(SLOT, job.kept())
    elif not begin_if_wished(turn, topic):
        await say_known(turn, topic)
        turn.say("privacy_rights", buttons=rights_buttons())
