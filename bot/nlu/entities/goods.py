"""Products: the goods a message is about, not every thing that it mentions.

`床单烧了个洞` names what a fire destroyed, `手机收不到验证码` the customer's own telephone, `遥控器丢了` a
part. So the shop's words come in kinds (one file each in `data/dict`), and a kind says how much its
surroundings must tell before it counts as a product.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from bot.nlu.dictionary import Dictionary
from bot.nlu.entities.found import Found
from bot.nlu.entities.phrases import PhraseBook
from bot.nlu.entities.sounds import SoundBook
from bot.nlu.entities.words import WordCutter, Words

PRODUCT = "product"


class _Kind(IntEnum):
    """The lower, the surer."""

    GOODS = 0
    SHORT = 1
    FIXTURE = 2
    SURROUNDING = 3
    PART = 4


_FILES = {
    "products": _Kind.GOODS,
    "short_products": _Kind.SHORT,
    "fixtures": _Kind.FIXTURE,
    "surroundings": _Kind.SURROUNDING,
    "parts": _Kind.PART,
}
_MODIFIER = re.compile(
    r"(?:儿童|宝宝|婴儿|老人|成人|男士|女士|智能|电动|自动|全自动|无线|有线|蓝牙|机械|电子|家用|商用|车载|便携|便携式|迷你"
    r"|折叠|不锈钢|陶瓷|实木|羊绒|羊毛|纯棉|金|银|纯金|纯银|足金|进口|有机|纯|全棉|加厚|运动|户外|汽车|宠物|医用|隐形|太阳能|多功能)$"
)
#: Directly before a product: it is bought, sent, given back or pointed at.
_HAD = re.compile(
    r"(?:^|[,。!?;~ ]|买|订|退|换|寄|送|发|拍|的|这|那|我家?|你们?家?|是|个|台|件|条|双|套|张|把|箱|盒|包|袋|瓶|罐|斤|只|本|块|桶|条|款|一批|和|跟|或|吃|喝|加|有|装|收到|卖|我妈|我爸|俩)$"
)
#: Directly after a product of one character: something is said of it.
_SAID_OF = re.compile(
    r"$|[,。!?;~ 坏破烂没少酸苦臭死不到发怎是能要太送掉漏断打开退晃响吗呢多好有里和跟也都又就被绑上才还的啥什几进验查修洗穿吃喝用看买摇晃脏掉湿]"
)
#: These open a message about them: 床半夜塌了. 奶 and 油 may begin another word.
_OPENERS = frozenset("床鞋书虾蟹鱼锅面肉鸡鸭")
_BOUGHT = re.compile(
    r"(?:买|订购|订|下单|拍|卖|单配|单买|换个|换块|补发|少了?|配)(?:了|的|过|一|两|个|条|块|张|台|套|新|旧|几|\d)*$"
)
_FOR_SALE = re.compile(
    r"^(?:还?有货|现货|怎么卖|单卖|单买|有卖|到货|下单|什么时候(?:有|发|到)|多少钱一|能单独?买|哪里?有?[买卖])"
)
#: The customer's own machine: with it something is done, to it something comes.
_OWN = re.compile(r"手机|电脑|平板|ipad|笔记本|电视|智能机")
_BY_OWN = re.compile(
    r"(?:换?绑|用|拿|玩|看|连|刷|偷|登录?|到|往|从|在|跟|和|把|里|给|扫|连接|插上|连上|投到|换了?新?|新|旧|老|用不了|同时连|不会用|配|支持|适配|输入)"
    r"(?:了|(?:我|你|他|她|自己|爸|妈|奶奶|爷爷|孩子)们?的?|那个|这个|两个|几个|一个|个|部|台|电|台式|苹果|安卓|华为)*$"
)
_WITH_OWN = re.compile(
    r"^(?:上(?![市次个周])|里|号|端|版|卡|收不到|收验证|停机|欠费|验证|短信|银行|型号|尾号|没信号|没网|之后|以后|支付|登录|登不|下单|一直收|老收|丢了?,|联系|通讯录|相册|网络|连接|连上|流量|信号|话费|充话费|充值|操作|打不通|改|换了)"
)
#: 响得跟拖拉机似的, 像蒸笼: a comparison.
_LIKE = re.compile(r"(?:像|跟|和|如同)(?:个|台|块)?$")
_AS_IF = re.compile(r"似的|一样(?!的)|一般")
_ONLY_SAID = re.compile(r"(?:弄了|沾了|沾上|弄上|给[他她它]加|好吃的|(?:(?<!看)看|上)[个着]?)$")
_PLACED_IN = re.compile(r"(?:放|丢|塞|扔|在|搁|摆|存|挂)(?:到|在|进|我家?|一个|个)*$")
_FRUIT_OR_BRAND = re.compile(
    r"^(?:店|id|手机|官网|账号|系统|的(?:$|吗|[,。])|\d|x|pro|充电|笔记本|电脑|手表|平板|耳机|授权|专卖|原装|官方|客服|能连|可以连|能用|也能|$|吗|[,。])"
)
_PHONE_SIDE = re.compile(r"(?:支持|跟|是|连|用|安卓和?|换|华为和?|三星和?|换成)$")
#: A word of these before the last character makes it a thing of another sort: 包装盒, 司机.
_HEADS = frozenset("机器仪锅壶笔柜椅桌架垫枕鞋裤裙帽膏霜鱼虾琴")
_LONG_HEADS = frozenset("机器仪锅壶灯椅柜鞋裤")
_NO_HEAD = re.compile(
    r"^[一二两三四五六七八九十几半\d]|取件|里面|整|什么|老|对比|补贴|指示|控制|人定|结账|刷卡|自助|自取|展示|广告|排队|存包|自提|丰巢|寄存|的|了|这|那|我|你|他|她|们|没|有|不|台|个|快递|包装|物流|送货|开|关|死|停|待|重启|当|是|在|到|给|就|也|都|还|又|很|太|真|多|少|坏|换|修"
    r"|退|买|用|拆|装|搬|发|寄|收|客服|师傅|公司|同城|东西|售后|自动|手|飞|司|时|危|契|投|浏览|服务|处理|计算|武|容|计程|火|停|上|下|打|堵|公交|货|班|叫|开|挂|坐|洗|购物|赶|进|亮|红|绿|黄|闪|路"
)


_FUNCTION = re.compile(r"[是的了不没在有]")


@dataclass(frozen=True)
class _Candidate:
    start: int
    end: int
    kind: _Kind
    name: str


class ProductFinder:
    """Finds what the shop's dictionary and a few forms of words name as goods."""

    def __init__(self, dictionary: Dictionary, cut: WordCutter) -> None:
        self._dictionary = dictionary
        self._cut = cut
        self._kinds = {
            word: kind for file, kind in reversed(_FILES.items()) for word in dictionary.words.get(file, ())
        }
        self._book = PhraseBook(self._kinds)
        brands = dictionary.words.get("brands", ())
        self._brand_sounds = SoundBook(brands, shortest=2)
        self._product_sounds = SoundBook(
            (word for word, kind in self._kinds.items() if kind is _Kind.GOODS), shortest=3
        )
        self._brands = {brand: brand for brand in brands} | self._brand_sounds.latin()
        self._longest_brand = max(map(len, self._brands), default=0)

    def __call__(self, text: str) -> Iterator[Found]:
        words = self._cut(text)
        candidates = list(self._candidates(text, words))
        for index, candidate in enumerate(candidates):
            if self._is_meant(text, candidate, candidates, index):
                start, brand = self._with_brand(text, candidate.start)
                name = text[self._with_modifier(text, candidate.start) : candidate.start] + candidate.name
                if not brand:
                    start = self._with_modifier(text, candidate.start)
                yield Found(PRODUCT, start, candidate.end, brand + name, weight=3)

    def _candidates(self, text: str, words: Words) -> Iterator[_Candidate]:
        end = 0
        for start, stop in self._all_spans(text, words):
            if start < end:
                continue
            end = stop
            said = text[start:stop]
            kind = self._kinds.get(said, _Kind.GOODS)
            name = said if said in self._kinds else self._product_sounds.meant(said) or said
            yield _Candidate(start, stop, kind, self._dictionary.proper_name(name))

    def _all_spans(self, text: str, words: Words) -> list[tuple[int, int]]:
        def is_one(start: int, end: int) -> bool:
            whole = words.are_whole(start, end) or self._follows_brand(text, start, end, words)
            whole = whole or (end - start >= 2 and words.ends_noun(start, end))
            return whole and not cuts_latin(text, start, end)

        known = self._book.spans(text, is_one)
        return sorted(
            [*known, *self._formed(words), *self._misheard(text, words)], key=lambda s: (s[0], -s[1])
        )

    def _follows_brand(self, text: str, start: int, end: int, words: Words) -> bool:
        """格力空调 is one word to jieba."""
        brand_start, _ = self._with_brand(text, start)
        return brand_start < start and brand_start in words.starts and end in words.ends

    def _formed(self, words: Words) -> Iterator[tuple[int, int]]:
        """Goods that no list names, by their last character: 划船+机, 电动搅拌机."""
        before: tuple[str, int, int] | None = None
        for word in words.all:
            said, start, end = word
            if said in _HEADS and before and before[2] == start and len(before[0]) >= 2:
                if _is_chinese(before[0]) and not _NO_HEAD.search(before[0]):
                    yield before[1], end
            elif (
                len(said) >= 3
                and said[-1] in _LONG_HEADS
                and _is_chinese(said)
                and not _NO_HEAD.search(said[:-1])
            ):
                yield start, end
            before = word

    def _misheard(self, text: str, words: Words) -> Iterator[tuple[int, int]]:
        """洗依机: it sounds like a product, shares its last character and is no word itself."""
        for last, char in enumerate(text):
            if char not in _LONG_HEADS:
                continue
            for length in self._product_sounds.lengths:
                start = last + 1 - length
                said = text[max(0, start) : last + 1]
                if start < 0 or said in self._book or not _is_chinese(said):
                    continue
                meant = self._product_sounds.meant(said)
                if meant and meant[0] == said[0] and start in words.starts and not _FUNCTION.search(said):
                    yield start, last + 1

    def _is_meant(self, text: str, candidate: _Candidate, candidates: list[_Candidate], index: int) -> bool:
        before, after = text[: candidate.start], text[candidate.end :]
        said = text[candidate.start : candidate.end]
        if said == "苹果" and (_FRUIT_OR_BRAND.match(after) or _PHONE_SIDE.search(before)):
            return False
        if _LIKE.search(before) and (_AS_IF.match(after) or before.endswith("像")):
            return False
        if _OWN.fullmatch(said) and (_WITH_OWN.match(after) or _BY_OWN.search(before)):
            return False
        if candidate.kind is _Kind.GOODS:
            return not _ONLY_SAID.search(before)
        if candidate.kind is _Kind.SHORT:
            opens = not before and said in _OPENERS
            return opens or bool(_HAD.search(before) and _SAID_OF.match(after))
        others = [c for i, c in enumerate(candidates) if i != index]
        if any(other.kind < candidate.kind for other in others):
            return False
        is_bought = bool(_BOUGHT.search(before) or _FOR_SALE.match(after))
        if candidate.kind is _Kind.PART:
            return is_bought
        if _PLACED_IN.search(before):
            return False
        return is_bought or bool(_HAD.search(before))

    def _with_brand(self, text: str, end: int) -> tuple[int, str]:
        """Where a brand directly before `end` begins, and its name; `end` and nothing without one."""
        last = end - 1 if end and text[end - 1] == "牌" else end
        for length in range(min(self._longest_brand, last), 1, -1):
            said = text[last - length : last]
            if said in self._brands:
                return last - length, self._brands[said]
            if said[-1] not in "的了" and (meant := self._brand_sounds.meant(said)):
                return last - length, meant
        return end, ""

    @staticmethod
    def _with_modifier(text: str, start: int) -> int:
        match = _MODIFIER.search(text[max(0, start - 4) : start])
        return start - len(match.group()) if match else start


def _is_chinese(text: str) -> bool:
    return all("\u4e00" <= char <= "\u9fff" for char in text)


def cuts_latin(text: str, start: int, end: int) -> bool:
    """`sf` inside `sfabc` is no carrier."""
    first, last = text[start], text[end - 1]
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    return (first.isascii() and before.isascii() and before.isalpha()) or (
        last.isascii() and last.isalpha() and after.isascii() and after.isalpha()
    )
