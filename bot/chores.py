"""Operators' chores: each opens customer care, calls one service and closes it."""

from __future__ import annotations

import secrets
from datetime import timedelta

import jwt

from bot.up.prepare import demo_password
from care import demo
from care.rules.errors import NotFound
from care.rules.vocabulary import Role
from care.services import action_log, complaint_log, customers, knowledge_unanswered, staff
from care.services.context import open_care
from care.settings import Settings

HOST_PAGE_AUDIENCE = "zhike"


async def seed_demo(settings: Settings) -> str:
    async with open_care(settings) as care:
        return str(await demo.seed(care, password=demo_password(settings)))


async def clear_demo(settings: Settings) -> str:
    async with open_care(settings) as care:
        return str(await demo.clear(care))


def _link_in_words(link: complaint_log.BrokenLink) -> str:
    case = link.case_number or f"（内部编号 {link.complaint_id}）"
    return f"投诉 {case}：{link.fault.label}，{link.detail}"


async def verify_logs(settings: Settings) -> list[str]:
    """What is wrong with the trails of complaints and of corrective actions, in words; empty when nothing is."""
    async with open_care(settings) as care:
        broken = [_link_in_words(link) for link in await complaint_log.verify(care)]
        return broken + [f"改进措施 {name}：记录被改动或缺失" for name in await action_log.verify(care)]


async def add_staff(settings: Settings, *, login: str, role: Role, name: str) -> str:
    """Returns the password made for the new account; only its hash is kept."""
    password = secrets.token_urlsafe(12)
    async with open_care(settings) as care:
        await staff.add_staff(care, login=login, name=name, role=role, password=password, must_change=True)
    return password


async def reset_staff(settings: Settings, login: str) -> str:
    password = secrets.token_urlsafe(12)
    async with open_care(settings) as care:
        await staff.reset_password(care, login, password)
    return password


async def reset_staff_totp(settings: Settings, login: str) -> None:
    async with open_care(settings) as care:
        await staff.reset_totp(care, login)


async def list_staff(settings: Settings) -> list[staff.StaffView]:
    async with open_care(settings) as care:
        return list(await staff.list_staff(care))


async def unanswered_questions(settings: Settings) -> list[knowledge_unanswered.Unanswered]:
    async with open_care(settings) as care:
        return await knowledge_unanswered.unanswered(care)


async def host_page_token(settings: Settings, phone: str) -> str:
    """What the shop's own page would sign for the customer with this phone; good for ten minutes.

    Raises:
        NotFound: no customer has this phone.
    """
    async with open_care(settings) as care:
        ref = await customers.ref_by_phone(care, phone)
        if ref is None:
            raise NotFound(f"没有手机号为 {phone} 的客户。")
        claims = {
            "sub": ref,
            "aud": HOST_PAGE_AUDIENCE,
            "exp": care.clock.now() + timedelta(minutes=10),
        }
        return jwt.encode(claims, settings.host_page_secret, algorithm="HS256")
