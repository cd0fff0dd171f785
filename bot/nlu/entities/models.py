"""Models, sizes and variants: X50, 小米14, iphone 15 pro, 2XL, M码, 8+256, 1米8, 3段, 95新, 2023版."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from bot.nlu.entities.found import Found
from bot.nlu.entities.numerals import DIGIT

MODEL = "model"

_SUFFIX = r"(?:\s?(?:pro|max|plus|ultra|mini|se|lite|air|至尊版|青春版|标准版|尊享版|顶配版|纪念版))*"
_MODEL = re.compile(
    rf"(?<![a-z0-9])(?:(?:iphone|ipad|mate(?!book)|nova|reno|find|note|macbook|redmi|honor|galaxy|thinkpad|matebook|airpods|switch|rtx|gtx|ps|kindle|watch|pura)\s?\d{{0,4}}[a-z]{{0,3}}{_SUFFIX}"
    rf"|[a-z]{{1,5}}-?\d{{2,5}}[a-z]{{0,3}}(?:[-/][a-z0-9]{{1,8}})*{_SUFFIX}(?![a-z0-9])"
    rf"|[a-z]{{1,4}}-\d{{1,5}}[a-z]{{0,3}}{_SUFFIX}(?![a-z0-9])"
    rf"|(?<!第)\d{{1,2}}(?:\s?(?:pro|max|plus|ultra|mini|se))+(?![a-z])"
    r"|\d{1,5}(?:\.\d)?(?:匹半|gb|tb|g|l|kg|ml|升|匹|英寸|寸|mah|毫安|毫升|千瓦|公斤装|斤装|毫米|mm|cm)(?![a-z0-9]))"
)
#: Sizes in letters stand by themselves and mean a size only beside such words.
_LETTER_SIZE = re.compile(
    r"(?<![a-z0-9])((?:[2-6]?x{1,3}l|x{0,2}s|[sml])(?:码|号)|[2-6]x{0,2}l|x{1,4}l|xx?s)(?![a-z0-9])"
)
_BARE_SIZE = re.compile(
    r"(?:(?<=换)|(?<=换个)|(?<=换成)|(?<=标是)|(?<=要个)|(?<=改成)|(?<=码)|(?<=尺码)|(?<=[红白黑蓝绿灰黄粉紫杏米棕色])|(?<=买的)|(?<=发成)|(?<=穿)|(?<=要)|(?<=是))\s?([sml])(?![a-z0-9])"
    r"|(?<![a-z0-9])([sml])(?=和[sml](?![a-z])|的?(?:偏|太|有点)|的?还?有|的?没有|的?换)"
)
_CODE_SIZE = re.compile(
    r"(?<![\da-z.])((?:[12]\d0|\d{3}/\d{2,3}[a-z]?|[2-4]\d(?:\.5)?|[3-4]\d)码|\d{3}/\d{2,3}[a-z]?)(?![\da-z])"
)
_LENGTH = re.compile(rf"([1-3{DIGIT}]米[1-9{DIGIT}](?:[05五])?)(?=的|乘|[*x×]|宽|长|床|款|那|[,。 ]|$)")
_MEMORY = re.compile(r"(?<![\d+])((?:4|6|8|12|16|24)\s?\+\s?(?:64|128|256|512|1t)(?:gb?)?)(?![\d+])")
_GRADE = re.compile(rf"(?<![\d.])((?:[6-9]\d?|9[0-9]|{DIGIT[3:11]})成?新)(?![一-龥]?款|增|手|买|的一)")
_STAGE = re.compile(rf"(?<![\d{DIGIT}第])([1-4{DIGIT[2:7]}]段)(?!时间|路|话|距|视频|录|日|的?时)")
_EDITION = re.compile(
    r"((?:20\d\d|[北华东]师大|[人苏浙湘鲁冀沪北]教|湘少|译林|北师大|人教|苏教|外研|译林|部编|国行|港|美|日|欧|国际|典藏|豪华|珍藏|青春|尊享|旗舰|标准|升级)版)(?!本|权|式|面|块)"
)
_GRAMS = re.compile(r"(?<![\d.])(\d{2,4}克)(?!拉)")
_LIANG = re.compile(rf"(?<![\d{DIGIT}斤])([{DIGIT}\d]两)(?=的|母|公|装|以上)")
_DEGREE = re.compile(r"(?<![\d.])([1-9]\d{2}度)(?=的|近视|老花|$|[,。])")
_NUMBERED = re.compile(r"(?<![\d.])(\d{3,4})(?=型号|墨盒|硒鼓)|(?<![\d.])(\d{3})(?=那种)")
_SPOKEN_SIZE = re.compile(rf"(?<![{DIGIT}十百\d])([{DIGIT}十百]{{1,4}}(?:寸|升|匹半?|毫升|英寸))(?!级|降|照)")
_BARE_GIGA = re.compile(r"(?<![\d.¥])((?:64|128|256|512))(?=的(?!套餐|券|红包|优惠|定金|运费)|版|内存|够)")
#: These look like a model and are something else: fault codes, sizes of networks and screens, standards.
_NO_MODEL = re.compile(
    r"(?:e|f|h|p|u|err|error|er)-?\d{1,3}|[2345]g|2\.4g|usb\d?(?:\.\d)?|wifi\d?|win\d{1,2}|mp[34]|h5|ios\d*|vip\d*|ok\d*|qq\d+|cpu|a4|a3|12315|hdmi\d*|type-?c|ip6[78]|no\d+|\d{1,2}g|qq-\d+"
)
_FAULT_NEAR = re.compile(r"报|显示|故障|代码|错误|出现|跳|提示|啥意思|什么意思|闪")
_BODY = re.compile(r"穿|体重|身高|码")
_VARIANT = re.compile(r"(?:pro|max|plus|ultra|mini|se|air|版)$")
_NUMBER_OF_A_PAPER = re.compile(r"(?:单号?|编号|工单)[:是 ]*$")
_TRAFFIC = re.compile(r"流量|套餐|上网|宽带|网速|用了|用超|每月|个月|剩")
_BRAND_TAIL = re.compile(
    rf"\s?(\d{{1,3}}[a-z]?{_SUFFIX})(?![\d.]|[a-z]|块|元|天|个|年|月|台|号|折|点|次|周|岁|分|期|件)"
)


class ModelFinder:
    """Finds models; a brand with a number (小米14, 荣耀80) is one too."""

    def __init__(self, brands: Iterable[str]) -> None:
        self._brand = re.compile("|".join(map(re.escape, sorted(brands, key=len, reverse=True))) or r"(?!)")

    def __call__(self, text: str) -> Iterator[Found]:
        yield from _lettered(text)
        for match in self._brand.finditer(text):
            if number := _BRAND_TAIL.match(text, match.end()):
                yield _model(text, match.start(), number.end(), 5)
        for pattern in (_LETTER_SIZE, _BARE_SIZE, _CODE_SIZE, _LENGTH, _MEMORY, _GRADE, _STAGE, _EDITION, _GRAMS, _LIANG, _DEGREE, _NUMBERED, _BARE_GIGA, _SPOKEN_SIZE):  # fmt: skip
            for match in pattern.finditer(text):
                group = next(i for i, said in enumerate(match.groups(), start=1) if said)
                yield _model(text, match.start(group), match.end(group), 4)


def _lettered(text: str) -> Iterator[Found]:
    for match in _MODEL.finditer(text):
        name = match.group().strip()
        bare = name.replace(" ", "")
        if not any(char.isdigit() for char in bare) and not _VARIANT.search(bare):
            continue
        if _NUMBER_OF_A_PAPER.search(text[: match.start()]):
            continue
        if _NO_MODEL.fullmatch(bare) and not re.fullmatch(r"p\d{2,3}", bare):
            continue
        if re.fullmatch(r"p\d{2,3}", bare) and _FAULT_NEAR.search(text):
            continue
        if re.fullmatch(r"\d+gb?", bare) and _TRAFFIC.search(text):
            continue
        if bare.endswith("kg") and _BODY.search(text):
            continue
        yield _model(text, match.start(), match.start() + len(name), 4)


def _model(text: str, start: int, end: int, weight: int) -> Found:
    said = text[start:end].rstrip()
    return Found(MODEL, start, start + len(said), said.replace(" ", "").upper(), weight)
