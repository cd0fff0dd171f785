"""Why a complaint came about, on two levels (care.md §3): where the fault lies, and what it was there.

The first level follows the source documents; the second is our own list and may be longer for a shop.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from care.rules.errors import InvalidInput
from care.rules.labelled import Labelled


class RootCause(Labelled):
    PROCESS = "process", "流程"
    ORGANISATION = "organisation", "组织"
    PLACE = "place", "位置设施"
    DATA_FLOW = "data_flow", "数据流"
    TECHNOLOGY = "technology", "技术"


class RootCauseDetail(Labelled):
    """The second level; `DETAILS_OF` says under which first one each stands."""

    NO_RULE = "no_rule", "缺少规则"
    RULE_NOT_FOLLOWED = "rule_not_followed", "未按流程执行"
    RULE_UNSUITABLE = "rule_unsuitable", "流程不合理"
    SLOW_APPROVAL = "slow_approval", "审批过慢"
    PICKING = "picking", "拣货打包差错"
    HANDOVER = "handover", "交接遗漏"

    UNDERSTAFFED = "understaffed", "人手不足"
    UNTRAINED = "untrained", "培训不足"
    MANNER = "manner", "服务态度"
    UNCLEAR_DUTY = "unclear_duty", "职责不清"
    PARTNER = "partner", "合作方失责"
    OVERPROMISED = "overpromised", "承诺超出能力"

    WAREHOUSE = "warehouse", "仓储条件"
    TRANSPORT = "transport", "运输破损或延误"
    OUTLET = "outlet", "网点或门店设施"
    EQUIPMENT = "equipment", "设备工具"
    REMOTE = "remote", "偏远或不可达"

    WRONG_DATA = "wrong_data", "资料错误"
    LATE_DATA = "late_data", "信息更新滞后"
    LOST_DATA = "lost_data", "信息传递丢失"
    PAGE_INFO = "page_info", "页面说明不符"
    LEAKED_DATA = "leaked_data", "信息外泄"

    DESIGN = "design", "设计缺陷"
    MANUFACTURE = "manufacture", "制造或批次缺陷"
    MATERIAL = "material", "零部件或材料"
    SOFTWARE = "software", "系统或软件故障"
    INSTALLATION = "installation", "安装调试不当"
    MISUSE = "misuse", "使用不当或说明不清"


_D = RootCauseDetail
_C = RootCause

#: First level → what may stand under it, in the order of the list.
DETAILS_OF: Mapping[RootCause, tuple[RootCauseDetail, ...]] = MappingProxyType(
    {
        _C.PROCESS: (
            _D.NO_RULE,
            _D.RULE_NOT_FOLLOWED,
            _D.RULE_UNSUITABLE,
            _D.SLOW_APPROVAL,
            _D.PICKING,
            _D.HANDOVER,
        ),
        _C.ORGANISATION: (
            _D.UNDERSTAFFED,
            _D.UNTRAINED,
            _D.MANNER,
            _D.UNCLEAR_DUTY,
            _D.PARTNER,
            _D.OVERPROMISED,
        ),
        _C.PLACE: (_D.WAREHOUSE, _D.TRANSPORT, _D.OUTLET, _D.EQUIPMENT, _D.REMOTE),
        _C.DATA_FLOW: (_D.WRONG_DATA, _D.LATE_DATA, _D.LOST_DATA, _D.PAGE_INFO, _D.LEAKED_DATA),
        _C.TECHNOLOGY: (
            _D.DESIGN,
            _D.MANUFACTURE,
            _D.MATERIAL,
            _D.SOFTWARE,
            _D.INSTALLATION,
            _D.MISUSE,
        ),
    }
)


def check_root_cause(first: str | None, second: str | None) -> None:
    """Lets a pair pass whose second level stands under its first; either may be missing as long as not both jump.

    Raises:
        InvalidInput: an unknown word, a second level without a first, or one of another first level.
    """
    problems = {}
    if first is not None and first not in RootCause.labels():
        problems["root_cause_1"] = "请从一级根因中选择。"
    elif second is not None:
        if first is None:
            problems["root_cause_1"] = "请先选择一级根因。"
        elif second not in DETAILS_OF[RootCause(first)]:
            problems["root_cause_2"] = f"“{RootCause(first).label}”下没有这一项二级根因。"
    if problems:
        raise InvalidInput(fields=problems)


def is_detail_of(second: str | None, first: str) -> bool:
    """Whether the second level, if any, stands under this first one."""
    return second is not None and second in DETAILS_OF[RootCause(first)]


def root_cause_label(word: str | None) -> str | None:
    """The Chinese of either level; another word stands for itself."""
    if word is None:
        return None
    return RootCause.labels().get(word) or RootCauseDetail.labels().get(word) or word
