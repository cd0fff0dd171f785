"""What on a complaint needs a second person's word, and how that ends (care.md §3, rule 5)."""

from __future__ import annotations

from care.rules.labelled import Labelled


class ApprovalWhat(Labelled):
    LOWER_GRADE = "lower_grade", "降低严重程度"
    RECLASSIFY = "reclassify", "改判咨询"
    WITHDRAW = "withdraw", "撤回投诉"
    MERGE = "merge", "合并投诉"
    REMEDY_OVER_LIMIT = "remedy_over_limit", "超额度方案"


class Decision(Labelled):
    AGREED = "agreed", "同意"
    REFUSED = "refused", "不同意"
    LAPSED = "lapsed", "已失效"
