"""Tables, a file per noun. Importing this package registers every table on `Base.metadata`."""

from care.records import (
    complaint,
    conversation,
    customer,
    engine,
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
    "complaint",
    "conversation",
    "customer",
    "engine",
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
