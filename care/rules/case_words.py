"""What a customer's words want of a complaint that was received before. Pure: text in, act out.

Some words say by themselves that they speak of a case (我要撤诉, 不接受你们的方案); others only as an answer to
what was asked about it a moment ago (行吧就这样, 还没收到).
"""

from __future__ import annotations

import re

from care.rules.labelled import Labelled


class CaseAct(Labelled):
    """What the customer wants with the case."""

    ACCEPT = "accept", "接受方案"
    REFUSE = "refuse", "不接受方案"
    CONSIDER = "consider", "还在考虑"
    CONTENT = "content", "确认处理好了"
    NOT_YET = "not_yet", "还没有处理好"
    MORE = "more", "补充情况"
    REOPEN = "reopen", "重新处理"
    WITHDRAW = "withdraw", "撤回投诉"
    OUTSIDE = "outside", "外部途径"


class CaseAsk(Labelled):
    """What the customer was asked about a case last."""

    PROPOSAL = "proposal", "是否接受方案"
    WANTED = "wanted", "补充信息"
    CONTENT = "content", "是否处理好了"
    MORE = "more", "还有什么要补充"


_NUMBER = re.compile(r"(?<![A-Za-z])TS[-\s]?(\d{8})[-\s]?(\d{4})(?!\d)", re.I)
_CASE = r"(?:投诉|案子|案件|工单|这件事|那件事|这个事|那个事|我的事|TS-?\d)"
_OFFER = r"(?:方案|处理(?:结果|意见|办法)|提议|条件|补偿|赔偿)"

_WITHDRAW = re.compile(
    r"撤诉|(?:撤销|撤回|撤掉|取消|收回|撤了)(?:掉|一下|我|之?前|上次|上回|刚才|[这那][个件次]|的|TS[-\d ]+)*(?:投诉|案子|案件|工单)"
    r"|(?:投诉|案子|案件|工单)(?:TS[-\d ]+|我|想|要|也|就|先|可以|能|帮|给|[,， ])*(?:撤销|撤回|撤掉|撤了|撤吧|取消(?!了?我?的?订单)|不要了|算了)"
    r"|(?:^|[,。 ])(?:我|那|就|先|也|[,， ])*不(?:想|要|打算|用)?(?:再)?投诉了"
)
_REOPEN = re.compile(
    rf"重开|(?:重新|再次|再|重)(?:给我|帮我)?(?:打开|开启|启动|受理|调查|立案)|{_CASE}.{{0,12}}(?:重新|再次|再)(?:给我|帮我)?(?:处理|受理|弄|登记)"
    rf"|(?:重新|再次)(?:给我|帮我)?(?:处理|查).{{0,8}}{_CASE}|(?:上次|之前|上回|以前|那个|结(?:了|束)的?).{{0,6}}投诉.{{0,20}}(?:又(?:坏|来|出|犯|这样|开始|不)|没(?:有)?(?:真正|彻底)?(?:解决|处理好|兑现|落实)|还是(?:老样子|不行|没|坏)|复发)"
)
_OUTSIDE = re.compile(
    r"(?:还(?:能|可以)|除了(?:你们|投诉|这)?.{0,6}|别的|其他|其它|另外|外部)(?:什么|哪些|哪里|去哪|的)?.{0,6}(?:途径|渠道|地方(?:投诉|告|反映|维权)|办法维权|部门)"
    r"|(?:去|到|找|上)(?:哪里?|哪儿|什么地方|谁那?)(?:投诉|告|维权|反映|举报|说理|评理)|(?:12315|消协|消费者协会|仲裁|调解|起诉|打官司|诉讼|法院|市场监管局?).{0,8}(?:怎么|如何|在哪|多少|流程|是什么|可以吗|行吗|管吗|管不管|能管|有用吗)"
    r"|(?:怎么|如何|在哪里?|哪里)(?:打|找|去|申请|向)?.{0,4}(?:12315|消协|消费者协会|仲裁|调解|起诉|打官司|诉讼|法院)"
)
_MORE = re.compile(
    rf"(?:我)?(?:再|还要|还想|想|要|需要)?补充(?:一点|一下|几句|点|些|说明|情况|材料|证据|信息|的是|[:：,，]|个情况|一个)"
    rf"|(?:再|还要|还想)(?:说|讲|加|提供?|交|反映)(?:一点|一下|几句|点|些|个).{{0,4}}(?:情况|证据|材料|信息|细节|线索)|(?:给|往|在|加到|补到).{{0,4}}{_CASE}.{{0,6}}(?:里|上|中)?(?:补充|加|添|再说)"
)
_SPEAKS_OF_OFFER = re.compile(
    rf"(?:你们?|这个?|那个?|该|上次的?|给的?|说的?|提的?)的?{_OFFER}|{_CASE}.{{0,6}}的?{_OFFER}|^.{{0,4}}方案|(?:接受|同意|拒绝|认可|答应).{{0,6}}方案|方案.{{0,8}}(?:接受|同意|拒绝|认可|答应|不行|可以|行)"
)
_CONSIDER = re.compile(
    r"考虑|想一?想|想想|再看看|再说吧?$|商量|斟酌|琢磨|回头(?:再|告诉|答复)|过(?:两|几|一)天(?:再|告诉|答复)|晚点(?:再|告诉|答复)|明天(?:再|告诉|答复)|还没(?:想好|决定)|拿不定|犹豫|等等再|不急着"
)
_REFUSE = re.compile(
    r"不(?:能|会|可能|太|想|愿意?)*(?:接受|同意|认可|满意|答应|行(?!吗)|可以(?!吗)|够|合理|值|要这)|拒绝|没法接受|无法接受|难以接受|接受不了|太(?:少|低|慢|敷衍|欺负|离谱|抠)|打发(?:谁|叫花子|要饭|我)|糊弄|忽悠我?|凭(?:什么|啥)|想得美|做梦|不(?:干|成)|诚意|欺负人|免谈|没门|才(?:赔|补|给|退|这么)|就(?:赔|补|给)(?:这么)?点"
)
_BARGAIN = re.compile(
    r"(?:能不能|可不可以|能否|可以|能).{0,4}(?:再)?(?:加|多|涨|提高|补|换成?|快|退|赔|减)|再(?:加|多|补|给|赔)(?:点|些|一点|\d|[一二两三四五六七八九十百千])|(?:至少|起码|最少|必须|除非|应该|得|要).{0,4}(?:赔|补|退|给|加|换|\d)|(?:加|提|补|赔|涨)到\s*\d|我(?:要|想要|希望)(?!考虑|想想|再想).{0,12}(?:退|换|赔|补|修|加)"
)
_ACCEPT = re.compile(
    r"(?<!不)(?<!无法)(?<!没法)(?<!不能)(?<!不会)(?<!难以)(?<!不想)(?<!不太能)(?:接受(?!不)|同意|认可|答应)(?!吗|的话|不了)"
    r"|^(?:那|就|嗯+|哦|唉|哎|好|行|算了|既然|也|只能|还|[,， ])*(?:行|好|可以|成|中|ok|嗯|对|是|就?这样|就?这么|就按|按).{0,4}(?:吧|了|办|来|的|啊|呗|处理|这样|定)?[,。.!~ ]*(?:就?(?:这样|这么办|这么定|按.{0,6}办))?[吧了呗,。.!~ ]*$"
    r"|(?:就)?(?:这样|这么办|这么定|按.{0,8}(?:办|来|处理))(?:吧|了|行)[。.!~ ]*$|没(?:有)?(?:意见|异议|问题)|就(?:它|这个)(?:吧|了)|勉强(?:可以|行|接受)",
    re.I,
)
_NOT_YET = re.compile(
    r"(?:还|都|压根|根本|一直|仍然|并|到现在)?没(?:有)?(?:收到|到账|看[到见]|退|换|修好?|解决|处理好?|办好?|人|好|动静|弄好|来|给|兑现)|还没|未(?:收到|到账|解决|处理)|不满意|没完|又坏|还是(?:坏|不行|不能|老样子|没)|不对|有问题|少(?:了|退|给)|没到"
)
_CONTENT = re.compile(
    r"(?<!不)(?<!没)(?<!没有)满意|(?:都|已经|全)?(?:收到|到账|解决|处理好|修好|换好|退回来|搞定|弄好|办好|到手)(?:了|啦)?|没(?:有)?(?:问题|意见)了?|可以(?:结束|结案|关闭|了)|结(?:案|束)吧?|好了|谢谢.{0,6}处理"
)
_ASKS = re.compile(
    r"[?吗么嘛]$|[?]|怎么(?:还|样|查|办|回事)|多久|什么时候|啥时候|哪|几(?:天|点|号)|进度|到哪|为什么|为啥|咋"
)
_THREAT = re.compile(
    r"(?:我|这就|马上|现在)(?:要|就|去|会|得|非)?(?:打|去|找|上|向).{0,3}(?:12315|消协|法院|工商|记者|媒体)"
)


def case_number_said(text: str) -> str | None:
    """``TS-20261124-0001``, however its parts were joined."""
    found = _NUMBER.search(text)
    return f"TS-{found[1]}-{found[2]}" if found else None


def act_said(text: str, asked: CaseAsk | None = None) -> CaseAct | None:
    """What the words want of a case; `None` when they speak of none.

    Args:
        asked: what was asked about a case shortly before.
    """
    text = text.strip()
    if (by_itself := _said_plainly(text)) is not None:
        return by_itself
    if asked is CaseAsk.PROPOSAL:
        return decision(text)
    if asked is CaseAsk.CONTENT:
        return contentment(text)
    return None


def goes_on_telling(text: str) -> bool:
    """而且包装也是破的: more of what was told a moment ago."""
    return bool(
        re.match(r"(?:而且|并且|还有(?:就是|一点)?|对了|再说|另外(?:就是|还有)?|哦?对了)[,， ]*.{4}", text)
    )


def is_new_complaint(text: str) -> bool:
    """另外客服骂人，我也要投诉: another complaint and no more of the first one."""
    return bool(re.search(r"(?:我|要|想)(?:也|还|再)?(?:要|想)?(?:再)?投诉", text))


def speaks_of_complaint(text: str) -> bool:
    """The words themselves say that it is a complaint's matter that is to be added to."""
    return bool(re.search(r"投诉|案子|案件|工单|情况|证据|经过|TS-?\d", text, re.I))


def _said_plainly(text: str) -> CaseAct | None:
    if _WITHDRAW.search(text):
        return CaseAct.WITHDRAW
    if _OUTSIDE.search(text) and not _THREAT.search(text):
        return CaseAct.OUTSIDE
    if _REOPEN.search(text) and not is_new_complaint(text):
        return CaseAct.REOPEN
    if _SPEAKS_OF_OFFER.search(text):
        return decision(text)
    return CaseAct.MORE if _MORE.search(text) else None


def decision(text: str) -> CaseAct | None:
    """Yes, no or neither to a proposal; a wish for more is a no. A mere question is none of them."""
    if _CONSIDER.search(text) and not _REFUSE.search(text):
        return CaseAct.CONSIDER
    if _BARGAIN.search(text) or _REFUSE.search(text):
        return CaseAct.REFUSE
    if _ASKS.search(text):
        return None
    return CaseAct.ACCEPT if _ACCEPT.search(text) else None


def contentment(text: str) -> CaseAct | None:
    """Whether what was agreed on has been done to the customer's content."""
    if re.search(r"(?:收到|到账|解决|处理好)(?:了)?(?:吗|没|么)", text):
        return None
    if _NOT_YET.search(text):
        return CaseAct.NOT_YET
    if _ASKS.search(text):
        return None
    return CaseAct.CONTENT if _CONTENT.search(text) or _ACCEPT.search(text) else None


def wish_in(text: str) -> str | None:
    """The clause of a refusal that says what would be accepted: 能不能再加两百."""
    clauses = [clause.strip() for clause in re.split(r"[,，。;；!！\n]", text) if clause.strip()]
    wished = [clause for clause in clauses if _BARGAIN.search(clause)]
    return "，".join(wished) or None


def is_bare_wish(text: str) -> bool:
    """我再补充一点: says that there is more to tell, and does not tell it."""
    rest = re.sub(
        r"TS-?\d{8}-?\d{4}|我|想|要|再|还|补充|一点|一下|几句|点|些|说明|情况|材料|证据|信息|内容|给|往|在|到|里|上|之前|上次|那个|那件|的|投诉|案子|案件|有|个|对了|你好|您好|麻烦|帮|请|可以|能|吗|[\W_]",
        "", text,
    )  # fmt: skip
    return len(rest) < 3


def tells_why_again(text: str) -> bool:
    """上次的投诉又坏了: says what is wrong again, beyond the wish to have it taken up."""
    return bool(re.search(r"又|还是|没(?:有)?|不(?!满意|要|想)|坏|漏|响|少|骗|假|再次(?!处理)|反复", text))


def is_question(text: str) -> bool:
    """When, how, where: asked rather than answered."""
    return bool(_ASKS.search(text))
