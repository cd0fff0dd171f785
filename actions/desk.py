"""What the actions of this process share: customer care and the knowledge, opened once by the server."""

from __future__ import annotations

from dataclasses import dataclass

from care.services.context import Care
from care.services.knowledge import KnowledgeBase, load_knowledge


@dataclass(frozen=True)
class Desk:
    care: Care
    knowledge: KnowledgeBase


_desk: Desk | None = None


def open_desk(care: Care) -> Desk:
    """Reads the knowledge and makes `care` the one that actions of this process use."""
    global _desk
    _desk = Desk(care, load_knowledge(care.settings.root / "data" / "knowledge", skip_bad=True))
    return _desk


def desk() -> Desk:
    if _desk is None:
        raise RuntimeError(
            "the action server has not opened customer care: start it with `python -m actions`"
        )
    return _desk
