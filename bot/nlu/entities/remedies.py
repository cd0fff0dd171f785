"""What the customer wants done, as a value of `Remedy` (`cancel` for an order taken back).

A remedy that is told of, asked about or refused is none: 退款怎么还没到, 能退吗, 为什么不给换货.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.nlu.entities.found import Found
from bot.nlu.entities.numerals import DIGIT
from care.rules.complaint_terms import Remedy

REMEDY, CANCEL = "remedy", "cancel"

_MEASURE = "个|台|双|件|条|只|部|套|把|张|本|盒|箱|包|款|单|瓶|罐|袋|份"
_ONE = rf"(?:[{DIGIT}\d]{{0,2}}(?:{_MEASURE}))"
#: Words that are a remedy in themselves, the more exact before the shorter.
_NAMED: tuple[tuple[Remedy | None, re.Pattern[str]], ...] = tuple(
    (remedy, re.compile(pattern))
    for remedy, pattern in (
        (
            Remedy.COMPENSATION,
            r"退一赔[三十3]|假一赔[十三]|三倍赔偿|赔偿金?|赔付|赔钱|补偿|[补退]差[价额]|差价补|赔(?=我|个新|点)",
        ),
        (
            Remedy.REFUND,
            r"退货退款|全额退款|退款|退钱|退费|退全款|全额退|全退|退货|退回去(?!了(?!吧))|退还|退定金|退押金|退单",
        ),
        (
            Remedy.EXCHANGE,
            r"换货|调换|更换(?!地址|电话|手机|号)|换新机?|换成?新的|换(?=大|小)"
            rf"|换{_ONE}(?:新的|好的)?(?!地址|人|时间|地方|号|客服|快递|说法|密码|师傅|话题|黑|白|红|蓝|绿|灰|颜色|[xsml大小](?![a-z])|角度|方式)",
        ),
        (Remedy.REPAIR, r"返修|维修|修好|免费修|修理"),
        (Remedy.REPLACE, r"补发|重发|重新发(?!货)|补寄|重新寄"),
        (Remedy.APOLOGY, r"道歉|赔礼|赔个不是|认个错"),
        (Remedy.INFORMATION, r"说法|解释|交代"),
        (Remedy.GIFT, r"小礼品|送个券|补个券"),
        (None, r"取消(?!不了|失败|了|费|自动|订阅|套餐|业务|的|什么|政策|订单还|订单为)"),
    )
)
_WANTED = re.compile(
    r"(?:要么?|想|求|给我|帮我?|麻烦|请|申请|办|办下|直接|还是|能不能|可以|可不可以|赶紧|马上|全部?|尽快|仅|希望|同意|选|走|需要|必须|否则|不然|那就|都|你们|无理由|订单|安排人?|派人|叫人|让人|写个|来个|给个|要个|只能|里面那个.{1,3}的?|另一?[个件台])(?:你们|我|一个|个|给我)?$"
)
_CLAUSE_STARTS = re.compile(
    r"(?:^|[,。!?;~ ]|了|不修了|那|还不发就|就|先|给|剩下的?|[这那两][台件双单套盒箱]|全都?|都)$"
)
_CLAUSE_ENDS = re.compile(
    r"$|吧|[,。!~ ]|发来|给我|可以吗|行不行|行吗|好吗|谢|我的|一下|掉|重拍|就行|就可以|即可"
)
_REFUSED = re.compile(
    r"(?:不给|不让|不能|不肯|拒绝|没有?|未|不予|不支持|无法|不会|为什么|怎么|咋|谁|说|说好|说是|已经?|刚|上次|之前|等|答应|承诺|显示|不了|说帮我申请|申请了|关于|多久|几天内?|不|包|审核|别人|还?要我先?)(?:给我|我|要|能|申请|过|的|可以|是|在|就|想)*$"
)
_PAST_OR_RULE = re.compile(
    r"^(?:了(?!$|[,。!吧 ])|到|没|多久|进度|失败|中|成功|政策|规则|流程|怎么|要多久|什么|还没|已|麻不|的(?:来|地方|人|网点|钱|时候|话|运费|货|那|快递|条件|地址|单)|过|金额|通道|要(?!么)|不到|电话|点|站|师傅|费|期|人员|单|记录|险|被|太|真|是|也|后|以后|之后|吗|么|嘛|信息|地址|审核|通知|协议|人为|清单|原因|凭证)"
)
#: The bare verbs 退 换 修 补 赔, with what makes them a wish; group 1 is the verb.
_VERBS: tuple[tuple[Remedy, re.Pattern[str]], ...] = tuple(
    (remedy, re.compile(pattern))
    for remedy, pattern in (
        (
            Remedy.REFUND,
            rf"(?:^|[,。!?;~ ]|我?[想要](?:把它?)?|给(?:我)?|帮我?|都|就|全|必须|要么|或者?|把钱|钱|款|把它|那就?|申请|留一[个件]|求|只能|其中|马上|直接|剩下的?|全部|{_ONE})"
            rf"(退)(?=$|[,。!;~ ]|了[吧算]|掉|吧|给我|回来|出来|[{DIGIT}两](?:{_MEASURE}|笔|半)|要么|那[个件单]|这[个件单])",
        ),
        (Remedy.REFUND, r"(?:给我?|帮我?|想|要|[这那][个件台单双张本]|只能)(退)了(?:$|[,。! ])"),
        (Remedy.REFUND, r"(?:^|[,。! ])(退)了(?:退了|得了|算了)?$"),
        (Remedy.REFUND, r"[\u4e00-\u9fff](退)(?=了吧(?:$|[,。! ])|掉吧(?:$|[,。! ])|了算了)"),
        (Remedy.REFUND, r"错了?(退)$"),
        (
            Remedy.REFUND,
            r"(?:^|[,。! ]|钱|款|货|余额|东西|就|都|直接|可以)(退)(?=我(?:钱|[一二三四五六七八九十半\d的]|$|[,。! ])|给你们|余额)",
        ),
        (
            Remedy.EXCHANGE,
            r"(?:^|[,。!?;~ ]|[想要]|给(?:我)?|帮我?|要么|就|都|可以|能不能|麻烦)"
            r"(换)(?=个?[大小][一两]?[码号点]|个?[xsml](?![a-z])|[大小][一号码]|个[黑白红蓝绿灰粉黄紫米棕]|个颜色|[一-龥]{2,4}版|要么|$|[,。! ])",
        ),
        (
            Remedy.EXCHANGE,
            r"(?:^|[,。! ]|想|要|给我?|帮我?|麻烦|申请)(换)(?=[^,。!? 个台新成手号地电密联收了绑]{1,5}(?:的|色|那款|码|轴)(?:$|[,。! 吧])|回[^来复])",
        ),
        (Remedy.EXCHANGE, r"(?:给我|帮我|给)(换)(?=一下|过来|回)"),
        (Remedy.REPAIR, r"^(?:那就?|先|给我|帮我|还是|就)?(修)(?:吧|一下吧?|就行|就好)?$"),
        (Remedy.REPLACE, r"(?:要么|给我|帮我|你看是|麻烦|或者)(补)(?=个|一|两|件|上)"),
        (Remedy.COMPENSATION, r"(?:要么|必须|给我|得)(赔)(?!偿|付|钱)(?=$|[,。! 我])"),
        (Remedy.COMPENSATION, r"(?:差价|差额|差的.{0,6})(?:给我)?(补)(?=给我|我|上|一下|$|[,。! ])"),
    )
)
_ASKS = re.compile(
    r"^[掉货款了回去来给我的个一件]{0,4}(?:吗|么|嘛|不(?:$|[,。 ?])|没|成吗|怎么|运费|邮费|退的话|的话|多久|要钱|谁)"
)
#: 退一件后券还能用吗: what would follow is asked, nothing is wanted yet.
_RULES_AFTER = re.compile(
    r"怎么算|按什么|多少钱|几天|还能|还照|还正常|满减|之后|以后|怎么办|负分|有多大|规定"
)
_MAY = re.compile(r"(?:能|可以|还能|可不可以|能不能|可|给不给|还给)$")
_NOT_NOW = re.compile(
    r"(?:没|不|别|说|让我?|不想|不要|不给|没法|怎么|为啥|谁|只|概|(?<![一二两三四五六七八九十几\d])包|先不|不用|无法|才|已经|刚|全都?不|他们|别人|又|资料|号码?|电话|地址|密码)(?:我|要|能|给|可以|想|就|都|是)*$"
)


@dataclass(frozen=True)
class _Wish:
    start: int
    end: int
    remedy: Remedy | None


def find_remedies(text: str) -> Iterator[Found]:
    for wish in (*_named(text), *_bare(text)):
        value = wish.remedy.value if wish.remedy else CANCEL
        yield Found(REMEDY, wish.start, wish.end, value, weight=4)


def _named(text: str) -> Iterator[_Wish]:
    for remedy, pattern in _NAMED:
        for match in pattern.finditer(text):
            before, after = text[: match.start()], text[match.end() :]
            bare = match.group() == "赔" or (_CLAUSE_STARTS.search(before) and _CLAUSE_ENDS.match(after))
            wanted = _WANTED.search(before) or bare
            asks_us = after.startswith("吗") and before.endswith(("给我", "帮我", "走"))
            told = _PAST_OR_RULE.match(after) and not asks_us
            if wanted and not _REFUSED.search(before) and not told:
                yield _Wish(match.start(), match.end(), remedy)


def _bare(text: str) -> Iterator[_Wish]:
    for remedy, pattern in _VERBS:
        for match in pattern.finditer(text):
            start = match.start(1)
            before, after = text[:start], text[start + 1 :]
            if (
                _RULES_AFTER.search(after)
                or _NOT_NOW.search(before)
                or (_MAY.search(before) and _ASKS.match(after))
                or _ASKS.match(after)
            ):
                continue
            yield _Wish(start, start + 1, remedy)
