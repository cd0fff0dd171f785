"""Demo accounts: two agents, a lead, a manager, an administrator."""

from __future__ import annotations

from care.demo.base import Anchor, Row
from care.rules.vocabulary import Role
from care.services.canned import read_files
from care.settings import ROOT

ACCOUNTS: tuple[tuple[str, str, Role, tuple[str, ...]], ...] = (
    ("agent1", "王晓彤", Role.AGENT, ("大家电", "安装维修")),
    ("agent2", "陈立", Role.AGENT, ("数码", "支付发票")),
    ("lead1", "周敏", Role.LEAD, ("投诉", "大家电", "数码")),
    ("manager1", "何建平", Role.MANAGER, ("投诉",)),
    ("admin", "系统管理员", Role.ADMIN, ()),
)


def staff(anchor: Anchor, password_hash: str) -> list[Row]:
    return [
        {
            "login": login,
            "name": name,
            "role": role,
            "password_hash": password_hash,
            "skills": list(skills),
            "capacity": 5,
            "presence": "away",
            "failed_logins": 0,
            "active": True,
            "is_demo": True,
            "created_at": anchor.at(400),
        }
        for login, name, role, skills in ACCOUNTS
    ]


def hours(anchor: Anchor) -> list[Row]:
    """The demo shop is served around the clock: whoever tries it at night may meet a person."""
    return [
        {
            "weekday": day,
            "opens": 0,
            "closes": 1440,
            "set_by": "demo",
            "set_at": anchor.at(400),
            "is_demo": True,
        }
        for day in range(7)
    ]


def canned(anchor: Anchor) -> list[Row]:
    """The shop's shared ready-made replies, from ``data/canned``."""
    return [
        {
            "owner_id": None,
            "title": wish.title,
            "shortcut": wish.shortcut,
            "category": wish.category,
            "text": wish.text,
            "uses": 0,
            "changed_by": "demo",
            "changed_at": anchor.at(400),
            "created_at": anchor.at(400),
            "is_demo": True,
        }
        for wish in read_files(ROOT / "data" / "canned")
    ]
