"""Tables, a file per noun. Importing this package registers every table on `Base.metadata`."""

from care.records import complaint, conversation, customer, engine, interaction, order, staff
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
    "order",
    "staff",
]
