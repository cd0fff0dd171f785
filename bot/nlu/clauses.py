"""A message cut where one wish may end and another begin."""

from __future__ import annotations

import re
from collections.abc import Iterable

from care.rules.sentence_mood import Mood, find_mood

_ENDS = re.compile(r"[。!！?？;；,，…~～\n]+|\s{1,}|(?<=[\u4e00-\u9fff])\.+")
_JOINT_WORDS = "另外|还有就是|还有|顺便|顺道|然后还|而且还|再一个|对了|以及|同时|并且"
_JOINTS = re.compile(f"(?={_JOINT_WORDS})")
_BEGINS_WITH_JOINT = re.compile(f"\\s*(?:{_JOINT_WORDS}|再问|再帮|再查)")
_SHORTEST = 3


def clause_spans(text: str, whole: Iterable[tuple[int, int]] = ()) -> list[tuple[int, int]]:
    """Start and end of each clause that is long enough to carry a wish of its own.

    A short piece is kept with what follows it: `你好,我要退货` is one clause.

    Args:
        whole: spans that are never cut, such as a number written with spaces.
    """
    uncut = list(whole)
    pieces = _pieces(text, uncut)
    clauses: list[tuple[int, int]] = []
    held: int | None = None
    for start, end in pieces:
        begin = start if held is None else held
        if end - begin > _SHORTEST:
            clauses.append((begin, end))
            held = None
        else:
            held = begin
    if held is not None:
        if clauses:
            clauses[-1] = (clauses[-1][0], pieces[-1][1])
        else:
            clauses.append((held, pieces[-1][1]))
    return clauses


def adds_a_wish(clause: str) -> bool:
    """Whether the clause asks or demands something, or is joined on as a further matter.

    Background told beside the one wish of a message (退了一件,发票要不要退回去) is neither.
    """
    return _BEGINS_WITH_JOINT.match(clause) is not None or find_mood(clause) is not Mood.STATEMENT


def _pieces(text: str, uncut: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """What stands between the ends and before the joints, without the white space around it."""
    cuts = [(found.start(), found.end()) for found in _ENDS.finditer(text)]
    cuts += [(found.start(), found.start()) for found in _JOINTS.finditer(text)]
    pieces, at = [], 0
    for start, end in [*sorted(cuts), (len(text), len(text))]:
        if any(start < stop and end > begin for begin, stop in uncut) and start < len(text):
            continue
        if text[at:start].strip():
            pieces.append((at, start))
        at = max(at, end)
    return pieces
