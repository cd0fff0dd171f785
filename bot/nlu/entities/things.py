"""Quantities and scores."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal

from bot.nlu.entities.found import Found
from bot.nlu.entities.numerals import DIGIT, number
from bot.nlu.entities.phrases import PhraseBook

QUANTITY, SCORE = "quantity", "score"

_MEASURES = rf"个|台|件套|件|条|只(?![退收有给发到能要剩返赔])|张|双|套(?!餐)|部(?!分)|把|箱|盒|包(?!邮)|袋|瓶|罐|本|支|根|块(?=钱)?|款|单(?![元位独号])|片|节|卷|桶|份|对|副|串|斤|两|米(?![\d{DIGIT}])|公分|厘米|层|种|粒|枚|盏|床|辆|笔|颗|提|组|扇|幅|册"
_QUANTITY = re.compile(
    rf"(?<![第{DIGIT}十百千\d.同每哪某])((?:\d{{1,4}}|[{DIGIT}十百]{{1,4}}|半))((?:{_MEASURES}))([{DIGIT}\d]两)?(?!月|多月|半月|小时|星期|礼拜|工作日|人|钱|事|话|点|钟|上午|下午|晚上|客服|电话|月|师傅|地方|问题|键|地址|订单|号(?!码)|消息|短信|划痕|扣款|评论|留言|信息|裂|缝|线(?!材))"
)
#: Counted in these, a thing is seldom goods: 一种, 一层灰, 一张卡, 一条消息.
_VAGUE = frozenset("种层片张根块粒颗组笔幅扇节串")
_COUNTS_ANYTHING = frozenset("个对款本支份条")
#: 个 counts anything; it counts goods at the end of a clause or before a word of handling them.
_GOODS_FOLLOW = re.compile(
    r"$|[,。!?;~ 的吧呢吗啊]|一起|都|里|可以|能|行|退|要|不是|就|够|现货|一套|多少|包邮|什么价|取消|发|少|钱|现|[坏破烂碎]"
)
_HANDLED = re.compile(
    r"(?:买|要|订|定|拍|发|收到?|退|换|加|多|少|寄|下单|送|补|来|取|剩下?|有|另|拿|赠|购|配|付|扣|团购|还|共|共计|只|留|说|减|给我|一套|抢|囤|点|做|打包)(?:了|过|的|我|只|来|到|你们|给我|一共)*$"
)
#: One of these is taken, not only told of: 退一箱, but not 丢了一箱.
_HOLDS_OR_ORDERS = frozenset("把箱包罐盒袋瓶套桶串束单床盏提")
_TAKEN = re.compile(
    r"(?:买|要|想退|想换|再来|加|拍|订|定|再买|再拍|多要|多拍|留|推荐|有|退|只来)(?:了|个|我)*$"
)
_ONE_OF = re.compile(rf"^(?:就行|够了|的话|吧|不|一起|要退|行|可以|[{DIGIT}\d]+[百千]|$|[,。! ])")
_WEIGHT_OF_BODY = re.compile(r"穿|体重|身高|多大码|推荐码|尺码|月|岁|娃|宝宝|男宝|女宝|抬|承重|重的|寄回")
_FULL_OF = re.compile(r"^(?:都是|灰|土|水|的东西|化成|化了|破|坏|碎|发霉)")
_BOX_OF = re.compile(r"(?:漏|泡|弄|洒|积|堆|装|流|掉)(?:了|得|的|我|满)+$")
_SCORE = re.compile(
    rf"(?<![\d.])(?!一分[没都也不])(\d{{1,3}}|[{DIGIT}十]{{1,2}})(?:\s?分(?!多?钟|钱)(?![期店公拨之付部类析批别配开辨])|\s?颗?星(?!期|级|座|光))"
)
_BARE_SCORE = re.compile(r"(?:打|评|给|评分|满意度)(?:个|了|是|你们|:)?\s?(\d{1,2})(?=$|[,。!~ ])")
_POINTS = re.compile(r"积分|星级|会员|兑|考|掉到|升|攒|扣分|得分|专票|有\d+多?分")
#: Where calls and messages are counted, 条 and 个 count them.
_MESSAGES = re.compile(r"短信|消息|骚扰|留言|电话(?!手表)")
_PRAISE_STARS = re.compile(r"^好评")


class QuantityFinder:
    """How many of something that is handled as goods; `个` alone counts anything and is mostly left out."""

    def __init__(self, goods: Iterable[str]) -> None:
        self._goods = PhraseBook(goods)

    def __call__(self, text: str) -> Iterator[Found]:
        for match in _QUANTITY.finditer(text):
            value = number(match.group(1))
            if self._counts_goods(match, value):
                said = match.group(1) if value is None else str(value)
                yield Found(QUANTITY, match.start(), match.end(), said, weight=3)

    def _counts_goods(self, match: re.Match[str], value: Decimal | None) -> bool:
        text, measure, is_one = match.string, match.group(2), value == 1
        before, after = text[: match.start()], text[match.end() :]
        goods = self._goods.at(text, match.end()) > match.end()
        if is_one and measure in _VAGUE | _COUNTS_ANYTHING:
            return bool(_TAKEN.search(before) and (goods or _ONE_OF.match(after)))
        if measure in _VAGUE and not goods:
            return False
        if value == 0 or _BOX_OF.search(before) or _FULL_OF.match(after):
            return False
        if before.endswith(("这", "那", "哪", "这是", "上", "下")) and (is_one or measure == "个"):
            return False
        if measure in ("斤", "两"):
            return bool(match.group(3)) or (measure == "斤" and not _WEIGHT_OF_BODY.search(text))
        if measure == "米" and value is not None and value > 20:
            return False
        if measure in ("条", "个") and _MESSAGES.search(text):
            return False
        if match.group() == "三包":
            return False
        handled = _HANDLED.search(before)
        if is_one and measure in _HOLDS_OR_ORDERS:
            return bool(_TAKEN.search(before))
        if measure in _COUNTS_ANYTHING:
            return bool(handled or goods or _GOODS_FOLLOW.match(after))
        return True


def find_scores(text: str) -> Iterator[Found]:
    """Scores given or asked for; points of a membership are none."""
    if not _POINTS.search(text):
        for match in _SCORE.finditer(text):
            value = number(match.group(1))
            if value is not None and not _PRAISE_STARS.match(text[match.end() :]):
                yield Found(SCORE, match.start(), match.end(), str(value), weight=4)
    for match in _BARE_SCORE.finditer(text):
        yield Found(SCORE, match.start(1), match.end(1), match.group(1), weight=2)
