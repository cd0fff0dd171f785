"""The words of a complaint: states, categories, levels, remedies (care.md §3)."""

from __future__ import annotations

from care.rules.labelled import Labelled


class ComplaintState(Labelled):
    DRAFT = "draft", "待确认"
    RECEIVED = "received", "已受理"
    ACKNOWLEDGED = "acknowledged", "已告知"
    ASSESSED = "assessed", "已评审"
    INVESTIGATING = "investigating", "调查中"
    WAITING_CUSTOMER = "waiting_customer", "待补充"
    PROPOSED = "proposed", "方案待确认"
    EXECUTING = "executing", "执行中"
    CLOSED = "closed", "已终止"
    UNRESOLVED = "unresolved", "未接受"
    REOPENED = "reopened", "重开"
    WITHDRAWN = "withdrawn", "撤回"
    RECLASSIFIED = "reclassified", "改判咨询"
    MERGED = "merged", "合并"


class ComplaintCategory(Labelled):
    LATE = "late", "迟延"
    DEFECT = "defect", "质量缺陷"
    WRONG_ITEM = "wrong_item", "错发漏发"
    BILLING = "billing", "费用"
    REFUND = "refund", "退款"
    ATTITUDE = "attitude", "态度"
    FALSE_PROMISE = "false_promise", "承诺不符"
    PRIVACY = "privacy", "个人信息"
    SAFETY = "safety", "安全"
    CONTRACT = "contract", "合同"
    SITE = "site", "场所网站"
    OTHER = "other", "其他"


class Level(Labelled):
    L1 = "L1", "坐席"
    L2 = "L2", "组长"
    L3 = "L3", "经理"
    L4 = "L4", "负责人"


class Remedy(Labelled):
    """Remedies of GB/T 19012 §7.7."""

    REFUND = "refund", "退款"
    EXCHANGE = "exchange", "换货"
    REPAIR = "repair", "返修"
    REPLACE = "replace", "替换"
    TECH_SUPPORT = "tech_support", "技术支持"
    INFORMATION = "information", "提供信息"
    ADVICE = "advice", "咨询"
    FINANCIAL_HELP = "financial_help", "财务协助"
    OTHER_HELP = "other_help", "其他帮助"
    COMPENSATION = "compensation", "补偿"
    APOLOGY = "apology", "道歉"
    GIFT = "gift", "礼品"


class CloseKind(Labelled):
    CONFIRMED = "confirmed", "客户确认"
    SILENT = "silent", "静默"
