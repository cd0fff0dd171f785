"""The one thing that is best asked next: what the topic needs and nobody has said yet."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from care.rules.vocabulary import COMPLAINT_TOPICS, Topic

#: About → (what of the talk answers it, the question).
_QUESTIONS: dict[str, tuple[frozenset[str], str]] = {
    "order": (frozenset({"order_number", "tracking_number"}), "请问是哪一笔订单？方便告诉我订单号吗？"),
    "product": (frozenset({"product", "model"}), "请问是哪一款商品？"),
    "fault": (frozenset({"fault"}), "请问具体是什么现象？屏幕上有没有显示代码？"),
    "remedy": (frozenset({"remedy"}), "请问您希望我们怎样处理？"),
    "address": (frozenset({"address"}), "请问新的收货地址是哪里？"),
    "date": (frozenset({"date"}), "请问您哪一天方便？"),
    "when": (frozenset({"date"}), "请问这是什么时候发生的？"),
    "title": (frozenset({"title"}), "请问发票抬头是什么？"),
}
_ORDER_ONLY = (
    Topic.ORDER_STATUS, Topic.LOGISTICS, Topic.URGE_ORDER, Topic.CANCEL_ORDER, Topic.INVOICE, Topic.COMPLAINT_BILLING,
)  # fmt: skip
#: Topic → what it needs, in the order in which it is asked.
NEEDED: dict[Topic, tuple[str, ...]] = {
    **dict.fromkeys(COMPLAINT_TOPICS, ("order", "when", "remedy")),
    **dict.fromkeys(_ORDER_ONLY, ("order",)),
    Topic.COMPLAINT_BILLING: ("order", "remedy"),
    Topic.COMPLAINT_QUALITY: ("order", "remedy"),
    Topic.COMPLAINT_ATTITUDE: ("when", "remedy"),
    Topic.COMPLAINT_PRIVACY: ("when", "remedy"),
    Topic.REQUEST_RETURN: ("order", "remedy"),
    Topic.REQUEST_REPAIR: ("order", "fault", "date"),
    Topic.CHANGE_ORDER: ("order", "address"),
    Topic.INSTALLATION: ("product", "date"),
    Topic.USAGE: ("product", "fault"),
    Topic.WARRANTY: ("product",),
    Topic.PRODUCT_INFO: ("product",),
    Topic.STOCK: ("product",),
    Topic.PRICE_PROMOTION: ("product",),
}
#: These touch the customer's own records: first it must be sure who that is.
_OWN_RECORDS = frozenset(topic for topic, needs in NEEDED.items() if "order" in needs) | {
    Topic.CASE_PROGRESS, Topic.UPDATE_PROFILE, Topic.PRIVACY, Topic.MEMBERSHIP,
}  # fmt: skip
VERIFY = "请问您下单时留的手机号是多少？我核实后马上为您查询。"


@dataclass(frozen=True)
class Question:
    about: str
    text: str


def next_question(topic: Topic | None, known: Collection[str], *, is_verified: bool) -> Question | None:
    """
    Args:
        topic: what the talk is about; the main one.
        known: kinds of facts that were said or stand in the records: ``order_number``, ``product``, ``remedy``, …
            Who says which order has said which product.
    """
    if topic is None:
        return None
    if topic in _OWN_RECORDS and not is_verified:
        return Question("verify", VERIFY)
    heard = set(known)
    if "order_number" in heard:
        heard.add("product")
    for about in NEEDED.get(topic, ()):
        answers, text = _QUESTIONS[about]
        if not answers & heard:
            return Question(about, text)
    return None
