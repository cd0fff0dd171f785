"""What a message means in its visit, where its own words do not tell: a follow-up, a complaint said in so many words.

Understanding reads each message alone; here the message before it is known. Only what was read unsurely is
read again, so that a better model changes nothing here.
"""

from __future__ import annotations

import re
from typing import Any

from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.dialogue.case_reading import of_a_case
from care.rules.callback_terms import is_no_call
from care.rules.vocabulary import COMPLAINT_TOPICS, Cue, Kind, Topic, kind_of_topic

#: Read this surely, a message means what it says; a complaint below the second may be none at all.
SURE, WEAK = 0.8, 0.6
_NEARLY = 0.3
#: A few words that say nothing of what happened: 那谁知道.
_FEW = 10
_FOLLOWS = re.compile(
    r"^(?P<opens>那么?(?:如果|要是)?|还有|对了)?[, ]*(?P<asks>[^。;!?]{1,14}?)(?P<ends>的?呢|(?:也|都)?(?:可以|行|能)?吗)?[?。 ]*$"
)
_LONGEST = 16
#: 上一单, 第二个: points at one of what was shown, whatever else the few words may look like.
_POINTS = re.compile(
    r"^(?:那|再|就|是|看|查|要|[看查]一?下|我的|帮我[看查]|[ ,])*(?:(?:上|前|下|后|再[上前])(?:上|一)?一?|另外?一|第[一二三四五1-5])[个单笔款条件项](?:订单|商品)?[的吧呢呀啊,。.?! ]*$"
)
_SAYS_COMPLAINT = re.compile(
    r"(?:我|要|想|必须|得)(?:再|继续)?投诉(?!电话|渠道|进度|单号|编号|的?(?:处理|结果)|[的过了那这]|怎么|结果|处理|上次)"
)
#: 我替我妈投诉: what is wanted beside it is a remedy and no change of an order.
_COMPLAINS_FOR = re.compile(
    r"(?<!怎么)(?<!如何)(?:替|帮|代)(?!您|你).{1,6}?投诉(?!电话|渠道|进度|单号|编号|[的过]|怎么|结果|吗)"
)
#: The name of a product and nothing else: an answer to "which one?", or the last question asked of another one.
_AROUND_A_NAME = re.compile(
    r"就是|那个|这个|那款|这款|那台|我的|我买的|问的?是?|是|的|吧|呢|啊|呀|哦|[ ,。.!?]"
)
_OF_GOODS = frozenset(
    {Topic.PRODUCT_INFO, Topic.STOCK, Topic.PRICE_PROMOTION, Topic.WARRANTY, Topic.INSTALLATION, Topic.USAGE,
     Topic.RETURN_POLICY, Topic.DELIVERY_POLICY}
)  # fmt: skip
_ASKS_PERSON = re.compile(
    r"(?:给我|我要|想要?|找|换|叫|转|接|来|跟|和)(?:个|一个|一?下|到|成|通)?(?:真人|活人|人工(?:客服|服务|坐席)?)(?:$|[,。!?吧啊呀行来说聊谈处接])"
)
#: 周末开不开, 几天能开好: a question without its subject.
_ASKS = re.compile(r"[?吗嘛么不没]$|怎么|咋|多少|多久|几|哪|什么时候|啥时候|能不能|([\u4e00-\u9fff])不\1")
_DANGERS = {Cue.INJURY.value, Cue.FIRE.value, Cue.ELECTRICITY.value, Cue.MINOR.value, Cue.SELF_HARM.value}


def read_again(parse: dict[str, Any], tracker: DialogueStateTracker | None) -> dict[str, Any]:
    """`parse` as it is meant here. Adds `follows` when it goes on with the question before, `case_act` when it wants
    something of a complaint that was received before."""
    if (act := of_a_case(parse, tracker)) is not None:
        return {**_as(parse, Topic.CASE_PROGRESS.value), "case_act": act}
    if _takes_call_back(parse, tracker):
        # The 电 of 回电 is no danger.
        return {**_as(parse, Topic.REQUEST_HUMAN.value), "cues": []}
    again = _read_in_visit(parse, tracker)
    if again is not parse or not _may_be_nothing(parse, tracker):
        return again
    other = _likeliest_but_complaint(parse)
    return _as(parse, other) if other else {**parse, "intent": {**parse["intent"], "name": "nlu_fallback"}}


def _takes_call_back(parse: dict[str, Any], tracker: DialogueStateTracker | None) -> bool:
    """不用回电了: about the call that the shop promised, which whoever takes wishes for a person also takes back."""
    in_form = tracker is not None and tracker.active_loop_name is not None
    text = parse.get("text") or ""
    return not in_form and len(text) <= _LONGEST and "回电" in text and is_no_call(text)


def _read_in_visit(parse: dict[str, Any], tracker: DialogueStateTracker | None) -> dict[str, Any]:
    if _says_complaint_unheard(parse) or _complains_for_another(parse):
        return _as(parse, Topic.COMPLAINT_OTHER.value)
    if parse["intent"].get("name") == "nlu_fallback" and _complains(parse):
        likely = [r["name"] for r in parse.get("intent_ranking") or [] if r["name"] in COMPLAINT_TOPICS]
        default = Topic.COMPLAINT_OTHER if _SAYS_COMPLAINT.search(parse["text"]) else Topic.COMPLAINT_QUALITY
        return _as(parse, likely[0] if likely else default.value)
    if _asks_person(parse):
        return _as(parse, Topic.REQUEST_HUMAN.value)
    if _POINTS.match(parse["text"]):
        return _as(parse, Topic.INFORM.value)
    in_form = tracker is not None and tracker.active_loop_name is not None
    before = _question_before(tracker)
    if _names_product_only(parse) and not in_form:
        if before is not None and before.parse_data["topic"] in _OF_GOODS:
            return _going_on(_as(parse, before.parse_data["topic"]), before, parse["text"])
        return _as(parse, Topic.INFORM.value)
    found = _FOLLOWS.match(parse.get("text") or "")
    if before is None or found is None or len(parse["text"]) > _LONGEST:
        return parse
    goes_on = _is_unsure(parse) or parse.get("topic") == before.parse_data["topic"]
    is_short_question = goes_on and _ASKS.search(parse["text"]) and len(parse["text"]) <= _FEW
    if not (found["opens"] or found["ends"] or "").startswith(("那", "呢", "的呢")) and not is_short_question:
        return parse
    again = dict(parse) if _stands_alone(parse, before) else _as(parse, before.intent_name or "")
    return _going_on(again, before, found["asks"])


def _going_on(again: dict[str, Any], before: UserUttered, asks: str) -> dict[str, Any]:
    follows = {
        "text": (before.parse_data.get("follows") or {}).get("text") or before.text,
        "topic": before.parse_data["topic"],
        "asks": asks,
    }
    return {**again, "follows": follows}


def _names_product_only(parse: dict[str, Any]) -> bool:
    names = [
        str(e.get("value")) for e in parse.get("entities") or [] if e.get("entity") in ("product", "model")
    ]
    if not names:
        return False
    rest = parse["text"]
    for name in names:
        rest = rest.replace(name, "")
    return not _AROUND_A_NAME.sub("", rest)


def _may_be_nothing(parse: dict[str, Any], tracker: DialogueStateTracker | None) -> bool:
    """A complaint guessed from few calm words that tell no fact: better asked about than opened."""
    is_guess = (
        parse["intent"].get("name") in COMPLAINT_TOPICS
        and float(parse["intent"].get("confidence") or 0.0) < WEAK
    )
    in_form = tracker is not None and tracker.active_loop_name is not None
    tells = parse.get("entities") or parse.get("cues") or parse.get("emotion", "calm") != "calm"
    return is_guess and not in_form and not tells and len(parse["text"]) <= _FEW and not _complains(parse)


def _likeliest_but_complaint(parse: dict[str, Any]) -> str | None:
    """The next reading, when it is nearly as likely: 我的东西什么时候送来."""
    for entry in parse.get("intent_ranking") or []:
        if entry["name"] not in COMPLAINT_TOPICS and entry["confidence"] >= _NEARLY:
            return str(entry["name"])
    return None


def _says_complaint_unheard(parse: dict[str, Any]) -> bool:
    """我要投诉 in so many words beside an unsure reading as something else."""
    is_sure = float(parse["intent"].get("confidence") or 0.0) >= SURE
    is_read = parse.get("topic") in COMPLAINT_TOPICS or parse["intent"].get("name") == "nlu_fallback"
    return not is_sure and not is_read and bool(_SAYS_COMPLAINT.search(parse["text"]))


def _complains_for_another(parse: dict[str, Any]) -> bool:
    is_read = parse.get("topic") in COMPLAINT_TOPICS and parse["intent"].get("name") != "nlu_fallback"
    return not is_read and bool(_COMPLAINS_FOR.search(parse.get("text") or ""))


def _asks_person(parse: dict[str, Any]) -> bool:
    """A person asked for in plain words, whatever anger stands around them."""
    is_sure = float(parse["intent"].get("confidence") or 0.0) >= SURE
    is_read = (
        parse.get("topic") == Topic.REQUEST_HUMAN.value and parse["intent"].get("name") != "nlu_fallback"
    )
    return not is_sure and not is_read and bool(_ASKS_PERSON.search(parse.get("text") or ""))


def _complains(parse: dict[str, Any]) -> bool:
    """Said in so many words, or something dangerous has happened: never a case for asking back."""
    return bool(_SAYS_COMPLAINT.search(parse.get("text") or "")) or bool(
        _DANGERS & set(parse.get("cues") or ())
    )


def _question_before(tracker: DialogueStateTracker | None) -> UserUttered | None:
    """The message before, when it was a question and no form is under way."""
    if tracker is None or tracker.active_loop_name:
        return None
    last = next((e for e in reversed(tracker.events) if isinstance(e, UserUttered)), None)
    topic = (last.parse_data or {}).get("topic") if last else None
    if last is None or last.intent_name == "nlu_fallback" or not topic:
        return None
    if (last.parse_data or {}).get("case_act"):
        return None  # 我考虑一下 answered what was asked; nothing goes on from it
    return last if kind_of_topic(Topic(topic)) is Kind.INQUIRY else None


def _is_unsure(parse: dict[str, Any]) -> bool:
    return float(parse["intent"].get("confidence") or 0.0) < SURE


def _stands_alone(parse: dict[str, Any], before: UserUttered) -> bool:
    """Understood surely, and as something else than the question before."""
    topic = parse.get("topic")
    is_sure = float(parse["intent"].get("confidence") or 0.0) >= SURE
    is_courtesy = topic and kind_of_topic(Topic(topic)) is Kind.CONTROL and topic != Topic.INFORM.value
    return bool(is_courtesy or (is_sure and topic != before.parse_data.get("topic") and topic != "inform"))


def _as(parse: dict[str, Any], intent: str) -> dict[str, Any]:
    topic = Topic(intent)
    also = [name for name in parse.get("also") or [] if name != topic.value]
    return {
        **parse,
        "intent": {**parse["intent"], "name": intent},
        "topic": topic.value,
        "kind": kind_of_topic(topic).value,
        "also": also,
    }
