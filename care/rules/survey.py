"""Who is asked how it was, and what: by the system alone (care.md §1 feedback, §2.7).

A contact is drawn by a keyed hash of its own id: nobody can choose who is asked, and a rerun chooses the same.
Unhappy ends are drawn more often, since they are rarer; each row keeps the share it was drawn with, so that
answers can be weighted back to the mix of contacts.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from care.rules.labelled import Labelled
from care.rules.vocabulary import CarePart, Channel, HandledBy, Kind, Outcome, Topic

#: Grows with any change of the quotas or of the questions' rules.
RULE_VERSION = "1"
#: Nobody is asked again within this time, whatever the contacts are about. Ended complaints are the exception.
PERIOD = timedelta(days=30)
OPEN_FOR = timedelta(hours=72)
#: What can be judged only on trust (was it really repaired?) is asked this long after the end.
LATER_AFTER = timedelta(days=14)
LATER_OPEN_FOR = timedelta(days=14)
MOST_QUESTIONS = 3
MAX_REASON = 500
LOW_CSAT = 2

EFFORT_LINES = 8  # a customer who needed so many lines had work with us
PERCEPTION_SHARE = 0.5
NPS_SHARE = 0.1


class SurveyKind(Labelled):
    CONTACT = "contact", "会话结束"
    CASE = "case", "投诉终止"
    LATER = "later", "事后回访"


class SurveyState(Labelled):
    NOT_INVITED = "not_invited", "未邀请"
    PLANNED = "planned", "待邀请"
    INVITED = "invited", "已邀请"
    ANSWERED = "answered", "已回答"
    SKIPPED = "skipped", "已跳过"
    UNANSWERED = "unanswered", "未回答"


class NotInvited(Labelled):
    NOT_DRAWN = "not_drawn", "未抽中"
    ASKED_RECENTLY = "asked_recently", "近期已邀请过"
    UNREACHABLE = "unreachable", "无法送达"
    NO_CONSENT = "no_consent", "未同意回访"


class Question(Labelled):
    CSAT = "csat", "满意度"
    CES = "ces", "费力度"
    NPS = "nps", "推荐意愿"
    PERCEPTION = "perception", "实际感受"
    CREDENCE = "credence", "事后信任"
    REASON = "reason", "原因"


class ServiceDimension(Labelled):
    """The five dimensions of SERVQUAL (Parasuraman et al. 1988)."""

    RELIABILITY = "reliability", "可靠"
    RESPONSIVENESS = "responsiveness", "响应"
    ASSURANCE = "assurance", "保证"
    EMPATHY = "empathy", "移情"
    TANGIBLES = "tangibles", "有形"


#: Lowest and highest answer of each question that is a number.
SCALES: Mapping[Question, tuple[int, int]] = {
    Question.CSAT: (1, 5),
    Question.CES: (1, 7),
    Question.NPS: (0, 10),
    Question.PERCEPTION: (1, 7),
    Question.CREDENCE: (1, 7),
}
FACES: tuple[str, ...] = ("很不满意", "不满意", "一般", "满意", "很满意")

QUESTION_WORDS: Mapping[Question, tuple[str, str, str]] = {
    # the question, its lowest end, its highest end
    Question.CSAT: ("您对这次服务满意吗？", FACES[0], FACES[-1]),
    Question.CES: ("这次把事情办好，对您来说容易吗？", "很费力", "很容易"),
    Question.NPS: ("您愿意把我们推荐给亲友吗？", "完全不愿意", "非常愿意"),
    Question.PERCEPTION: ("和您期望的相比，实际的服务怎么样？", "差很多", "好很多"),
    Question.CREDENCE: ("到现在为止，当时的处理结果真的解决问题了吗？", "完全没有", "完全解决"),
    Question.REASON: ("最主要的原因是什么？", "", ""),
}
DIMENSION_WORDS: Mapping[ServiceDimension, tuple[str, str, str]] = {
    ServiceDimension.RELIABILITY: ("答应您的事，我们一次就办对了吗？", "完全没有", "完全做到"),
    ServiceDimension.RESPONSIVENESS: ("我们的回应够快吗？", "太慢", "很快"),
    ServiceDimension.ASSURANCE: ("我们的解答让您放心吗？", "很不放心", "很放心"),
    ServiceDimension.EMPATHY: ("我们是否站在您的角度着想？", "完全没有", "完全做到"),
    ServiceDimension.TANGIBLES: ("页面和提供的资料清楚好用吗？", "很不清楚", "很清楚"),
}
#: What an assistant alone can be judged by.
_OF_THE_BOT = (ServiceDimension.RELIABILITY, ServiceDimension.RESPONSIVENESS, ServiceDimension.TANGIBLES)

_WITH_A_PERSON = {
    Outcome.RESOLVED: 1.0,
    Outcome.UNRESOLVED: 1.0,
    Outcome.TRANSFERRED: 1.0,
    Outcome.ABANDONED: 0.8,
}
#: Share of contacts that are invited. There are far more answers of the assistant than anybody needs.
QUOTAS: Mapping[HandledBy, Mapping[Outcome, float]] = {
    HandledBy.BOT: {
        Outcome.RESOLVED: 0.4,
        Outcome.UNRESOLVED: 0.8,
        Outcome.TRANSFERRED: 0.8,
        Outcome.ABANDONED: 0.5,
    },
    HandledBy.AGENT: _WITH_A_PERSON,
    HandledBy.MIXED: _WITH_A_PERSON,
}
#: Where a quota differs by channel: its factor.
CHANNEL_FACTOR: Mapping[Channel, float] = {Channel.PHONE: 0.5, Channel.EMAIL: 0.5}

_LATER_TOPICS = frozenset({Topic.REQUEST_REPAIR, Topic.REQUEST_RETURN})


@dataclass(frozen=True)
class Asked:
    """One question; a perception may be of one dimension. On the wire and in rows ``perception:empathy``."""

    question: Question
    dimension: ServiceDimension | None = None

    def __str__(self) -> str:
        return self.question.value if self.dimension is None else f"{self.question}:{self.dimension}"

    @classmethod
    def read(cls, text: str) -> Asked:
        """Raises `ValueError` for what is no question."""
        question, _, dimension = text.partition(":")
        return cls(Question(question), ServiceDimension(dimension) if dimension else None)

    @property
    def words(self) -> tuple[str, str, str]:
        return DIMENSION_WORDS[self.dimension] if self.dimension else QUESTION_WORDS[self.question]


@dataclass(frozen=True)
class ContactFacts:
    """What decides about an invitation. `key` names the contact or case for good, like ``contact:12``.

    `last_invited_at`: the newest invitation of this customer or browser. `reachable`: there is a browser to ask.
    """

    key: str
    now: datetime
    channel: Channel
    handled_by: HandledBy
    outcome: Outcome | None
    reachable: bool
    last_invited_at: datetime | None = None


@dataclass(frozen=True)
class Decision:
    """`share` is the chance that this contact had; `rule` names version and cell, at most 40 characters."""

    is_invited: bool
    why_not: NotInvited | None
    share: float
    rule: str


@dataclass(frozen=True)
class AskFacts:
    """What decides which questions are asked beside satisfaction."""

    key: str
    handled_by: HandledBy
    outcome: Outcome | None
    customer_lines: int = 0
    was_handed_over: bool = False
    bot_failures: int = 0
    has_expectation: bool = False
    care_part: CarePart | None = None


def draw(secret: bytes, key: str) -> float:
    """A number in [0, 1) that is the same for a key for ever, and that nobody without the secret can foresee."""
    digest = hmac.new(secret, f"survey:{RULE_VERSION}:{key}".encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def share_of(channel: Channel, outcome: Outcome | None, handled_by: HandledBy) -> float:
    """The quota of a cell, 0–1. A contact without an outcome counts as abandoned."""
    return QUOTAS[handled_by][outcome or Outcome.ABANDONED] * CHANNEL_FACTOR.get(channel, 1.0)


def decide(facts: ContactFacts, secret: bytes) -> Decision:
    """Whether a contact is asked about: drawn, reachable, and nobody twice within the period."""
    share = share_of(facts.channel, facts.outcome, facts.handled_by)
    outcome = (facts.outcome or Outcome.ABANDONED).value
    rule = f"{RULE_VERSION}/{facts.channel}/{outcome}/{facts.handled_by}"
    why_not = None
    if draw(secret, facts.key) >= share:
        why_not = NotInvited.NOT_DRAWN
    elif not facts.reachable:
        why_not = NotInvited.UNREACHABLE
    elif facts.last_invited_at is not None and facts.now - facts.last_invited_at < PERIOD:
        why_not = NotInvited.ASKED_RECENTLY
    return Decision(why_not is None, why_not, share, rule)


def decide_case(*, reachable: bool) -> Decision:
    """An ended complaint is always asked about, once."""
    return Decision(reachable, None if reachable else NotInvited.UNREACHABLE, 1.0, f"{RULE_VERSION}/case")


def questions_for(facts: AskFacts, secret: bytes) -> tuple[Asked, ...]:
    """Satisfaction first, then at most two more that fit, and the reason in the customer's own words last."""
    more: list[Asked] = []
    if facts.has_expectation:
        more.append(Asked(Question.PERCEPTION))
    if _was_work(facts):
        more.append(Asked(Question.CES))
    if not facts.has_expectation and facts.care_part is not None:
        chance = draw(secret, f"{facts.key}:perception")
        if chance < PERCEPTION_SHARE:
            fitting = _OF_THE_BOT if facts.handled_by is HandledBy.BOT else tuple(ServiceDimension)
            more.append(Asked(Question.PERCEPTION, fitting[int(chance / PERCEPTION_SHARE * len(fitting))]))
    if draw(secret, f"{facts.key}:nps") < NPS_SHARE:
        more.append(Asked(Question.NPS))
    return (Asked(Question.CSAT), *more[: MOST_QUESTIONS - 1], Asked(Question.REASON))


LATER_QUESTIONS: tuple[Asked, ...] = (Asked(Question.CREDENCE), Asked(Question.REASON))


def is_asked_later(kind: Kind | None, topics: frozenset[Topic]) -> bool:
    """Repairs and refunds show only after a while whether they were good."""
    return kind is Kind.RECORD_CHANGE and bool(topics & _LATER_TOPICS)


def fits(question: Question, value: object) -> bool:
    """Whether `value` is an answer to `question`: a whole number of its scale, or a text of at most 500."""
    if question is Question.REASON:
        return isinstance(value, str) and len(value) <= MAX_REASON
    low, high = SCALES[question]
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def is_low(csat: int | None) -> bool:
    """A score that somebody must hear of."""
    return csat is not None and csat <= LOW_CSAT


def _was_work(facts: AskFacts) -> bool:
    return (
        facts.customer_lines >= EFFORT_LINES
        or facts.was_handed_over
        or facts.bot_failures > 0
        or facts.outcome in (Outcome.UNRESOLVED, Outcome.ABANDONED)
    )
