"""Whether a message wants something of a complaint that was received before: said plainly, or asked about just now."""

from __future__ import annotations

from typing import Any

from rasa.shared.core.events import SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from care.rules import case_words
from care.rules.case_words import CaseAct, CaseAsk
from care.rules.severity import DANGER_CUES
from care.rules.vocabulary import Cue, Kind, Topic, kind_of_topic

#: The slot that says what was asked about which case: ``{"number": "TS-…", "ask": "proposal"}``.
ASKED = "case_asked"
#: Read this surely, a message means what it says.
_SURE = 0.6
#: After so many messages about other things the question no longer stands.
_REMEMBERED = 6
_STOPS = DANGER_CUES | {Cue.SELF_HARM}
_SHORT = 8
#: No answer to "what else?": courtesies and the wish for a person.
_COURTESIES = frozenset(
    {"greet", "goodbye", "thanks", "bot_challenge", "chitchat", "request_human", "affirm", "deny", "stop"}
)
#: Asked for in few words without a question mark: 查快递.
_OF_RECORDS = frozenset(
    {Topic.ORDER_STATUS, Topic.LOGISTICS, Topic.URGE_ORDER, Topic.CASE_PROGRESS, Topic.MEMBERSHIP}
)
_YES_NO = {
    (CaseAsk.PROPOSAL, "affirm"): CaseAct.ACCEPT,
    (CaseAsk.PROPOSAL, "deny"): CaseAct.REFUSE,
    (CaseAsk.CONTENT, "affirm"): CaseAct.CONTENT,
    (CaseAsk.CONTENT, "deny"): CaseAct.NOT_YET,
}


def of_a_case(parse: dict[str, Any], tracker: DialogueStateTracker | None) -> str | None:
    """The act's value; `""` when a case is named and nothing is wanted of it but news; `None`: no case is meant."""
    if tracker is not None and tracker.active_loop_name is not None:
        return None
    text, intent = parse.get("text") or "", parse["intent"].get("name") or ""
    if _STOPS & {Cue(cue) for cue in parse.get("cues") or ()} or _asks_person(parse):
        return None
    ask = _asked(tracker)
    act = case_words.act_said(text, ask)
    if act is CaseAct.MORE and ask is None and not case_words.speaks_of_complaint(text):
        act = None  # 补充一下发票抬头
    if act is None and ask is not None:
        act = _answer(parse, text, intent, ask)
    if act is not None:
        return act.value
    names_case = case_words.case_number_said(text) is not None
    return "" if names_case and kind_of_topic(Topic(parse["topic"])) is not Kind.COMPLAINT else None


def _answer(parse: dict[str, Any], text: str, intent: str, ask: CaseAsk) -> CaseAct | None:
    """What the words mean as an answer that does not name what it answers."""
    if len(text) <= _SHORT and (act := _YES_NO.get((ask, intent))) is not None:
        return act
    kind = kind_of_topic(Topic(parse["topic"]))
    if ask is CaseAsk.MORE:
        is_more = case_words.goes_on_telling(text) and not case_words.is_new_complaint(text)
        return CaseAct.MORE if kind is Kind.COMPLAINT and is_more else None
    if ask is not CaseAsk.WANTED or intent in _COURTESIES or case_words.is_question(text):
        return None
    is_sure = float(parse["intent"].get("confidence") or 0.0) >= _SURE
    # A fact sounds like a question of its matter: 显示E4，一直滴滴响.
    is_told = kind is Kind.INQUIRY and Topic(parse["topic"]) not in _OF_RECORDS
    is_fact = intent in ("inform", "nlu_fallback") or kind is Kind.COMPLAINT or is_told
    return CaseAct.MORE if is_fact or not is_sure else None


def _asks_person(parse: dict[str, Any]) -> bool:
    is_sure = float(parse["intent"].get("confidence") or 0.0) >= _SURE
    return is_sure and parse["intent"].get("name") == Topic.REQUEST_HUMAN.value


def _asked(tracker: DialogueStateTracker | None) -> CaseAsk | None:
    """What was asked about a case within the last few messages."""
    since = 0
    for event in reversed(tracker.events if tracker is not None else ()):
        if isinstance(event, UserUttered):
            since += 1
            if since > _REMEMBERED:
                return None
        elif isinstance(event, SlotSet) and event.key == ASKED:
            return CaseAsk(event.value["ask"]) if event.value else None
    return None
