"""How serious a complaint is (criteria: GB/T 19012 §7.5; scale: care.md §2.11)."""

from __future__ import annotations

from care.rules.labelled import Labelled


class Grade(Labelled):
    P1 = "P1", "紧急"
    P2 = "P2", "重大"
    P3 = "P3", "一般"
    P4 = "P4", "轻微"
