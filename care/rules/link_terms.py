"""How two complaints belong together without being one."""

from __future__ import annotations

from care.rules.labelled import Labelled


class LinkKind(Labelled):
    SAME_CAUSE = "same_cause", "同一原因"
    RELATED = "related", "相关"
