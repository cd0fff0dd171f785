"""What was said so far, for the person who takes over: taken from the lines as they stand, nothing added.

Pure and deterministic: the same transcript gives the same summary. Every quotation is the customer's or the
assistant's own words, cut where they are long.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from care.rules.profile import ProfileField
from care.rules.vocabulary import (
    COMPLAINT_TOPICS,
    EMOTION_STRENGTH,
    ConsentPurpose,
    Emotion,
    Kind,
    Speaker,
    Topic,
    kind_of_topic,
)

_QUOTED, _MOST_ASKED, _MOST_FAILURES, _MOST_FACTS = 80, 6, 4, 12
_SILENT_KINDS = (Kind.CONTROL, Kind.OTHER)
#: What an entity of the reading is called; others are not facts to pass on.
FACT_LABELS: dict[str, str] = {
    "order_number": "订单号",
    "tracking_number": "运单号",
    "product": "商品",
    "model": "型号",
    "carrier": "快递",
    "amount": "金额",
    "date": "时间",
    "quantity": "数量",
    "remedy": "希望的处理",
    "phone": "电话",
    "address": "地址",
    "name": "姓名",
}
_WRITTEN: dict[str, str] = {
    "complaint": "登记投诉",
    "order": "更改订单",
    "return": "办理退换",
    "visit": "预约上门",
    "invoice": "办理发票",
    "rights": "受理个人信息请求",
    "customer_field": "更新资料",
    "consent": "更改授权",
    "callback": "登记回电",
}
_FIELDS = {**ProfileField.labels(), **ConsentPurpose.labels()}
_QUESTION = re.compile(r"[?？]")


@dataclass(frozen=True)
class Said:
    """One line of the transcript, as much of it as a summary needs."""

    seq: int
    speaker: Speaker
    text: str
    understood: dict[str, Any] | None = None


@dataclass(frozen=True)
class Fact:
    kind: str
    label: str
    value: str


@dataclass(frozen=True)
class Asked:
    question: str
    answer: str | None


@dataclass(frozen=True)
class Felt:
    seq: int
    emotion: Emotion


@dataclass(frozen=True)
class Summary:
    """`emotion` is the strongest that was heard; `emotions` its course, a point for every change."""

    wish: str | None
    topics: tuple[Topic, ...]
    asked: tuple[Asked, ...]
    facts: tuple[Fact, ...]
    done: tuple[str, ...]
    failures: tuple[str, ...]
    emotion: Emotion
    emotions: tuple[Felt, ...]

    def lines(self) -> list[str]:
        """The whole in short Chinese lines; what is not known has no line."""
        found = [f"诉求：{self.wish}"] if self.wish else []
        if self.facts:
            found.append("已知：" + "；".join(f"{fact.label} {fact.value}" for fact in self.facts))
        for one in self.asked:
            found.append(f"已问：{one.question}（{'答：' + one.answer if one.answer else '未答'}）")
        if self.done:
            found.append("已办：" + "；".join(self.done))
        found += [f"未解决：{failure}" for failure in self.failures]
        if len(self.emotions) > 1:
            found.append("情绪：" + " → ".join(point.emotion.label for point in self.emotions))
        elif self.emotion is not Emotion.CALM:
            found.append(f"情绪：{self.emotion.label}")
        return found


def summarise(said: Sequence[Said], written: Iterable[str] = (), bot_failures: int = 0) -> Summary:
    """
    Args:
        said: the shown lines in their order.
        written: what the assistant wrote into the records: ``return:TH-…``, ``customer_field:phone``.
        bot_failures: how many times in a row it gave no answer at all.
    """
    own = [line for line in said if line.speaker is Speaker.CUSTOMER]
    emotions = _emotions(own)
    failures = [f"没有听懂“{clip(line.text, 40)}”" for line in own if _is_not_understood(line)][
        -_MOST_FAILURES:
    ]
    if bot_failures:
        failures.append(f"智能客服有 {bot_failures} 次没能回答")
    return Summary(
        wish=_wish(own),
        topics=_topics(own),
        asked=_asked(said),
        facts=_facts(own),
        done=tuple(dict.fromkeys(map(in_words, written))),
        failures=tuple(failures),
        emotion=max((point.emotion for point in emotions), key=EMOTION_STRENGTH.__getitem__, default=Emotion.CALM),
        emotions=emotions,
    )  # fmt: skip


def in_words(written: str) -> str:
    """``return:TH-20261124-0001`` → 办理退换 TH-20261124-0001."""
    kind, _, what = written.partition(":")
    said = _WRITTEN.get(kind, kind)
    return f"{said} {_FIELDS.get(what, what)}" if what else said


def topic_of(line: Said) -> Topic | None:
    """What the line is about; None for a word that only steers the talk."""
    try:
        topic = Topic(str((line.understood or {}).get("topic")))
    except ValueError:
        return None
    return None if kind_of_topic(topic) in _SILENT_KINDS else topic


def clip(text: str, most: int = _QUOTED) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"


def _wish(own: Sequence[Said]) -> str | None:
    """The complaint, where there is one; else the last line that was about something."""
    about = [(line, topic) for line in own if (topic := topic_of(line)) is not None]
    complaints = [line for line, topic in about if topic in COMPLAINT_TOPICS]
    chosen = complaints[0] if complaints else about[-1][0] if about else None
    return None if chosen is None else clip(chosen.text)


def _topics(own: Sequence[Said]) -> tuple[Topic, ...]:
    found: dict[Topic, None] = {}
    for line in own:
        for name in ((line.understood or {}).get("topic"), *((line.understood or {}).get("also") or ())):
            try:
                topic = Topic(str(name))
            except ValueError:
                continue
            if kind_of_topic(topic) not in _SILENT_KINDS:
                found[topic] = None
    return tuple(found)


def _asked(said: Sequence[Said]) -> tuple[Asked, ...]:
    """Questions of the assistant, each with the customer's next line; a question asked again counts once."""
    found: dict[str, Asked] = {}
    for place, line in enumerate(said):
        if line.speaker is not Speaker.BOT or not _QUESTION.search(line.text):
            continue
        answer = next(
            (later for later in said[place + 1 :] if later.speaker is not Speaker.BOT), None
        )  # an agent's line in between: nobody answered the assistant
        words = clip(answer.text, 40) if answer is not None and answer.speaker is Speaker.CUSTOMER else None
        question = _question_of(line.text)
        found.pop(question, None)
        found[question] = Asked(question, words)
    return tuple(found.values())[-_MOST_ASKED:]


def _question_of(text: str) -> str:
    """The sentence with the question mark, not the whole bubble."""
    sentences = re.findall(r"[^。！!；;\n?？]*[?？]", text)
    return clip((sentences[-1] if sentences else text).strip(), 60)


def _facts(own: Sequence[Said]) -> tuple[Fact, ...]:
    found: dict[tuple[str, str], Fact] = {}
    for line in own:
        for entity in (line.understood or {}).get("entities") or ():
            kind, value = str(entity.get("entity")), str(entity.get("value") or "").strip()
            if kind in FACT_LABELS and value:
                found.setdefault((kind, value), Fact(kind, FACT_LABELS[kind], clip(value, 60)))
    return tuple(found.values())[-_MOST_FACTS:]


def _emotions(own: Sequence[Said]) -> tuple[Felt, ...]:
    course: list[Felt] = []
    for line in own:
        if line.understood is None:
            continue
        try:
            emotion = Emotion(str(line.understood.get("emotion") or "calm"))
        except ValueError:
            continue
        if not course or course[-1].emotion is not emotion:
            course.append(Felt(line.seq, emotion))
    return tuple(course)


def _is_not_understood(line: Said) -> bool:
    known = line.understood or {}
    return known.get("intent") == "nlu_fallback"
