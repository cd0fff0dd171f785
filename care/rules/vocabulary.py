"""The public vocabulary of reports, routing and measurements.

Topics are what customers write about; the Rasa intents may be finer, and each
intent maps to exactly one topic here (`topic_of_intent`). A test holds domain.yml,
the training data and this file together.
"""

from __future__ import annotations

from care.rules.labelled import Labelled


class Kind(Labelled):
    """What a contact is, for the interaction row and the statistics."""

    INQUIRY = "inquiry", "咨询"
    COMPLAINT = "complaint", "投诉"
    PRAISE = "praise", "表扬"
    SUGGESTION = "suggestion", "建议"
    RECORD_CHANGE = "record_change", "资料变更"
    RIGHTS_REQUEST = "rights_request", "个人信息请求"
    PROACTIVE_CARE = "proactive_care", "主动关怀"
    CONTROL = "control", "对话控制"
    OTHER = "other", "其他"


class CareStage(Labelled):
    PRE = "pre", "购买前"
    DURING = "during", "购买中"
    POST = "post", "购买后"


class CarePart(Labelled):
    CUSTOMER_SERVICE = "customer_service", "客户服务"
    PRODUCT_QUALITY = "product_quality", "产品质量"
    SERVICE_QUALITY = "service_quality", "服务质量"
    AFTER_SALES = "after_sales", "售后服务"


class Topic(Labelled):
    ORDER_STATUS = "order_status", "查订单"
    LOGISTICS = "logistics", "查物流"
    URGE_ORDER = "urge_order", "催单"
    PRODUCT_INFO = "product_info", "问商品"
    STOCK = "stock", "问库存"
    PRICE_PROMOTION = "price_promotion", "价格优惠"
    PAYMENT = "payment", "支付"
    INVOICE = "invoice", "发票"
    DELIVERY_POLICY = "delivery_policy", "配送"
    RETURN_POLICY = "return_policy", "退换政策"
    WARRANTY = "warranty", "保修政策"
    INSTALLATION = "installation", "安装"
    USAGE = "usage", "使用与故障"
    MEMBERSHIP = "membership", "会员积分"
    ACCOUNT = "account", "账号"
    STORE = "store", "门店与时间"
    CASE_PROGRESS = "case_progress", "查进度"
    PRIVACY = "privacy", "个人信息"
    REQUEST_RETURN = "request_return", "申请退换"
    REQUEST_REPAIR = "request_repair", "报修"
    CANCEL_ORDER = "cancel_order", "取消订单"
    CHANGE_ORDER = "change_order", "改订单"
    UPDATE_PROFILE = "update_profile", "改资料"
    COMPLAINT_QUALITY = "complaint_quality", "投诉商品"
    COMPLAINT_DELIVERY = "complaint_delivery", "投诉配送"
    COMPLAINT_ATTITUDE = "complaint_attitude", "投诉态度"
    COMPLAINT_BILLING = "complaint_billing", "投诉费用"
    COMPLAINT_AFTER_SALES = "complaint_after_sales", "投诉售后"
    COMPLAINT_FALSE_PROMISE = "complaint_false_promise", "投诉承诺不符"
    COMPLAINT_PRIVACY = "complaint_privacy", "投诉信息泄露"
    COMPLAINT_OTHER = "complaint_other", "其他投诉"
    PRAISE = "praise", "表扬"
    SUGGESTION = "suggestion", "建议"
    REQUEST_HUMAN = "request_human", "转人工"
    GREET = "greet", "问候"
    GOODBYE = "goodbye", "道别"
    THANKS = "thanks", "感谢"
    AFFIRM = "affirm", "肯定"
    DENY = "deny", "否定"
    INFORM = "inform", "补充信息"
    BOT_CHALLENGE = "bot_challenge", "问身份"
    CHITCHAT = "chitchat", "闲聊"
    OUT_OF_SCOPE = "out_of_scope", "无关"


class Emotion(Labelled):
    """Ordered from calm to the strongest: `EMOTION_STRENGTH`."""

    CALM = "calm", "平静"
    WORRIED = "worried", "担心"
    ANNOYED = "annoyed", "不满"
    ANGRY = "angry", "愤怒"
    DISTRESSED = "distressed", "痛苦"


class Cue(Labelled):
    """Severity cues in a customer's words (care.md §2.11)."""

    INJURY = "injury", "人身伤害"
    FIRE = "fire", "起火冒烟"
    ELECTRICITY = "electricity", "漏电触电"
    MINOR = "minor", "未成年人"
    MEDIA = "media", "媒体曝光"
    AUTHORITY_12315 = "authority_12315", "12315 或主管部门"
    LAWYER = "lawyer", "律师诉讼"
    REPEATED = "repeated", "重复投诉"
    SELF_HARM = "self_harm", "自伤"
    DATA_LEAK = "data_leak", "疑似信息泄露"


class Channel(Labelled):
    WEB = "web", "网站"
    APP = "app", "应用"
    WECHAT = "wechat", "微信"
    PHONE = "phone", "电话"
    EMAIL = "email", "邮件"
    STORE = "store", "门店"
    OTHER = "other", "其他"


class Owner(Labelled):
    """Who speaks in a conversation: exactly one at a time."""

    BOT = "bot", "智能客服"
    QUEUED = "queued", "排队等待人工"
    HUMAN = "human", "人工坐席"
    CLOSED = "closed", "已结束"


class Speaker(Labelled):
    BOT = "bot", "智能客服"
    AGENT = "agent", "人工客服"
    CUSTOMER = "customer", "客户"
    SYSTEM = "system", "系统"


class Role(Labelled):
    """Staff roles, least to most; see `care.rules.permissions`."""

    AGENT = "agent", "坐席"
    LEAD = "lead", "组长"
    MANAGER = "manager", "经理"
    ADMIN = "admin", "管理员"


class HandledBy(Labelled):
    BOT = "bot", "智能客服"
    AGENT = "agent", "坐席"
    MIXED = "mixed", "智能客服与坐席"


class Outcome(Labelled):
    RESOLVED = "resolved", "已解决"
    UNRESOLVED = "unresolved", "未解决"
    TRANSFERRED = "transferred", "已转"
    ABANDONED = "abandoned", "放弃"


class ResolvedBasis(Labelled):
    CUSTOMER_CONFIRMED = "customer_confirmed", "客户确认"
    INFERRED = "inferred", "推断"


class CustomerType(Labelled):
    CONSUMER = "consumer", "消费者"
    COMPANY = "company", "企业"
    CHANNEL = "channel", "渠道"
    INTERNAL = "internal", "内部客户"


class Tier(Labelled):
    STRATEGIC = "strategic", "战略大客户"
    KEY = "key", "大客户"
    POTENTIAL = "potential", "重点潜力"
    GENERAL = "general", "一般"


class LifecycleStage(Labelled):
    PROSPECT = "prospect", "潜在"
    NEW = "new", "新客"
    ACTIVE = "active", "活跃"
    AT_RISK = "at_risk", "风险"
    LAPSED = "lapsed", "流失"
    RECOVERED = "recovered", "赢回"


class FieldSource(Labelled):
    SELF = "self", "本人"
    AGENT = "agent", "坐席"
    IMPORT = "import", "导入"
    INFERRED = "inferred", "推断"


class LegalBasis(Labelled):
    """Bases for handling personal data (PIPL §13)."""

    CONSENT = "consent", "同意"
    CONTRACT = "contract", "履行合同"
    LEGAL_DUTY = "legal_duty", "法定义务"
    OTHER = "other", "其他"


class ConsentPurpose(Labelled):
    SERVICE = "service", "服务"
    SURVEY = "survey", "回访"
    MARKETING = "marketing", "营销"
    SHARE = "share", "对外提供"
    SENSITIVE = "sensitive", "敏感信息"


class DataIssue(Labelled):
    INACCURATE = "inaccurate", "不准确"
    OUTDATED = "outdated", "过时"
    MISSING = "missing", "丢失或不完整"
    DUPLICATE = "duplicate", "重复"


class OrderState(Labelled):
    CREATED = "created", "待付款"
    PAID = "paid", "待发货"
    SHIPPED = "shipped", "运输中"
    DELIVERED = "delivered", "已签收"
    COMPLETED = "completed", "已完成"
    CANCELLED = "cancelled", "已取消"
    RETURNED = "returned", "已退货"


class VerifiedBy(Labelled):
    """How a conversation's customer was verified."""

    TOKEN = "token", "网站登录"
    CODE = "code", "手机验证码"
    ORDER_TAIL = "order_tail", "订单号与手机尾号"


#: Topic → kind of contact (understanding.md, column kind).
TOPIC_KIND: dict[Topic, Kind] = {
    **dict.fromkeys(
        (
            Topic.ORDER_STATUS, Topic.LOGISTICS, Topic.URGE_ORDER, Topic.PRODUCT_INFO, Topic.STOCK,
            Topic.PRICE_PROMOTION, Topic.PAYMENT, Topic.INVOICE, Topic.DELIVERY_POLICY,
            Topic.RETURN_POLICY, Topic.WARRANTY, Topic.INSTALLATION, Topic.USAGE, Topic.MEMBERSHIP,
            Topic.ACCOUNT, Topic.STORE, Topic.CASE_PROGRESS,
        ),
        Kind.INQUIRY,
    ),
    Topic.PRIVACY: Kind.RIGHTS_REQUEST,
    **dict.fromkeys(
        (
            Topic.REQUEST_RETURN, Topic.REQUEST_REPAIR, Topic.CANCEL_ORDER, Topic.CHANGE_ORDER,
            Topic.UPDATE_PROFILE,
        ),
        Kind.RECORD_CHANGE,
    ),
    **{topic: Kind.COMPLAINT for topic in Topic if topic.value.startswith("complaint_")},
    Topic.PRAISE: Kind.PRAISE,
    Topic.SUGGESTION: Kind.SUGGESTION,
    **dict.fromkeys(
        (
            Topic.REQUEST_HUMAN, Topic.GREET, Topic.GOODBYE, Topic.THANKS, Topic.AFFIRM, Topic.DENY,
            Topic.INFORM, Topic.BOT_CHALLENGE,
        ),
        Kind.CONTROL,
    ),
    Topic.CHITCHAT: Kind.OTHER,
    Topic.OUT_OF_SCOPE: Kind.OTHER,
}  # fmt: skip

#: Intents that are finer than topics; every other intent has its topic's name.
FINER_INTENTS: dict[str, Topic] = {
    "stop": Topic.DENY,
    "nlu_fallback": Topic.OUT_OF_SCOPE,
}

COMPLAINT_TOPICS: tuple[Topic, ...] = tuple(t for t in Topic if TOPIC_KIND[t] is Kind.COMPLAINT)

EMOTION_STRENGTH: dict[Emotion, int] = {emotion: rank for rank, emotion in enumerate(Emotion)}


def topic_of_intent(intent: str) -> Topic:
    """The one topic an intent reports to.

    Raises:
        ValueError: the intent is neither a topic nor listed in `FINER_INTENTS`.
    """
    if intent in FINER_INTENTS:
        return FINER_INTENTS[intent]
    return Topic(intent)


def kind_of_topic(topic: Topic) -> Kind:
    return TOPIC_KIND[topic]
