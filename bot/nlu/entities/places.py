"""Addresses: known places and everything of an address that follows them, or an estate, street and door."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from bot.nlu.entities.found import Found
from bot.nlu.entities.numerals import DIGIT
from bot.nlu.entities.phrases import PhraseBook
from bot.nlu.entities.words import WordCutter

ADDRESS = "address"

_UNIT = re.compile(
    r"(?:自治区|自治州|地区|街道|新区|开发区|高新区|工业园区?|园区|省|市|区|县|镇|乡|村|州|旗)(?!面|场|里|别|分|内|长|域|委|外|中心|政府|区号)"
)
_AREA = re.compile(
    r"[\u4e00-\u9fff]{1,5}?(?:自治区|开发区|高新区|工业园区?|产业园|科技园|园区|市|区|县|镇|乡|街道|村|屯|社区)(?![面场里别分内长域委外])"
)
_ESTATE = "小区|花园|公寓|大厦|广场|新村|佳苑|家园|花苑|名苑|嘉园|雅苑|华庭|豪庭|名城|新城|山庄|别墅|公馆|国际|中心|写字楼|宿舍|学院|大学|中学|小学|医院|商场|苑|庭|soho|城"
_STREET = re.compile(
    rf"[\u4e00-\u9fff]{{0,6}}?(?:大道|大街|胡同|(?<!公|网|电|线|铁|一|高|思|半|套|门)路(?!由|上|过|程|线)|街(?![道口])|巷|弄|{_ESTATE}|园[一二三四五六七八九十]区)(?!上|里面|那边)"
)
_DOOR = re.compile(
    rf"(?:[\d{DIGIT}十a-z]{{1,5}}(?:号楼|号院|号|栋|幢|座|单元|楼|层|室|户|弄|#)|(?:塔|座)[\da-z]{{1,2}}|[-—]\d{{1,5}}|(?<=[单元层楼栋座幢])\d{{3,4}}室?|[\u4e00-\u9fff]{{1,5}}(?:[{DIGIT}十\d]{{1,3}}楼))"
)
_NOT_PART = re.compile(
    r"到|走|快递|寄|的|发|能|仓|送|那|去|给|我|你|收|转|分拨|地区|店|是|有|在|不|就|没|这|哪|要|也|都|买|吗|换|改|下|上门|营业厅|客服|快|网点|中转"
)
_DOORS = re.compile(rf"\d{{1,3}}(?:号楼|栋|幢|座)(?:{_DOOR.pattern}|\d{{3,4}}室?)+|\d{{1,3}}单元\d{{3,4}}室?")
#: An address without a known place: it is where something is sent, or it ends with a door.
_BARE = re.compile(
    rf"(?:改成|改为|改到|换成|换到|送到|寄到|发到|搬到|住在?|地址是?|在|放|送|寄)[:: ]?((?!我|你|他|她|这|那|哪|快递|驿站|门口|楼)[\u4e00-\u9fff]{{2,8}}?(?:小区|花园|公寓|大厦|新村|佳苑|家园|花苑|苑|庭|大道|路|街|村|镇|乡|科技园|工业园|产业园|大学|学院)(?:{_DOOR.pattern})*)(?=$|[,。;! ]|放|就|收|这|吧|了|行|可以|的)"
)
_ASKED = re.compile(r"哪|什么|啥|几")
_SHOP_STREET = re.compile(
    r"(?<![\u4e00-\u9fff])([\u4e00-\u9fff]{2,4}(?:路步行街|路|街|步行街|广场))(?=店|那家|那边|门店|的店|上那)"
)
_ABROAD = re.compile(
    r"(?:寄到|发到|送到|发往|寄往|寄去|发)((?:美国|加拿大|英国|日本|韩国|越南|泰国|法国|德国|俄罗斯|意大利|西班牙|新西兰|澳洲|马来西亚|印尼|菲律宾|欧洲|海外))"
)
_TO_DOOR = re.compile(
    rf"(?:改成|改为|改到|换成|换到|送到|寄到|发到|搬到|住在?|地址是?)[:: ]?((?!我|你|他|她|这|那|哪|改|换|是|在)[\u4e00-\u9fff]{{2,10}}?(?:{_DOOR.pattern})+)"
)
_WITH_DOOR = re.compile(
    rf"((?:(?!改|换|送|寄|发|搬|住|在|是|我|你|的|放|到|了|成)[\u4e00-\u9fff]){{2,6}}(?:小区|花园|公寓|大厦|新村|佳苑|家园|花苑|苑|庭|大道|路|街|巷)(?:{_DOOR.pattern})+)"
)
_DIRECTION = re.compile(r"(?<![\u4e00-\u9fff])((?:城|市)[东南西北中](?:区)?)(?=那|的|这|有|店|[,。 ]|$)")


class AddressFinder:
    """Addresses grow from a known place (or a door number) over the street and door that follow it."""

    def __init__(self, places: Iterable[str], cut: WordCutter) -> None:
        self._places = PhraseBook(places)
        self._cut = cut

    def __call__(self, text: str) -> Iterator[Found]:
        end = 0
        for start, stop in self._known(text):
            if start < end:
                continue
            end = self._end(text, stop)
            weight = 6 if end > stop else 5
            yield Found(ADDRESS, start, end, text[start:end], weight)
        for pattern, weight in (
            (_DOORS, 5),
            (_BARE, 4),
            (_WITH_DOOR, 5),
            (_DIRECTION, 4),
            (_SHOP_STREET, 4),
            (_ABROAD, 4),
            (_TO_DOOR, 7),
        ):
            for match in pattern.finditer(text):
                group = 1 if pattern.groups else 0
                if _ASKED.search(match.group(group)):
                    continue
                yield Found(ADDRESS, match.start(group), match.end(group), match.group(group), weight)

    def _known(self, text: str) -> Iterator[tuple[int, int]]:
        """Known places on the borders of words: 天水 in 冬天水不热 is none."""
        spans = list(self._places.spans(text))
        if not spans:
            return
        words = self._cut(text)
        end = -1
        for start, stop in spans:
            begins = start in words.starts or start == end
            ends = stop in words.ends or _UNIT.match(text, stop) or stop - start > 2
            if begins and ends:
                end = stop
                yield start, stop

    def _end(self, text: str, end: int) -> int:
        """The end of the units, known places, streets and doors directly after `end`."""
        while end < len(text):
            unit = _UNIT.match(text, end)
            if unit:
                end = unit.end()
                continue
            if (place := self._places.at(text, end)) > end:
                end = place
                continue
            if _NOT_PART.match(text, end):
                break
            part = _AREA.match(text, end) or _STREET.match(text, end) or _DOOR.match(text, end)
            if part is None or _NOT_PART.search(part.group()[1:]):
                part = _DOOR.match(text, end)
            if part is None:
                break
            end = part.end()
        return end
