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
    rf"(?<![a-z0-9])(?:(?:iphone|ipad|mate(?!book)|nova|reno|find|note|macbook|redmi|honor|galaxy|thinkpad|matebook|airpods|switch|rtx|gtx|ps|kindle)\s?\d{{0,4}}[a-z]{{0,3}}{_SUFFIX}"
    rf"|[a-z]{{1,5}}-?\d{{2,5}}[a-z]{{0,3}}(?:[-/][a-z0-9]{{1,8}})*{_SUFFIX}(?![a-z0-9])"
    r"|\d{1,5}(?:\.\d)?(?:gb|tb|g|l|升|匹|英寸|寸|mah|毫安)(?![a-z0-9]))"
)
#: These look like a model and are something else: fault codes, sizes of networks and screens, standards.
_NO_MODEL = re.compile(
    r"(?:e|f|h|p|err|error|er)-?\d{1,3}|[2345]g|2\.4g|usb\d?(?:\.\d)?|wifi\d?|win\d{1,2}|mp[34]|h5|ios\d*|vip\d*|ok\d*|qq\d+|cpu|a4|a3|12315|hdmi\d*|type-?c|ip6[78]|no\d+"
)
_FAULT_NEAR = re.compile(r"报|显示|故障|代码|错误|出现|跳|提示|啥意思|什么意思|闪")
_MEASURES = "个|台|件|条|只|张|双|套|部|把|箱|盒|包|袋|瓶|罐|本|支|根|块(?=钱)?|款|单|片|节|卷|桶|份|对|副|串|斤|米|公分|厘米|层|种|粒|枚|盏|床|辆|笔|颗|提|组|扇|幅"
_QUANTITY = re.compile(
    rf"(?<![第{DIGIT}十百千\d.同每哪那这某])((?:\d{{1,4}}|[{DIGIT}十百]{{1,4}}|半))({_MEASURES})(?!月|多月|半月|小时|星期|礼拜|工作日|人|钱|事|话|点|钟|上午|下午|晚上)"
)
#: Counted in these, a thing is seldom goods: 一种, 一层灰, 一张卡, 一条消息.
_VAGUE = frozenset("种层片份张条根块粒颗组笔")
_COUNTS_ANYTHING = frozenset("个对款本支")
#: 个 counts anything; it counts goods at the end of a clause or before a word of handling them.
_GOODS_FOLLOW = re.compile(r"$|[,。!?;~ 的吧呢吗啊]|一起|都|里|可以|能|行|退|要|不是|就|够")
_SCORE = re.compile(
    rf"(?<![\d.])(\d{{1,3}}|[{DIGIT}十]{{1,2}})(?:\s?分(?![钟期店公拨之付部类析批别配开辨])|\s?颗?星(?!期|级|座|光))"
)
_BARE_SCORE = re.compile(r"(?:打|评|给|评分|满意度)(?:个|了|是|你们|:)?\s?(\d{1,2})(?=$|[。,!~ ])")
_NEW = r"(?:新的|好的|大的|小的)?"
_REMEDIES: tuple[tuple[Remedy | None, re.Pattern[str]], ...] = tuple(
    (remedy, re.compile(pattern))
    for remedy, pattern in (
        (
            Remedy.COMPENSATION,
            r"退一赔[三十3]|假一赔[十三]|赔偿|赔付|赔钱|补偿|[补退]差[价额]|三倍赔偿|赔(?=我|个新)",
        ),
        (
            Remedy.REFUND,
            r"退货退款|仅退款|退款|退钱|退费|退全款|全额退|全退|退货|退回去|退掉|退还|退定金|退押金|退出来|退一[个件台双](?!去)|退(?=$|吧|了吧|[,。!])",
        ),
        (
            Remedy.EXCHANGE,
            rf"换货|调换|更换(?!地址|电话)|换新机?|换一?[个台双件条只部套](?!地址|人|时间|地方|号|客服|快递|说法){_NEW}|换成?新的|换(?=大|小)",
        ),
        (Remedy.REPAIR, r"返修|维修|修好|修一下|修一修|来修|上门修|免费修|修理"),
        (Remedy.REPLACE, r"补发|重发|重新发(?!货)|补寄|重新寄"),
        (Remedy.APOLOGY, r"道歉|赔礼|赔个不是"),
        (Remedy.INFORMATION, r"说法|解释|交代"),
        (Remedy.GIFT, r"小礼品|送个券|补个券"),
        (None, r"取消(?!不了|失败|了|费|自动|订阅|套餐|业务|的|什么|政策)"),
    )
)
_WANTED = re.compile(
    r"(?:要么?|想|求|给我|帮我?|麻烦|请|申请|办|办下|直接|还是|能不能|可以|可不可以|赶紧|马上|全部?|尽快|仅|希望|同意|选|走|需要|必须|否则|不然|那就|都|你们|无理由|订单|里面那个.{1,3}的?)$"
)
_CLAUSE_STARTS = re.compile(r"(?:^|[,。!?;~ ]|了|不修了|那)$")
_CLAUSE_ENDS = re.compile(r"$|吧|[,。!~ ]|可以吗|行不行|行吗|好吗|谢")
_REFUSED = re.compile(
    r"(?:不给|不让|不能|不肯|拒绝|没有?|未|不予|不支持|无法|不会|为什么|怎么|咋|谁|说|说好|说是|已经?|刚|上次|之前|等|答应|承诺|显示|关于|多久|几天内?|不)(?:给我|我|要|能|申请|过|的|可以|是|在)*$"
)
_PAST_OR_RULE = re.compile(
    r"^(?:了(?!$|[,。!吧 ])|到|没|多久|进度|失败|中|成功|政策|规则|流程|怎么|要多久|什么|还没|已|的(?:钱|时候|话|运费|货|那|快递|条件|地址|单)|过|金额|通道|要|不到|电话|点|站|师傅|费|期|人员|单|记录|险|被|太|真)"
)
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
    """How many of something that is handled as goods; `个` alone counts anything and is mostly left out."""
    for match in _QUANTITY.finditer(text):
        value, measure = number(match.group(1)), match.group(2)
        if value == 0 or measure in _VAGUE:
            continue
        if measure in _COUNTS_ANYTHING and (value == 1 or not _GOODS_FOLLOW.match(text, match.end())):
            continue
        said = match.group(1) if value is None else str(value)
        yield Found(QUANTITY, match.start(), match.end(), said, weight=3)


def find_scores(text: str) -> Iterator[Found]:
    for match in _SCORE.finditer(text):
        value = number(match.group(1))
        if value is not None:
            yield Found(SCORE, match.start(), match.end(), str(value), weight=4)
    for match in _BARE_SCORE.finditer(text):
        yield Found(SCORE, match.start(1), match.end(1), match.group(1), weight=2)


def find_remedies(text: str) -> Iterator[Found]:
    """What the customer wants done, as a value of `Remedy` (`cancel` for an order taken back).

    A remedy that is told of, asked about or refused is none: 退款怎么还没到, 为什么不给换货.
    """
    for remedy, pattern in _REMEDIES:
        for match in pattern.finditer(text):
            before, after = text[: match.start()], text[match.end() :]
            bare = _CLAUSE_STARTS.search(before) and _CLAUSE_ENDS.match(after)
            wanted = _WANTED.search(before) or bare
            if wanted and not _REFUSED.search(before) and not _PAST_OR_RULE.match(after):
                yield Found(REMEDY, match.start(), match.end(), remedy.value if remedy else CANCEL, weight=4)
