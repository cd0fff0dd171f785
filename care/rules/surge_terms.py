"""The words of surge alarms: by what complaints are counted."""

from __future__ import annotations

from care.rules.labelled import Labelled


class SurgeDimension(Labelled):
    """A value is a category, a product's id, a channel, or ``category:product``."""

    CATEGORY = "category", "问题类别"
    PRODUCT = "product", "商品"
    CHANNEL = "channel", "渠道"
    CATEGORY_PRODUCT = "category_product", "类别与商品"


class Exposure(Labelled):
    """What the counts of a series are measured against, a day's mean of the seven days before."""

    ORDERS = "orders", "此前 7 天的日均订单"
    CONTACTS = "contacts", "此前 7 天的日均非投诉联系"
    NONE = "none", "不作调整"
