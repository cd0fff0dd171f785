"""What a message is to the question that a form has just asked: its answer, more of the story, or another matter."""

from __future__ import annotations

from enum import Enum

from actions import reading
from actions.turn import Turn
from care.rules.vocabulary import Emotion, Kind, Topic, kind_of_topic

#: A reading this sure is believed against the form; one below the other is a guess.
CERTAIN, SURE, LIKELY = 0.8, 0.6, 0.35
_COURTESIES = frozenset({"greet", "goodbye", "thanks", "bot_challenge"})
_OWN = frozenset({"inform", "affirm", "deny", "stop"})
_ASKING = (Kind.INQUIRY, Kind.RIGHTS_REQUEST)


class Bearing(Enum):
    ANSWER = "answer"
    #: More of what happened, anger included: kept, and the question stands.
    STORY = "story"
    #: Another matter: the rules answer it, then the form goes on where it was.
    ASIDE = "aside"
    UNCLEAR = "unclear"


def bearing(turn: Turn, *, fits: bool, is_open: bool = False) -> Bearing:
    """Weighs what the words hold against what the message was understood to be.

    Args:
        fits: the words hold what was asked for; only a sure question about something else is stronger.
        is_open: any words can be the answer (what happened?).
    """
    if turn.is_button:
        return Bearing.ANSWER if turn.intent in _OWN else Bearing.ASIDE
    if turn.intent == Topic.REQUEST_HUMAN.value and turn.confidence >= LIKELY:
        # 让他们给我搬上来 holds a wish and is easily read as asking for people.
        return Bearing.ANSWER if fits and not reading.names_person(turn.text) else Bearing.ASIDE
    default = Bearing.ANSWER if is_open else Bearing.UNCLEAR
    if turn.intent == "nlu_fallback":
        if fits:
            return Bearing.ANSWER
        return Bearing.STORY if turn.emotion in (Emotion.ANGRY, Emotion.DISTRESSED) else default
    kind, is_sure = kind_of_topic(turn.topic), turn.confidence >= SURE
    asks = reading.is_question(turn.text)
    if fits and not (kind in _ASKING and is_sure and asks):
        return Bearing.ANSWER
    if turn.intent in _COURTESIES:
        return Bearing.ASIDE if turn.confidence >= LIKELY else default
    if kind is Kind.COMPLAINT:
        return Bearing.STORY
    if kind in _ASKING:
        # What is no question may still be an answer in words that nobody foresaw: 报销看病的钱.
        is_aside = turn.confidence >= (LIKELY if asks else CERTAIN) and (asks or not is_open)
        return Bearing.ASIDE if is_aside else default
    if kind is Kind.OTHER:
        # Anger is easily read as small talk, and small talk is the wrong answer to it.
        return Bearing.ASIDE if turn.confidence >= CERTAIN and (asks or not is_open) else default
    if kind in (Kind.RECORD_CHANGE, Kind.PRAISE, Kind.SUGGESTION):
        return Bearing.ASIDE if is_sure and not is_open else default
    return default
