"""Two records side by side: names by sign and sound, phones with slips, addresses to the door; and their keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from opencc import OpenCC
from pypinyin import lazy_pinyin
from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from care.rules.address import Address, door_of, numbers_of, split_address
from care.rules.duplicates import AddressLikeness, Comparison, Likeness, NameLikeness, PhoneLikeness
from care.rules.quality import is_courtesy
from care.rules.text import normalise
from care.rules.vocabulary import CustomerType

#: What every firm's name has and none is told by.
_FIRM = re.compile(r"股份|有限|责任|公司|集团|总店|分店|分公司|[()（）\s·.,，]|\b(?:co|ltd|inc|corp)\b", re.I)
_FIRM_SLIP = 88
_LATIN_SLIP = 85
_CHINESE = re.compile(r"[\u3400-\u9fff]")
#: Two-sign family names that people do have; elsewhere the first sign is the family's.
_DOUBLE = frozenset(
    [
        "欧阳",
        "司马",
        "上官",
        "诸葛",
        "夏侯",
        "皇甫",
        "尉迟",
        "公孙",
        "慕容",
        "令狐",
        "司徒",
        "东方",
        "南宫",
        "长孙",
        "宇文",
        "端木",
        "独孤",
    ]
)


@dataclass(frozen=True)
class Person:
    """What of a record is compared. `also_phones` are those that their orders are sent to."""

    name: str
    phone: str | None = None
    email: str | None = None
    address: str | None = None
    birthday: str | None = None
    kind: CustomerType = CustomerType.CONSUMER
    also_phones: frozenset[str] = frozenset()

    @property
    def is_firm(self) -> bool:
        return self.kind in (CustomerType.COMPANY, CustomerType.CHANNEL)


def compare(one: Person, other: Person, *, name_share: float = 0.0) -> Comparison:
    """How two records compare, for `care.rules.duplicates.weigh`."""
    return Comparison(
        name=_names(one, other),
        phone=_phones(one, other),
        address=_addresses(one.address, other.address),
        email=_equal((one.email or "").lower(), (other.email or "").lower()),
        birthday=_equal(one.birthday, other.birthday),
        name_share=name_share,
    )


def keys_of(person: Person) -> frozenset[str]:
    """Only records that share a key are compared: a phone, a mailbox, a door, a name with something beside it."""
    return frozenset(_keys(person))


def _keys(person: Person) -> Iterator[str]:
    name = core_of(person.name) if person.is_firm else _sound(_simple(person.name))
    for phone in {person.phone, *person.also_phones} - {None, ""}:
        yield f"p:{phone}"
    if person.phone and name:
        # Whatever digit is wrong, one end of the number is right.
        yield f"h:{name}:{person.phone[:6]}"
        yield f"t:{name}:{person.phone[-5:]}"
    if person.email:
        yield f"e:{person.email.lower()}"
    if person.birthday and name:
        yield f"b:{name}:{person.birthday}"
    if person.is_firm and name:
        yield f"f:{name}"
    if person.address:
        address = _split(person.address)
        numbers = numbers_of(address)
        if numbers:
            yield f"d:{address.city}:{_street(address)}:{'-'.join(numbers)}"
            if name:
                yield f"a:{name}:{address.city}:{numbers[0]}"


@lru_cache(maxsize=8192)
def core_of(firm: str) -> str:
    """A firm's name without what all of them have: ``杭州云帆酒店管理``."""
    return _FIRM.sub("", _simple(firm)).lower()


def _names(one: Person, other: Person) -> NameLikeness:
    if not one.name.strip() or not other.name.strip():
        return NameLikeness.UNKNOWN
    if one.is_firm or other.is_firm:
        return _firms(one, other)
    a, b = _simple(one.name), _simple(other.name)
    if a == b:
        return NameLikeness.COURTESY if is_courtesy(a) else NameLikeness.SAME
    if is_courtesy(a) or is_courtesy(b):
        return NameLikeness.COURTESY if _surname(a) == _surname(b) else NameLikeness.OTHER
    if _sound(a) == _sound(b):
        # A name written in letters is the same name; two signs with one sound may be two children.
        return NameLikeness.SOUND if _is_chinese(a) and _is_chinese(b) else NameLikeness.SAME
    if not _is_chinese(a) and not _is_chinese(b) and fuzz.token_sort_ratio(a, b) >= _LATIN_SLIP:
        return NameLikeness.SLIP
    is_near = (
        _is_chinese(a) and max(len(a), len(b)) >= 3 and _surname(a) == _surname(b) and OSA.distance(a, b) == 1
    )
    return NameLikeness.NEAR if is_near else NameLikeness.OTHER


def _firms(one: Person, other: Person) -> NameLikeness:
    if not (one.is_firm and other.is_firm):
        return NameLikeness.OTHER
    a, b = core_of(one.name), core_of(other.name)
    if a == b:
        return NameLikeness.SAME
    # The same signs in another order: 云帆酒店管理（杭州）. A different place or trade is a different firm.
    if sorted(a) == sorted(b) or (
        len(a) == len(b) and fuzz.ratio(a, b) >= _FIRM_SLIP and _sound(a) == _sound(b)
    ):
        return NameLikeness.SLIP
    return NameLikeness.OTHER


def _phones(one: Person, other: Person) -> PhoneLikeness:
    if not one.phone or not other.phone:
        return PhoneLikeness.UNKNOWN
    if one.phone == other.phone:
        return PhoneLikeness.SAME
    if OSA.distance(one.phone, other.phone, score_cutoff=1) <= 1:
        return PhoneLikeness.SLIP
    if other.phone in one.also_phones or one.phone in other.also_phones:
        return PhoneLikeness.RECEIVER
    return PhoneLikeness.OTHER


def _addresses(one: str | None, other: str | None) -> AddressLikeness:
    if not one or not other:
        return AddressLikeness.UNKNOWN
    a, b = _split(one), _split(other)
    if not a.city or not b.city:
        return AddressLikeness.DOOR if door_of(a) == door_of(b) and numbers_of(a) else AddressLikeness.UNKNOWN
    if a.city != b.city:
        return AddressLikeness.OTHER
    if a.district and b.district and a.district != b.district:
        return AddressLikeness.CITY
    if _street(a) != _street(b) and fuzz.ratio(_street(a), _street(b)) < 80:
        return AddressLikeness.CITY
    mine, yours = numbers_of(a), numbers_of(b)
    if mine and mine == yours:
        return AddressLikeness.DOOR
    shorter = min(len(mine), len(yours))
    if shorter >= 2 and len(mine) == len(yours) and mine[:-1] == yours[:-1]:
        return AddressLikeness.BUILDING
    return AddressLikeness.STREET


def _equal(one: str | None, other: str | None) -> Likeness:
    if not one or not other:
        return Likeness.UNKNOWN
    return Likeness.SAME if one == other else Likeness.OTHER


@lru_cache(maxsize=8192)
def _split(address: str) -> Address:
    return split_address(_simplified(address))


def _street(address: Address) -> str:
    """What is written before the first number."""
    return re.split(r"\d", door_of(address).partition("|")[2], maxsplit=1)[0]


@lru_cache(maxsize=16384)
def _simple(name: str) -> str:
    return (
        re.sub(r"[\s·•.'’\-]+", " " if not _CHINESE.search(name) else "", _simplified(name)).strip().lower()
    )


@lru_cache(maxsize=16384)
def _sound(name: str) -> str:
    return "".join(lazy_pinyin(name)).replace(" ", "")


def _surname(name: str) -> str:
    return name[:2] if name[:2] in _DOUBLE else name[:1]


def _is_chinese(name: str) -> bool:
    return bool(_CHINESE.search(name))


@lru_cache(maxsize=1)
def _converter() -> OpenCC:
    return OpenCC("t2s")


def _simplified(text: str) -> str:
    return str(_converter().convert(normalise(text)))
