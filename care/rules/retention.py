"""How long each kind of row is kept, and why (PIPL §19: the shortest time that its purpose needs).

A shop may choose other times within the bounds; ``docs/privacy.md`` shows this very table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from care.rules.errors import InvalidInput
from care.rules.labelled import Labelled
from care.rules.vocabulary import LegalBasis

_YEAR = 365


class Kept(Labelled):
    """A kind of row with its own keeping time."""

    CODES = "codes", "短信验证码记录"
    ATTEMPTS = "attempts", "核实失败的次数"
    OUTBOX = "outbox", "已送出的通知"
    VISITORS = "visitors", "没有留言的访客标识"
    TRACKER = "tracker", "智能客服的对话状态"
    MESSAGES = "messages", "会话内容"
    EVIDENCE = "evidence", "图片证据"
    CALLBACKS = "callbacks", "回电的号码与留言"
    NOTICES = "notices", "给工作人员的通知"
    ACCESS_LOG = "access_log", "资料访问记录"
    EXPORT_TOKENS = "export_tokens", "导出文件的下载凭证"
    PROFILE = "profile", "会员资料"
    CONSENTS = "consents", "同意与撤回的记录"
    ORDERS = "orders", "订单、物流、售后与发票"
    COMPLAINTS = "complaints", "投诉及其处理过程"


@dataclass(frozen=True)
class Keeping:
    """`days` is the default; None: as long as the customer's record stands. A shop chooses within the bounds.

    `is_swept`: the nightly job removes what is older; the others end with the customer's deletion, or are
    removed by the shop after the time that the law sets.
    """

    days: int | None
    at_least: int
    at_most: int
    purpose: str
    legal_basis: LegalBasis
    why: str
    is_swept: bool = True


KEEPING: Mapping[Kept, Keeping] = MappingProxyType(
    {
        Kept.CODES: Keeping(
            2, 1, 30, "核实身份", LegalBasis.CONTRACT, "一天内的次数限制要数它；之后没有用处"
        ),
        Kept.ATTEMPTS: Keeping(
            2, 1, 30, "防止猜测他人订单", LegalBasis.CONTRACT, "一天内的次数限制要数它；之后没有用处"
        ),
        Kept.OUTBOX: Keeping(
            7, 1, 90, "查找没有送到的通知", LegalBasis.CONTRACT, "送到之后只为查错，一周足够"
        ),
        Kept.VISITORS: Keeping(
            30,
            1,
            365,
            "刷新后接着同一个会话",
            LegalBasis.CONTRACT,
            "没有说过话的浏览器，一个月不来就不必认得",
        ),
        Kept.TRACKER: Keeping(
            30, 7, 365, "智能客服接着上文", LegalBasis.CONTRACT, "会话结束后不再需要；会话内容另有保存"
        ),
        Kept.MESSAGES: Keeping(
            3 * _YEAR,
            180,
            5 * _YEAR,
            "核对说过的话和承诺",
            LegalBasis.CONTRACT,
            "与交易有关，和交易记录同样保存三年",
        ),
        Kept.EVIDENCE: Keeping(
            3 * _YEAR,
            180,
            5 * _YEAR,
            "证明投诉所说的情况",
            LegalBasis.CONTRACT,
            "和会话内容同样保存三年；投诉处理期间不删除",
        ),
        Kept.CALLBACKS: Keeping(
            180,
            30,
            3 * _YEAR,
            "按约回电，核对是否回过",
            LegalBasis.CONTRACT,
            "回过电话之后只为核对，半年足够；还没有回的不删除",
        ),
        Kept.NOTICES: Keeping(
            180, 7, 3 * _YEAR, "提醒工作人员", LegalBasis.CONTRACT, "事情办完后只为回看；投诉本身另有记录"
        ),
        Kept.ACCESS_LOG: Keeping(
            3 * _YEAR,
            180,
            10 * _YEAR,
            "查明谁看过资料",
            LegalBasis.LEGAL_DUTY,
            "个人信息保护法第五十一、五十六条",
        ),
        Kept.EXPORT_TOKENS: Keeping(
            1, 1, 7, "只让本人下载一次", LegalBasis.CONTRACT, "过期后没有用处；导出的文件不落盘"
        ),
        Kept.PROFILE: Keeping(
            None, 0, 0, "提供服务", LegalBasis.CONTRACT, "您的账户存续期间；申请删除后即删除", is_swept=False
        ),
        Kept.CONSENTS: Keeping(
            None,
            0,
            0,
            "证明处理有依据",
            LegalBasis.LEGAL_DUTY,
            "个人信息保护法第十四至十六条",
            is_swept=False,
        ),
        Kept.ORDERS: Keeping(
            3 * _YEAR,
            3 * _YEAR,
            10 * _YEAR,
            "履行与证明交易",
            LegalBasis.LEGAL_DUTY,
            "电子商务法第三十一条：自交易完成之日起不少于三年",
            is_swept=False,
        ),
        Kept.COMPLAINTS: Keeping(
            3 * _YEAR,
            3 * _YEAR,
            10 * _YEAR,
            "处理与证明投诉",
            LegalBasis.LEGAL_DUTY,
            "诉讼时效三年（民法典第一百八十八条）；GB/T 19012 要求留存",
            is_swept=False,
        ),
    }
)


def check_days(kind: Kept, days: int) -> int:
    """A time that a shop may choose for `kind`. Raises `InvalidInput`."""
    keeping = KEEPING[kind]
    if not keeping.is_swept:
        raise InvalidInput(f"“{kind.label}”的保存时间由法律或账户决定，不能设置。")
    if not keeping.at_least <= days <= keeping.at_most:
        raise InvalidInput(f"“{kind.label}”可保存 {keeping.at_least} 到 {keeping.at_most} 天。")
    return days


def days_in_words(days: int | None) -> str:
    if days is None:
        return "账户存续期间"
    if days % _YEAR == 0:
        return f"{days // _YEAR} 年"
    return f"{days} 天"
