"""What each staff role may do. A route names one permission; a role holds those of every role below it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from care.rules.errors import Forbidden
from care.rules.labelled import Labelled
from care.rules.vocabulary import Role


class Permission(Labelled):
    VIEW_QUEUE = "view_queue", "查看排队"
    SERVE = "serve", "接待会话"
    VIEW_CUSTOMER = "view_customer", "查看客户(打码)"
    HANDLE_COMPLAINT = "handle_complaint", "处理投诉"
    RAISE_GRADE = "raise_grade", "提高严重程度"
    EDIT_CUSTOMER = "edit_customer", "更正客户资料"
    VIEW_ALL_CONVERSATIONS = "view_all_conversations", "查看全部会话"
    REASSIGN = "reassign", "改派"
    SECOND_PERSON = "second_person", "复核降级、撤回、改判与合并"
    VIEW_UNMASKED = "view_unmasked", "查看未打码资料"
    WRITE_KNOWLEDGE = "write_knowledge", "编写知识"
    IMPROVE = "improve", "改进与挽回"
    VIEW_CONSOLE = "view_console", "查看管理台"
    EXPORT = "export", "导出"
    SIGN_TIER = "sign_tier", "签批客户分级"
    CHANGE_RULES = "change_rules", "修改时限与权重"
    VERIFY_LOG = "verify_log", "核验投诉记录链"
    MANAGE_STAFF = "manage_staff", "管理人员"
    MANAGE_SETTINGS = "manage_settings", "管理设置"
    VIEW_ACCESS_LOG = "view_access_log", "查看访问日志"


_P = Permission
_ADDED: dict[Role, frozenset[Permission]] = {
    Role.AGENT: frozenset(
        {_P.VIEW_QUEUE, _P.SERVE, _P.VIEW_CUSTOMER, _P.HANDLE_COMPLAINT, _P.RAISE_GRADE, _P.EDIT_CUSTOMER}
    ),
    Role.LEAD: frozenset(
        {
            _P.VIEW_ALL_CONVERSATIONS,
            _P.REASSIGN,
            _P.SECOND_PERSON,
            _P.VIEW_UNMASKED,
            _P.WRITE_KNOWLEDGE,
            _P.IMPROVE,
            _P.VIEW_CONSOLE,
        }
    ),
    Role.MANAGER: frozenset({_P.EXPORT, _P.SIGN_TIER, _P.CHANGE_RULES, _P.VERIFY_LOG}),
    Role.ADMIN: frozenset({_P.MANAGE_STAFF, _P.MANAGE_SETTINGS, _P.VIEW_ACCESS_LOG}),
}


def _cumulated() -> dict[Role, frozenset[Permission]]:
    held: frozenset[Permission] = frozenset()
    result = {}
    for role in Role:
        held |= _ADDED[role]
        result[role] = held
    return result


#: Role → everything it may do.
ROLE_PERMISSIONS: Mapping[Role, frozenset[Permission]] = MappingProxyType(_cumulated())


def may(role: Role, permission: Permission) -> bool:
    return permission in ROLE_PERMISSIONS[role]


def check_permission(role: Role, permission: Permission) -> None:
    """Lets `role` pass when it holds `permission`.

    Raises:
        Forbidden: it does not.
    """
    if not may(role, permission):
        raise Forbidden(f"您的角色“{role.label}”没有“{permission.label}”的权限。")
