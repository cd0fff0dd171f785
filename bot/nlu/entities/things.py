"""Products, models, carriers, quantities, scores and remedies."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.nlu.entities.found import Found
from bot.nlu.entities.numerals import DIGIT, number
from care.rules.complaint_terms import Remedy

MODEL, QUANTITY, SCORE, REMEDY = "model", "quantity", "score", "remedy"

_SUFFIX = r"(?:\s?(?:pro|max|plus|ultra|mini|se|lite|air|青春版|至尊版|标准版|尊享版))*"
_MODEL = re.compile(
    rf"(?<![a-z0-9])(?:(?:iphone|ipad|mate|nova|reno|find|note|macbook|redmi|honor|galaxy|thinkpad|matebook|airpods|switch|rtx|gtx|ps|kindle)\s?\d{{0,4}}[a-z]{{0,3}}{_SUFFIX}"
    rf"|[a-z]{{1,5}}-?\d{{2,5}}[a-z]{{0,3}}(?:[-/][a-z0-9]{{1,8}})*{_SUFFIX}(?![a-z0-9])"
    r"|\d{1,5}(?:\.\d)?(?:gb|tb|g|l|升|匹|英寸|寸|mah|毫安)(?![a-z0-9]))"
)
#: These look like a model and are something else: fault codes, sizes of networks and screens, standards.
_NO_MODEL = re.compile(
    r"(?:e|f|h|p|err|error|er)-?\d{1,3}|[345]g|2\.4g|usb\d?(?:\.\d)?|wifi\d?|win\d{1,2}|mp[34]|h5|ios\d*|v\d{1,2}|vip\d*|ok\d*|qq\d+|cpu|a4|a3|12315|hdmi\d*|type-?c|ip6[78]|no\d+"
)
_FAULT_NEAR = re.compile(r"报|显示|故障|代码|错误|出现|跳|提示|啥意思|什么意思|闪")
_MEASURES = "个|台|件|条|只|张|双|套|部|把|箱|盒|包|袋|瓶|罐|本|支|根|块(?=钱)?|款|单|片|节|卷|桶|份|对|副|串|斤|米|公分|厘米|层|种|粒|枚|盏|床|辆|笔|颗|提|组|扇|幅"
_QUANTITY = re.compile(
    rf"(?<![第{DIGIT}十百千\d.])((?:\d{{1,4}}|[{DIGIT}十百]{{1,4}}|半|几))({_MEASURES})(?!月|多月|半月|小时|星期|礼拜|工作日|人|钱|事|问题|说法|电话|解释|话|点)"
)
_SCORE = re.compile(
    rf"(?<![\d.])(\d{{1,3}}|[{DIGIT}十]{{1,2}})(?:\s?分(?![钟期店公拨之付部类析批别配开辨])|\s?颗?星(?!期|级|座|光))"
)
_BARE_SCORE = re.compile(r"(?:打|评|给|评分|满意度)(?:个|了|是|你们|:)?\s?(\d{1,2})(?=$|[。,!~ ])")
_REMEDIES: tuple[tuple[Remedy | None, re.Pattern[str]], ...] = (
    (Remedy.COMPENSATION, re.compile(r"退一赔[三十3]|假一赔[十三]|赔偿|赔付|赔钱|补偿|补差价|退差价|退差额|补(?:我|给我)?差|赔我|赔个|给个?补偿|三倍")),
    (Remedy.REFUND, re.compile(r"退货退款|仅退款|退款|退钱|退费|全额退|退全款|全退|退货|退回去|把钱退|钱退给|退给我|退了吧|给我退|退掉|能退|想退|要退|给退|退一[件个台双]")),
    (Remedy.EXCHANGE, re.compile(r"换货|调换|更换|换新机?|换(?:一?个|一?台|一?双|一?件|一?条|一?只|一?部)(?:新的|好的)?|换(?=大|小)|给我换|想换|要换")),
    (Remedy.REPAIR, re.compile(r"返修|维修|修好|修一下|来修|上门修|免费修|保修一下|修理|报修")),
    (Remedy.REPLACE, re.compile(r"补发|重发|重新发|补寄|再发一|补给我|重新寄")),
    (Remedy.APOLOGY, re.compile(r"道歉|赔礼|赔个不是")),
    (Remedy.INFORMATION, re.compile(r"给(?:我|个|我个|我一个|一个)?(?:说法|解释|交代|答复|回复)|要(?:个|一个)说法")),
    (Remedy.GIFT, re.compile(r"送(?:我)?(?:个|张)(?:券|小礼品|礼品|红包)")),
    (None, re.compile(r"取消订单|订单取消|取消掉|取消(?!不了|失败|了|费|自动|订阅|套餐|业务)")),
)  # fmt: skip
#: What a remedy word means when the customer tells of the past or asks about the rules.
_NOT_WANTED = re.compile(r"(?:已经|已|刚|上次|之前|申请)$")
CANCEL = "cancel"


class PhraseBook:
    """Words of the dictionary as one pattern, the longest first."""

    def __init__(self, words: tuple[str, ...]) -> None:
        ordered = sorted(set(words), key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else re.compile(r"(?!)")

    def matches(self, text: str) -> Iterator[re.Match[str]]:
        return self._pattern.finditer(text)


def find_models(text: str) -> Iterator[Found]:
    for match in _MODEL.finditer(text):
        name = match.group().strip()
        bare = name.replace(" ", "")
        if not any(char.isdigit() for char in bare) and len(bare) < 4:
            continue
        if _NO_MODEL.fullmatch(bare) and not re.fullmatch(r"p\d{2,3}", bare):
            continue
        if re.fullmatch(r"p\d{2,3}", bare) and _FAULT_NEAR.search(text):
            continue
        yield Found(MODEL, match.start(), match.start() + len(name), bare.upper(), weight=4)


def find_quantities(text: str) -> Iterator[Found]:
    for match in _QUANTITY.finditer(text):
        value = number(match.group(1))
        yield Found(
            QUANTITY, match.start(), match.end(), match.group(1) if value is None else str(value), weight=3
        )


def find_scores(text: str) -> Iterator[Found]:
    for match in _SCORE.finditer(text):
        value = number(match.group(1))
        if value is not None:
            yield Found(SCORE, match.start(), match.end(), str(value), weight=4)
    for match in _BARE_SCORE.finditer(text):
        yield Found(SCORE, match.start(1), match.end(1), match.group(1), weight=2)


def find_remedies(text: str) -> Iterator[Found]:
    """What the customer wants done, as a value of `Remedy` (`cancel` for an order taken back)."""
    for remedy, pattern in _REMEDIES:
        for match in pattern.finditer(text):
            if not _NOT_WANTED.search(text[: match.start()]):
                value = remedy.value if remedy else CANCEL
                yield Found(REMEDY, match.start(), match.end(), value, weight=2)
