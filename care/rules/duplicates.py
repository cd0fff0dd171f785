"""Whether two records are of one customer: evidence weighed in bits (Fellegi & Sunter 1969; the weights are our own).

Each agreement or disagreement adds log2 of how much likelier it is between two records of one customer than
between two customers. The sum, with `PRIOR` for how rare duplicates are among the pairs looked at, is a
probability. Different full names weigh heaviest: a family shares its door, its phone and its mailbox.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from care.rules.labelled import Labelled


class NameLikeness(Labelled):
    SAME = "same", "姓名相同"
    SLIP = "slip", "姓名只差一两个字母或写法"
    SOUND = "sound", "姓名读音相同"
    COURTESY = "courtesy", "同姓，其中一个只有称呼"
    NEAR = "near", "姓名差一个字"
    OTHER = "other", "姓名不同"
    UNKNOWN = "unknown", "姓名不详"


class PhoneLikeness(Labelled):
    SAME = "same", "手机号相同"
    SLIP = "slip", "手机号只差一位"
    RECEIVER = "receiver", "一方的订单寄往另一方的手机号"
    OTHER = "other", "手机号不同"
    UNKNOWN = "unknown", "手机号不详"


class AddressLikeness(Labelled):
    DOOR = "door", "地址到门牌都相同"
    BUILDING = "building", "同一幢楼，室号不同"
    STREET = "street", "同一条街"
    CITY = "city", "同一城市，街道不同"
    OTHER = "other", "城市不同"
    UNKNOWN = "unknown", "地址不详"


class Likeness(Labelled):
    SAME = "same", "相同"
    OTHER = "other", "不同"
    UNKNOWN = "unknown", "不详"


@dataclass(frozen=True)
class Comparison:
    """How two records compare. `name_share`: the share of all customers that bear this name, 0–1."""

    name: NameLikeness
    phone: PhoneLikeness
    address: AddressLikeness
    email: Likeness
    birthday: Likeness
    name_share: float = 0.0


@dataclass(frozen=True)
class Evidence:
    """One fact for people, and its weight: positive for, negative against one customer."""

    fact: str
    bits: float


@dataclass(frozen=True)
class Verdict:
    """`score` is the probability 0–100 that both are one customer; the strongest evidence first."""

    score: int
    evidence: tuple[Evidence, ...]

    @property
    def is_likely(self) -> bool:
        return self.score >= LIKELY_FROM

    @property
    def is_possible(self) -> bool:
        return self.score >= POSSIBLE_FROM


#: Below POSSIBLE a pair is not shown to anybody.
LIKELY_FROM, POSSIBLE_FROM = 85, 50
#: Of the pairs that share a key, about one in sixty is a duplicate before anything else is known.
PRIOR = -6.0
_NAME = {
    NameLikeness.SLIP: 4.0,
    NameLikeness.SOUND: 3.0,
    NameLikeness.COURTESY: 1.0,
    #: A wrong sign, or a brother: only phone and door together make it likely.
    NameLikeness.NEAR: -7.0,
    NameLikeness.OTHER: -19.0,
    NameLikeness.UNKNOWN: 0.0,
}
_NAME_LEAST, _NAME_MOST = 3.0, 7.0
_PHONE = {
    PhoneLikeness.SAME: 9.0,
    PhoneLikeness.SLIP: 4.0,
    PhoneLikeness.RECEIVER: 5.0,
    PhoneLikeness.OTHER: -2.0,
    PhoneLikeness.UNKNOWN: 0.0,
}
_ADDRESS = {
    AddressLikeness.DOOR: 6.0,
    AddressLikeness.BUILDING: 2.0,
    AddressLikeness.STREET: 0.5,
    AddressLikeness.CITY: 0.0,
    AddressLikeness.OTHER: -3.0,
    AddressLikeness.UNKNOWN: 0.0,
}
_EMAIL = {Likeness.SAME: 9.0, Likeness.OTHER: -0.5, Likeness.UNKNOWN: 0.0}
#: Mistyped or made-up birthdays are common, so a different one says less than an equal one.
_BIRTHDAY = {Likeness.SAME: 6.0, Likeness.OTHER: -4.0, Likeness.UNKNOWN: 0.0}


def weigh(pair: Comparison) -> Verdict:
    """How likely both records are of one customer, and why.

    Raises:
        ValueError: `name_share` is not 0–1.
    """
    if not 0 <= pair.name_share <= 1:
        raise ValueError(f"a share of {pair.name_share}")
    name = _same_name(pair.name_share) if pair.name is NameLikeness.SAME else _NAME[pair.name]
    found = (
        Evidence(pair.name.label, name),
        Evidence(pair.phone.label, _PHONE[pair.phone]),
        Evidence(pair.address.label, _ADDRESS[pair.address]),
        Evidence(f"邮箱{pair.email.label}", _EMAIL[pair.email]),
        Evidence(f"生日{pair.birthday.label}", _BIRTHDAY[pair.birthday]),
    )
    bits = PRIOR + sum(one.bits for one in found)
    told = sorted((one for one in found if one.bits), key=lambda one: -abs(one.bits))
    return Verdict(round(100 / (1 + 2.0**-bits)), tuple(told))


def _same_name(share: float) -> float:
    """A rare name says more than a common one."""
    if share <= 0:
        return _NAME_MOST
    return round(max(_NAME_LEAST, min(_NAME_MOST, math.log2(0.9 / share))), 1)
