"""Enum whose members carry their Chinese label beside them, once."""

from __future__ import annotations

from enum import Enum


class Labelled(str, Enum):
    """A string enum with a ``label`` for people.

    Members are written ``NAME = "wire_value", "中文"``. The wire value is what the
    database and the API carry; the label is what people read.
    """

    label: str

    def __new__(cls, value: str, label: str = "") -> Labelled:
        # The default is for type checkers: looking a member up by its value passes no label.
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def labels(cls) -> dict[str, str]:
        """Wire value → Chinese label, in the order of definition."""
        return {member.value: member.label for member in cls}
