"""What a customer's words hold that a form asks for. Pure: text in, values out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import reduce

from care.ports import OrderView
from care.rules.times import shanghai_day
from care.rules.vocabulary import OrderState

_GIVES_UP = re.compile(
    r"^(?:那就?|还是|我|唉|行吧)*(?:算了|算啦|不用了|不弄了|不办了|不投诉了|不查了|不退了|不想(?:说|弄|投诉|办)了|取消吧|取消投诉|先不\w{1,4}了?|退出|别登记了?|不登记了)"
    r"(?:还是|算了|不用了|不(?:投诉|查|取消|退|换|改|弄|办|登记)了|先不\w{1,4}了?|吧|啦|了|谢谢啊?|[, ])*[。.!~ ]*$"
)
_YES = re.compile(
    r"^(?:这(?:回|次|下|样)|现在|那就?|都)?(?:(?:嗯+|恩|对+的?|是+的?|好+的?|行+的?|可以的?|就(?:行|好|可以)|这样|没错|没问题|正确|确认|确定|提交|登记|就?是?这样|就这么办|赶紧的?|快点?|ok|okay|yes|y|要的?|麻烦了?|谢谢)[的啊呀吧了,。.!~ 呢]*)+$",
    re.I,
)
_NO = re.compile(
    r"^(?:不太?对|不是|不行|错了|有误|不正确|不|否|no|n|要改|修改|改一下|不准确)[的啊呀了吧,。.!~ ]*$",
    re.I,
)
_DOES_NOT_KNOW = re.compile(
    r"不(?:知道|清楚|确定|记得|晓得)|忘了|没想好|随便|都行|都可以|无所谓|看着办|看你们|说不上来|没(?:什么)?(?:要求|想法)"
)
_DROPS_COMPLAINT = re.compile(r"不(?:想|要|打算|用)?(?:再)?投诉了|(?:取消|撤销|撤回)(?:这个|这次)?投诉")
#: About the taking down itself, no wish: 先给我登记上.
_ABOUT_FORM = re.compile(
    r"^(?:那|就|先|你|请|我|要|想|麻烦|好的?|行|不用?转(?:人工)?|不要人工|给我|帮我|直接|继续|接着|还是|都?[ ,])*(?:登记|记录?|记下来?|填|提交|投诉)(?:上|下来?|吧|一下|就行|了|好了|着|呗|[ ,。.!])*$"
)
_AGAIN = re.compile(
    r"还是(?:帮|给|替|要|想|得)?(?:我|你)?.{0,4}投诉|(?:继续|接着|重新)(?:投诉|登记)|(?:刚才|刚刚|前面|之前)(?:那|的|说)?.{0,6}(?:投诉|登记)|投诉.{0,8}(?:刚才|刚刚|前面说)"
)
_MEANS_ORDER = re.compile(r"订单|[那这哪几]一?[单笔]|单子|(?:我|买)的?那[个件台]")
#: 刚到货五天的那个: one of several things is pointed at.
_POINTS_AT = re.compile(r"(?:的|[那这])(?:[那这]?[个单笔台件款]|订单)[吧啊呀哦哈呢的]?[。.!~]*$")
_THIS = re.compile(r"[这那][个单款件台]|刚才|刚刚|它")
_FAILURE = re.compile(
    r"还没|没人|等了|[\d一二三四五六七八九十半几]+个?(?:天|月|星期|周|小时)[都才还了]|坏了|不给|没用"
)
_HAS_NONE = re.compile(
    r"^(?:没有?了?|无|都?没有?(?:订单号?|单号|下单|买东西?)|都不是|(?:我)?(?:不是|没有?|没在)(?:要)?(?:买|订|购)(?:东西|过|什么)?|(?:和|跟|与)?.{0,5}(?:订单|单子?)?都?(?:没有?|无)(?:什么|啥)?关系?|不(?:是|涉及)订单)[的呢啊吧。.!]*(?:$|[,， 就我是])"
)
_MISSING = re.compile(
    r"(?:没有?|未|根本没|从没|压根没)(?:人)?(?:收到|看[见到]|见[到过着]|拿到|签收?|取到|送[到来])|东西呢|货呢|不见了|丢了"
)
_NO_WISH = re.compile(r"^(?:没有?了?|无|没有?(?:什么|啥)?(?:要求|想法|期望|意见))[的呢啊吧,。.! ]*$")
_QUESTION = re.compile(
    r"[??]|吗|谁|么$|嘛$|呢$|多少|多久|几[天点个号]|怎么(?:样|办|弄|用|开|退|查|算|联系|还)|怎样|如何|什么时候|啥时候|哪|能不能|可不可以|可以.{0,6}(?:吗|不)|有没有|是不是|为什么|为啥|咋"
)
_REMEDY = re.compile(
    r"退(?:款|钱|货|了|掉|回|差价|给我|一赔|运费)|退$|还(?:我)?钱|换(?:货|一|个|新|台|掉|过)|换$|修(?:好|理|一下)?|维修|返修|补(?:偿|发|差|寄|货)|赔(?!本)|道歉|认错|"
    r"说法|交代|解释|说明|回复|答复|重新?发|重寄|再发|送(?:货|到|来|达|过来)|发货|尽快(?:送|发|到|处理|解决|安排)|赶紧|上门|处罚|处理(?:他|她|人|客服|快递|师傅)|查清|调查|查一?下是谁|负责|报销|承担|医药费|给钱|兑现|开除|整改|删除|取消|优惠券|减免|降价"
)
_WANTS = re.compile(
    r"要求|希望|[我就]要|想要|给我|必须|请你们|麻烦你们|[要让叫]他|[要让叫]她|[要让]你们|务必|赶紧|得给"
)
#: A complaint or what was refused is no wish: 我要投诉你们不发货.
_NO_WISH_BUT = re.compile(
    r"投诉|举报|[不没][给让肯予]?[退换修赔发送补]|承诺|答应|说好|结果|[退换修赔发送补][^,]{0,2}[了过]"
)
_WHEREABOUTS = re.compile(r"到哪|发货|快递|物流|什么时候到|到了没|送到")
_WHEN = re.compile(
    r"今天|明天|后天|今晚|今日|当天|明早|[本这下]周|周[一二三四五六日天末]|星期|礼拜|月底|月初|年底|[\d一二两三四五六七八九十半几]+\s*(?:个)?(?:天|日|号|小时|钟头|分钟|周|星期|礼拜|月|工作日)|"
    r"\d+[::点]|\d+月|小时内|天内|尽快|越快越好|马上|立刻|立即|现在|最快|[早晚]上|上午|下午|中午|不急|慢慢来"
)
_OTHER_ORDER = re.compile(
    r"(?:不是|不对|弄错|说错|搞错|错了).{0,14}(?:单|订单|这个|那个|商品|单号)|(?:弄|说|搞|记|点|选)错了?.{0,6}是|(?:是|换成|改成|应该是)(?:上|前|再上)一?[个单笔]|上一[个单笔]|上上[个单]|另外?一[个单笔]|前一[个单笔]"
)
_BEFORE = re.compile(r"上一[个单笔]|上个(?!月|星期|周|礼拜)|前一[个单笔]|前面那|之前那|早一[点些]的")
#: After a step back one more; 上上一单 is two at once.
_ABOVE, _BELOW = re.compile(r"上面"), re.compile(r"下面")
_ONE_MORE = re.compile(r"再上|再前|再往前")
_BEFORE_TWICE = re.compile(r"上上|再上一|再前一")
_NEWEST = re.compile(r"最近|最新|最后(?:一|那)|刚(?:买|下|拍)|新的那")
_OLDEST = re.compile(r"最早|最老|最开始|很久")
_ORDINAL = re.compile(
    r"第([一二三四五12345])(?:个|单|笔|条|件|项)?|^\s*([12345一二三四五])\s*(?:号|个)?[。.]?\s*$"
)
_SCORE = re.compile(
    r"[打给评]个?(?:你们?|您|客服)?[打个]?\s*(?P<out>\d{1,3})\s*(?:分|星)|(?:打|给)个?(?:满分|好评|五星|差评|零分)|^(?P<bare>\d{1,3})分[吧啊。!]*$"
)
_DIGITS = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5}

_FIELDS = (
    ("complaint_about", re.compile(r"订单|商品|单号|哪个单|产品")),
    ("complaint_remedy", re.compile(r"处理|要求|诉求|退款|换货|希望怎|赔")),
    ("complaint_expectation", re.compile(r"时间|期限|多久|什么时候|日期")),
    ("complaint_what", re.compile(r"描述|问题|经过|内容|情况|原因")),
)
#: What is said around the name of an answer that shall be changed.
_FIXING = re.compile(
    r"[不没有]?[对准]|错[了误]?|有误|[修更]?改正?|换|一下|重新?|填|写|的|[我要想说那这个是:,。!?了吧呢啊 ]"
)


def gives_up(text: str) -> bool:
    return bool(_GIVES_UP.match(text.strip()))


def says_yes(text: str) -> bool:
    return bool(_YES.match(text.strip()))


def says_no(text: str) -> bool:
    return bool(_NO.match(text.strip()))


def does_not_know(text: str) -> bool:
    return bool(_DOES_NOT_KNOW.search(text))


def drops_complaint(text: str) -> bool:
    """我不想投诉了，就想问问怎么退"""
    return bool(_DROPS_COMPLAINT.search(text))


def says_complaint(text: str) -> bool:
    return bool(re.search(r"投诉|举报|12315|曝光", text))


def means_order(text: str) -> bool:
    """Whether the words speak of an order at all: 洗衣机那单, 我的订单."""
    return bool(_MEANS_ORDER.search(text))


def points_at_one(text: str) -> bool:
    """Whether the words end by pointing at one thing among several: 刚到货五天的那个, 上个月买的那台."""
    return bool(_POINTS_AT.search(text))


def means_this(text: str) -> bool:
    return bool(_THIS.search(text))


def tells_failure(text: str) -> bool:
    """Praise that tells what went wrong is no praise: 真行，等了一个月."""
    return bool(_FAILURE.search(text))


def has_none(text: str) -> bool:
    """没有, 和订单无关: there is nothing of what was asked for."""
    return bool(_HAS_NONE.match(text.strip()))


def is_about_form(text: str) -> bool:
    """先给我登记上: says that the form may go on, and answers nothing that it asks."""
    return bool(_ABOUT_FORM.match(text.strip()))


def takes_up_again(text: str) -> bool:
    """还是帮我投诉吧,就刚才那个事: a complaint that was let go is meant after all."""
    return bool(_AGAIN.search(text))


def has_no_wish(text: str) -> bool:
    return bool(_NO_WISH.match(text.strip()))


def says_missing(text: str) -> bool:
    """没看见有人送来: a parcel that counts as delivered is not there."""
    return bool(_MISSING.search(text))


def says_instead(text: str) -> bool:
    """不是扫地机,是洗地机: the last thing named is meant."""
    return bool(re.search(r"不是.{1,14}?[, ]*而?是", text))


def names_person(text: str) -> bool:
    """Somebody to talk to: 转人工, 叫你们领导来."""
    return bool(re.search(r"人工|真人|活人|客服|经理|领导|主管|转接|换个?人|人来|负责人|坐席", text))


def asks_number(text: str) -> bool:
    """编号多少来着"""
    return bool(re.search(r"(?:编号|单号|号码|工单号?).{0,6}(?:多少|什么|啥|几|忘|没记|再说)", text))


def is_question(text: str) -> bool:
    return bool(_QUESTION.search(text))


def names_remedy(text: str) -> bool:
    return bool(_REMEDY.search(text))


def wish_clause(text: str) -> tuple[int, int] | None:
    """Where a longer message says what is wanted done: 我要他道歉并赔钱."""
    for piece in re.finditer(r"[^,。;!?~…\n\s]+", text):
        if _WANTS.search(piece[0]) and _REMEDY.search(piece[0]) and not _NO_WISH_BUT.search(piece[0]):
            return piece.span()
    return None


def wants(text: str) -> bool:
    """给我查清楚: asks for something to be done, whatever it is."""
    return bool(_WANTS.search(text)) and not _NO_WISH_BUT.search(text)


def asks_whereabouts(text: str) -> bool:
    """到哪了, 发货没: an order's way, when nothing else is named that has one."""
    return bool(_WHEREABOUTS.search(text)) and not re.search(r"退款|投诉|维修|报修|退货|换货|编号", text)


def names_time(text: str) -> bool:
    return bool(_WHEN.search(text))


def corrects_order(text: str) -> bool:
    """不是这个订单,是上一个"""
    return bool(_OTHER_ORDER.search(text))


def field_to_fix(text: str) -> str | None:
    """Which of a complaint's answers the customer wants to change."""
    return next((name for name, words in _FIELDS if words.search(text)), None)


def names_only_a_field(text: str) -> bool:
    """处理要求改一下: beside the answer's name there is no new answer, as in 要求赔地板钱."""
    rest = reduce(lambda left, field: field[1].sub("", left), _FIELDS, text)
    return len(_FIXING.sub("", rest)) < 2


def choose_order(
    text: str,
    orders: Sequence[OrderView],
    *,
    current: str | None = None,
    skus: frozenset[str] = frozenset(),
) -> OrderView | None:
    """The order that `text` means: by number or its end, by place, by product, by state, by day.

    Args:
        orders: those offered, newest first.
        current: the number that 上一个 counts from; the newest without it.
        skus: products that the words name in another way than the orders do (洗衣机 for 洗烘一体机).
    """
    if not orders:
        return None
    named = [o for o in orders if o.number in text] or [
        o for o in orders if re.search(rf"(?<!\d){o.number[-4:]}(?!\d)", text)
    ]
    if len(named) == 1:
        return named[0]
    place = next((i for i, order in enumerate(orders) if order.number == current), 0)
    if _ABOVE.search(text) or _BELOW.search(text):
        at = place + (1 if _BELOW.search(text) else -1)
        return orders[at] if 0 <= at < len(orders) else None
    if _ONE_MORE.search(text) and place > 0:
        return orders[place + 1] if place + 1 < len(orders) else None
    if _BEFORE_TWICE.search(text):
        return orders[place + 2] if place + 2 < len(orders) else None
    if _BEFORE.search(text):
        return orders[place + 1] if place + 1 < len(orders) else None
    index = place_said(text)
    if index:
        return orders[index - 1] if index <= len(orders) else None
    if _NEWEST.search(text):
        return orders[0]
    if _OLDEST.search(text):
        return orders[-1]
    by_sku = [order for order in orders if any(line.sku in skus for line in order.lines)]
    for fits in (_by_product(text, orders), by_sku, _by_state(text, orders), _by_day(text, orders)):
        if len(fits) == 1:
            return fits[0]
    if len(orders) == 2 and re.search(r"另外?一", text):
        return orders[1 - place]
    return None


def score_given(text: str) -> float | None:
    """给你打5分, 满分, 给差评 → the share of the best score, 0–1; out of five unless it is more."""
    found = _SCORE.search(text)
    if found is None:
        return None
    said = found["out"] or found["bare"]
    if said is None:
        return 0.0 if re.search(r"差|零", found[0]) else 1.0
    score = int(said)
    return min(1.0, score / next(best for best in (5, 10, 100, score) if score <= best))


def place_said(text: str) -> int | None:
    """第二个 → 2."""
    found = _ORDINAL.search(text)
    said = (found[1] or found[2]) if found else None
    return (_DIGITS.get(said) or int(said)) if said else None


def _by_product(text: str, orders: Sequence[OrderView]) -> list[OrderView]:
    """Orders with a product of which the text says at least two consecutive characters that tell it apart."""
    scores = [max((_shared(text, line.name) for line in order.lines), default=0) for order in orders]
    best = max(scores)
    return [o for o, score in zip(orders, scores, strict=True) if score == best] if best >= 2 else []


def alike(text: str, other: str) -> int:
    """Length of the longest run of `other` that `text` says too: which of several things is meant."""
    return _shared(text, other)


def _shared(text: str, name: str) -> int:
    """Length of the longest run of `name` that stands in `text` and is more than digits."""
    text, name = text.lower(), name.lower()
    longest = 0
    for start in range(len(name)):
        for end in range(start + longest + 1, len(name) + 1):
            if name[start:end] not in text:
                break
            if not re.fullmatch(r"[\d\W]+", name[start:end]):
                longest = max(longest, len(name[start:end].strip()))
    return longest


_STATE_WORDS = (
    (re.compile(r"还没发|没发货|待发货"), {OrderState.PAID, OrderState.CREATED}),
    (re.compile(r"签收|收到的|到了的|已经到"), {OrderState.DELIVERED, OrderState.COMPLETED}),
    (re.compile(r"在路上|运输中|还没到|没收到|没到"), {OrderState.SHIPPED}),
)


def _by_state(text: str, orders: Sequence[OrderView]) -> list[OrderView]:
    for words, states in _STATE_WORDS:
        if words.search(text):
            return [order for order in orders if order.state in states]
    return []


def _by_day(text: str, orders: Sequence[OrderView]) -> list[OrderView]:
    found = re.search(r"(?:(\d{1,2})月)?(\d{1,2})[号日]", text)
    if not found:
        return []
    fits = []
    for order in orders:
        day = shanghai_day(order.placed_at)
        if day.day == int(found[2]) and (not found[1] or day.month == int(found[1])):
            fits.append(order)
    return fits
