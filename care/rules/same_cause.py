"""Which open complaints have one cause: the same matter of one product, one root cause, or the same words.

What customers say broke is read from a table of words of this shop's goods; it names the fault and judges nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from care.rules.complaint_terms import ComplaintCategory
from care.rules.labelled import Labelled
from care.rules.severity import SAME_CAUSE_URGENT

DAY, WEEK = timedelta(hours=24), timedelta(days=7)
#: One case alone is no group.
LEAST_CASES = 2


class Link(Labelled):
    """By what cases belong together. The severity of a case follows the first kind alone."""

    MATTER = "matter", "同一商品同一类问题"
    ROOT_CAUSE = "root_cause", "同一根本原因"
    WORDS = "words", "同样的说法"


class Fault(Labelled):
    """What the words say is wrong."""

    LEAK = "leak", "漏水"
    ELECTRIC = "electric", "漏电触电"
    SMOKE = "smoke", "冒烟起火"
    NOISE = "noise", "噪声异响"
    SMELL = "smell", "异味"
    NO_COOLING = "no_cooling", "不制冷制热"
    NO_POWER = "no_power", "不通电不开机"
    STOPS = "stops", "自动停机"
    BROKEN = "broken", "破损裂开"
    SCREEN = "screen", "屏幕显示"
    LATE = "late", "没按时送到"
    NOT_SHIPPED = "not_shipped", "没有发货"
    WRONG = "wrong", "发错漏发"
    NO_SHOW = "no_show", "约好没来"
    NO_REFUND = "no_refund", "退款没到"
    OVERCHARGED = "overcharged", "多收费"
    RUDE = "rude", "态度不好"
    PRICE_DROP = "price_drop", "降价差价"
    SPAM = "spam", "骚扰泄露"


#: The more particular ones first.
_WORDS: tuple[tuple[Fault, str], ...] = (
    (Fault.ELECTRIC, r"漏电|触电|电到|麻了|带电|跳闸"),
    (Fault.SMOKE, r"冒烟|起火|着火|烧焦|烧了起来|糊味"),
    (Fault.LEAK, r"漏水|渗水|滴水|漏(?!电|发|寄)"),
    (Fault.NOISE, r"噪[声音]|异响|太吵|很吵|响得|嗡嗡"),
    (Fault.SMELL, r"异味|臭味|味道(?:很|太)?大|刺鼻"),
    (Fault.NO_COOLING, r"不制冷|不冷|不制热|不热|不冰"),
    (Fault.NO_POWER, r"不通电|开不了机|不开机|没反应|打不开|启动不了"),
    (Fault.STOPS, r"自动停|自己停|自动关|中途停|死机"),
    (Fault.BROKEN, r"破损|裂|碎了|坏了|磕|变形|划痕|掉漆"),
    (Fault.SCREEN, r"屏幕?(?:不亮|碎|花)|花屏|黑屏|显示屏"),
    (Fault.NOT_SHIPPED, r"(?:不|没|还没|未)发货"),
    (Fault.WRONG, r"发错|寄错|送错|少发|漏发|少了|缺了|漏寄"),
    (Fault.NO_SHOW, r"(?:没|不|没人)(?:有人)?(?:来|上门)|爽约|放鸽子|白等"),
    (
        Fault.LATE,
        r"没(?:有)?(?:送|到货|收到)|还没到|送(?:得)?(?:太)?慢|晚了|迟|延误|拖了|超时|不动|没更新|丢件",
    ),
    (Fault.NO_REFUND, r"(?:没|不|还没|未)(?:有)?(?:给我)?退(?:款|钱)?|退款.{0,8}(?:没到|不到账|没有到)"),
    (Fault.OVERCHARGED, r"多收|乱收|重复扣|多扣|收费"),
    (Fault.PRICE_DROP, r"降价|差价|价保|保价"),
    (Fault.RUDE, r"态度|骂|吼|不耐烦|爱理不理|敷衍|挂.{0,3}电话"),
    (Fault.SPAM, r"泄[露漏]|骚扰|推销电话|陌生电话|诈骗"),
)
_PATTERNS = tuple((fault, re.compile(words)) for fault, words in _WORDS)


@dataclass(frozen=True)
class Case:
    """What of a complaint tells its cause."""

    id: int
    category: ComplaintCategory
    product: int | None
    words: str
    received_at: datetime
    root_cause: tuple[str, str] | None = None


@dataclass(frozen=True)
class Group:
    """Cases of one cause, the newest first. `faults`: how many of them say what."""

    link: Link
    key: str
    cases: tuple[Case, ...]
    in_24h: int
    in_7d: int
    faults: tuple[tuple[Fault, int], ...]

    @property
    def is_urgent(self) -> bool:
        """As many as make each of them urgent (care.md §2.11)."""
        return self.link is Link.MATTER and self.in_24h >= SAME_CAUSE_URGENT


def faults_in(words: str) -> tuple[Fault, ...]:
    """What these words say is wrong, each fault once, in the order of the table."""
    return tuple(fault for fault, pattern in _PATTERNS if pattern.search(words))


def matter_of(category: ComplaintCategory, product: int | None) -> str | None:
    """The key under which cases are one matter: danger by its category alone, all else with the product.

    None where no product is known: such a case has no equals.
    """
    if category is ComplaintCategory.SAFETY:
        return category.value
    return None if product is None else f"{category.value}:{product}"


def group(cases: Iterable[Case], now: datetime, *, window: timedelta = WEEK) -> tuple[Group, ...]:
    """Groups of at least two cases received within `window` before `now`, the most cases of 24 h first.

    A case may stand in groups of several kinds; groups with the very same cases are shown once.
    """
    found: dict[tuple[Link, str], list[Case]] = {}
    for case in cases:
        if not now - window < case.received_at <= now:
            continue
        for link, key in _keys(case):
            found.setdefault((link, key), []).append(case)
    groups = [
        _group(link, key, members, now)
        for (link, key), members in found.items()
        if len(members) >= LEAST_CASES
    ]
    order = {link: rank for rank, link in enumerate(Link)}
    groups.sort(key=lambda one: (order[one.link], -one.in_24h, -len(one.cases), one.key))
    seen: set[frozenset[int]] = set()
    shown = []
    for one in groups:
        ids = frozenset(case.id for case in one.cases)
        if ids not in seen:
            seen.add(ids)
            shown.append(one)
    shown.sort(key=lambda one: (-one.in_24h, -one.in_7d, order[one.link], one.key))
    return tuple(shown)


def _keys(case: Case) -> Iterable[tuple[Link, str]]:
    matter = matter_of(case.category, case.product)
    if matter is not None:
        yield Link.MATTER, matter
    if case.root_cause is not None:
        yield Link.ROOT_CAUSE, "/".join(case.root_cause)
    for fault in faults_in(case.words):
        yield Link.WORDS, f"{case.category.value}:{fault.value}"


def _group(link: Link, key: str, members: Sequence[Case], now: datetime) -> Group:
    faults = Counter(fault for case in members for fault in faults_in(case.words))
    order = {fault: rank for rank, fault in enumerate(Fault)}
    return Group(
        link=link,
        key=key,
        cases=tuple(sorted(members, key=lambda case: (case.received_at, case.id), reverse=True)),
        in_24h=sum(now - case.received_at < DAY for case in members),
        in_7d=sum(now - case.received_at < WEEK for case in members),
        faults=tuple(sorted(faults.items(), key=lambda pair: (-pair[1], order[pair[0]]))),
    )
