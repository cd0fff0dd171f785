"""The demo shop 知客优选: the same data from a fixed seed, dated relative to the day it is sown.

A file per noun makes plain rows; `seeding` writes them in one transaction and `clearing` removes them.
"""

from care.demo.clearing import clear
from care.demo.seeding import Summary, seed, seed_if_missing

__all__ = ["Summary", "clear", "seed", "seed_if_missing"]
