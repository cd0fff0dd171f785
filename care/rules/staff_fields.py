"""What may stand in a staff account. Each check gives the problem in Chinese, or None."""

from __future__ import annotations

import re
from collections.abc import Sequence

MOST_AT_ONCE = 50
_MOST_SKILLS, _LONGEST_SKILL = 20, 20
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}", re.ASCII)


def check_login(login: str) -> str | None:
    return None if _LOGIN.fullmatch(login) else "登录名为 2 到 40 位小写字母、数字、点、横线或下划线。"


def check_skills(skills: Sequence[str]) -> str | None:
    if len(skills) > _MOST_SKILLS or any(
        not skill.strip() or len(skill) > _LONGEST_SKILL or not skill.isprintable() for skill in skills
    ):
        return f"技能最多 {_MOST_SKILLS} 项，每项 1 到 {_LONGEST_SKILL} 个字。"
    return None


def check_capacity(capacity: int) -> str | None:
    return None if 1 <= capacity <= MOST_AT_ONCE else f"同时接待上限为 1 到 {MOST_AT_ONCE}。"
