"""What people may ask about their own data (PIPL §44–50), by when, and what the law says must be kept.

Texts are for customers, in Chinese.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from care.rules.labelled import Labelled
from care.rules.vocabulary import ConsentPurpose

#: The law says "in time"; the ministry's rules for apps (工信部等四部门, 2019) read it as fifteen work days.
ANSWER_WORKDAYS = 15
#: Goes up when the privacy notice changes: a consent names the notice it was given to.
NOTICE_VERSION = "2026-11"


class RightsKind(Labelled):
    EXPORT = "export", "查阅与复制"
    DELETION = "deletion", "删除"


class RightsState(Labelled):
    OPEN = "open", "已受理"
    WAITING = "waiting", "等待未完结事项"
    DONE = "done", "已完成"
    CANCELLED = "cancelled", "已撤回"


#: What a customer agrees to, in words that can be refused without losing the service.
CONSENT_WORDS: Mapping[ConsentPurpose, str] = MappingProxyType(
    {
        ConsentPurpose.SERVICE: "用您的联系方式主动告知订单和服务进展",
        ConsentPurpose.SURVEY: "在服务结束后邀请您评价",
        ConsentPurpose.MARKETING: "向您推荐商品和优惠",
        ConsentPurpose.SHARE: "把完成服务所需的信息提供给合作方",
        ConsentPurpose.SENSITIVE: "处理您主动提供的敏感个人信息",
    }
)


class Hindrance(Labelled):
    """Why a deletion must wait: the data are still needed for what the customer themselves wants done."""

    ORDER = "order", "有未完结的订单"
    AFTER_SALES = "after_sales", "有未完结的售后"
    COMPLAINT = "complaint", "有处理中的投诉"
    CONVERSATION = "conversation", "会话还在进行"
    HOLD = "hold", "依法需要保全"
