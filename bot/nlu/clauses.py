"""A message cut where one wish may end and another begin."""

from __future__ import annotations

import re

_ENDS = re.compile(r"[。!?;;,…~\n]+|\s{1,}|(?<=[\u4e00-\u9fff])\.+")
_JOINTS = re.compile(r"(?=(?:另外|还有就是|还有|顺便|顺道|然后还|而且还|再一个|对了|以及|同时|并且))")
_SHORTEST = 3


def split_clauses(reading: str) -> list[str]:
    """Clauses of the reading form that are long enough to carry a wish of their own.

    A short piece is kept with what follows it: `你好,我要退货` is one clause.
    """
    pieces = [piece.strip() for part in _ENDS.split(reading) for piece in _JOINTS.split(part)]
    clauses: list[str] = []
    held = ""
    for piece in pieces:
        if not piece:
            continue
        held = f"{held},{piece}" if held else piece
        if len(held) > _SHORTEST:
            clauses.append(held)
            held = ""
    if held:
        if clauses:
            clauses[-1] = f"{clauses[-1]},{held}"
        else:
            clauses.append(held)
    return clauses
