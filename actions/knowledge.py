"""Answers from knowledge, with source and date; what is not known is said and collected."""

from __future__ import annotations

import re
from datetime import date

from actions import topics
from actions.clerk import TopicClerk
from actions.turn import HUMAN, Turn
from actions.wording import say
from care.rules.times import format_day, shanghai_day
from care.rules.vocabulary import Topic
from care.services import knowledge
from care.services.knowledge import Answer

TOPICS = (
    Topic.PAYMENT, Topic.INVOICE, Topic.DELIVERY_POLICY, Topic.RETURN_POLICY, Topic.WARRANTY,
    Topic.INSTALLATION, Topic.USAGE, Topic.MEMBERSHIP, Topic.ACCOUNT, Topic.STORE,
)  # fmt: skip

#: A topic in the one word that customers would use for it.
_STEMS = {
    Topic.RETURN_POLICY: "退货", Topic.DELIVERY_POLICY: "配送", Topic.WARRANTY: "保修", Topic.STORE: "门店",
    Topic.MEMBERSHIP: "积分", Topic.PRICE_PROMOTION: "价格",
}  # fmt: skip
_NEAR = 3
#: Out of 4 (the weights of the three wordings): the topic is known, so less is needed than for a question of its own.
_FOLLOW_UP_LEAST = 0.6

_CLAUSE = re.compile(r"[,,。.;;!!??\s]+|还有|另外|顺便|以及")


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


async def say_known(turn: Turn, topic: Topic | None, *, own_only: bool = False, least: float = 0.0) -> bool:
    """Says the fitting entry, if there is one that has not expired; the same entry once a turn.

    Args:
        own_only: an entry about another topic does not fit, however alike the words.
        least: how sure it has to be, where the topic is not understood.
    """
    today = shanghai_day(turn.care.clock.now())
    found = _best(turn, topic, today, own_only=own_only or bool(turn.also))
    if found is None or found.score < least:
        return False
    entry = found.entry
    text = say(
        "knowledge_source",
        str(turn.message_id),
        answer=entry.answer,
        source=entry.source,
        updated=format_day(entry.updated, today=today),
    )
    if not any(message.get("text") == text for message in turn.dispatcher.messages):
        turn.say_text(text, buttons=[dict(button) for button in entry.buttons])
    return True


def _best(turn: Turn, topic: Topic | None, today: date, *, own_only: bool) -> Answer | None:
    """The best entry for `topic`, asked with the whole message and with each of its clauses.

    A message with several wishes is asked about each; an entry of the topic itself goes before others. A follow-up
    (那运费呢) is asked together with the question before it.
    """
    clauses = [clause for clause in _CLAUSE.split(turn.words) if len(clause) > 1]
    texts = [turn.words, *clauses] if len(clauses) > 1 else [turn.words]
    follows = turn.message.get("follows")
    if follows and topic is not None and topic.value == follows["topic"]:
        return _best_follow_up(turn, follows, today)
    found = [a for a in (turn.desk.knowledge.answer(text, topic, today) for text in texts) if a is not None]
    own = [answer for answer in found if topic in answer.entry.topics]
    best = max(own or ([] if own_only else found), key=lambda answer: answer.score, default=None)
    return best if best is not None or not follows else _best_follow_up(turn, follows, today)


def _best_follow_up(turn: Turn, follows: dict[str, str], today: date) -> Answer | None:
    """那运费呢 after a question about returns: the few words with their topic, alone, with the question before."""
    topic, asks = Topic(follows["topic"]), follows["asks"]
    weights = {f"{_STEMS.get(topic, topic.label)}{asks}": 2.0, asks: 1.0, f"{follows['text']}{asks}": 1.0}
    scores: dict[str, float] = {}
    entries: dict[str, Answer] = {}
    for text, weight in weights.items():
        for answer in turn.desk.knowledge.nearest(text, topic, today, limit=_NEAR):
            scores[answer.entry.id] = scores.get(answer.entry.id, 0.0) + weight * answer.score
            entries[answer.entry.id] = answer
    fits = [name for name in scores if scores[name] >= _FOLLOW_UP_LEAST]
    return entries[max(fits, key=scores.__getitem__)] if fits else None
