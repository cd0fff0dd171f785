"""Numbers that people see, say and type: ``TS-20261123-0042``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from care.rules.labelled import Labelled


class NumberKind(Labelled):
    """The letters before the day say what the number belongs to."""

    COMPLAINT = "TS", "投诉"
    RETURN = "TH", "退换货"
    REPAIR = "WX", "报修"
    INSTALLATION = "AZ", "安装"
    INVOICE = "FP", "发票"
    RIGHTS = "QL", "个人信息请求"


@dataclass(frozen=True)
class CaseNumber:
    kind: NumberKind
    day: date  # Asia/Shanghai
    serial: int

    def __str__(self) -> str:
        return f"{self.kind.value}-{self.day:%Y%m%d}-{self.serial:04d}"


_NUMBER = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]{2})[-\s]?(\d{8})[-\s]?(\d{4,6})(?!\d)", re.ASCII)


def case_number(day: date, serial: int, kind: NumberKind = NumberKind.COMPLAINT) -> str:
    """The number of the `serial`-th case (from 1) of `day` in Asia/Shanghai.

    More than 9,999 a day make it longer, never ambiguous.

    Raises:
        ValueError: `serial` is not in 1–999,999.
    """
    if not 1 <= serial <= 999_999:
        raise ValueError(f"serial {serial} is not in 1–999999")
    return str(CaseNumber(kind, day, serial))


def find_case_number(text: str) -> CaseNumber | None:
    """The first case number in `text`, typed with or without its dashes and in either case, or `None`."""
    for found in _NUMBER.finditer(text):
        try:
            kind = NumberKind(found[1].upper())
            day = date(int(found[2][:4]), int(found[2][4:6]), int(found[2][6:]))
        except ValueError:
            continue
        if int(found[3]):
            return CaseNumber(kind, day, int(found[3]))
    return None
