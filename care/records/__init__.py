"""Tables, a file per noun. Importing this package registers every table on `Base.metadata`."""

from care.records import (
    clocks,
    complaint,
    conversation,
    customer,
    desk,
    engine,
    evidence,
    improvement,
    interaction,
    merging,
    notice,
    order,
    order_request,
    rights,
    staff,
    value,
)
from care.records.base import Base, Sessions, make_engine

__all__ = [
    "Base",
    "Sessions",
    "clocks",
    "complaint",
    "conversation",
    "customer",
    "desk",
    "engine",
    "evidence",
    "improvement",
    "interaction",
    "make_engine",
    "merging",
    "notice",
    "order",
    "order_request",
    "rights",
    "staff",
    "value",
]
