"""Answers from knowledge, with source and date; what is not known is said and collected."""

from __future__ import annotations

from actions import topics
from actions.clerk import TopicClerk
from actions.turn import HUMAN, Turn
from care.rules.times import format_day, shanghai_day
from care.rules.vocabulary import Topic
from care.services import knowledge

TOPICS = (
    Topic.PAYMENT, Topic.INVOICE, Topic.DELIVERY_POLICY, Topic.RETURN_POLICY, Topic.WARRANTY,
    Topic.INSTALLATION, Topic.USAGE, Topic.MEMBERSHIP, Topic.ACCOUNT, Topic.STORE,
)  # fmt: skip


class AnswerQuestion(TopicClerk):
    """Every inquiry that needs no record of the customer's own."""

    action_name = "action_answer_question"

    async def answer(self, turn: Turn) -> None:
        await from_knowledge(turn, turn.topic)
        await topics.answer_also(turn)


@topics.answers(*TOPICS)
async def from_knowledge(turn: Turn, topic: Topic) -> None:
    """The entry that fits, or an honest no; the question then waits for a manager's answer."""
    if not await say_known(turn, topic):
        await knowledge.note_unanswered(turn.care, turn.words, topic, turn.message_id)
        turn.say("knowledge_none", buttons=[HUMAN])
        turn.set("offered", "person")


async def say_known(turn: Turn, topic: Topic) -> bool:
    """Says the fitting entry, if there is one that has not expired."""
    today = shanghai_day(turn.care.clock.now())
    found = turn.desk.knowledge.answer(turn.words, topic, today)
    if found is None:
        return False
    entry = found.entry
    turn.say(
        "knowledge_source",
        answer=entry.answer.strip(),
        source=entry.source,
        updated=format_day(entry.updated, today=today),
        buttons=list(getattr(entry, "buttons", None) or []),
    )
    return True
