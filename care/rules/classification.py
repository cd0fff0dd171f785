"""What a topic is about, for the case and the care matrix: category, care part, care stage."""

from __future__ import annotations

import re

from care.rules.complaint_terms import ComplaintCategory
from care.rules.severity import DANGER_CUES
from care.rules.vocabulary import CarePart, CareStage, Cue, Topic

_C, _P, _S, _T = ComplaintCategory, CarePart, CareStage, Topic

#: Topic → (category of a complaint opened on it, care part, care stage: before, during, after the purchase).
#: Buying lasts from the order to the receipt of the goods; what talks about neither counts as before.
_TOPICS: dict[Topic, tuple[ComplaintCategory, CarePart, CareStage]] = {
    _T.ORDER_STATUS: (_C.LATE, _P.CUSTOMER_SERVICE, _S.DURING),
    _T.LOGISTICS: (_C.LATE, _P.CUSTOMER_SERVICE, _S.DURING),
    _T.URGE_ORDER: (_C.LATE, _P.SERVICE_QUALITY, _S.DURING),
    _T.PRODUCT_INFO: (_C.OTHER, _P.CUSTOMER_SERVICE, _S.PRE),
    _T.STOCK: (_C.OTHER, _P.CUSTOMER_SERVICE, _S.PRE),
    _T.PRICE_PROMOTION: (_C.BILLING, _P.CUSTOMER_SERVICE, _S.PRE),
    _T.PAYMENT: (_C.BILLING, _P.CUSTOMER_SERVICE, _S.DURING),
    _T.INVOICE: (_C.BILLING, _P.CUSTOMER_SERVICE, _S.POST),
    _T.DELIVERY_POLICY: (_C.LATE, _P.CUSTOMER_SERVICE, _S.PRE),
    _T.RETURN_POLICY: (_C.REFUND, _P.AFTER_SALES, _S.POST),
    _T.WARRANTY: (_C.DEFECT, _P.AFTER_SALES, _S.POST),
    _T.INSTALLATION: (_C.OTHER, _P.AFTER_SALES, _S.POST),
    _T.USAGE: (_C.DEFECT, _P.PRODUCT_QUALITY, _S.POST),
    _T.MEMBERSHIP: (_C.OTHER, _P.CUSTOMER_SERVICE, _S.POST),
    _T.ACCOUNT: (_C.SITE, _P.CUSTOMER_SERVICE, _S.PRE),
    _T.STORE: (_C.SITE, _P.CUSTOMER_SERVICE, _S.PRE),
    _T.CASE_PROGRESS: (_C.LATE, _P.AFTER_SALES, _S.POST),
    _T.PRIVACY: (_C.PRIVACY, _P.CUSTOMER_SERVICE, _S.POST),
    _T.REQUEST_RETURN: (_C.REFUND, _P.AFTER_SALES, _S.POST),
    _T.REQUEST_REPAIR: (_C.DEFECT, _P.AFTER_SALES, _S.POST),
    _T.CANCEL_ORDER: (_C.REFUND, _P.CUSTOMER_SERVICE, _S.DURING),
    _T.CHANGE_ORDER: (_C.OTHER, _P.CUSTOMER_SERVICE, _S.DURING),
    _T.UPDATE_PROFILE: (_C.OTHER, _P.CUSTOMER_SERVICE, _S.POST),
    _T.COMPLAINT_QUALITY: (_C.DEFECT, _P.PRODUCT_QUALITY, _S.POST),
    _T.COMPLAINT_DELIVERY: (_C.LATE, _P.SERVICE_QUALITY, _S.DURING),
    _T.COMPLAINT_ATTITUDE: (_C.ATTITUDE, _P.SERVICE_QUALITY, _S.POST),
    _T.COMPLAINT_BILLING: (_C.BILLING, _P.SERVICE_QUALITY, _S.DURING),
    _T.COMPLAINT_AFTER_SALES: (_C.OTHER, _P.AFTER_SALES, _S.POST),
    _T.COMPLAINT_FALSE_PROMISE: (_C.FALSE_PROMISE, _P.SERVICE_QUALITY, _S.DURING),
    _T.COMPLAINT_PRIVACY: (_C.PRIVACY, _P.SERVICE_QUALITY, _S.POST),
    _T.COMPLAINT_OTHER: (_C.OTHER, _P.SERVICE_QUALITY, _S.POST),
    _T.PRAISE: (_C.OTHER, _P.SERVICE_QUALITY, _S.POST),
    _T.SUGGESTION: (_C.OTHER, _P.SERVICE_QUALITY, _S.POST),
    **dict.fromkeys(
        (
            _T.REQUEST_HUMAN, _T.GREET, _T.GOODBYE, _T.THANKS, _T.AFFIRM, _T.DENY, _T.INFORM,
            _T.BOT_CHALLENGE, _T.CHITCHAT, _T.OUT_OF_SCOPE,
        ),
        (_C.OTHER, _P.CUSTOMER_SERVICE, _S.PRE),
    ),
}  # fmt: skip

#: What the customer's words say more exactly than the topic, first match first.
_BY_WORDS: tuple[tuple[frozenset[Topic], re.Pattern[str], ComplaintCategory], ...] = (
    (
        frozenset({_T.COMPLAINT_QUALITY, _T.COMPLAINT_DELIVERY, _T.COMPLAINT_AFTER_SALES, _T.COMPLAINT_OTHER}),
        re.compile(r"[发寄送]错|错发|漏发|少[发寄送]|[发寄送]少|缺(?:件|少|了)|少了(?:一|个|两)|少配件|货不对|不是我(?:买|要|订|拍)的"),
        _C.WRONG_ITEM,
    ),
    (
        frozenset({_T.COMPLAINT_BILLING, _T.COMPLAINT_AFTER_SALES, _T.COMPLAINT_OTHER}),
        re.compile(r"退[钱款货]|退不了|[不拒没][给让能]?退|不退"),
        _C.REFUND,
    ),
    (
        frozenset({_T.COMPLAINT_AFTER_SALES, _T.COMPLAINT_OTHER}),
        re.compile(r"推来推去|踢皮球|没人(?:管|理|回|接)|不[理管]|打不通|拖"),
        _C.LATE,
    ),
    (
        frozenset({_T.COMPLAINT_AFTER_SALES, _T.COMPLAINT_OTHER}),
        re.compile(r"[修换].{0,4}(?:没|不)[修换]?好|又坏|还是坏|修[了过]?[两二三四五六几多\d]+次"),
        _C.DEFECT,
    ),
    (frozenset({_T.COMPLAINT_OTHER}), re.compile(r"霸王条款|合同|协议|条款|违约"), _C.CONTRACT),
    (
        frozenset({_T.COMPLAINT_OTHER}),
        re.compile(r"网站|网页|页面|app|小程序|系统|门店|店里|卖场|环境|停车", re.I),
        _C.SITE,
    ),
)  # fmt: skip


def category_of_topic(topic: Topic, cues: frozenset[Cue] = frozenset(), text: str = "") -> ComplaintCategory:
    """The category of a complaint opened on `topic`.

    Danger (injury, fire, electricity) makes it 安全 and a suspected leak 个人信息, whatever the
    topic; otherwise `text`, the customer's own words, may say it more exactly (错发漏发, 退款 …).
    """
    if cues & DANGER_CUES:
        return ComplaintCategory.SAFETY
    if Cue.DATA_LEAK in cues:
        return ComplaintCategory.PRIVACY
    for topics, words, category in _BY_WORDS:
        if topic in topics and words.search(text):
            return category
    return _TOPICS[topic][0]


def care_part_of_topic(topic: Topic) -> CarePart:
    """The one part of customer care a contact on `topic` counts to."""
    return _TOPICS[topic][1]


def care_stage_of_topic(topic: Topic) -> CareStage:
    """Before, during or after the purchase; records that know the order may know better."""
    return _TOPICS[topic][2]
