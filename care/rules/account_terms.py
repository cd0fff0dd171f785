"""The words of staff accounts: how somebody signed in, what of an account was changed, who needs a second factor."""

from __future__ import annotations

from typing import Literal

from care.rules.labelled import Labelled
from care.rules.vocabulary import Role

#: The setting `ZHIKE_STAFF_TOTP`.
TotpPolicy = Literal["off", "managers", "all"]


class SignedBy(Labelled):
    PASSWORD = "password", "密码"
    TOTP = "totp", "密码与动态码"
    RECOVERY = "recovery", "密码与恢复码"
    OIDC = "oidc", "单点登录"


class AccountChange(Labelled):
    CREATED = "created", "新建账号"
    NAME = "name", "姓名"
    ROLE = "role", "角色"
    SKILLS = "skills", "技能"
    CAPACITY = "capacity", "同时接待上限"
    ACTIVE = "active", "是否启用"
    PASSWORD = "password", "本人修改密码"
    PASSWORD_RESET = "password_reset", "重设密码"
    TOTP_ON = "totp_on", "启用动态码"
    TOTP_OFF = "totp_off", "停用动态码"
    TOTP_RESET = "totp_reset", "重设动态码"
    RECOVERY_CODES = "recovery_codes", "换新恢复码"
    RECOVERY_USED = "recovery_used", "用掉一个恢复码"
    OIDC_LINKED = "oidc_linked", "关联单点登录"


def needs_totp(policy: TotpPolicy, role: Role) -> bool:
    """Whether an account of this role must have a second factor."""
    return policy == "all" or (policy == "managers" and role in (Role.MANAGER, Role.ADMIN))
