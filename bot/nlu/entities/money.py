"""Amounts: ¥1,299 · 三千二 · 两百块 · 12块6 · 扣了15 · 199的套餐. The value is in yuan."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from bot.nlu.entities.found import Found
from bot.nlu.entities.numerals import DIGIT, SPOKEN, WRITTEN, number

AMOUNT = "amount"

_NUMERAL = rf"(?:{WRITTEN}\s?[万千百wk]?|{SPOKEN})"
_WITH_UNIT = re.compile(
    rf"[¥￥$]\s?({WRITTEN}\s?[万wk]?)(?:元|块钱|块)?"
    rf"|((?:{_NUMERAL}|[十百千万]?几[十百千万]?|好几[十百千万]))([多来几]?)(元|块钱|块大洋|块|圆|rmb|人民币|大洋|毛钱|毛|角(?![函形度色落阀]))([\d{DIGIT}](?=$|[,。!?;~ 的了吧呢吗嘛买卖退什啥没还都给]|一[斤个件包盒条瓶双]|包邮))?"
)
#: Round hundreds and thousands said without a unit are money unless a measure word follows.
_ROUND = re.compile(rf"(?<![第{DIGIT}十百千万\d])([{DIGIT}十]+[百千万][{DIGIT}十百千万]*)([多来])?(?=(.?))")
_MEASURE = "个台件条只张双套部把天次人公里米度瓦升转年月日分号斤克毫小平兆粒瓶盒包箱种位名字倍亿单%兆克页份集期步字g回遍趟圈片组副排板积"
_MONEY_WORDS = "扣|付|收|退|花|卖|要|赔|降|便宜|差|减|满|充|价|金|费|补|返|惠|才|省|掏|给|到账|开票|发票开|贵|涨|租|套餐是|抵|领|余额|交|转|买|欠|还|剩|存|冻结|首付|每期|刷|现在|变成|到手|送|险|运费|邮费|券|原来|原先|之前|咋就?|怎么就?|预存|打款|月|开一?张|亏|坑|罚|充值|总共|一共|合计|共计|总计|要价|标价|报价|便宜点|只要|仅|面值|应该是?|账单上是?|余额还?剩?|就是"
#: These come before prices too, in a message about money.
_LOOSE_WORDS = r"(?:我|那|写|看|看还?是|只有|出我?)"
_AFTER_WORD = re.compile(
    rf"(?:{_MONEY_WORDS})(?:了|我|你|是|要|到|成|价|款|额|我们|他|掉|给我|只|的|:|:|\s)*"
    rf"(\d{{2,6}}(?:,\d{{3}})*(?:\.\d{{1,2}})?多?)(?![\d.:/+-]|\s?(?:[{_MEASURE}]|[多来几][{_MEASURE}]|点|周|折(?!旧)|码|kg|cm|岁|层|楼|尺|栋|tb|gb|寸|匹|款|[a-z]))"
)
_AFTER_LOOSE_WORD = re.compile(
    rf"{_LOOSE_WORDS}(\d{{2,4}})(?=还|结|付|检测|安装|上门|[\u4e00-\u9fff]{{1,3}}费|[,。! ]|$|进|师傅|立马)"
)
_BEFORE_WORD = re.compile(
    r"(?<![\d.])(\d{2,6}(?:\.\d{1,2})?)(?=(?:的|那个)?(?:套餐|(?:一个|每|一)月|包月|话费|定金|押金|券|优惠券|红包|会员|年卡|月租|补贴|配件费|运费|邮费|差价|余额|本金))"
)

#: In a message about money, a bare number of three to five digits is an amount.
_MONEY_TALK = re.compile(
    r"钱|元|块|价|扣|退|付|费|便宜|降|补贴|差额|返|买|花了|优惠|券|定金|尾款|满\d|减|现在\d|升级成|换成"
)
_BARE = re.compile(
    rf"(?<![\da-z.:/-])(?<!尾号)(?<!后四位)([1-9]\d{{2,4}}(?:\.\d{{1,2}})?多?)(?![\d.:/+-]|\s?(?:[{_MEASURE}]|[多来几][{_MEASURE}]|点|周|折(?!旧)|码|kg|cm|版|那种|多?年|tb|gb|寸|匹|款|[a-z]))"
)
#: 两万分十二期: what is paid in parts.
_SPLIT = re.compile(rf"分(?=[\d{DIGIT}十几多])")
#: Spoken amounts below a hundred need a word of paying before them and nothing that is counted after.
_SPOKEN_AFTER = re.compile(
    rf"(?:充|(?<!一)赔|扣|收|花|退|便宜|减|补|付|差|送|给|加|掏|折成|上门费|运费|邮费|押金|定金)(?:了|我|你|给我)*([{DIGIT}]{{0,2}}十[{DIGIT}]?)(?=话费|红包|运费|邮费|检测费|上门费|不给|没|$|[,。! ]|算了|就行|吧|的费)"
)
#: 昨天1399今天1499: three digits at least, since 今天26 is a day.
_DAY_PRICE = re.compile(
    rf"(?:昨天|今天|前天|昨晚|现在)(?:怎么|咋|看|是|卖|还|就|只要|要|变|成)*(\d{{3,5}})(?![\d.:/-]|\s?[{_MEASURE}]|年)"
)
#: 3千8, 5千多, 1w2.
_MIXED = re.compile(r"(?<![\d.])(\d{1,3}(?:\.\d{1,2})?[千百万wk]\d?)([多几]?)(?!\d)(?=(.?))")
#: 千把块, 上百块, 大几百.
_OPEN = re.compile(r"(?:(?:上|大几|好几|小几)[百千万]|[十百千万][把来])(?:块钱|块|元)|(?:大几|小几)[百千]")
#: 3000以内, 1000左右: three digits at least.
_ABOUT = re.compile(r"(?<![\d.:/-])(\d{3,6})(?=以内|左右|以下|上下|出头|之内|不到|块左右)")
#: 19.9的数据线, 59.9两件; two decimals at most and nothing that is measured.
_DECIMAL = re.compile(
    r"(?<![\d.])((?:[3-9]|\d{2,5})\.(?:9\d?|8\d?|\d[89]|5))(?=的|包邮|[,。! ]|$|一[个件斤包盒套]|[两三四五][个件斤包盒套]|那|块)"
)
_PER = re.compile(r"(?:打孔|标准|小时|每次|每个|安装|清洗|上门|检测)(\d{2,4})(?=一[次个台位双]|每|$|[,。! ])")
_SO_MANY_FOR = re.compile(r"(?:\d|[一两三四五])[件个双盒包瓶条](\d{2,3})(?=$|[,。! 包])")
#: 1299的那款, 899那个.
_THE_ONE_FOR = re.compile(r"(?<![\da-z.:/-])([1-9]\d{2,3})(?=的?[那这][款个台双件])")
#: 卡里少了500, 余额还有47.
_LESS = re.compile(
    r"(?:卡里?|余额|账户|账上|钱包)[^,。!?]{0,4}(?:少了|还有|剩|只有|有)(\d{1,5}(?:\.\d{1,2})?)(?=$|[,。! 块了])"
)
#: Two prices beside each other: 129和159那两个.
_PAIR = re.compile(
    r"(?<![\d.:/-])(\d{2,4})(?:和|跟|的?还是|变|改成|涨到|降到|变成)(\d{2,4})(?=那|这|的?套餐|的?两|哪个|$|[,。 ])"
)
_VERSION = re.compile(
    r"(?:版本?|系统|安卓|鸿蒙|ios|v|蓝牙|usb|第|视力|评分|温度|得分|体温|鞋码|尺码|[码号]从)$"
)
_TAIL_NEAR = re.compile(r"(?:尾号|后四位|末四位)[^,。!?]{0,16}$")
_NO_MONEY_BEFORE = re.compile(r"(?:销量|粉丝|播放|评论|评价|步|兆)$")
_NOT_MONEY = re.compile(r"20[012]\d|12315|12345|100\d\d|95\d{3}|110|119|120|618|1111|1212")


_MOBILE_HEAD = re.compile(r"1[3-9]\d")
_OF_NUMBERS = re.compile(r"号|手机|电话")
#: Amounts said without a unit, heaviest first; those of weight 1 count in a message about money only.
_WITHOUT_UNIT: tuple[tuple[re.Pattern[str], int], ...] = (
    (_AFTER_WORD, 3), (_BEFORE_WORD, 3), (_SPOKEN_AFTER, 3), (_ABOUT, 2), (_DECIMAL, 2), (_SO_MANY_FOR, 2),
    (_PER, 2), (_THE_ONE_FOR, 2), (_LESS, 2), (_DAY_PRICE, 2), (_PAIR, 2), (_AFTER_LOOSE_WORD, 1), (_BARE, 1),
)  # fmt: skip


def find_amounts(text: str) -> Iterator[Found]:
    """Every amount; an open one (十几块) carries its words as the value."""
    for match in _WITH_UNIT.finditer(text):
        value = _value_with_unit(match)
        if value is not None:
            yield Found(AMOUNT, match.start(), match.end(), value, weight=6)
    for match in _ROUND.finditer(text):
        if _NO_MONEY_BEFORE.search(text[: match.start()]):
            continue
        if match.group(3) and match.group(3) in _MEASURE and not _SPLIT.match(text, match.end()):
            continue
        yield _found(
            match.group(1), match.start(1), match.end(2) if match.group(2) else match.end(1), weight=4
        )
    for match in _MIXED.finditer(text):
        is_sharpness = re.fullmatch(r"[248]k", match.group(1)) and not _MONEY_TALK.search(text)  # 4K屏
        if not is_sharpness and (not match.group(3) or match.group(3) not in _MEASURE + "粉屏"):
            yield _found(match.group(1) + match.group(2), match.start(), match.end(2), weight=4)
    for match in _OPEN.finditer(text):
        yield Found(AMOUNT, match.start(), match.end(), match.group(), weight=5)
    is_money_talk = bool(_MONEY_TALK.search(text))
    for pattern, weight in _WITHOUT_UNIT:
        if weight == 1 and not is_money_talk:
            continue
        for match in pattern.finditer(text):
            for group in range(1, pattern.groups + 1):
                if _may_be_money(text, match.start(group), match.group(group)):
                    yield _found(match.group(group), match.start(group), match.end(group), weight=weight)


def _may_be_money(text: str, start: int, numeral: str) -> bool:
    """No hotline, year, version, and no end or beginning of a number of a telephone or a card."""
    before = text[:start]
    if _NOT_MONEY.fullmatch(numeral) or _TAIL_NEAR.search(before) or _VERSION.search(before):
        return False
    return not (_MOBILE_HEAD.fullmatch(numeral) and _OF_NUMBERS.search(text))


def _found(numeral: str, start: int, end: int, *, weight: int) -> Found:
    value = number(numeral.rstrip("多")) if not numeral.endswith("多") else None
    return Found(AMOUNT, start, end, numeral if value is None else yuan(value), weight)


def _value_with_unit(match: re.Match[str]) -> str | None:
    prefixed, numeral, _, unit, tail = match.groups()
    value = number(prefixed or numeral)
    if numeral in ("一", "几") and unit in ("块", "角", "圆") and not tail:
        return None  # 一块 is a piece as often as a yuan
    if value is None:
        return match.group()
    if unit in ("毛", "毛钱", "角"):
        value /= 10
    elif tail:
        value += (number(tail) or Decimal(0)) / 10
    return yuan(value)


def yuan(value: Decimal) -> str:
    """Two decimals, no separators: the form in which amounts are compared and stored."""
    return str(value.quantize(Decimal("0.01")))
