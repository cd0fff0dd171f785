"""Answers from knowledge, with source and date; what is not known is said and collected."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from actions import topics
from actions.turn import HUMAN, Button, Turn
from actions.wording import say
from care.rules.times import format_day, shanghai_day
from care.rules.vocabulary import Topic
from care.services import knowledge
from care.services.knowledge import Answer
from care.services.knowledge_entries import Entry

TOPICS = (
    Topic.PAYMENT, Topic.INVOICE, Topic.DELIVERY_POLICY, Topic.RETURN_POLICY, Topic.INSTALLATION,
    Topic.USAGE, Topic.MEMBERSHIP, Topic.ACCOUNT, Topic.STORE,
)  # fmt: skip

#: A topic in the one word that customers would use for it.
_STEMS = {
    Topic.RETURN_POLICY: "退货", Topic.DELIVERY_POLICY: "配送", Topic.WARRANTY: "保修", Topic.STORE: "门店",
    Topic.MEMBERSHIP: "积分", Topic.PRICE_PROMOTION: "价格",
}  # fmt: skip
_NEAR = 3
#: How likely an entry is meant: from here on without a doubt; from here on at all.
_SURE, _MAY_BE_MEANT = 0.45, 0.1
_TITLE = 24
#: A question this short says little by itself; a topic read this surely is believed.
_BARE, _TOPIC_SURE = 10, 0.8
#: Topics whose rule leads to an action that knows an entry's button.
_ASKED_ABOUT = (*TOPICS, Topic.WARRANTY, Topic.PRODUCT_INFO, Topic.STOCK, Topic.PRICE_PROMOTION)
NONE_OF_THEM: Button = {"title": "都不是", "payload": '/store{"answer": "none"}'}
#: Out of 4 (the weights of the three wordings): the topic is known, so less is needed than for a question of its own.
_FOLLOW_UP_LEAST = 0.6

_CLAUSE = re.compile(r"[,,。.;;!!??\s]+|还有|另外|顺便|以及")


@topics.answers(*TOPICS)
async def from_knowledge(turn: Turn, topic: Topic) -> None:
    """The entry that fits; else those that come near, to be chosen from; else an honest no.

    Whatever has no sure answer waits for a manager's.
    """
    if await say_known(turn, topic) or _is_guessed(turn, topic):
        return
    await knowledge.note_unanswered(turn.care, turn.words, topic, turn.message_id)
    near = _near(turn, topic, least=_MAY_BE_MEANT)
    if near:
        turn.say("knowledge_near", buttons=[*(_entry_button(entry) for entry in near), NONE_OF_THEM])
        return
    _say_none(turn)


def _is_guessed(turn: Turn, topic: Topic) -> bool:
    """Heard between the lines of a message about something else: without an answer nothing is said of it."""
    return topic is not turn.topic and not turn.message.get("is_part")


async def say_chosen(turn: Turn) -> bool:
    """What was chosen from the entries that came near; whether one was."""
    chosen = turn.entity("answer") if turn.is_button else None
    if chosen is None:
        return False
    today = shanghai_day(turn.care.clock.now())
    entry = next((e for e in turn.desk.knowledge.entries if e.id == chosen and e.is_valid_on(today)), None)
    if entry is None:
        _say_none(turn)
    else:
        _say_entry(turn, entry)
    return True


def _say_none(turn: Turn) -> None:
    turn.say("knowledge_none", buttons=[HUMAN])
    turn.set("offered", "person")


def _near(turn: Turn, topic: Topic | None, *, least: float, but: Entry | None = None) -> list[Entry]:
    """At most three entries that may be meant, the likeliest first."""
    today = shanghai_day(turn.care.clock.now())
    found = turn.desk.knowledge.nearest(turn.words, topic, today, limit=2 * _NEAR)
    near = [a.entry for a in found if a.entry is not but and a.score >= least]
    own = [entry for entry in near if topic in entry.topics]
    return (own if own and turn.confidence >= _TOPIC_SURE else near)[:_NEAR]


def _entry_button(entry: Entry) -> Button:
    """Asks the entry's own question; the rule of its topic leads back here."""
    topic = next((topic for topic in entry.topics if topic in _ASKED_ABOUT), Topic.STORE)
    title = entry.question if len(entry.question) <= _TITLE else f"{entry.question[: _TITLE - 1]}…"
    return {"title": title, "payload": f'/{topic.value}{{"answer": "{entry.id}"}}'}


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
    # What a follow-up means, the question before it tells better than its own few words.
    is_alone = not turn.message.get("follows")
    if topic is not None and is_alone and (own := _own_instead(turn, topic, found)):
        turn.say("knowledge_near", buttons=[*map(_entry_button, [*own, found.entry][:_NEAR]), NONE_OF_THEM])
        return True
    others = [] if found.score >= _SURE else _near(turn, topic, least=_MAY_BE_MEANT, but=found.entry)
    _say_entry(turn, found.entry, others)
    return True


def _own_instead(turn: Turn, topic: Topic, found: Answer) -> list[Entry]:
    """Entries of the topic itself, when the words alone lead to another topic than the one surely understood."""
    if topic in found.entry.topics or topic is not turn.topic or turn.confidence < _TOPIC_SURE:
        return []
    return [entry for entry in _near(turn, topic, least=_MAY_BE_MEANT) if topic in entry.topics]


def _say_entry(turn: Turn, entry: Entry, others: Sequence[Entry] = ()) -> None:
    """The answer with its source and date; `others` that may have been meant instead, as buttons."""
    text = say(
        "knowledge_source",
        str(turn.message_id),
        answer=entry.answer,
        source=entry.source,
        updated=format_day(entry.updated, today=shanghai_day(turn.care.clock.now())),
    )
    if not any(message.get("text") == text for message in turn.dispatcher.messages):
        buttons = [dict(button) for button in entry.buttons]
        turn.say_text(text, buttons=[*buttons, *map(_entry_button, others)])


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
    if topic is not None and len(turn.words) <= _BARE and turn.confidence >= _TOPIC_SURE:
        # 周末开不开 leaves out what it is about, and what it is about is known.
        texts.append(f"{_STEMS.get(topic, topic.label)}{turn.words}")
    found = [a for a in (turn.desk.knowledge.answer(text, topic, today) for text in texts) if a is not None]
    own = [answer for answer in found if topic in answer.entry.topics]
    best = max(own or ([] if own_only else found), key=lambda answer: answer.score, default=None)
    if follows and (best is None or best.score < _SURE):
        return _best_follow_up(turn, follows, today) or best
    return best


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
