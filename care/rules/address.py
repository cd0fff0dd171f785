"""A Chinese address taken apart: province, city, district, and the rest down to the door.

Missing levels are filled in where they follow from what is written (杭州西湖区 → 浙江省 杭州市). Districts
are told by their suffix, not by a list: three thousand change every year.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from care.rules.divisions import PROVINCES
from care.rules.text import normalise

_SEPARATORS = re.compile(r"[\s,，、;；|/\\]+")
_DISTRICT = re.compile(
    r"^(?P<district>[\u3400-\u9fff]{1,9}?(?:自治县|自治旗|新区|开发区|高新区|林区|特区|区|县|旗|市))(?![场口政])"
)
_PEOPLES = "朝鲜族|土家族|苗族|藏族|羌族|彝族|布依族|侗族|壮族|哈尼族|傣族|白族|景颇族|傈僳族|回族|蒙古族|蒙古|哈萨克|柯尔克孜"
_SUFFIX = re.compile(rf"(?:市|地区|盟|(?:{_PEOPLES})*自治州|特别行政区|林区)$")
#: What people write differently for the same thing; read away before addresses are compared.
_SPELLINGS = (
    (re.compile(r"(?<=\d)(?:号楼|幢|栋|座|號樓|#楼|#)"), "幢"),
    (re.compile(r"(?<=\d)(?:室|房|户)"), "室"),
    (re.compile(r"(?<=[\d幢])(?:单元)"), "单元"),
    (re.compile(r"[()（）\-—_.。·]+"), "-"),
)
_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")
_CHINESE_NUMBER = re.compile(r"[〇零一二三四五六七八九]+(?=号|幢|栋|座|室|单元|楼|层|弄)")
_NUMBER = re.compile(r"\d+[a-zA-Z]?")


@dataclass(frozen=True)
class Address:
    """`rest` is everything below the district, as it is written. A level that is not known is empty."""

    province: str
    city: str
    district: str
    rest: str

    @property
    def is_complete(self) -> bool:
        return bool(self.province and self.city and self.rest)


def split_address(text: str) -> Address:
    """The levels of an address; words that are none stay in `rest`."""
    left = _SEPARATORS.sub("", normalise(text)).removeprefix("中国")
    province, left = _province(left)
    city, found_province, left = _city(left, province)
    province = province or found_province
    district = ""
    if province or city:
        match = _DISTRICT.match(left)
        if match:
            district, left = match["district"], left[match.end() :]
    return Address(province, city, district, left)


def door_of(address: Address) -> str:
    """City and rest in one spelling: equal for two ways to write one door (3栋1单元 / 3幢一单元)."""
    rest = _CHINESE_NUMBER.sub(lambda found: found[0].translate(_DIGITS), address.rest.lower())
    for spelling, plain in _SPELLINGS:
        rest = spelling.sub(plain, rest)
    return f"{address.city}|{rest.strip('-')}"


def numbers_of(address: Address) -> tuple[str, ...]:
    """House, building and room numbers in the order written: what tells neighbours apart."""
    return tuple(_NUMBER.findall(door_of(address).partition("|")[2]))


def _province(text: str) -> tuple[str, str]:
    for full, _ in PROVINCES.values():
        if text.startswith(full):
            return full, text[len(full) :]
    for short, (full, cities) in PROVINCES.items():
        # 吉林 and 海南 name a province and something smaller: 吉林市 is a city.
        if text.startswith(short) and not any(text.startswith(city) for city in cities if city != full):
            after = text[len(short) :]
            return full, after.removeprefix("省").removeprefix("市") if after[:1] in "省市" else after
    return "", text


def _city(text: str, province: str) -> tuple[str, str, str]:
    """The city, its province and what is left; longest name first."""
    for name, (full, of_province) in _CITY_NAMES.items():
        if province and of_province != province:
            continue
        if text.startswith(name):
            left = text[len(name) :]
            if name != full:
                # 朝阳 is a city, 朝阳区 a district of another one, 吉林大路 a street.
                if left[:1] in ("区", "县", "路", "街", "大", "道") and not province:
                    continue
                if left[:1] in ("区", "县", "路", "街"):
                    continue
                left = left.removeprefix("州") if full.endswith("州") else left.removeprefix("市")
            return full, of_province, left
    if province in _OWN_CITY:
        return province, province, text
    return "", province, text


def _city_names() -> Mapping[str, tuple[str, str]]:
    names: dict[str, tuple[str, str]] = {}
    for full_province, cities in PROVINCES.values():
        for city in cities:
            names[city] = (city, full_province)
            short = _SUFFIX.sub("", city)
            if len(short) >= 2:
                names.setdefault(short, (city, full_province))
    return dict(sorted(names.items(), key=lambda item: -len(item[0])))


_CITY_NAMES = _city_names()
_OWN_CITY = frozenset(full for full, cities in PROVINCES.values() if cities == (full,))
