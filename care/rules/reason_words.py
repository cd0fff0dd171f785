"""What a free-text reason is about, by its words: coarse, without a model, and silent when it cannot tell."""

from __future__ import annotations

import re

from care.rules.text import normalise
from care.rules.vocabulary import Topic

#: In this order: the first that fits is what the reason is about.
_WORDS: tuple[tuple[Topic, re.Pattern[str]], ...] = (
    (Topic.COMPLAINT_PRIVACY, re.compile(r"泄露|隐私|骚扰电话|个人信息")),
    (Topic.COMPLAINT_FALSE_PROMISE, re.compile(r"说话不算|承诺|答应.{0,8}(?:没|不)|说好.{0,10}(?:没|不)|骗")),
    (Topic.COMPLAINT_ATTITUDE, re.compile(r"态度(?:不|差|恶劣|冷|很差|太差)|不耐烦|敷衍|推诿|踢皮球|爱理不理|没礼貌")),
    (Topic.COMPLAINT_BILLING, re.compile(r"多收|乱收|扣费|退款.{0,6}(?:慢|没|不)|价格.{0,4}(?:高|贵)|太贵|差价")),
    (Topic.COMPLAINT_DELIVERY, re.compile(r"(?:物流|快递|发货|送货|配送).{0,8}(?:慢|没|丢|晚|差|不)|迟迟|还没到|送错")),
    (Topic.COMPLAINT_AFTER_SALES, re.compile(r"售后|维修|返修|没(?:有)?(?:解决|处理|人管)|不(?:解决|处理)|又坏")),
    (Topic.COMPLAINT_QUALITY, re.compile(r"质量|坏了|漏水|异响|破损|瑕疵|不制冷|不好用|故障")),
    (Topic.COMPLAINT_OTHER, re.compile(r"答非所问|听不懂|没听懂|机器人.{0,6}(?:不|没|笨|差)|等.{0,3}(?:太?久|半天)|找不到人工|太慢")),
    (Topic.SUGGESTION, re.compile(r"建议|希望(?:能|可以|你们|以后)|最好(?:能|可以)")),
    (Topic.PRAISE, re.compile(r"(?<!不)(?:满意|耐心|热情|专业|贴心|及时|周到|很快|不错|很好|点赞|解决了|负责)|感谢|谢谢")),
)  # fmt: skip


def topic_of_reason(text: str) -> Topic | None:
    """The topic, or None when no word tells.

    >>> topic_of_reason("客服态度很差，一直敷衍"), topic_of_reason("小美很耐心"), topic_of_reason("随便点的")
    (<Topic.COMPLAINT_ATTITUDE: 'complaint_attitude'>, <Topic.PRAISE: 'praise'>, None)
    """
    plain = normalise(text).lower()
    return next((topic for topic, words in _WORDS if words.search(plain)), None)
